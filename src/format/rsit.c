/* format/rsit.c - see rsit.h. */
#include "format/rsit.h"

static const char *const all[] = {
    "abusive-content/spam",
    "abusive-content/harmful-speech",
    "abusive-content/violence",
    "malicious-code/infected-system",
    "malicious-code/c2-server",
    "malicious-code/malware-distribution",
    "malicious-code/malware-configuration",
    "information-gathering/scanner",
    "information-gathering/sniffing",
    "information-gathering/social-engineering",
    "intrusion-attempts/ids-alert",
    "intrusion-attempts/brute-force",
    "intrusion-attempts/exploit",
    "intrusions/privileged-account-compromise",
    "intrusions/unprivileged-account-compromise",
    "intrusions/application-compromise",
    "intrusions/system-compromise",
    "intrusions/burglary",
    "availability/dos",
    "availability/ddos",
    "availability/misconfiguration",
    "availability/sabotage",
    "availability/outage",
    "information-content-security/unauthorised-information-access",
    "information-content-security/unauthorised-information-modification",
    "information-content-security/data-loss",
    "information-content-security/data-leak",
    "fraud/unauthorised-use-of-resources",
    "fraud/copyright",
    "fraud/masquerade",
    "fraud/phishing",
    "vulnerable/weak-crypto",
    "vulnerable/ddos-amplifier",
    "vulnerable/potentially-unwanted-accessible",
    "vulnerable/information-disclosure",
    "vulnerable/vulnerable-system",
    "other/other",
    "other/undetermined",
    "test/test",
};

const char *rsit_of_type(struct text type)
{
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        struct text whole = text_of(all[i]);
        size_t slash = (size_t)text_find(whole, '/', 0);
        if (text_eq_nocase(text_sub(whole, slash + 1, whole.len), type))
            return all[i];
    }
    return NULL;
}

bool rsit_is_service(struct text class_and_type)
{
    static const char *const services[] = {"malicious-code/c2-server", "malicious-code/malware-distribution",
                                           "fraud/phishing"};
    if (text_starts(class_and_type, TEXT("vulnerable/")))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(services); i++)
        if (text_eq(class_and_type, text_of(services[i])))
            return true;
    return false;
}

const struct rsit_word *rsit_word_find(const struct rsit_word *table, size_t count, struct text word)
{
    for (size_t i = 0; i < count; i++)
        if (text_eq_nocase(text_of(table[i].word), word))
            return &table[i];
    return NULL;
}
