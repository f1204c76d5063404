/* model/classification.c - the words in which states, the EU and NATO classify, as statements carry them.
 *
 * Sources, as of 2026-11-22: NATO C-M(2002)49-REV1, enclosure E; Council Decision 2013/488/EU, article 2 and appendix
 * B (equivalence of the member states' classifications); its table's German, French (since decree 2019-1271), Dutch
 * and Polish rows by the national rules it names (VSA section 2; IGI 1300; VIR-BI 2013; Ustawa o ochronie informacji
 * niejawnych art. 5); UK Government Security Classifications policy, June 2023 (OFFICIAL and OFFICIAL-SENSITIVE stand
 * below the EU's lowest level and are none); US Executive Order 13526 section 1.2 and ISOO's marking booklet ("//"
 * before caveats). Not in the table: words that offices use for their own papers too ("Confidential", "Vertraulich",
 * "Reservado", "Interno"), unless something beside them says whose they are. */
#include "model/terms_read.h"

enum level {
    R = CLASSIFICATION_RESTRICTED,
    C = CLASSIFICATION_CONFIDENTIAL,
    S = CLASSIFICATION_SECRET,
    T = CLASSIFICATION_TOP_SECRET
};

/* In lower case, words one blank apart. */
static const struct {
    enum level level;
    const char *phrase;
} phrases[] = {
    /* NATO, EURATOM and EU */
    {R, "nato restricted"},
    {R, "nato diffusion restreinte"},
    {C, "nato confidential"},
    {C, "nato confidentiel"},
    {S, "nato secret"},
    {T, "cosmic top secret"},
    {T, "cosmic très secret"},
    {R, "restreint ue"},
    {R, "eu restricted"},
    {R, "restreint ue/eu restricted"},
    {R, "eu restricted/restreint ue"},
    {C, "confidentiel ue"},
    {C, "eu confidential"},
    {C, "confidentiel ue/eu confidential"},
    {C, "eu confidential/confidentiel ue"},
    {S, "secret ue"},
    {S, "eu secret"},
    {S, "secret ue/eu secret"},
    {S, "eu secret/secret ue"},
    {T, "très secret ue"},
    {T, "tres secret ue"},
    {T, "eu top secret"},
    {T, "très secret ue/eu top secret"},
    {T, "tres secret ue/eu top secret"},
    {T, "eu top secret/très secret ue"},
    /* Germany, Austria */
    {R, "vs-nfd"},
    {R, "vs-nur für den dienstgebrauch"},
    {R, "vs - nur für den dienstgebrauch"},
    {R, "vs – nur für den dienstgebrauch"},
    {R, "vs — nur für den dienstgebrauch"},
    {R, "vs-nur fuer den dienstgebrauch"},
    {C, "vs-vertraulich"},
    {C, "vs - vertraulich"},
    {C, "vs – vertraulich"},
    {C, "vs — vertraulich"},
    {S, "geheim"},
    {T, "streng geheim"},
    /* France, Belgium, Luxembourg */
    {R, "diffusion restreinte"},
    {C, "confidentiel défense"},
    {C, "confidentiel-défense"},
    {S, "secret défense"},
    {S, "secret-défense"},
    {T, "très secret"},
    {T, "très secret défense"},
    {T, "très secret-défense"},
    {R, "beperkte verspreiding"},
    {T, "zeer geheim"},
    {R, "restreint lux"},
    {C, "confidentiel lux"},
    {S, "secret lux"},
    {T, "très secret lux"},
    /* Netherlands */
    {R, "dep. vertrouwelijk"},
    {R, "departementaal vertrouwelijk"},
    {C, "stg. confidentieel"},
    {C, "staatsgeheim confidentieel"},
    {S, "stg. geheim"},
    {S, "staatsgeheim geheim"},
    {T, "stg. zeer geheim"},
    {T, "staatsgeheim zeer geheim"},
    /* Nordic and Baltic states */
    {R, "til tjenestebrug"},
    {S, "hemmeligt"},
    {T, "yderst hemmeligt"},
    {S, "hemlig"},
    {T, "kvalificerat hemlig"},
    {R, "begränsat hemlig"},
    {R, "käyttö rajoitettu"},
    {C, "luottamuksellinen"},
    {S, "salainen"},
    {T, "erittäin salainen"},
    {S, "salajane"},
    {T, "täiesti salajane"},
    {R, "dienesta vajadzībām"},
    {S, "slepeni"},
    {T, "sevišķi slepeni"},
    {R, "riboto naudojimo"},
    {S, "slaptai"},
    {T, "visiškai slaptai"},
    /* Central and eastern Europe */
    {R, "zastrzeżone"},
    {C, "poufne"},
    {S, "tajne"},
    {T, "ściśle tajne"},
    {R, "vyhrazené"},
    {C, "důvěrné"},
    {S, "tajné"},
    {T, "přísně tajné"},
    {R, "vyhradené"},
    {C, "dôverné"},
    {T, "prísne tajné"},
    {R, "korlátozott terjesztésű!"},
    {R, "korlátozott terjesztésű"},
    {C, "bizalmas!"},
    {S, "titkos!"},
    {T, "szigorúan titkos!"},
    {S, "tajno"},
    {T, "strogo tajno"},
    {T, "vrlo tajno"},
    {R, "secret de serviciu"},
    {T, "strict secret"},
    {T, "strict secret de importanță deosebită"},
    {R, "за служебно ползване"},
    {C, "поверително"},
    {S, "секретно"},
    {T, "строго секретно"},
    /* Southern Europe */
    {R, "difusión limitada"},
    {S, "secreto"},
    {T, "muito secreto"},
    {C, "riservatissimo"},
    {S, "segreto"},
    {T, "segretissimo"},
    {R, "περιορισμένης χρήσης"},
    {C, "εμπιστευτικό"},
    {S, "απόρρητο"},
    {T, "άκρως απόρρητο"},
    /* English-speaking states */
    {R, "uk restricted"},
    {C, "uk confidential"},
    {S, "uk secret"},
    {T, "uk top secret"},
    {S, "secret"},
    {T, "top secret"},
};

