#include "secrets.h"

#include <dirent.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "support/scratch.h"
#include "json/json.h"

const char secret_object[] = "indicator--11111111-1111-4111-8111-111111111111";
const char secret_finding[] = "x-entente-finding--22222222-2222-4222-8222-222222222222";
const char plain_object[] = "indicator--33333333-3333-4333-8333-333333333333";
const char plain_finding[] = "x-entente-finding--44444444-4444-4444-8444-444444444444";

#define CLASS_KEY "1::100:-:-:-:indicator"

static struct uuid uuid_in(const char *id)
{
    struct ident ident;
    if (ident_parse(text_of(id), &ident, NULL) != OK)
        abort();
    return ident.uuid;
}

static struct uuid party(uint8_t n)
{
    struct uuid u = {{n, 1, 2, 3}};
    return u;
}

struct object {
    const char *id, *word, *modified;
    uint8_t party;
    enum standing standing;
    const struct fact_finding *finding;
};

static enum err put_object(struct txn *t, const struct object *p, struct fault *reterr)
{
    char body[600], value[100];
    struct fact f = {.kind = FACT_OBJECT};
    snprintf(value, sizeof value, "%s.example", p->word);
    snprintf(body, sizeof body,
             "{\"created\":\"2026-01-01T00:00:00.000Z\",\"description\":\"what %s is about, and more about %s\","
             "\"id\":\"%s\",\"modified\":\"%s\",\"name\":\"%s\",\"pattern\":\"[domain-name:value = '%s']\","
             "\"type\":\"indicator\"}",
             p->word, p->word, p->id, p->modified, p->word, value);
    struct fact_value v = {1, text_of(value)};
    f.u.object = (struct fact_object){.id = text_of(p->id),
                                      .modified = text_of(p->modified),
                                      .party = party(p->party),
                                      .standing = p->standing,
                                      .supersedes = p->standing == STANDING_CURRENT && p->modified[5] == '2',
                                      .class_key = TEXT(CLASS_KEY),
                                      .confidence = -1,
                                      .finding = p->finding,
                                      .values = &v,
                                      .value_count = p->finding ? 0 : 1};
    f.u.object.hash = sha256_of(body, strlen(body));
    return txn_append(t, &f, text_of(body), TEXT_NONE, reterr);
}

static enum err put_hits(struct txn *t, struct fault *reterr)
{
    const struct fact_hit hits[] = {{uuid_in(secret_finding), 1, 0, 1000},
                                    {uuid_in(plain_finding), 2, 100, 2000},
                                    {uuid_in(secret_finding), 3, 200, 3000}};
    struct fact f = {.kind = FACT_HITS};
    f.u.hits = (struct fact_hits){.file = TEXT("/var/log/dns.log"),
                                  .follow_key = TEXT("followed"),
                                  .follow_offset = 300,
                                  .follow_line = 3,
                                  .hits = hits,
                                  .hit_count = ARRAY_LEN(hits)};
    return txn_append(t, &f,
                      TEXT("[{\"line\":1,\"offset\":0,\"text\":\"query: " SECRET_WORD ".example IN A\"},"
                           "{\"line\":2,\"offset\":100,\"text\":\"query: plain.example IN A, which stays\"},"
                           "{\"line\":3,\"offset\":200,\"text\":\"query: www." SECRET_WORD ".example IN AAAA\"}]"),
                      TEXT_NONE, reterr);
}

static enum err put_piece(struct txn *t, uint8_t of, uint32_t part, uint32_t parts, struct text bytes,
                          struct fault *reterr)
{
    struct fact f = {.kind = FACT_DOCUMENT};
    f.u.document = (struct fact_document){.party = party(of),
                                          .name = TEXT("list.csv"),
                                          .format = TEXT("csv"),
                                          .part = part,
                                          .parts = parts,
                                          .whole = true};
    memset(f.u.document.hash.b, of, sizeof f.u.document.hash.b);
    return txn_append(t, &f, bytes, TEXT_NONE, reterr);
}

static enum err put_documents(struct txn *t, struct fault *reterr)
{
    static const char upper[] = "XYZZYPLUGHKALVARIENS.example\n"; /* as somebody typed it */
    static char first[5000], second[5000];
    memset(first, 'a', sizeof first);
    memset(second, 'b', sizeof second);
    memcpy(first + sizeof first - 7, upper, 7);
    memcpy(second, upper + 7, sizeof upper - 8);
    enum err err = put_piece(t, 1, 0, 2, (struct text){first, sizeof first}, reterr);
    if (err == OK)
        err = put_piece(t, 2, 0, 1, TEXT("value\nplain.example\n"), reterr);
    if (err == OK)
        err = put_piece(t, 1, 1, 2, (struct text){second, sizeof second}, reterr);
    return err;
}

static enum err put_all(struct txn *t, void *self, struct fault *reterr)
{
    const struct fact_finding secret = {.indicator = uuid_in(secret_object), .last_us = 5, .count = 2, .number = 1};
    const struct fact_finding plain = {.indicator = uuid_in(plain_object), .last_us = 5, .count = 1, .number = 2};
    static const char one[] = "2026-01-01T00:00:00.000Z", two[] = "2026-02-01T00:00:00.000Z";
    const struct object objects[] = {
        {secret_object, SECRET_WORD, one, 1, STANDING_CURRENT, NULL},
        {plain_object, "plain", one, 1, STANDING_CURRENT, NULL},
        {secret_object, SECRET_WORD "two", two, 1, STANDING_CURRENT, NULL},
        {secret_object, SECRET_WORD "claimed", one, 2, STANDING_CLAIM, NULL},
        {secret_finding, SECRET_WORD, one, 1, STANDING_CURRENT, &secret},
        {plain_finding, "plain", one, 1, STANDING_CURRENT, &plain},
    };
    enum err err = OK;
    (void)self;
    for (size_t i = 0; err == OK && i < ARRAY_LEN(objects); i++)
        err = put_object(t, &objects[i], reterr);
    if (err == OK)
        err = put_hits(t, reterr);
    return err == OK ? put_documents(t, reterr) : err;
}

