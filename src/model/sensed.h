/* model/sensed.h - what a sensor tells its hub beside count and times: an extension of `sighting`
 * (docs/objects/sensed.md). The list is closed: the gate lets nothing else of it out, and the hub takes nothing else.
 */
#pragma once
#include <stddef.h>

#define EXT_SENSED "extension-definition--d1141926-7591-4d4a-8217-6fc0d76a57cb"

#define SENSED_VALUE   "value" /* as logged */
#define SENSED_KIND    "value_kind"
#define SENSED_CLIENTS "clients" /* own addresses on the lines, as the sensor's register has them */

/* Addresses of one sighting: what an analyst looks at first, not an inventory. */
#define SENSED_CLIENTS_MAX 16

/* Ends with NULL. */
static const char *const sensed_fields[] = {"extension_type", SENSED_VALUE, SENSED_KIND, SENSED_CLIENTS, NULL};
