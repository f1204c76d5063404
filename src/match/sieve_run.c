/* match/sieve_run.c - one run at a time: those that are odd in some way. */
#include "match/sieve_inside.h"

static unsigned lowest(uint64_t bits)
{
    return (unsigned)__builtin_ctzll(bits);
}

static unsigned highest(uint64_t bits)
{
    return 63 - (unsigned)__builtin_clzll(bits);
}

/* Bits low to high, both included. */
static uint64_t between(unsigned low, unsigned high)
{
    return UINT64_MAX << low & UINT64_MAX >> (63 - high);
}

/* name: without what is trimmed at its ends */
static void number(struct sieve *v, struct span name, uint64_t dots, uint64_t dashes)
{
    uint64_t beyond_two = dots & (dots - 1);
    beyond_two &= beyond_two - 1;
    if (!beyond_two || !v->wants_v4)
        return;
    if (dashes || dots & dots << 1)
        sieve_mark(v, name.start);
    else
        sieve_add_address(v, name.start, dots, name.end - name.start);
}

static void name_tail(struct sieve *v, struct span run, struct span name, uint64_t dots, uint64_t letters)
{
    unsigned last = highest(dots);
    if (letters >> last == 0)
        return; /* no domain name ends with a number */
    uint64_t before = dots ^ UINT64_C(1) << last;
    size_t skip = before ? highest(before) + 1 : 0;
    sieve_add_name(v, &v->odd_tails, (struct span){name.start + skip, name.end}, NAME_TAIL, run.start);
    if (v->wants_emails && run.start > 0 && v->p[run.start - 1] == '@')
        sieve_add_name(v, &v->hosts, name, NAME_EMAIL_HOST, run.start);
}

void sieve_run(struct sieve *v, size_t start, size_t end)
{
    size_t len = end - start;
    if (len > 64) {
        sieve_mark(v, start);
        return;
    }
    uint64_t all = UINT64_MAX >> (64 - len);
    uint64_t letters = mask_bits(v->masks.letter, start) & all,
             words = letters | (mask_bits(v->masks.hex, start) & all);
    if (mask_bits(v->masks.high, start) & all) {
        sieve_mark(v, start);
        return;
    }
    if (!words)
        return;
    unsigned low = lowest(words), high = highest(words); /* dots and hyphens at the ends are not the name's */
    uint64_t inner = between(low, high), dots = mask_bits(v->masks.dot, start) & inner;
    struct span name = {start + low, start + high + 1};
    if (!dots)
        return;
    if (!(letters & inner))
        number(v, name, dots >> low, inner & ~words & ~dots);
    else if (dots & dots << 1)
        sieve_mark(v, start);
    else
        name_tail(v, (struct span){start, end}, name, dots >> low, (letters & inner) >> low);
}
