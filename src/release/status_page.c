/* release/status_page.c - what is going on here, for a person with a browser. It shows members that its tables name,
 * and no others. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "release/sheet.h"

/* Lines of a table; what fails is among them first. */
#define LISTED_MAX 200

static int64_t number(const struct json_val *object, const char *name)
{
    int64_t n = 0;
    return json_i64(json_get(object, name), &n) ? n : 0;
}

static struct text words(const struct json_val *object, const char *name)
{
    return json_text(json_get(object, name));
}

static void section(struct buffer *out, const char *id, const char *kind, const char *title)
{
    buffer_addf(out, "<section%s%s%s aria-labelledby=\"%s\"><h2 id=\"%s\">%s</h2>\n", *kind ? " class=\"" : "", kind,
                *kind ? "\"" : "", id, id, title);
}

static void end_section(struct buffer *out)
{
    buffer_add(out, TEXT("</section>\n"));
}

/* "2026-11-22T13:20:01.123456Z" for people: 2026-11-22 13:20:01Z. Another form stays as it is. */
static void moment_text(struct buffer *out, struct text t)
{
    bool rfc3339 = t.len >= 20 && t.ptr[10] == 'T' && t.ptr[t.len - 1] == 'Z';
    sheet_text(out, rfc3339 ? text_sub(t, 0, 10) : t);
    if (!rfc3339)
        return;
    buffer_add_char(out, ' ');
    sheet_text(out, text_sub(t, 11, 8));
    buffer_add_char(out, 'Z');
}

/* ---- lines of partners and sources, as the commands that list them say it ---- */

struct line {
    struct text name, when, said;
    bool failing;
};

static bool peer_line(const struct json_val *v, struct line *ret)
{
    struct text state = words(v, "state");
    bool quiet = !state.len || text_eq(state, TEXT("-")), ok = text_eq(state, TEXT("ok"));
    bool expelled = json_bool(json_get(v, "expelled"), false);
    *ret = (struct line){.name = words(v, "peer"), .when = words(v, "last")};
    ret->failing = !quiet && !ok && !expelled;
    ret->said = expelled ? TEXT("expelled") : ok ? TEXT("ok") : quiet ? TEXT("not asked yet") : state;
    if (quiet && !words(v, "url").len)
        ret->said = TEXT("takes from us only");
    if (!expelled && number(v, "proofs_refused") > 0) {
        ret->failing = true;
        if (ok)
            ret->said = TEXT("ok, but proofs of theirs did not hold");
    }
    return ret->name.len > 0;
}

static bool source_line(const struct json_val *v, struct line *ret)
{
    const struct json_val *last = json_get(v, "last");
    struct text said = words(last, "words");
    *ret = (struct line){.name = words(v, "source"), .when = words(last, "at")};
    bool ok = text_eq(words(last, "state"), TEXT("ok"));
    ret->failing = last && json_type(last) == JSON_OBJECT && !ok;
    if (json_bool(json_get(v, "paused"), false))
        ret->said = TEXT("paused");
    else if (ret->failing)
        ret->said = said.len ? said : words(last, "state");
    else if (ok)
        ret->said = said.len ? said : TEXT("ok");
    else
        ret->said = words(v, "kind").len ? TEXT("not looked at yet") : TEXT("by hand");
    return ret->name.len > 0;
}

typedef bool read_line(const struct json_val *v, struct line *ret);

static size_t failing_count(const struct json_val *list, read_line *read)
{
    struct line l;
    size_t count = 0;
    for (struct json_iter it = json_iter_of(list); json_next(&it);)
        count += read(it.val, &l) && l.failing;
    return count;
}

static void put_line(struct buffer *out, const struct line *l)
{
    buffer_add(out, TEXT("<tr role=\"row\"><th role=\"rowheader\" scope=\"row\">"));
    sheet_name(out, l->name);
    buffer_addf(out, "</th><td role=\"cell\" data-of=\"Last\" class=\"%s\">", l->failing ? "bad" : "");
    if (l->failing)
        buffer_add(out, TEXT("fails: "));
    sheet_name(out, l->said);
    buffer_add(out, TEXT("</td><td role=\"cell\" class=\"when\" data-of=\"When\">"));
    if (l->when.len && !text_eq(l->when, TEXT("-")))
        moment_text(out, l->when);
    else
        buffer_add(out, TEXT("never"));
    buffer_add(out, TEXT("</td></tr>\n"));
}

