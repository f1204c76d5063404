/* release/welcome.c - a page without anything from objects: who this is, and what is served where. */
#include "release/welcome.h"

#include "release/sheet.h"

static const char served[] = "<section aria-labelledby=\"served\"><h2 id=\"served\">What is served where</h2>\n"
                             "<table role=\"table\"><thead role=\"rowgroup\"><tr role=\"row\"><th "
                             "role=\"columnheader\" scope=\"col\">Path</th>"
                             "<th role=\"columnheader\" scope=\"col\">What</th><th role=\"columnheader\" "
                             "scope=\"col\">For whom</th></tr></thead>"
                             "<tbody role=\"rowgroup\">\n";

static const struct {
    const char *path, *what, *whom;
} doors[] = {
    {"/taxii2/", "TAXII 2.1", "partners and accounts of this node"},
    {"/api/v1/", "HTTP API, described by <code>/api/v1/openapi.json</code> (OpenAPI 3.1)", "accounts of this node"},
    {"/intelmq/", "Reports of sensors and feeds, taken in", "accounts and machines of this node"},
    {"/log/", "The log: checkpoints, tiles and proofs", "partners"},
    {"/healthz", "Whether it answers", "load balancers"},
};

static void add_doors(struct buffer *out)
{
    buffer_add(out, TEXT(served));
    for (size_t i = 0; i < ARRAY_LEN(doors); i++)
        buffer_addf(out,
                    "<tr role=\"row\"><th role=\"rowheader\" scope=\"row\"><code>%s</code></th>"
                    "<td role=\"cell\">%s</td><td role=\"cell\" data-of=\"For\">%s</td></tr>\n",
                    doors[i].path, doors[i].what, doors[i].whom);
    buffer_add(out, TEXT("</tbody></table></section>\n"));
}

static void add_uptime(int64_t s, struct buffer *out)
{
    if (s >= 86400)
        buffer_addf(out, "for %lld d %lld h", (long long)(s / 86400), (long long)(s % 86400 / 3600));
    else if (s >= 3600)
        buffer_addf(out, "for %lld h %lld min", (long long)(s / 3600), (long long)(s % 3600 / 60));
    else
        buffer_addf(out, "for %lld min", (long long)(s / 60));
}

static const struct page_field *field(const struct page_field *fields, size_t count, const char *name)
{
    static const struct page_field none;
    for (size_t i = 0; i < count; i++)
        if (text_eq(text_of(fields[i].name), text_of(name)))
            return &fields[i];
    return &none;
}

static void add_heading(struct text heading, struct buffer *out)
{
    buffer_add(out, TEXT("<header><div><p class=\"by\">Entente</p><h1 dir=\"auto\">"));
    sheet_text(out, heading);
    buffer_add(out, TEXT("</h1></div></header>\n<main id=\"main\">\n"));
}

void welcome_write(const struct page_field *fields, size_t count, struct buffer *out)
{
    struct text exercise = field(fields, count, "exercise")->text, name = field(fields, count, "name")->text;
    sheet_begin(out, "Entente: ", name, exercise);
    add_heading(name, out);
    buffer_add(out, TEXT("<p class=\"lead\">This node exchanges threat information with its partners. What each of "
                         "them gets was released to it.</p>\n"));
    add_doors(out);
    buffer_add(out, TEXT("<section aria-labelledby=\"node\"><h2 id=\"node\">This node</h2><dl class=\"pairs\">"
                         "<dt>Space</dt><dd>"));
    if (exercise.len)
        buffer_add(out, TEXT("the exercise "));
    if (exercise.len)
        sheet_name(out, exercise);
    else
        buffer_add(out, TEXT("the real one"));
    buffer_add(out, TEXT("</dd>\n<dt>State</dt><dd>up "));
    add_uptime(field(fields, count, "uptime_s")->number, out);
    buffer_add(out,
               TEXT("</dd></dl>\n<p class=\"go\"><a href=\"/status\">Status, for who signs in</a></p></section>\n"));
    sheet_end(out, field(fields, count, "version")->text);
}

void refusal_write(const struct page_field *fields, size_t count, struct buffer *out)
{
    struct text title = field(fields, count, "title")->text;
    sheet_begin(out, "Entente: ", title, TEXT_NONE);
    add_heading(title, out);
    buffer_add(out, TEXT("<section><p>"));
    sheet_text(out, field(fields, count, "detail")->text);
    buffer_add(out, TEXT("</p>\n<p class=\"go\"><a href=\"/status\">Try again</a></p></section>\n"
                         "<p><a href=\"/\">What this node is</a></p>\n"));
    sheet_end(out, TEXT_NONE);
}
