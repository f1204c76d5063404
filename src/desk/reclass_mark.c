/* desk/reclass_mark.c - what a crash between a document's groups and the look at the objects that wait for its
 * definitions must not lose. The mark is durable before the group is; local.db keeps it, and only the writer thread
 * changes it:
 *
 *   RUN PARTY ACCOUNT CHANGED DEFINITION[,DEFINITION ...]        a line each document, UUIDs, CHANGED 0 or 1 */
#include <stdlib.h>

#include "base/limits.h"
#include "desk/reclass.h"
#include "store/local.h"

#define MARK_SPACE     "reclass"
#define MARK_KEY       TEXT("pending")
#define MARK_MAX_BYTES (16 * MIB)

static enum err load(struct node *node, struct buffer *kept, struct fault *reterr)
{
    enum err e = local_get(node_local(node), MARK_SPACE, MARK_KEY, kept, reterr);
    return e == ERR_NOT_FOUND ? OK : e;
}

static void add_id(struct buffer *out, const struct uuid *u, char end)
{
    char text[UUID_TEXT_MAX];
    buffer_add(out, uuid_format(u, text));
    buffer_add_char(out, end);
}

/* q NULL: the document's line goes. */
static enum err change(struct node *node, const struct uuid *run, const struct reclass_request *q,
                       struct fault *reterr)
{
    struct buffer kept, next;
    struct text line;
    char id[UUID_TEXT_MAX];
    buffer_init(&kept, MARK_MAX_BYTES);
    buffer_init(&next, MARK_MAX_BYTES);
    enum err e = load(node, &kept, reterr);
    struct text rest = buffer_text(&kept), own = uuid_format(run, id);
    while (e == OK && text_split(&rest, '\n', &line))
        if (line.len && !text_starts(line, own)) {
            buffer_add(&next, line);
            buffer_add_char(&next, '\n');
        }
    if (q) {
        add_id(&next, run, ' ');
        add_id(&next, &q->party, ' ');
        add_id(&next, &q->account, ' ');
        buffer_addf(&next, "%d ", q->changed);
        for (size_t i = 0; i < q->count; i++)
            add_id(&next, &q->definitions[i], i + 1 < q->count ? ',' : '\n');
    }
    if (e == OK && buffer_error(&next))
        e = fault_set(reterr, buffer_error(&next), "no room to note which objects are to be looked at again");
    if (e == OK)
        e = local_set(node_local(node), MARK_SPACE, MARK_KEY, buffer_text(&next), reterr);
    buffer_done(&next);
    buffer_done(&kept);
    return e;
}

enum err reclass_mark(struct txn *t, const struct uuid *run, const struct reclass_request *q, struct fault *reterr)
{
    return change(txn_node(t), run, q, reterr);
}

static enum err write_unmark(struct txn *t, void *self, struct fault *reterr)
{
    return change(txn_node(t), self, NULL, reterr);
}

enum err reclass_unmark(struct node *node, const struct uuid *run, struct fault *reterr)
{
    struct uuid own = *run;
    return node_write(node, write_unmark, &own, reterr);
}

/* ---- at opening ---- */

static bool read_id(struct text *rest, char end, struct uuid *ret)
{
    struct text piece;
    return text_split(rest, end, &piece) && !uuid_parse(piece, ret);
}

static enum err finish_line(struct node *node, struct text line, struct fault *reterr)
{
    struct uuid run, *list = calloc(line.len / 36 + 1, sizeof *list);
    struct reclass_request q = {.definitions = list};
    struct text changed;
    uint64_t count;
    if (!list)
        return fault_set(reterr, ERR_NOMEM, "no memory to look at objects again");
    bool good = read_id(&line, ' ', &run) && read_id(&line, ' ', &q.party) && read_id(&line, ' ', &q.account) &&
                text_split(&line, ' ', &changed);
    q.changed = good && text_eq(changed, TEXT("1"));
    while (good && line.len && (good = read_id(&line, ',', &list[q.count])))
        q.count++;
    enum err e = good ? reclass_by_definitions(node, &q, &count, reterr)
                      : fault_set(reterr, ERR_MALFORMED, "the note of objects to be looked at again is damaged");
    free(list);
    return e == OK ? reclass_unmark(node, &run, reterr) : e;
}

enum err reclass_resume(struct node *node, struct fault *reterr)
{
    struct buffer kept;
    struct text line;
    buffer_init(&kept, MARK_MAX_BYTES);
    enum err e = load(node, &kept, reterr);
    struct text rest = buffer_text(&kept);
    while (e == OK && text_split(&rest, '\n', &line))
        if (line.len)
            e = finish_line(node, line, reterr);
    buffer_done(&kept);
    return e;
}
