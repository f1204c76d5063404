/* release/sheet.c - see sheet.h. */
#include "release/sheet.h"

#include <stdio.h>

#include "base/hash.h"

static const char style[] =
    ":root{color-scheme:light dark;--ink:#16202c;--soft:#4d5b6a;--line:#d3dbe3;--paper:#f4f6f8;--card:#fff;"
    "--mark:#0b6b57;--bad:#a8201a;--badbg:#fdecea;--good:#1d6b34}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#a3b1bf;--line:#2b3642;--paper:#0f151b;"
    "--card:#161e27;--mark:#4cc3a5;--bad:#ff9d94;--badbg:#3a1b1a;--good:#7fd49a}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;max-width:66rem;padding:1.75rem 1.5rem 2.5rem;background:var(--paper);color:var(--ink);"
    "font:1rem/1.55 system-ui,-apple-system,\"Segoe UI\",\"Noto Sans\",\"DejaVu Sans\",sans-serif;"
    "font-variant-numeric:tabular-nums}\n"
    "a{color:var(--mark);text-underline-offset:.15em}a:focus-visible{outline:3px solid var(--mark);"
    "outline-offset:3px;border-radius:2px}\n"
    "a.skip{position:absolute;left:-99rem}a.skip:focus{left:1rem;top:.5rem;background:var(--card);padding:.4rem "
    ".8rem}\n"
    ".exercise{margin:0 0 1.5rem;padding:.9rem 1.1rem;border-radius:.6rem;background:#ffd24a;color:#2b1d00;"
    "font-weight:700;font-size:1.2rem}\n"
    "header{display:flex;flex-wrap:wrap;align-items:end;justify-content:space-between;gap:.25rem 2rem;"
    "margin-bottom:1.25rem}\n"
    "header p{margin:0}.by{color:var(--mark);font-weight:600;letter-spacing:.07em;text-transform:uppercase;"
    "font-size:.8rem}\n"
    "h1{margin:.1rem 0 0;font-size:1.9rem;line-height:1.2;overflow-wrap:anywhere}\n"
    "h2{margin:0 0 .6rem;font-size:1.1rem;line-height:1.3}\n"
    ".soft{color:var(--soft)}.lead{font-size:1.05rem;max-width:42rem;margin:0 0 1.25rem}\n"
    "section{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:1.1rem 1.35rem;"
    "margin:0 0 1.1rem}\n"
    "section.act{border-color:var(--bad);border-left-width:.4rem}\n"
    "section.calm{border-left:.4rem solid var(--good)}section p{margin:0}\n"
    "section ul{margin:0;padding:0;list-style:none}li{padding:.45rem 0;border-top:1px solid var(--line)}\n"
    "li:first-child{border-top:0;padding-top:0}li:last-child{padding-bottom:0}\n"
    "dl{margin:0}dd{margin:0;overflow-wrap:anywhere}dt{color:var(--soft)}\n"
    "dl.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(7.5rem,1fr));gap:1rem 1.25rem}\n"
    "dl.tiles div{display:flex;flex-direction:column-reverse;justify-content:flex-end}\n"
    "dl.tiles dd{font-size:1.6rem;font-weight:650;line-height:1.2}dl.tiles dt{font-size:.92rem}\n"
    "dl.pairs{display:grid;grid-template-columns:max-content 1fr;gap:.35rem 1.5rem}\n"
    "table{width:100%;border-collapse:collapse}th,td{text-align:left;vertical-align:top;padding:.45rem 1rem .45rem 0;"
    "border-top:1px solid var(--line);overflow-wrap:anywhere}\n"
    "thead th{border-top:0;padding-top:0;color:var(--soft);font-weight:500;font-size:.9rem}tbody "
    "th{font-weight:600}\n"
    "td:last-child,th:last-child{padding-right:0}td.when{white-space:nowrap}\n"
    ".bad{color:var(--bad);font-weight:600}.ok{color:var(--good)}\n"
    "code{display:inline-block;max-width:100%;font:.92em ui-monospace,\"DejaVu Sans "
    "Mono\",monospace;background:var(--paper);border-radius:.25rem;"
    "padding:.1em .35em;overflow-wrap:anywhere}\n"
    ".pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(19rem,1fr));gap:0 1.1rem;align-items:start}\n"
    "p.go{margin:1.25rem 0 0}p.go a{display:inline-block;padding:.6rem 1.2rem;border:2px solid var(--mark);"
    "border-radius:.5rem;font-weight:600;text-decoration:none}p.go "
    "a:hover{background:var(--mark);color:var(--card)}\n"
    "footer{color:var(--soft);font-size:.9rem}\n"
    "@media(max-width:40rem){body{padding:1.1rem .9rem 2rem}section{padding:1rem}h1{font-size:1.5rem}"
    "dl.pairs{grid-template-columns:1fr;gap:0}dl.pairs dd{margin-bottom:.6rem}\n"
    "dl.tiles{grid-template-columns:1fr 1fr}.pair{grid-template-columns:1fr}\n"
    "table,tbody,tr,th,td{display:block}thead{position:absolute;left:-99rem}\n"
    "tr{border-top:1px solid var(--line);padding:.6rem 0}tbody th{min-width:0}tbody "
    "tr:first-child{border-top:0;padding-top:0}\n"
    "th,td{border:0;padding:.05rem 0}td.when{white-space:normal}td[data-of]::before{content:attr(data-of) \": \";"
    "color:var(--soft);font-weight:400}}\n"
    "@media print{body{background:#fff;color:#000}section{break-inside:avoid}}\n";

