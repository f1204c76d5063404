/* command/api_words.h - one request of the API as a session of a command. */
#pragma once
#include "command/api.h"
#include "command/owner.h"

struct api_work {
    const struct api_row *row;
    struct arena arena; /* words */
    struct session session;
    const char *operands[API_OPERANDS_MAX + 1];
    struct input inputs[2];
    struct api_work_said {
        struct buffer out, err;
    } said;
    struct actor actor;
    atomic_bool overflow; /* more was said than one answer holds */
    const atomic_bool *cancel;
    int code;
    bool unseen; /* an operand is nothing that the account may see */
};

/* ERR_MALFORMED: not of the document's form | ERR_USAGE: another media type | ERR_NOMEM | ERR_IO. OK: *ret is owned.
 */
MUST_CHECK enum err api_work_new(const struct api_row *row, const struct http_request *request, struct text path,
                                 struct api_work **ret, struct fault *reterr);
void api_work_free(struct api_work *w); /* accepts NULL */
