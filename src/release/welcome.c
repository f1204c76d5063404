/* release/welcome.c - a page without script and without anything from objects: who this is, and where the API is. */
#include "release/welcome.h"

static const char head[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><meta name=\"robots\" "
    "content=\"noindex\">\n"
    "<title>Entente</title><style>\n"
    ":root{color-scheme:light "
    "dark;--ink:#16202c;--soft:#5a6878;--line:#d7dee6;--paper:#f6f8fa;--card:#fff;--mark:#0b6b57}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9aa8b6;--line:#2b3642;--paper:#0f151b;--card:#"
    "161e27;"
    "--mark:#4cc3a5}}\n"
    "*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;"
    "background:var(--paper);color:var(--ink);font:1rem/1.55 system-ui,sans-serif}\n"
    "main{width:100%;max-width:34rem;background:var(--card);border:1px solid var(--line);border-radius:.75rem;"
    "padding:2rem 2.25rem}\n"
    "p.by{margin:0;color:var(--mark);font-weight:600;letter-spacing:.06em;text-transform:uppercase;font-size:.8rem}\n"
    "h1{margin:.2rem 0 1rem;font-size:1.7rem;line-height:1.2;overflow-wrap:anywhere}\n"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.35rem 1.25rem;margin:1.25rem 0 0}\n"
    "p.exercise{margin:0 0 1.25rem;padding:.7rem 1rem;border-radius:.5rem;background:#ffd24a;color:#2b1d00;"
    "font-weight:700;font-size:1.05rem}\n"
    "dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}code{font:.95em ui-monospace,monospace}\n"
    "</style></head><body><main>";

static const char by[] = "<p class=\"by\">Entente</p><h1>";

static const char middle[] = "</h1>\n<p>This node exchanges threat information with its partners. What each of them "
                             "gets was released to it.</p>\n"
                             "<dl><dt>State</dt><dd>up ";

static const char after_uptime[] = "</dd><dt>Version</dt><dd>";

static const char tail[] =
    "</dd><dt>TAXII 2.1</dt><dd><code>/taxii2/</code>, with an account of this node</dd>\n"
    "<dt>HTTP API</dt><dd><code>/api/v1/</code>, described by <code>/api/v1/openapi.json</code> (OpenAPI 3.1)</dd>\n"
    "<dt>Log</dt><dd><code>/log/</code>: checkpoints and proofs, for partners</dd></dl></main></body></html>\n";

static void add_escaped(struct text t, struct buffer *out)
{
    for (size_t i = 0; i < t.len; i++) {
        switch (t.ptr[i]) {
        case '<': buffer_add(out, TEXT("&lt;")); break;
        case '>': buffer_add(out, TEXT("&gt;")); break;
        case '&': buffer_add(out, TEXT("&amp;")); break;
        case '"': buffer_add(out, TEXT("&quot;")); break;
        case '\'': buffer_add(out, TEXT("&#39;")); break;
        default: buffer_add_char(out, t.ptr[i]);
        }
    }
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

void welcome_write(const struct page_field *fields, size_t count, struct buffer *out)
{
    const struct page_field *exercise = field(fields, count, "exercise");
    buffer_add(out, text_of(head));
    if (exercise->text.len) {
        buffer_add(out, TEXT("<p class=\"exercise\" role=\"status\">EXERCISE \xE2\x80\x9C"));
        add_escaped(exercise->text, out);
        buffer_add(out, TEXT("\xE2\x80\x9D: nothing here is real</p>\n"));
    }
    buffer_add(out, text_of(by));
    add_escaped(field(fields, count, "name")->text, out);
    buffer_add(out, text_of(middle));
    add_uptime(field(fields, count, "uptime_s")->number, out);
    buffer_add(out, text_of(after_uptime));
    add_escaped(field(fields, count, "version")->text, out);
    buffer_add(out, text_of(tail));
}
