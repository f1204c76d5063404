/* match/url_path.h - the path of a URL as RFC 3986 section 6.2.2 compares it. Feeds and logs write one path in
 * several ways: /%7Ejoe and /~joe, %2f and %2F, /a/./b and /x/../a/b. Each is looked up as it stands, and like this.
 */
#pragma once
#include "base/text.h"

/* May the path be written in another way than this? A quick look; most URLs stop here. */
bool url_path_may_differ(struct text url);
/* url (of value_normalise()) is changed in place and never gets longer: in the path, escapes of letters, digits and
 * -._~ are resolved, others have upper-case digits, dot segments are gone. Host, query and the rest stay. False:
 * nothing changed. */
bool url_path_normalise(char *url, size_t *len);