enum err secrets_write(struct node *node, struct fault *reterr)
{
    return node_write(node, put_all, NULL, reterr);
}

enum err secrets_erase(struct node *node, struct erase_result *ret, struct fault *reterr)
{
    const struct text ids[] = {text_of(secret_object), text_of(secret_finding)};
    const struct erase_request request = {
        .ids = ids, .id_count = ARRAY_LEN(ids), .account = *node_admin(node), .reason = TEXT("asked for")};
    return node_erase(node, &request, ret, reterr);
}

/* ---- the search ---- */

static bool holds(const char *bytes, size_t len)
{
    const size_t word = sizeof SECRET_WORD - 1;
    for (size_t i = 0; i + word <= len; i++)
        if (strncasecmp(bytes + i, SECRET_WORD, word) == 0)
            return true;
    return false;
}

/* FORMAT-log, Record, read by hand: an erased one is zeros but for its head's first sixteen bytes. */
static bool remains(const unsigned char *p, size_t len)
{
    if (len < 4096 || memcmp(p, "ENTLOG\r\n", 8) != 0)
        return false;
    for (size_t at = 4096; at + 24 <= len && p[at + 4];) {
        size_t size = p[at] | (size_t)p[at + 1] << 8 | (size_t)p[at + 2] << 16 | (size_t)p[at + 3] << 24;
        for (size_t i = 16; p[at + 5] & 0x80 && i < 24 + size && at + i < len; i++)
            if (p[at + i])
                return true;
        at += (24 + size + 7) / 8 * 8;
    }
    return false;
}

size_t secrets_found_raw(const char *folder)
{
    DIR *dir = opendir(folder);
    size_t found = 0;
    if (!dir)
        return 0;
    for (struct dirent *d; (d = readdir(dir));) {
        char path[SCRATCH_PATH_MAX * 2];
        struct stat st;
        snprintf(path, sizeof path, "%s/%s", folder, d->d_name);
        if (d->d_name[0] == '.' || stat(path, &st) != 0)
            continue;
        if (S_ISDIR(st.st_mode)) {
            found += secrets_found_raw(path);
            continue;
        }
        size_t len;
        char *bytes = scratch_read(path, &len);
        if (bytes && (holds(bytes, len) || remains((unsigned char *)bytes, len)))
            found++;
        free(bytes);
    }
    closedir(dir);
    return found;
}

static bool body_holds(const struct log *log, struct place place)
{
    struct buffer b;
    buffer_init(&b, 64 * MIB);
    enum err err = log_body(log, place, &b, NULL);
    assert_true(err == OK || err == ERR_NOT_FOUND);
    bool found = holds(b.ptr, b.len);
    buffer_done(&b);
    return found;
}

static size_t found_in_log(const char *home)
{
    struct log *log;
    struct log_reader *r;
    struct log_read read;
    size_t found = 0;
    assert_ok(log_open(io_system(), scratch_path(home, "log"), false, &log, NULL));
    assert_ok(log_reader_open(log, 0, &r, NULL));
    while (log_reader_next(r, &read, NULL) == OK) {
        found += !read.erased && holds(read.detail.private_part.ptr, read.detail.private_part.len);
        found += read.has_body && body_holds(log, read.body);
        found += read.has_original && body_holds(log, read.original);
    }
    log_reader_close(r);
    log_close(log);
    return found;
}

size_t secrets_found(const char *home)
{
    return secrets_found_raw(home) + found_in_log(home);
}

/* ---- what stays ---- */

struct lines {
    struct node *node;
    size_t count;
};

static enum err one_line(void *self, const struct evidence_row *row)
{
    struct lines *l = self;
    struct buffer body;
    struct json_doc *doc;
    buffer_init(&body, MIB);
    assert_ok(node_body(l->node, row->body, &body, NULL));
    assert_ok(json_parse(buffer_text(&body), &doc, NULL));
    struct json_iter it = json_iter_of(json_root(doc));
    for (uint32_t i = 0; json_next(&it); i++)
        if (i == row->index)
            assert_text(json_text(json_get(it.val, "text")), "query: plain.example IN A, which stays");
    assert_int_equal(row->line, 2);
    json_free(doc);
    buffer_done(&body);
    l->count++;
    return OK;
}

void secrets_others_stay(struct node *node)
{
    struct view *v;
    struct version_row row;
    struct fact_document document;
    struct buffer body;
    struct lines lines = {node, 0};
    struct uuid finding = uuid_in(plain_finding);
    struct sha256 hash;
    uint64_t offset, line;
    memset(hash.b, 2, sizeof hash.b);
    buffer_init(&body, MIB);
    assert_ok(node_reader(node, &v, NULL));
    assert_ok(view_current(v, text_of(plain_object), &row, NULL));
    assert_ok(node_body(node, row.body, &body, NULL));
    assert_ok(view_evidence(v, &finding, 100, one_line, &lines, NULL));
    assert_int_equal(lines.count, 1);
    assert_ok(view_document(v, &hash, &document, NULL));
    assert_ok(view_followed(v, TEXT("followed"), &offset, &line, NULL));
    assert_int_equal(offset, 300);
    node_reader_done(node, v);
    buffer_done(&body);
}
