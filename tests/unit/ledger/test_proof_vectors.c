/* transparency-dev's proofs, good and bad (those of the Merkle Tree Certificates draft left out). Skipped where the
 * data is not there. */
#include "support/test.h"

#include <dirent.h>

#include "base/limits.h"
#include "ledger/tree.h"
#include "support/scratch.h"
#include "json/json.h"

/* Some vectors have words where a hash belongs. Such words become a hash of themselves: equal where they are
 * equal, and no tree's. */
static struct sha256 hash_of(const struct json_val *v)
{
    struct sha256 h;
    struct buffer b;
    buffer_init(&b, 4096);
    buffer_add(&b, TEXT("word "));
    assert_ok(base64_read(json_text(v), &b));
    if (b.len == 5 + SHA256_BYTES)
        memcpy(h.b, b.ptr + 5, SHA256_BYTES);
    else
        h = sha256_of(b.ptr, b.len);
    buffer_done(&b);
    return h;
}

static uint64_t number(const struct json_val *o, const char *name)
{
    int64_t v = -1;
    assert_true(json_i64(json_get(o, name), &v) && v >= 0);
    return (uint64_t)v;
}

static bool holds(const struct json_val *o)
{
    struct proof p = {0};
    for (struct json_iter it = json_iter_of(json_get(o, "proof")); json_next(&it);)
        p.hash[p.count++] = hash_of(it.val);
    if (json_get(o, "leafIdx")) {
        struct sha256 leaf = hash_of(json_get(o, "leafHash")), root = hash_of(json_get(o, "root"));
        return proof_inclusion_holds(&p, &leaf, number(o, "leafIdx"), number(o, "treeSize"), &root);
    }
    struct sha256 first = hash_of(json_get(o, "root1")), second = hash_of(json_get(o, "root2"));
    return proof_consistency_holds(&p, number(o, "size1"), number(o, "size2"), &first, &second);
}

struct count {
    size_t good, bad;
};

static void one_file(const char *path, struct count *c)
{
    size_t len;
    struct json_doc *doc;
    char *text = scratch_read(path, &len);
    assert_non_null(text);
    assert_ok(json_parse((struct text){text, len}, &doc, NULL));
    bool bad = json_bool(json_get(json_root(doc), "wantErr"), false);
    if (holds(json_root(doc)) == bad)
        fail_msg("%s: %s", path, bad ? "held" : "did not hold");
    c->good += !bad;
    c->bad += bad;
    json_free(doc);
    free(text);
}

static void each_file(const char *folder, struct count *c)
{
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        char path[SCRATCH_PATH_MAX];
        if (entry->d_name[0] == '.')
            continue;
        assert_true(snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) < (int)sizeof path);
        if (strstr(entry->d_name, ".json"))
            one_file(path, c);
        else
            each_file(path, c);
    }
    closedir(dir);
}

static void all_of(const char *name, size_t good, size_t bad)
{
    struct count c = {0};
    const char *folder = data_path(name);
    if (!folder)
        skip();
    char copy[SCRATCH_PATH_MAX];
    snprintf(copy, sizeof copy, "%s", folder);
    each_file(copy, &c);
    assert_true(c.good >= good && c.bad >= bad);
}

static void inclusion(void **state)
{
    (void)state;
    all_of("merkle/transparency-dev-testdata/inclusion", 3, 50);
}

static void consistency(void **state)
{
    (void)state;
    all_of("merkle/transparency-dev-testdata/consistency", 3, 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inclusion),
        cmocka_unit_test(consistency),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