static void put_lines(struct buffer *out, const struct json_val *list, read_line *read)
{
    size_t shown = 0, all = json_size(list);
    for (int pass = 0; pass < 2; pass++)
        for (struct json_iter it = json_iter_of(list); json_next(&it);) {
            struct line l;
            if (!read(it.val, &l) || l.failing != (pass == 0) || shown == LISTED_MAX)
                continue;
            put_line(out, &l);
            shown++;
        }
    buffer_add(out, TEXT("</tbody></table>\n"));
    if (all <= LISTED_MAX)
        return;
    buffer_add(out, TEXT("<p class=\"soft\">and "));
    sheet_number(out, (int64_t)(all - LISTED_MAX));
    buffer_add(out, TEXT(" more</p>\n"));
}

static void add_lines(struct buffer *out, const char *id, const char *title, const char *none,
                      const struct json_val *list, read_line *read)
{
    if (!list)
        return;
    section(out, id, "", title);
    if (json_size(list) == 0) {
        buffer_addf(out, "<p class=\"soft\">%s</p>", none);
    } else {
        buffer_add(out, TEXT("<table role=\"table\"><thead role=\"rowgroup\"><tr role=\"row\">"
                             "<th role=\"columnheader\" scope=\"col\">Name</th>"
                             "<th role=\"columnheader\" scope=\"col\">Last result</th>"
                             "<th role=\"columnheader\" scope=\"col\">When</th></tr></thead>"
                             "<tbody role=\"rowgroup\">\n"));
        put_lines(out, list, read);
    }
    end_section(out);
}

/* ---- what needs a person ---- */

static void need(struct buffer *items, int64_t count, const char *one, const char *many, const char *command)
{
    if (count <= 0)
        return;
    buffer_add(items, TEXT("<li><strong>"));
    sheet_number(items, count);
    buffer_addf(items, "</strong> %s <span class=\"soft\">\xE2\x80\x94 <code>%s</code></span></li>\n",
                count == 1 ? one : many, command);
}

static void collect_needs(const struct json_val *overview, struct buffer *items)
{
    const struct json_val *s = json_get(overview, "status");
    const struct json_val *peers = json_get(overview, "peers"), *sources = json_get(overview, "sources");
    if (!json_bool(json_get(s, "signs"), true)) {
        buffer_add(items, TEXT("<li><strong>Nothing is signed:</strong> "));
        sheet_text(items, words(s, "signs_why"));
        buffer_add(items, TEXT("</li>\n"));
    }
    need(items, (int64_t)failing_count(peers, peer_line), "partner fails", "partners fail", "entente peer list");
    need(items, (int64_t)failing_count(sources, source_line), "source fails", "sources fail", "entente source list");
    need(items, number(s, "quarantined"), "object is in quarantine", "objects are in quarantine",
         "entente quarantine list");
    need(items, number(overview, "proposals"), "value found in text waits for a decision",
         "values found in text wait for a decision", "entente proposal list");
    need(items, number(s, "conflicts"), "conflict between versions of an object",
         "conflicts between versions of objects", "entente get ID --all");
    need(items, number(s, "unmarked"), "object stays here for want of a marking",
         "objects stay here for want of a marking", "entente source set NAME --marking TLP");
    need(items, number(s, "crashes"), "crash was written down", "crashes were written down", "entente status");
}

static void add_needs(const struct json_val *overview, struct buffer *out)
{
    struct buffer items;
    buffer_init(&items, MIB);
    collect_needs(overview, &items);
    bool any = items.len > 0;
    section(out, "needs", any ? "act" : "calm", "What needs a person");
    if (any) {
        buffer_add(out, TEXT("<ul role=\"list\">\n"));
        buffer_add(out, buffer_text(&items));
        buffer_add(out, TEXT("</ul>"));
    } else {
        buffer_add(out, TEXT("<p>Nothing waits.</p>"));
    }
    end_section(out);
    buffer_done(&items);
}

/* ---- the rest ---- */

static void add_counts(const struct json_val *status, struct buffer *out)
{
    static const struct {
        const char *name, *words;
    } counts[] = {{"objects", "objects"},     {"indicators", "indicators"},       {"findings_open", "findings open"},
                  {"incidents", "incidents"}, {"organisations", "organisations"}, {"releases", "releases recorded"}};
    section(out, "held", "", "What is held");
    buffer_add(out, TEXT("<dl class=\"tiles\">"));
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        buffer_addf(out, "<div><dt>%s</dt><dd>", counts[i].words);
        sheet_number(out, number(status, counts[i].name));
        buffer_add(out, TEXT("</dd></div>\n"));
    }
    buffer_add(out, TEXT("</dl>"));
    end_section(out);
}

