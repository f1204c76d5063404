/* match/logline_inside.h - what the readers of match/logline*.c share; no one else includes it. */
#pragma once
#include "match/logline.h"

struct logline_header {
    struct logline_header *next; /* of the same stream, older */
    enum logline_format format;  /* LOGLINE_ZEEK_TSV or LOGLINE_CSV */
    char separator, set_separator;
    struct text unset, empty, path, line; /* line: as it stood, to know it again */
    enum logline_kind kind;
    size_t column_count;
    uint8_t columns[LOGLINE_COLUMNS_MAX]; /* enum logline_field */
};

/* ---- event.c ---- */

/* A reader's view of the event it fills. */
struct logline_reader {
    struct logline *e;
    struct text text;
    int64_t now_us;
};
/* Puts one value where its field says; empty values are passed over. */
void logline_put(struct logline_reader *l, enum logline_field f, struct text value, unsigned group);
/* The same of a set or vector: each of its elements. */
void logline_put_each(struct logline_reader *l, enum logline_field f, struct text values, char separator);
/* A value that JSON has as a number. */
void logline_put_number(struct logline_reader *l, enum logline_field f, int64_t number, unsigned group);
void logline_put_end(struct logline_end *end, struct text t);
/* The next word up to a blank; false at the end. */
bool logline_word(struct text *rest, struct text *ret);
/* A quoted text from its opening quote, with backslashes before quotes, taken off *rest without its quotes. */
bool logline_quoted(struct text *rest, struct text *ret);
bool logline_is_digits(struct text t);

/* ---- logline_fields.c ---- */
/* path: Zeek's name of the log, or "csv". Case, blanks, dots, hyphens and underscores do not count in names. */
enum logline_field logline_field_of(struct text name, struct text path);
bool logline_field_is_list(enum logline_field f);
enum logline_kind logline_kind_of(struct text path);
/* Of a CSV, or of a Zeek log without its name: by the columns that are there (a bit each). */
enum logline_kind logline_kind_guess(uint64_t fields);

/* ---- the formats: false, and the event to be thrown away, where the line does not fit ---- */
bool logline_zeek_line(struct logline_reader *l, const struct logline_header *h); /* logline_zeek.c */
bool logline_zeek_bare(struct logline_reader *l);                                 /* without a header: connections */
bool logline_csv_line(struct logline_reader *l, const struct logline_header *h);  /* logline_csv.c */
/* Is this line the header of a CSV? */
bool logline_csv_header(struct text line, struct logline_header *ret);
bool logline_zeek_json(struct logline_reader *l, const struct json_val *root); /* logline_json.c */
bool logline_eve(struct logline_reader *l, const struct json_val *root);       /* logline_eve.c */
void logline_put_json(struct logline_reader *l, enum logline_field f, const struct json_val *v, unsigned group);
bool logline_bind(struct logline_reader *l);    /* logline_dns.c */
bool logline_unbound(struct logline_reader *l); /* logline_dns.c */
bool logline_squid(struct logline_reader *l);   /* logline_web.c */
bool logline_access(struct logline_reader *l);  /* logline_web.c */
/* What stands behind a syslog header (RFC 3164, 5424, or an ISO time in front), and its time. */
bool logline_syslog(struct text line, int64_t now_us, struct text *ret_message, bool *ret_timed,
                    int64_t *ret_us); /* logline_syslog.c */
