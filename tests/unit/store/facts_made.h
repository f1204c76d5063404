/* facts_made.h - facts by chance, repeatable by seed: any member may be there, empty, or at its limit. */
#pragma once
#include "support/test.h"

#include "base/arena.h"
#include "store/facts.h"

struct facts_made {
    uint64_t state;
    struct arena arena; /* texts and lists of all that was made */
};
void facts_made_init(struct facts_made *m, uint64_t seed);
void facts_made_done(struct facts_made *m);

uint64_t made_number(struct facts_made *m, uint64_t below); /* 0 .. below - 1 */
bool made_chance(struct facts_made *m, unsigned percent);
struct uuid made_uuid(struct facts_made *m);
struct uuid made_uuid_of(const char *space, uint64_t n); /* always the same */
struct text made_text(struct facts_made *m, const char *format, ...) PRINTF_LIKE(2, 3);

/* A fact of the kind with members by chance, fit to be encoded and decoded. */
struct fact facts_made_any(struct facts_made *m, enum fact_kind kind);
/* Fails the test when two facts differ in what is recorded. */
void facts_made_compare(const struct fact *a, const struct fact *b);
