/* reader/role.c - what happens inside the sandbox. */
#include "reader/role.h"

#include <stdlib.h>

#include "format/mail.h"
#include "model/ident.h"
#include "reader/core.h"
#include "reader/wire.h"

#define SORTED_COUNT 4096

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* What libraries ask the system once: libcrypto looks for its configuration at its first digest, the C library asks
 * how much memory there is when it sorts a large array first. */
void reader_prepare(void)
{
    static int numbers[SORTED_COUNT];
    for (int i = 0; i < SORTED_COUNT; i++)
        numbers[i] = SORTED_COUNT - i;
    qsort(numbers, SORTED_COUNT, sizeof numbers[0], compare);
    (void)uuid_named(&UUID_STIX_SCO, TEXT("entente"));
    (void)sha256_of("", 0);
}

static void fail(const struct fault *fault)
{
    struct buffer b;
    buffer_init(&b, KIB);
    wire_put_fault(&b, fault);
    worker_send(READER_FAILED, buffer_text(&b));
}

static void read_with(int document, struct text job, bool plain)
{
    struct fault fault = {.offset = -1, .line = -1};
    struct reader_options options;
    struct reader_core *r;
    struct text chunk;
    enum err e = wire_take_job(job, &options);
    if (e == OK) {
        options.plain = plain;
        e = reader_core_open(document, &options, &r, &fault);
    }
    if (e == ERR_VERSION) {
        worker_send(READER_CONTAINER, TEXT_NONE);
        return;
    }
    if (e) {
        fault.err = e;
        fail(&fault);
        return;
    }
    const char format = (char)reader_core_format(r);
    worker_send(READER_STARTED, (struct text){&format, 1});
    while ((e = reader_core_next(r, &chunk)) == OK)
        worker_send(READER_CHUNK, chunk);
    if (e == ERR_NOT_FOUND) {
        worker_send(READER_DONE, TEXT_NONE);
    } else {
        fault_set(&fault, e, "reading the document: %s", err_name(e));
        fail(&fault);
    }
}

static void read_plain(int document, struct text job)
{
    read_with(document, job, true);
}

static void read_any(int document, struct text job)
{
    read_with(document, job, false);
}

/* A machine without GMime's library still reads archives; mails then say what is missing. */
static void prepare_containers(void)
{
    reader_prepare();
    (void)mail_prepare();
}

const struct worker_role READER = {.name = READER_ROLE, .prepare = reader_prepare, .run = read_plain};
const struct worker_role READER_CONTAINERS = {
    .name = READER_CONTAINERS_ROLE, .prepare = prepare_containers, .run = read_any, .refuses_opening = true};
