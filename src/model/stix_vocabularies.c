/* model/stix_vocabularies.c - the vocabularies and enumerations of section 10. */
#include "model/stix_check.h"

#define TERMS(...)        \
    (const char *const[]) \
    {                     \
        __VA_ARGS__, NULL \
    }

static const struct {
    const char *name;
    bool closed;
    const char *const *terms;
} vocabularies[] = {
    [ACCOUNT_TYPE_OV] = {"account-type-ov", false,
                         TERMS("facebook", "ldap", "nis", "openid", "radius", "skype", "tacacs", "twitter", "unix",
                               "windows-local", "windows-domain")},
    [ATTACK_MOTIVATION_OV] = {"attack-motivation-ov", false,
                              TERMS("accidental", "coercion", "dominance", "ideology", "notoriety",
                                    "organizational-gain", "personal-gain", "personal-satisfaction", "revenge",
                                    "unpredictable")},
    [ATTACK_RESOURCE_LEVEL_OV] = {"attack-resource-level-ov", false,
                                  TERMS("individual", "club", "contest", "team", "organization", "government")},
    [ENCRYPTION_ALGORITHM_ENUM] = {"encryption-algorithm-enum", true,
                                   TERMS("AES-256-GCM", "ChaCha20-Poly1305", "mime-type-indicated")},
    [EXTENSION_TYPE_ENUM] = {"extension-type-enum", true,
                             TERMS("new-sdo", "new-sco", "new-sro", "property-extension",
                                   "toplevel-property-extension")},
    [GROUPING_CONTEXT_OV] = {"grouping-context-ov", false,
                             TERMS("suspicious-activity", "malware-analysis", "unspecified")},
    [HASH_ALGORITHM_OV] = {"hash-algorithm-ov", false,
                           TERMS("MD5", "SHA-1", "SHA-256", "SHA-512", "SHA3-256", "SHA3-512", "SSDEEP", "TLSH")},
    [IDENTITY_CLASS_OV] = {"identity-class-ov", false,
                           TERMS("individual", "group", "system", "organization", "class", "unknown")},
    [IMPLEMENTATION_LANGUAGE_OV] = {"implementation-language-ov", false,
                                    TERMS("applescript", "bash", "c", "c++", "c#", "go", "java", "javascript", "lua",
                                          "objective-c", "perl", "php", "powershell", "python", "ruby", "rust",
                                          "scala", "swift", "typescript", "visual-basic", "x86-32", "x86-64")},
    [INDICATOR_TYPE_OV] = {"indicator-type-ov", false,
                           TERMS("anomalous-activity", "anonymization", "benign", "compromised", "malicious-activity",
                                 "attribution", "unknown")},
    [INDUSTRY_SECTOR_OV] = {"industry-sector-ov", false,
                            TERMS("agriculture", "aerospace", "automotive", "chemical", "commercial",
                                  "communications", "construction", "defense", "education", "energy", "entertainment",
                                  "financial-services", "government", "emergency-services", "government-local",
                                  "government-national", "government-public-services", "government-regional",
                                  "healthcare", "hospitality-leisure", "infrastructure", "dams", "nuclear", "water",
                                  "insurance", "legal", "manufacturing", "mining", "non-profit", "pharmaceuticals",
                                  "retail", "technology", "telecommunications", "transportation", "utilities")},
    [INFRASTRUCTURE_TYPE_OV] = {"infrastructure-type-ov", false,
                                TERMS("amplification", "anonymization", "botnet", "command-and-control",
                                      "control-system", "exfiltration", "firewall", "hosting-malware",
                                      "hosting-target-lists", "phishing", "reconnaissance", "routers-switches",
                                      "staging", "workstation", "unknown")},
    [MALWARE_CAPABILITIES_OV] =
        {"malware-capabilities-ov", false,
         TERMS("accesses-remote-machines", "anti-debugging", "anti-disassembly", "anti-emulation",
               "anti-memory-forensics", "anti-sandbox", "anti-vm", "captures-input-peripherals",
               "captures-output-peripherals", "captures-system-state-data", "cleans-traces-of-infection",
               "commits-fraud", "communicates-with-c2", "compromises-data-availability", "compromises-data-integrity",
               "compromises-system-availability", "controls-local-machine", "degrades-security-software",
               "degrades-system-updates", "determines-c2-server", "emails-spam", "escalates-privileges", "evades-av",
               "exfiltrates-data", "fingerprints-host", "hides-artifacts", "hides-executing-code", "infects-files",
               "infects-remote-machines", "installs-other-components", "persists-after-system-reboot",
               "prevents-artifact-access", "prevents-artifact-deletion", "probes-network-environment",
               "self-modifies", "steals-authentication-credentials", "violates-system-operational-integrity")},
    [MALWARE_RESULT_OV] = {"malware-result-ov", false, TERMS("malicious", "suspicious", "benign", "unknown")},
    [MALWARE_TYPE_OV] = {"malware-type-ov", false,
                         TERMS("adware", "backdoor", "bot", "bootkit", "ddos", "downloader", "dropper", "exploit-kit",
                               "keylogger", "ransomware", "remote-access-trojan", "resource-exploitation",
                               "rogue-security-software", "rootkit", "screen-capture", "spyware", "trojan", "unknown",
                               "virus", "webshell", "wiper", "worm")},
    [NETWORK_SOCKET_ADDRESS_FAMILY_ENUM] = {"network-socket-address-family-enum", true,
                                            TERMS("AF_UNSPEC", "AF_INET", "AF_IPX", "AF_APPLETALK", "AF_NETBIOS",
                                                  "AF_INET6", "AF_IRDA", "AF_BTH")},
    [NETWORK_SOCKET_TYPE_ENUM] = {"network-socket-type-enum", true,
                                  TERMS("SOCK_STREAM", "SOCK_DGRAM", "SOCK_RAW", "SOCK_RDM", "SOCK_SEQPACKET")},
    [OPINION_ENUM] = {"opinion-enum", true,
                      TERMS("strongly-disagree", "disagree", "neutral", "agree", "strongly-agree")},
    [PATTERN_TYPE_OV] = {"pattern-type-ov", false, TERMS("stix", "pcre", "sigma", "snort", "suricata", "yara")},
    [PROCESSOR_ARCHITECTURE_OV] = {"processor-architecture-ov", false,
                                   TERMS("alpha", "arm", "ia-64", "mips", "powerpc", "sparc", "x86", "x86-64")},
    [REGION_OV] = {"region-ov", false,
                   TERMS("africa", "eastern-africa", "middle-africa", "northern-africa", "southern-africa",
                         "western-africa", "americas", "caribbean", "central-america", "latin-america-caribbean",
                         "northern-america", "south-america", "asia", "central-asia", "eastern-asia", "southern-asia",
                         "south-eastern-asia", "western-asia", "europe", "eastern-europe", "northern-europe",
                         "southern-europe", "western-europe", "oceania", "antarctica", "australia-new-zealand",
                         "melanesia", "micronesia", "polynesia")},
    [REPORT_TYPE_OV] = {"report-type-ov", false,
                        TERMS("attack-pattern", "campaign", "identity", "incident", "indicator", "intrusion-set",
                              "malware", "observed-data", "threat-actor", "threat-report", "tool", "vulnerability")},
    [THREAT_ACTOR_TYPE_OV] = {"threat-actor-type-ov", false,
                              TERMS("activist", "competitor", "crime-syndicate", "criminal", "hacker",
                                    "insider-accidental", "insider-disgruntled", "nation-state", "private-sector",
                                    "sensationalist", "spy", "terrorist", "unknown")},
    [THREAT_ACTOR_ROLE_OV] = {"threat-actor-role-ov", false,
                              TERMS("agent", "director", "independent", "infrastructure-architect",
                                    "infrastructure-operator", "malware-author", "sponsor")},
    [THREAT_ACTOR_SOPHISTICATION_OV] = {"threat-actor-sophistication-ov", false,
                                        TERMS("none", "minimal", "intermediate", "advanced", "expert", "innovator",
                                              "strategic")},
    [TOOL_TYPE_OV] = {"tool-type-ov", false,
                      TERMS("denial-of-service", "exploitation", "information-gathering", "network-capture",
                            "credential-exploitation", "remote-access", "vulnerability-scanning", "unknown")},
    [WINDOWS_INTEGRITY_LEVEL_ENUM] = {"windows-integrity-level-enum", true, TERMS("low", "medium", "high", "system")},
    [WINDOWS_PEBINARY_TYPE_OV] = {"windows-pebinary-type-ov", false, TERMS("dll", "exe", "sys")},
    [WINDOWS_REGISTRY_DATATYPE_ENUM] = {"windows-registry-datatype-enum", true,
                                        TERMS("REG_NONE", "REG_SZ", "REG_EXPAND_SZ", "REG_BINARY", "REG_DWORD",
                                              "REG_DWORD_BIG_ENDIAN", "REG_DWORD_LITTLE_ENDIAN", "REG_LINK",
                                              "REG_MULTI_SZ", "REG_RESOURCE_LIST", "REG_FULL_RESOURCE_DESCRIPTION",
                                              "REG_RESOURCE_REQUIREMENTS_LIST", "REG_QWORD", "REG_INVALID_TYPE")},
    [WINDOWS_SERVICE_START_TYPE_ENUM] = {"windows-service-start-type-enum", true,
                                         TERMS("SERVICE_AUTO_START", "SERVICE_BOOT_START", "SERVICE_DEMAND_START",
                                               "SERVICE_DISABLED", "SERVICE_SYSTEM_ALERT")},
    [WINDOWS_SERVICE_TYPE_ENUM] = {"windows-service-type-enum", true,
                                   TERMS("SERVICE_KERNEL_DRIVER", "SERVICE_FILE_SYSTEM_DRIVER",
                                         "SERVICE_WIN32_OWN_PROCESS", "SERVICE_WIN32_SHARE_PROCESS")},
    [WINDOWS_SERVICE_STATUS_ENUM] = {"windows-service-status-enum", true,
                                     TERMS("SERVICE_CONTINUE_PENDING", "SERVICE_PAUSE_PENDING", "SERVICE_PAUSED",
                                           "SERVICE_RUNNING", "SERVICE_START_PENDING", "SERVICE_STOP_PENDING",
                                           "SERVICE_STOPPED")},
    [MARKING_TYPE_OV] = {"the marking types", false, TERMS("statement", "tlp")},
};

bool stix_vocabulary_has(enum stix_vocabulary v, struct text term)
{
    for (const char *const *t = vocabularies[v].terms; *t; t++)
        if (text_eq(text_of(*t), term))
            return true;
    return false;
}

bool stix_vocabulary_closed(enum stix_vocabulary v)
{
    return vocabularies[v].closed;
}

const char *stix_vocabulary_name(enum stix_vocabulary v)
{
    return vocabularies[v].name;
}
