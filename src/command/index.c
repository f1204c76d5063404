/* index: the file of all that is looked for, which matchers map. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "command/commands.h"
#include "command/names.h"
#include "desk/watchlist_file.h"
#include "json/json.h"

/* How it stands to the view there is. */
struct standing_of_index {
    bool current;    /* matchers use it */
    uint64_t behind; /* entries that it does not have; they are loaded beside it */
};

static void counts_json(struct json_out *o, const struct index_file *f)
{
    json_key(o, TEXT("kinds"));
    json_open(o, '{');
    for (int k = 1; k < VALUE_KINDS; k++)
        json_member_i64(o, value_kind_name((enum value_kind)k),
                        (int64_t)index_file_kind_count(f, (enum value_kind)k));
    json_close(o, '}');
    json_member_i64(o, "suppressed", (int64_t)index_file_facts(f)->suppressed);
    json_key(o, TEXT("suppressed_by"));
    json_open(o, '[');
    for (size_t i = 0; i < index_file_suppressed(f); i++) {
        struct index_count one = index_file_suppressed_at(f, i);
        json_open(o, '{');
        json_member_text(o, "by", one.words);
        json_member_i64(o, "count", (int64_t)one.count);
        json_close(o, '}');
    }
    json_close(o, ']');
}

static void info_json(struct session *s, const struct watchlist *w, const struct standing_of_index *st,
                      double seconds)
{
    const struct index_file *f = watchlist_file(w);
    const struct index_facts *facts = index_file_facts(f);
    char made[STAMP_TEXT_MAX];
    struct json_out o = json_out_to(json_line(s));
    json_open(&o, '{');
    json_member_i64(&o, "generation", (int64_t)facts->generation);
    json_member_i64(&o, "position", (int64_t)facts->until);
    json_member_bool(&o, "current", st->current);
    json_member_i64(&o, "behind", (int64_t)st->behind);
    json_member_i64(&o, "values", (int64_t)index_count(index_file_index(f)));
    json_member_i64(&o, "over", (int64_t)facts->over);
    counts_json(&o, f);
    json_member_i64(&o, "parties", (int64_t)index_file_parties(f));
    json_member_i64(&o, "bytes", (int64_t)index_file_bytes(f));
    json_member_text(&o, "made", stamp_format(stamp_from_us(facts->made_us, 3), made));
    json_member_i64(&o, "age_s", (clock_now_us() - facts->made_us) / 1000000);
    if (seconds >= 0) {
        json_key(&o, TEXT("seconds"));
        json_put_f64(&o, seconds);
    }
    json_close(&o, '}');
    json_line_end(s);
}

static void info_words(struct session *s, const struct watchlist *w, const struct standing_of_index *st,
                       double seconds)
{
    const struct index_file *f = watchlist_file(w);
    const struct index_facts *facts = index_file_facts(f);
    char made[MOMENT_MAX];
    say(s, "index, generation %llu: %zu values, %.1f MB, made at %s", (unsigned long long)facts->generation,
        index_count(index_file_index(f)), (double)index_file_bytes(f) / 1e6, moment(facts->made_us, made));
    if (seconds >= 0)
        say(s, " in %.2f s", seconds);
    say(s, "\n  position      entry %llu", (unsigned long long)facts->until);
    if (!st->current)
        say(s, "; not used: it was made from another view or under other rules (entente index makes it anew)\n");
    else
        say(s, ", %llu behind: these are looked for from the view\n", (unsigned long long)st->behind);
    for (int k = 1; k < VALUE_KINDS; k++) {
        size_t count = index_file_kind_count(f, (enum value_kind)k);
        if (count)
            say(s, "  %-13s %zu\n", value_kind_name((enum value_kind)k), count);
    }
    if (facts->over)
        say(s, "  over          %llu, by their assumed lifetime: looked for in older lines alone\n",
            (unsigned long long)facts->over);
    if (facts->suppressed)
        say(s, "  suppressed    %llu, held and not looked for (entente warninglist)\n",
            (unsigned long long)facts->suppressed);
}

static void tell(struct session *s, const struct watchlist *w, const struct standing_of_index *st, double seconds)
{
    if (s->json)
        info_json(s, w, st, seconds);
    else
        info_words(s, w, st, seconds);
}

static enum err standing_now(struct session *s, struct standing_of_index *ret, struct fault *reterr)
{
    struct watchlist *w;
    struct view *v;
    *ret = (struct standing_of_index){false, 0};
    enum err err = node_reader(s->node, &v, reterr);
    if (err)
        return err;
    err = watchlist_current(s->node, v, &w, reterr);
    if (!err && w)
        *ret = (struct standing_of_index){true, view_position(v) - watchlist_until(w)};
    node_reader_done(s->node, v);
    if (!err)
        watchlist_unref(w);
    return err;
}

static int show(struct session *s)
{
    char path[4096];
    struct watchlist *w;
    struct standing_of_index st;
    struct fault fault = {.offset = -1, .line = -1};
    snprintf(path, sizeof path, "%s/" INDEX_BASE, node_home(s->node));
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        complain(s, "%s: %s: entente index makes it", path, strerror(errno));
        return errno == EACCES ? EXIT_DENIED : EXIT_DATA;
    }
    enum err err = watchlist_open(fd, &w, &fault);
    close(fd);
    if (err)
        return complain_fault(s, path, &fault);
    err = standing_now(s, &st, &fault);
    if (!err)
        tell(s, w, &st, -1);
    watchlist_unref(w);
    return err ? complain_fault(s, NULL, &fault) : EXIT_DONE;
}

static int show_info(struct session *s)
{
    struct fault fault = {.offset = -1, .line = -1};
    enum err err = node_open(io_system(), s->home, NODE_READ, &s->node, &fault);
    if (err)
        return complain_fault(s, NULL, &fault);
    tell_space(s);
    int code = show(s);
    node_close(s->node);
    return code;
}

static int run_index(struct session *s)
{
    struct watchlist *w;
    struct standing_of_index st;
    struct fault fault = {.offset = -1, .line = -1};
    if (option_given(s, "info"))
        return show_info(s);
    int64_t start_us = clock_mono_us();
    enum err err = watchlist_build(s->node, &w, &fault);
    if (err)
        return complain_fault(s, NULL, &fault);
    double seconds = (double)(clock_mono_us() - start_us) / 1e6;
    err = standing_now(s, &st, &fault);
    if (!err)
        tell(s, w, &st, seconds);
    watchlist_unref(w);
    return err ? complain_fault(s, NULL, &fault) : EXIT_DONE;
}

static const struct option_spec OPTIONS[] = {
    {"info", OPTION_FLAG, NULL, "what the index there holds, and how it stands to the node; nothing is made"},
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_INDEX = {
    .name = "index",
    .operands = "[--info]",
    .summary = "make the index that match and watch map, now",
    .details =
        "HOME/index/base holds all that is looked for, so that matchers start at once and share their memory. What\n"
        "came since it was made they load from the view: their hits are the same with it and without it, and the\n"
        "folder may be deleted at any time. entente serve makes it anew by itself. A copy of the file works without\n"
        "a home: entente match --index FILE. docs/FORMAT-index.md\n"
        "--json: generation, position (entries in it), current, behind (entries since), values, over, kinds,\n"
        "suppressed, suppressed_by, parties, bytes, made, age_s; seconds when it was made now.\n",
    .options = OPTIONS,
    .need = NEED_WRITE,
    .alone_options = {"info"},
    .run = run_index};