static void pair(struct buffer *out, const char *name)
{
    buffer_addf(out, "<dt>%s</dt><dd>", name);
}

static void end_pair(struct buffer *out)
{
    buffer_add(out, TEXT("</dd>\n"));
}

static void add_log(const struct json_val *overview, struct buffer *out)
{
    const struct json_val *s = json_get(overview, "status");
    struct text at = words(overview, "checkpoint_at"), cosigned = words(s, "cosigned_last");
    section(out, "log", "", "Log");
    buffer_add(out, TEXT("<dl class=\"pairs\">"));
    pair(out, "Position");
    sheet_number(out, number(s, "entries"));
    buffer_add(out, TEXT(" entries"));
    end_pair(out);
    pair(out, "Last checkpoint");
    if (number(s, "published") > 0) {
        buffer_add(out, TEXT("over "));
        sheet_number(out, number(s, "published"));
        buffer_add(out, TEXT(" entries"));
        if (at.len) {
            buffer_add(out, TEXT(", "));
            moment_text(out, at);
        }
    } else {
        buffer_add(out, TEXT("none yet"));
    }
    end_pair(out);
    pair(out, "Cosigned");
    buffer_addf(out, "by %lld of %lld partners", (long long)number(s, "cosigned_by"),
                (long long)number(s, "witnesses"));
    if (cosigned.len) {
        buffer_add(out, TEXT(", last "));
        moment_text(out, cosigned);
    }
    end_pair(out);
    pair(out, "Origin");
    sheet_name(out, words(s, "origin"));
    end_pair(out);
    buffer_add(out, TEXT("</dl>"));
    end_section(out);
}

static void megabytes(struct buffer *out, const char *name, int64_t bytes)
{
    pair(out, name);
    buffer_addf(out, "%.1f MB", (double)bytes / 1e6);
    end_pair(out);
}

static void add_machine(const struct json_val *status, struct buffer *out)
{
    section(out, "machine", "", "This machine");
    buffer_add(out, TEXT("<dl class=\"pairs\">"));
    pair(out, "Sandbox of readers");
    sheet_text(out, words(status, "sandbox"));
    end_pair(out);
    megabytes(out, "Space: log", number(status, "log_bytes"));
    megabytes(out, "Space: views", number(status, "view_bytes"));
    pair(out, "Accounts");
    sheet_number(out, number(status, "accounts"));
    end_pair(out);
    pair(out, "Failed logins so far");
    sheet_number(out, number(status, "logins_failed"));
    end_pair(out);
    buffer_add(out, TEXT("</dl>"));
    end_section(out);
}

static void add_heading(const struct json_val *overview, struct buffer *out)
{
    const struct json_val *s = json_get(overview, "status");
    buffer_add(out, TEXT("<header><div><p class=\"by\">Entente \xC2\xB7 status</p><h1 dir=\"auto\">"));
    sheet_text(out, words(s, "name"));
    buffer_add(out, TEXT("</h1></div>\n<p class=\"soft\">"));
    moment_text(out, words(overview, "now"));
    buffer_add(out, TEXT(", for "));
    sheet_name(out, words(overview, "account"));
    buffer_add(out, TEXT(" ("));
    sheet_text(out, words(overview, "role"));
    buffer_add(out, TEXT(") \xC2\xB7 <a href=\"/\">about this node</a></p></header>\n<main id=\"main\">\n"));
}

void status_page_write(const struct json_val *overview, struct buffer *out)
{
    const struct json_val *s = json_get(overview, "status");
    struct text space = words(s, "space");
    sheet_begin(out, "Status: ", words(s, "name"), text_eq(space, TEXT("real")) ? TEXT_NONE : space);
    add_heading(overview, out);
    add_needs(overview, out);
    add_counts(s, out);
    add_lines(out, "peers", "Partners", "No partners yet.", json_get(overview, "peers"), peer_line);
    add_lines(out, "sources", "Sources", "No sources yet.", json_get(overview, "sources"), source_line);
    buffer_add(out, TEXT("<div class=\"pair\">"));
    add_log(overview, out);
    add_machine(s, out);
    buffer_add(out, TEXT("</div>\n"));
    sheet_end(out, words(s, "version"));
}
