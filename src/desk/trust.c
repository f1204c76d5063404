/* desk/trust.c - see trust.h. */
#include "desk/trust.h"

#include <stdio.h>

/* STIX 2.1 Appendix A, DNI Scale. */
static const char *confidence_words(int confidence)
{
    static const struct {
        int upto;
        const char *words;
    } scale[] = {{9, "almost no chance"}, {19, "very unlikely"}, {39, "unlikely"},       {59, "roughly even chance"},
                 {79, "likely"},          {89, "very likely"},   {100, "almost certain"}};
    for (size_t i = 0; i < ARRAY_LEN(scale); i++)
        if (confidence <= scale[i].upto)
            return scale[i].words;
    return "almost certain";
}

static const char *reliability_words(char letter)
{
    static const char *const words[] = {"completely reliable", "usually reliable",
                                        "fairly reliable",     "not usually reliable",
                                        "unreliable",          "of a reliability that cannot be judged"};
    return letter >= 'A' && letter <= 'F' ? words[letter - 'A'] : "";
}

struct text trust_words(int confidence, struct source_trust source, char out[TRUST_WORDS_MAX])
{
    char code[SOURCE_TRUST_MAX];
    size_t len = 0;
    out[0] = 0;
    if (confidence >= 0)
        len = (size_t)snprintf(out, TRUST_WORDS_MAX, "%s (confidence %d)", confidence_words(confidence), confidence);
    if (source.reliability)
        len += (size_t)snprintf(out + len, TRUST_WORDS_MAX - len, "%ssource %s (" TEXT_FMT ")", len ? ", " : "",
                                reliability_words(source.reliability), TEXT_ARG(source_trust_format(source, code)));
    return (struct text){out, len < TRUST_WORDS_MAX ? len : TRUST_WORDS_MAX - 1};
}

unsigned trust_rank(int confidence, struct source_trust source)
{
    static const unsigned reliability[] = {100, 80, 60, 40, 20, 50};
    unsigned said = confidence < 0 ? 50 : confidence > 100 ? 100 : (unsigned)confidence;
    unsigned by = source.reliability >= 'A' && source.reliability <= 'F' ? reliability[source.reliability - 'A'] : 50;
    return (said + by) / 2;
}
