/* unit/match/rows_token.c - plain tokens: AS numbers, TLS fingerprints, names of mutexes and of files. */
#include "rows.h"

#define ASN   "asn=AS65001"
#define JA3   "e7d705a3286e19ea42f587b344ee6865"
#define JA4   "t13d1516h2_8daaf6152771_b186095e22b6"
#define MUTEX "mutex=Global\\Evil-{77}"
#define FILE  "filename=evil.exe"
#define TWO   "filename=invoice 2026.pdf"

const struct row rows_tokens[] = {
    {"AS65001", ASN},
    {"origin as65001, peer AS65002", ASN},
    {"ASN65001", ASN},
    {"path:AS64500,AS65001", ASN},
    {"AS65001.", ASN},
    {"AS650011", ""},
    {"XAS65001", ""},
    {"AS65001x", ""},
    {"AS65001_1", ""},
    {"AS65001-1", ""},
    {"65001", ""},
    {"\"ja3\":{\"hash\":\"" JA3 "\"}", "ja3=" JA3},
    {"E7D705A3286E19EA42F587B344EE6865", "ja3=" JA3},
    {"0" JA3, ""},
    {"ja4=" JA4, "ja4=" JA4},
    {"T13D1516H2_8DAAF6152771_B186095E22B6;", "ja4=" JA4},
    {"\t" JA4 "\t", "ja4=" JA4},
    {"x" JA4, ""},
    {JA4 "_1", ""},
    {JA4 "0", ""},
    {"mutex Global\\Evil-{77} created", MUTEX},
    {"{\"name\":\"Global\\\\Evil-{77}\"}", MUTEX},
    {"name=Global%5CEvil-%7B77%7D", MUTEX},
    {"global\\evil-{77}", ""},
    {"xGlobal\\Evil-{77}", ""},
    {"C:\\temp\\evil.exe", FILE},
    {"C:\\\\temp\\\\evil.exe\"", FILE},
    {"\"C:\\/temp\\/evil.exe\"", FILE},
    {"/opt/EVIL.EXE", FILE},
    {"started evil.exe.", FILE},
    {"evil.exe, other.exe", FILE},
    {"evil.exe - stopped", FILE},
    {"name=\"evil.exe\"", FILE},
    {"--run=evil.exe", FILE},
    {"/files/%65vil.exe", FILE},
    {"/files%2Fevil.exe", FILE},
    {"\"ev\\u0069l.exe\"", FILE},
    {"C:\\temp\\evil.exe evil.exe", FILE},
    {"evil.exe.bak", ""},
    {"evil.exe-1", ""},
    {"not.evil.exe", ""},
    {".evil.exe", ""},
    {"x-evil.exe", ""},
    {"evil.exes", ""},
    {"_evil.exe", ""},
    {"evil_exe", ""},
    {"d\xC3\xA9"
     "evil.exe",
     ""},
    {"evil.exe\xC3\xA9", ""},
    {"\xE2\x80\x9C"
     "evil.exe\xE2\x80\x9D",
     FILE},
    {"evil.exe%2Ebak", ""},
    {"evil.exe\\u002ebak", ""},
    {"evil%00.exe", ""},
    {"file Invoice 2026.PDF opened", TWO},
    {"invoice  2026.pdf", ""},
    {"/a/invoice%202026.pdf", TWO},
    {"invoice+2026.pdf", ""},
    {0},
};
