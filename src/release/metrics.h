/* release/metrics.h - what a node says of itself to who watches it: OpenMetrics 1.0. Numbers and our own words; names
 * of the node, of peers and of sources are the only other texts. What is not in the table of metrics.c cannot be
 * sent. docs/MONITORING.md lists them for people. */
#pragma once
#include "base/error.h"
#include "base/histogram.h"
#include "base/outbound.h"

enum metric {
    METRIC_BUILD,
    METRIC_START,
    METRIC_MEMORY,
    METRIC_DISK_FREE,
    METRIC_DISK_SIZE,
    METRIC_WRITES_QUEUED,
    METRIC_VIEWS_OUT,
    METRIC_LOG_ENTRIES,
    METRIC_VIEW_LAG,
    METRIC_GROUP_ENTRIES,
    METRIC_COMMIT,
    METRIC_HELD,         /* what is held, by kind */
    METRIC_GATE,         /* decisions about a class or an object, by door and outcome */
    METRIC_GATE_DENIALS, /* by door and rule */
    METRIC_REQUESTS,     /* by door and class of status */
    METRIC_SENT,
    METRIC_WAITING,
    METRIC_LOGIN_FAILED,
    METRIC_PEER_UP,
    METRIC_PEER_AGE,
    METRIC_PEER_FAILURES,
    METRIC_SOURCE_UP,
    METRIC_SOURCE_AGE,
    METRIC_SOURCE_FAILURES,
    METRIC_LEFT_OUT,
    METRIC_CHECKPOINT_AGE,
    METRIC_CHECKPOINT_ENTRIES,
    METRIC_COSIGNED_ENTRIES,
    METRIC_COSIGNED_BY,
    METRIC_WITNESSES,
    METRIC_READER_FAILURES,
    METRIC_CRASHES,
    METRIC_COUNT
};
#define METRIC_LABELS_MAX     2
#define METRIC_NAME_MAX_BYTES 512 /* of a label's value */

struct metric_value {
    enum metric metric;
    struct text labels[METRIC_LABELS_MAX]; /* of the table's label names, in their order; TEXT_NONE: none */
    double number;
    const struct histogram *histogram; /* of a metric of that type, instead of the number */
};
/* values: those of one metric together, in the order of the enum, no two with the same labels. ERR_DENIED: they are
 * not, or a label is neither a name where one may stand nor of our own words (a-z, 0-9, ".", "-", "_"), or one that
 * is no UTF-8 or too long. ERR_NOMEM | ERR_LIMIT */
MUST_CHECK enum err outbound_metrics(const struct metric_value *values, size_t count, struct outbound **ret);