/* Words that classify only where "//" and caveats follow, as the United States write them. */
static const struct {
    enum level level;
    const char *phrase;
} before_caveats[] = {
    {C, "confidential"},
    {R, "restricted"},
};

/* ---- lower case ---- */

/* One character off t, simple lower case (Unicode 15 CaseFolding.txt, status C) of the letters of the phrases above.
 */
static uint32_t lower(uint32_t c)
{
    if ((c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7) || (c >= 0x391 && c <= 0x3a9) ||
        (c >= 0x410 && c <= 0x42f))
        return c + 32;
    bool odd_lower = (c >= 0x100 && c <= 0x137) || (c >= 0x14a && c <= 0x177) || (c >= 0x218 && c <= 0x21b);
    bool even_lower = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e);
    if ((odd_lower && c % 2 == 0) || (even_lower && c % 2 == 1))
        return c + 1;
    switch (c) {
    case 0x386: return 0x3ac;
    case 0x388:
    case 0x389:
    case 0x38a: return c + 37;
    case 0x38c: return 0x3cc;
    case 0x38e:
    case 0x38f: return c + 63;
    case 0x3c2: return 0x3c3; /* final sigma */
    default: return c;
    }
}

/* Takes the first character off well-formed UTF-8. */
static uint32_t take(struct text *t)
{
    unsigned char first = (unsigned char)t->ptr[0];
    size_t len = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    uint32_t c = len == 1 ? first : first & (0x7fu >> len);

    for (size_t i = 1; i < len && i < t->len; i++)
        c = c << 6 | ((unsigned char)t->ptr[i] & 0x3f);
    *t = text_sub(*t, len, t->len);
    return c;
}

static bool is_blank(uint32_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xa0;
}

static bool next_is_blank(struct text t)
{
    return t.len > 0 && is_blank(take(&t));
}

/* Does t begin with the phrase, whatever its case and however wide its blanks? *ret_rest is what follows. */
static bool begins_with(struct text t, struct text phrase, struct text *ret_rest)
{
    while (phrase.len > 0) {
        uint32_t want = take(&phrase);

        if (t.len == 0)
            return false;
        if (want == ' ') {
            if (!next_is_blank(t))
                return false;
            while (next_is_blank(t))
                take(&t);
        } else if (lower(take(&t)) != lower(want)) {
            return false;
        }
    }
    while (next_is_blank(t))
        take(&t);
    *ret_rest = t;
    return true;
}

static bool caveats(struct text rest)
{
    return text_starts(rest, TEXT("//"));
}

enum classification classification_of_statement(struct text statement)
{
    struct text rest;

    if (!text_is_utf8(statement))
        return CLASSIFICATION_NONE;
    while (next_is_blank(statement))
        take(&statement);
    for (size_t i = 0; i < ARRAY_LEN(phrases); i++)
        if (begins_with(statement, text_of(phrases[i].phrase), &rest) && (rest.len == 0 || caveats(rest)))
            return (enum classification)phrases[i].level;
    for (size_t i = 0; i < ARRAY_LEN(before_caveats); i++)
        if (begins_with(statement, text_of(before_caveats[i].phrase), &rest) && caveats(rest))
            return (enum classification)before_caveats[i].level;
    return CLASSIFICATION_NONE;
}