const char *sheet_policy(char out[SHEET_POLICY_MAX])
{
    struct sha256 hash = sha256_of(style, sizeof style - 1);
    struct buffer b;
    buffer_init(&b, 64);
    base64_write(&b, hash.b, sizeof hash.b);
    struct text digest = buffer_error(&b) ? TEXT("none") : buffer_text(&b); /* then the page goes without its style */
    snprintf(out, SHEET_POLICY_MAX,
             "default-src 'none'; style-src 'sha256-" TEXT_FMT "'; base-uri 'none'; form-action 'none'; "
             "frame-ancestors 'none'",
             TEXT_ARG(digest));
    buffer_done(&b);
    return out;
}

/* ---- texts ---- */

/* Controls, and what turns the direction of writing: U+202A to 202E, 2066 to 2069, 200E, 200F, 061C. */
static bool is_hidden(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
           c == 0x200e || c == 0x200f || c == 0x061c || c == 0xfeff || (c & 0xfffe) == 0xfffe;
}

/* The character at i of a text that is UTF-8. */
static uint32_t character_at(struct text t, size_t i, size_t *ret_len)
{
    const uint8_t *p = (const uint8_t *)t.ptr + i;
    size_t len = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    uint32_t c = len == 1 ? p[0] : p[0] & (0xffu >> (len + 1));
    for (size_t k = 1; k < len; k++)
        c = c << 6 | (p[k] & 0x3f);
    *ret_len = len;
    return c;
}

static void add_character(struct buffer *out, uint32_t c, struct text as_it_is)
{
    switch (c) {
    case '<': buffer_add(out, TEXT("&lt;")); break;
    case '>': buffer_add(out, TEXT("&gt;")); break;
    case '&': buffer_add(out, TEXT("&amp;")); break;
    case '"': buffer_add(out, TEXT("&quot;")); break;
    case '\'': buffer_add(out, TEXT("&#39;")); break;
    case '`': buffer_add(out, TEXT("&#96;")); break;
    default: buffer_add(out, is_hidden(c) ? TEXT("\xEF\xBF\xBD") : as_it_is);
    }
}

void sheet_text(struct buffer *out, struct text t)
{
    for (size_t i = 0; i < t.len;) {
        size_t len;
        /* a piece is whole when it is UTF-8 by itself */
        for (len = 1; len <= 4 && i + len <= t.len && !text_is_utf8(text_sub(t, i, len)); len++)
            ;
        if (len > 4 || i + len > t.len) {
            buffer_add(out, TEXT("\xEF\xBF\xBD"));
            i++;
            continue;
        }
        uint32_t c = character_at(t, i, &len);
        add_character(out, c, text_sub(t, i, len));
        i += len;
    }
}

void sheet_name(struct buffer *out, struct text t)
{
    buffer_add(out, TEXT("<bdi>"));
    sheet_text(out, t);
    buffer_add(out, TEXT("</bdi>"));
}

void sheet_number(struct buffer *out, int64_t n)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%lld", (long long)n);
    for (int i = 0; i < len; i++) {
        buffer_add_char(out, digits[i]);
        int left = len - 1 - i;
        if (left > 0 && left % 3 == 0 && digits[i] != '-')
            buffer_add_char(out, ',');
    }
}

/* ---- frame ---- */

void sheet_begin(struct buffer *out, const char *title, struct text name, struct text exercise)
{
    buffer_add(out, TEXT("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                         "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
                         "<meta name=\"robots\" content=\"noindex\">\n<title>"));
    if (exercise.len)
        buffer_add(out, TEXT("EXERCISE: "));
    buffer_add(out, text_of(title));
    sheet_text(out, name);
    buffer_add(out, TEXT("</title>\n<style>"));
    buffer_add(out, text_of(style));
    buffer_add(out, TEXT("</style></head>\n<body><a class=\"skip\" href=\"#main\">To the content</a>\n"));
    if (exercise.len) {
        buffer_add(out, TEXT("<p class=\"exercise\" role=\"note\">EXERCISE \xE2\x80\x9C"));
        sheet_name(out, exercise);
        buffer_add(out, TEXT("\xE2\x80\x9D: nothing here is real</p>\n"));
    }
}

void sheet_end(struct buffer *out, struct text version)
{
    buffer_add(out, TEXT("</main>\n<footer><p>Entente "));
    sheet_text(out, version);
    buffer_add(out, TEXT("</p></footer></body></html>\n"));
}
