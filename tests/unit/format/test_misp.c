/* MISP documents as records. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "event_records.h"
#include "format/misp.h"
#include "model/marking.h"
#include "support/scratch.h"
#include "support/test.h"
#include "json/json.h"

static struct records misp(struct text document)
{
    return format_records(&FORMAT_MISP, (struct feed_from){.fd = -1}, document);
}

/* For looking at what a document becomes: MISP_DUMP=file. */
static void dump(void **state)
{
    (void)state;
    const char *path = getenv("MISP_DUMP");
    if (!path)
        return;
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    char *bytes = malloc(256 * MIB);
    size_t len = fread(bytes, 1, 256 * MIB, f);
    fclose(f);
    struct records r = misp((struct text){bytes, len});
    for (size_t i = 0; i < r.count; i++) {
        const struct record *one = &r.r[i];
        if (one->kind == RECORD_OBJECT) {
            printf("O " TEXT_FMT "\n", TEXT_ARG(one->u.object.body));
            struct cursor c = one->u.object.values;
            struct record_value v;
            while (one->u.object.value_count && !cursor_end(&c) && record_next_value(&c, &v))
                printf("V " TEXT_FMT "\n", TEXT_ARG(v.value));
        } else if (one->kind == RECORD_LOST) {
            printf("L " TEXT_FMT ": " TEXT_FMT "\n", TEXT_ARG(one->u.lost.what), TEXT_ARG(one->u.lost.reason));
        } else if (one->kind == RECORD_REJECTED) {
            printf("R " TEXT_FMT ": " TEXT_FMT "\n", TEXT_ARG(one->u.rejected.id), TEXT_ARG(one->u.rejected.reason));
        } else if (one->kind == RECORD_END) {
            printf("E %d read %llu " TEXT_FMT "\n", one->u.end.err, (unsigned long long)one->u.end.read,
                   TEXT_ARG(one->u.end.what));
        }
    }
    records_done(&r);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dump),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
