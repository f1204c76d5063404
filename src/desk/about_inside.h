/* desk/about_inside.h - what the files about*.c share. */
#pragma once
#include "base/time.h"
#include "desk/about.h"

struct about_named { /* a name that was asked for before */
    struct text id, name;
};
struct about {
    struct node *node;
    struct view *v;
    const struct about_question *q;
    struct description *d;
    struct recipient reader;
    struct about_named *named;
    size_t named_count;
    unsigned depth; /* of names that name others */
    struct describe_with with;
    /* of the version that is told */
    struct version_row row;
    char id[IDENT_TEXT_MAX], modified[64], name[VERSION_NAME_MAX];
    struct gate_class cls;
    const struct json_val *object;
    struct json_doc *translation; /* or NULL */
    struct text language;         /* of it */
};
/* about.c: fills a->reader from a->q->account; its name lives in the description's arena. ERR_DENIED: there is no
 * such account */
MUST_CHECK enum err about_who_reads(struct about *a, struct fault *reterr);
/* about_gate.c. Of all objects of the class alike, without what was granted for one of them. */
bool about_class_cleared(struct about *a, const struct gate_class *cls);
/* version: its version_name(). Both must outlive it: not texts of the view. */
bool about_may_see(struct about *a, const struct gate_class *cls, struct text id, struct text version,
                   struct decision *ret);
/* A version that about_may_see() let through; its texts must outlive what is asked of it. */
struct about_seen {
    const struct gate_class *cls;
    struct text id, version;
    struct place place;
};
/* Its body as the reader may see it: what is marked apart from the rest, and is not for this account, is cut.
 * Appended to out. ERR_DENIED: nothing of it is left to see. ERR_IO | ERR_MALFORMED | ERR_NOMEM */
MUST_CHECK enum err about_read(struct about *a, const struct about_seen *seen, struct buffer *out,
                               struct fault *reterr);
/* The same, parsed. The caller frees *ret and gives *body to buffer_done(). */
MUST_CHECK enum err about_load(struct about *a, const struct about_seen *seen, struct buffer *body,
                               struct json_doc **ret, struct fault *reterr);
struct text about_call(void *self, struct text id); /* describe_with.name */
struct text about_party(const struct about *a, const struct uuid *party);
const char *about_standing(enum standing st);
const char *about_moment(int64_t us, char out[STAMP_TEXT_MAX]);

/* about_marking.c: under which marking, in words. */
void about_marking(struct about *a);
/* about_links.c: what it refers to, and what refers to it; finds the translation. */
void about_refers(struct about *a);
MUST_CHECK enum err about_find_translation(struct about *a, struct fault *reterr);
MUST_CHECK enum err about_referred(struct about *a, struct fault *reterr);
/* about_here.c: versions and claims, findings, releases. */
MUST_CHECK enum err about_versions(struct about *a, struct fault *reterr);
MUST_CHECK enum err about_found(struct about *a, struct fault *reterr);
/* body: as the reader sees it. */
MUST_CHECK enum err about_shared(struct about *a, struct text body, struct fault *reterr);
MUST_CHECK enum err about_given(struct about *a, struct fault *reterr);
