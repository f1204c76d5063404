/* format/text_words.c - see text_words.h. */
#include "format/text_words.h"

#include "format/chars.h"

#define WORDS(name, ...)                                    \
    static const char *const name##_LIST[] = {__VA_ARGS__}; \
    const struct text_words name = {name##_LIST, ARRAY_LEN(name##_LIST)}

WORDS(WORDS_VERSION, "version", "versions", "ver", "ver.", "v", "v.", "release", "releases", "build", "builds",
      "firmware", "revision", "rev", "rev.", "upgrade to", "update to", "updated to", "upgraded to", "fixed in",
      "patched in", "prior to", "earlier than", "older than", "newer than", "fileversion", "productversion", "sdk",
      "kernel", "hotfix", "service pack", "patch level", "versie", "version:", "update auf", "upgrade auf",
      "aktualisiert auf", "behoben in", "jour vers", "versione", "versi\xC3\xB3n", "wersji", "verze", "verzi", "oid",
      "snmp oid");
WORDS(WORDS_VERSION_LINE, "version", "versions", "release", "releases", "affected", "affects", "upgrade", "upgrading",
      "update", "updates", "patch", "patched", "patches", "fixed", "firmware", "vulnerable", "vulnerability", "build",
      "builds", "hotfix", "earlier", "later", "product", "products", "advisory");
WORDS(WORDS_ADDRESS, "ip", "ips", "ipv4", "address", "addresses", "host", "hosts", "server", "servers", "from", "to",
      "at", "is", "was", "are", "c2", "c&c", "dst", "src", "source", "destination", "on", "by", "via", "contacted",
      "network", "subnet", "range", "node", "machine", "peer", "dns", "resolver", "proxy", "beacon", "domain", "like",
      "and", "or", "with", "scanner", "scanning", "against", "toward", "towards", "endpoint", "infrastructure",
      "connects", "connected", "resolved", "resolves", "the", "a", "also", "through", "for", "of", "in");
WORDS(WORDS_SECTION, "section", "sections", "chapter", "clause", "paragraph", "table", "figure", "fig", "annex",
      "appendix", "step", "item", "rule", "control", "requirement", "oid", "part", "article", "cis", "iso", "nist",
      "iec", "rfc");
WORDS(WORDS_FILE, "file", "files", "filename", "filenames", "script", "scripts", "archive", "archives", "attachment",
      "attachments", "attached", "executable", "binary", "binaries", "named", "called", "renamed", "saved", "saves",
      "drops", "dropped", "dropper", "opens", "opening", "launches", "executes", "executed", "run", "runs", "running",
      "unpack", "unpacks", "unzip", "extract", "extracts", "extracted", "edit", "module", "modules", "library",
      "folder", "directory", "document", "documents", "installer", "macro", "python", "perl", "bash", "repository",
      "readme", "changelog", "loads", "compile", "compiled", "source code", "shared object", "plugin", "photo",
      "video", "download the", "double-click", "clicks", "macos app", "application");
WORDS(WORDS_DOMAIN, "domain", "domains", "site", "website", "hostname", "host", "server", "c2", "resolves", "dns",
      "registered", "subdomain", "visit", "visits", "url", "urls", "landing page", "hosted on", "hosted at",
      "contacted", "contacts", "beacons to", "connects to");
WORDS(WORDS_NO_HASH, "commit", "commits", "revision", "git", "pgp", "gpg", "openpgp", "key", "keyid", "key id",
      "serial", "guid", "uuid", "etag", "nonce", "session", "token", "apikey", "api key", "salt", "request id",
      "ticket", "imphash", "authentihash", "richhash", "rich header", "vhash", "telfhash", "tlsh", "ssdeep", "ja3",
      "ja3s", "ja4", "hassh", "jarm", "favicon", "dhash", "trace", "correlation id", "transaction", "case id", "tree",
      "parent");
WORDS(WORDS_BAD, "c2", "c&c", "cnc", "c2s", "ioc", "iocs", "indicator", "indicators", "malicious", "callback",
      "beacon", "dropper", "payload", "payload url", "phishing", "botnet", "attacker", "attackers", "exfiltration",
      "command and control", "command-and-control", "stage", "loader", "malware", "ransomware", "stealer", "backdoor",
      "c2 server", "c2 servers", "scanner");
WORDS(ENDINGS_FILE, "zip", "mov", "cab", "bz", "cpa", "prof", "py");
WORDS(ENDINGS_MAYBE, "sh", "pl", "rs", "md", "so", "ps", "cc", "pm", "tf", "ml", "mm", "app", "inc", "st", "as", "ac",
      "am", "vi", "pub", "ai", "do", "mk", "bar", "page", "one", "la", "pn", "link", "run", "box");
WORDS(STEMS_FILE, "main", "setup", "config", "install", "installer", "index", "test", "tests", "readme", "run",
      "build", "lib", "mod", "parser", "plugin", "script", "notes", "changelog", "license", "contributing", "init",
      "start", "stop", "deploy", "update", "updater", "client", "server", "utils", "util", "helper", "helpers", "app",
      "payload", "exploit", "poc", "scanner", "backdoor", "dropper", "loader", "cleanup", "backup", "libc",
      "libcrypto", "libssl", "entrypoint", "configure", "makefile", "todo", "security", "manage", "settings", "views",
      "models", "miner", "kinsing", "xmrig", "shell", "cron", "job", "crypt", "decrypt", "encrypt", "keylogger",
      "stage1", "stage2", "stage3");
WORDS(ENDINGS_ONLY, "exe", "dll", "txt", "js", "php", "html", "htm", "asp", "aspx", "jsp", "pdf", "doc", "docx",
      "docm", "xls", "xlsx", "xlsm", "ppt", "pptx", "rtf", "jpg", "jpeg", "png", "gif", "svg", "ico", "ps1", "psm1",
      "bat", "cmd", "vbs", "vbe", "hta", "lnk", "scr", "sys", "msi", "jar", "apk", "ipa", "dmg", "iso", "img", "rar",
      "gz", "tar", "tgz", "xz", "7z", "log", "ini", "cfg", "conf", "xml", "json", "yaml", "yml", "csv", "sql", "db",
      "tmp", "dat", "bin", "bak", "cpp", "h", "c", "go", "rb", "ts", "css", "woff", "elf", "dylib", "ko", "o", "out",
      "pcap", "eml", "msg", "chm", "wsf", "inf", "reg", "cer", "crt", "pem", "key", "class", "deb", "rpm", "plist",
      "docker", "lock", "toml");
WORDS(OBJECTS_CODE, "this", "self", "document", "window", "console", "math", "system", "java", "javax", "object",
      "process", "module", "array", "string", "response", "request", "req", "res", "event", "args", "os", "sys", "np",
      "pd", "std", "obj", "wscript", "powershell", "net", "microsoft", "asp", "ado", "vb", "node", "location",
      "navigator", "json", "date", "file", "path", "http", "https", "socket", "client", "server", "app", "data",
      "config", "settings", "options", "params", "item", "node", "element", "e.g", "i.e", "etc", "user", "session",
      "context", "result", "thread", "logger", "log", "test", "main", "index", "init", "setup", "foo", "bar");
WORDS(PACKAGE_FIRST, "com", "org", "net", "java", "javax", "android", "androidx", "kotlin", "edu", "gov", "io", "de",
      "ru", "cn", "uk", "jp", "fr", "me", "br", "kr", "app", "dev", "info", "eu", "nl", "it", "ch");
WORDS(HOSTS_REFERENCE, "twitter.com", "x.com", "t.co", "linkedin.com", "facebook.com", "youtube.com", "youtu.be",
      "instagram.com", "mastodon.social", "infosec.exchange", "bsky.app", "reddit.com", "github.com", "github.io",
      "gitlab.com", "wikipedia.org", "wikimedia.org", "virustotal.com", "mitre.org", "cve.org", "nist.gov",
      "cisa.gov", "us-cert.gov", "ncsc.gov.uk", "ncsc.nl", "ncsc.ch", "bund.de", "ssi.gouv.fr", "enisa.europa.eu",
      "europa.eu", "first.org", "cert.org", "cert.pl", "cert.be", "circl.lu", "misp-project.org", "abuse.ch",
      "urlhaus.abuse.ch", "any.run", "hybrid-analysis.com", "joesandbox.com", "tria.ge", "urlscan.io", "shodan.io",
      "censys.io", "censys.com", "greynoise.io", "alienvault.com", "otx.alienvault.com", "microsoft.com",
      "windows.com", "apple.com", "google.com", "googleblog.com", "blog.google", "mozilla.org", "cisco.com",
      "talosintelligence.com", "fortinet.com", "fortiguard.com", "paloaltonetworks.com", "mandiant.com",
      "fireeye.com", "crowdstrike.com", "sentinelone.com", "eset.com", "welivesecurity.com", "kaspersky.com",
      "securelist.com", "trendmicro.com", "symantec.com", "broadcom.com", "sophos.com", "checkpoint.com",
      "proofpoint.com", "group-ib.com", "recordedfuture.com", "secureworks.com", "rapid7.com", "tenable.com",
      "qualys.com", "bitdefender.com", "malwarebytes.com", "mcafee.com", "trellix.com", "sekoia.io", "volexity.com",
      "dragos.com", "redcanary.com", "bleepingcomputer.com", "thehackernews.com", "krebsonsecurity.com", "zdnet.com",
      "arstechnica.com", "wired.com", "sans.org", "sans.edu", "isc2.org", "owasp.org", "oasis-open.org", "ietf.org",
      "rfc-editor.org", "iana.org", "icann.org", "w3.org", "purl.org", "openxmlformats.org", "schema.org",
      "xmlsoap.org", "apache.org", "debian.org", "ubuntu.com", "redhat.com", "kernel.org", "python.org", "npmjs.com",
      "pypi.org", "oracle.com", "adobe.com", "vmware.com", "citrix.com", "ivanti.com", "juniper.net", "sonicwall.com",
      "atlassian.com", "medium.com", "archive.org", "attackerkb.com", "exploit-db.com", "packetstormsecurity.com",
      "zerodayinitiative.com", "gnu.org", "openssl.org", "stackoverflow.com", "shadowserver.org", "spamhaus.org",
      "team-cymru.com", "team-cymru.org", "mailchimp.com", "list-manage.com", "googleapis.com", "gstatic.com",
      "fonts.com", "jsdelivr.net", "cdnjs.cloudflare.com", "cdnjs.com", "jquery.com", "bootstrapcdn.com",
      "fontawesome.com", "googletagmanager.com", "google-analytics.com", "gravatar.com", "creativecommons.org",
      "addtoany.com", "doi.org", "arxiv.org", "heise.de");
WORDS(HEADINGS_IOC, "indicator", "indicators", "ioc", "iocs", "ioc's", "observables", "indicators of compromise",
      "kompromittierungsindikatoren", "indicateurs", "indicatoren", "indicadores");
WORDS(HEADINGS_KINDS, "domains", "domain names", "hashes", "file hashes", "ip addresses", "ips", "ip", "urls", "c2",
      "command and control", "infrastructure", "samples", "malicious", "phishing", "sender addresses",
      "email addresses", "e-mail addresses", "payloads", "network", "hosts", "hostnames", "sha256", "sha-256", "sha1",
      "md5", "addresses", "servers", "sha-1", "sha512", "attacker", "droppers", "c2 servers", "block the following",
      "senders");
WORDS(HEADINGS_REFERENCES, "references", "reference", "sources", "source", "further reading", "read more", "links",
      "related", "see also", "resources", "additional information", "more information", "external links", "quellen",
      "footnotes", "bibliography", "related articles", "more on this");
WORDS(HEADINGS_OTHER, "about", "contact", "contacts", "recommendation", "recommendations", "mitigation",
      "mitigations", "conclusion", "conclusions", "summary", "timeline", "acknowledgements", "acknowledgments",
      "disclaimer", "detection", "legal", "overview", "background", "analysis", "impact", "description",
      "introduction", "affected", "affected products", "affected versions", "remediation", "workaround",
      "workarounds", "credits", "history", "solution", "vulnerabilities", "attribution", "executive summary",
      "technical details", "what to do", "details", "mitre att&ck", "att&ck", "techniques", "yara", "questions",
      "support");
WORDS(LINES_OWN, "unsubscribe", "view in browser", "view this email", "view online", "manage preferences",
      "privacy policy", "privacy", "copyright", "all rights reserved", "contact us", "follow us", "e-mail us",
      "email us", "report to", "press contact", "for questions", "phone:", "tel:", "fax:", "contact:", "call us",
      "you received this", "you are receiving", "imprint", "impressum", "afmelden", "abmelden", "opt out", "opt-out",
      "update your preferences", "mailing list", "reach us", "write to us", "questions to", "mail us", "our website",
      "visit us", "terms of use", "terms of service", "reply to", "disclaimer", "confidentiality", "subscribe",
      "please contact", "kontaktieren sie", "ansprechpartner", "bei fragen", "contactez", "nous contacter",
      "contacte con", "contattateci", "kontaktujte", "kontakt:", "send samples to", "security contact",
      "forward this");
WORDS(LINES_SIGNATURE, "best regards", "kind regards", "regards", "sincerely", "cheers", "mit freundlichen",
      "viele gr", "cordialement", "met vriendelijke", "thanks,", "thank you,", "best,", "saludos",
      "with kind regards", "yours", "sent from my", "many thanks");
WORDS(LINES_FORWARD, "-----original", "---------- forwarded", "-------- forwarded", "begin forwarded",
      "from:", "*from:", "from :", "de :", "von:", "de:", "van:");
WORDS(MAIL_HEADERS, "from", "to", "cc", "bcc", "reply-to", "sender", "return-path", "message-id", "references",
      "in-reply-to", "received", "date", "subject", "delivered-to", "sent", "x-mailer", "dkim-signature", "list-id",
      "list-unsubscribe", "mime-version", "content-type", "user-agent", "x-originating-ip", "authentication-results",
      "von", "an", "betreff", "gesendet", "datum", "van", "aan", "onderwerp", "verzonden", "de", "\xC3\xA0",
      "\xC3\x80", "objet", "envoy\xC3\xA9", "para", "asunto", "enviado", "da", "a", "oggetto", "inviato", "od", "do",
      "temat",
      "wys\xC5\x82"
      "ano",
      "komu",
      "p\xC5\x99"
      "edm\xC4\x9Bt",
      "odesl\xC3\xA1no");

WORDS(WORDS_PLACED, "accessible", "active", "aimed", "and", "appeared", "are", "arrive", "arrived", "arrives",
      "available", "based", "be", "beacon", "beacons", "been", "c2", "c2s", "callback", "cnc", "customers", "data",
      "directed", "dns", "domain", "domains", "downloaded", "dropped", "dropper", "employees", "end", "ends",
      "exploit", "file", "files", "form", "found", "gate", "had", "has", "here", "host", "hosted", "hosting", "hosts",
      "http", "https", "infrastructure", "ip", "is", "it", "kit", "link", "links", "listed", "listening", "listens",
      "live", "loader", "located", "log", "login", "logs", "look", "looked", "looking", "looks", "machine", "malware",
      "obtained", "observed", "online", "page", "pages", "panel", "payload", "payloads", "pointed", "pointing",
      "points", "port", "portal", "posted", "present", "published", "reachable", "read", "registered", "repository",
      "reside", "resided", "resides", "residing", "running", "runs", "sample", "samples", "scanner", "script", "seen",
      "served", "server", "servers", "site", "sites", "staged", "stage1", "stage2", "stage3", "still", "stored",
      "subdomain", "system", "systems", "terminated", "them", "there", "traffic", "up", "uploaded", "url", "urls",
      "us", "users", "victims", "visible", "visit", "was", "website", "websites", "were");
WORDS(WORDS_WRITER, "mail", "mails", "e-mail", "e-mails", "email", "emails", "from", "contact", "contacts", "sender",
      "senders", "address", "addresses", "mailto", "mailbox", "write", "account", "accounts", "to", "reply-to", "cc");
WORDS(WORDS_WROTE, "wrote", "schrieb",
      "a \xC3\xA9"
      "crit",
      "escribi\xC3\xB3", "ha scritto", "napsal", "napsal(a)", "napisa\xC5\x82", "napisa\xC5\x82(a)", "skrev",
      "schreef", "kirjoitti", "escreveu");

bool words_have(const struct text_words *w, struct text word)
{
    for (size_t i = 0; i < w->count; i++)
        if (text_eq_nocase(word, text_of(w->list[i])))
            return true;
    return false;
}

static bool stands_in(struct text word, struct text t)
{
    for (size_t i = 0; i + word.len <= t.len; i++) {
        if (i && char_is_alnum(t.ptr[i - 1]))
            continue;
        if (i + word.len < t.len && char_is_alnum(t.ptr[i + word.len]) && char_is_alnum(word.ptr[word.len - 1]))
            continue;
        if (char_lower(t.ptr[i]) == char_lower(word.ptr[0]) && text_eq_nocase(text_sub(t, i, word.len), word))
            return true;
    }
    return false;
}

bool words_in(const struct text_words *w, struct text t)
{
    for (size_t i = 0; i < w->count; i++)
        if (stands_in(text_of(w->list[i]), t))
            return true;
    return false;
}

bool words_begin(const struct text_words *w, struct text t)
{
    for (size_t i = 0; i < w->count; i++) {
        struct text word = text_of(w->list[i]);
        if (word.len <= t.len && text_eq_nocase(text_sub(t, 0, word.len), word) &&
            (word.len == t.len || !char_is_alnum(t.ptr[word.len]) || !char_is_alnum(word.ptr[word.len - 1])))
            return true;
    }
    return false;
}
