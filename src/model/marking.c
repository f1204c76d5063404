/* model/marking.c - the traffic light protocol as STIX writes it. */
#include "model/marking.h"

#define TLP_LABELS (TLP_RED + 1)

/* One row for each identifier in use. TLP 1 has no AMBER+STRICT; OpenCTI made an identifier of its own for it,
 * which is read as such and never written. */
static const struct tlp_marking_row {
    struct uuid id;
    enum tlp tlp;
    int version;
    bool foreign; /* read only */
    const char *definition;
} rows[] = {
    {{{0x61, 0x3f, 0x2e, 0x26, 0x40, 0x7d, 0x48, 0xc7, 0x9e, 0xca, 0xb8, 0xe9, 0x1d, 0xf9, 0x9d, 0xc9}},
     TLP_CLEAR,
     1,
     false,
     "{\"created\":\"2017-01-20T00:00:00.000Z\",\"definition\":{\"tlp\":\"white\"},\"definition_type\":\"tlp\","
     "\"id\":\"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9\",\"name\":\"TLP:WHITE\","
     "\"spec_version\":\"2.1\",\"type\":\"marking-definition\"}"},
    {{{0x34, 0x09, 0x8f, 0xce, 0x86, 0x0f, 0x48, 0xae, 0x8e, 0x50, 0xeb, 0xd3, 0xcc, 0x5e, 0x41, 0xda}},
     TLP_GREEN,
     1,
     false,
     "{\"created\":\"2017-01-20T00:00:00.000Z\",\"definition\":{\"tlp\":\"green\"},\"definition_type\":\"tlp\","
     "\"id\":\"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da\",\"name\":\"TLP:GREEN\","
     "\"spec_version\":\"2.1\",\"type\":\"marking-definition\"}"},
    {{{0xf8, 0x8d, 0x31, 0xf6, 0x48, 0x6f, 0x44, 0xda, 0xb3, 0x17, 0x01, 0x33, 0x3b, 0xde, 0x0b, 0x82}},
     TLP_AMBER,
     1,
     false,
     "{\"created\":\"2017-01-20T00:00:00.000Z\",\"definition\":{\"tlp\":\"amber\"},\"definition_type\":\"tlp\","
     "\"id\":\"marking-definition--f88d31f6-486f-44da-b317-01333bde0b82\",\"name\":\"TLP:AMBER\","
     "\"spec_version\":\"2.1\",\"type\":\"marking-definition\"}"},
    {{{0x5e, 0x57, 0xc7, 0x39, 0x39, 0x1a, 0x4e, 0xb3, 0xb6, 0xbe, 0x7d, 0x15, 0xca, 0x92, 0xd5, 0xed}},
     TLP_RED,
     1,
     false,
     "{\"created\":\"2017-01-20T00:00:00.000Z\",\"definition\":{\"tlp\":\"red\"},\"definition_type\":\"tlp\","
     "\"id\":\"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed\",\"name\":\"TLP:RED\","
     "\"spec_version\":\"2.1\",\"type\":\"marking-definition\"}"},
    {{{0x94, 0x86, 0x8c, 0x89, 0x83, 0xc2, 0x46, 0x4b, 0x92, 0x9b, 0xa1, 0xa8, 0xaa, 0x3c, 0x84, 0x87}},
     TLP_CLEAR,
     2,
     false,
     "{\"created\":\"2022-10-01T00:00:00.000Z\",\"extensions\":{\"extension-definition--60a3c5c5-0d10-413e-aab3-"
     "9e08dde9e88d\":{\"extension_type\":\"property-extension\",\"tlp_2_0\":\"clear\"}},"
     "\"id\":\"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487\",\"name\":\"TLP:CLEAR\","
     "\"spec_version\":\"2.1\",\"type\":\"marking-definition\"}"},
    {{{0xba, 0xb4, 0xa6, 0x3c, 0xae, 0xd9, 0x4c, 0xf5, 0xa7, 0x66, 0xdf, 0xca, 0x5a, 0xba, 0xc2, 0xbb}},
     TLP_GREEN,
     2,
     false,
     "{\"created\":\"2022-10-01T00:00:00.000Z\",\"extensions\":{\"extension-definition--60a3c5c5-0d10-413e-aab3-"
     "9e08dde9e88d\":{\"extension_type\":\"property-extension\",\"tlp_2_0\":\"green\"}},"
     "\"id\":\"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb\",\"name\":\"TLP:GREEN\","
     "\"spec_version\":\"2.1\",\"type\":\"marking-definition\"}"},
    {{{0x55, 0xd9, 0x20, 0xb0, 0x5e, 0x8b, 0x4f, 0x79, 0x9e, 0xe9, 0x91, 0xf8, 0x68, 0xd9, 0xb4, 0x21}},
     TLP_AMBER,
     2,
     false,
     "{\"created\":\"2022-10-01T00:00:00.000Z\",\"extensions\":{\"extension-definition--60a3c5c5-0d10-413e-aab3-"
     "9e08dde9e88d\":{\"extension_type\":\"property-extension\",\"tlp_2_0\":\"amber\"}},"
     "\"id\":\"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421\",\"name\":\"TLP:AMBER\","
     "\"spec_version\":\"2.1\",\"type\":\"marking-definition\"}"},
    {{{0x93, 0x9a, 0x94, 0x14, 0x2d, 0xdd, 0x4d, 0x32, 0xa0, 0xcd, 0x37, 0x5e, 0xa4, 0x02, 0xb0, 0x03}},
     TLP_AMBER_STRICT,
     2,
     false,
     "{\"created\":\"2022-10-01T00:00:00.000Z\",\"extensions\":{\"extension-definition--60a3c5c5-0d10-413e-aab3-"
     "9e08dde9e88d\":{\"extension_type\":\"property-extension\",\"tlp_2_0\":\"amber+strict\"}},"
     "\"id\":\"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003\",\"name\":\"TLP:AMBER+STRICT\","
     "\"spec_version\":\"2.1\",\"type\":\"marking-definition\"}"},
    {{{0xe8, 0x28, 0xb3, 0x79, 0x4e, 0x03, 0x49, 0x74, 0x9a, 0xc4, 0xe5, 0x3a, 0x88, 0x4c, 0x97, 0xc1}},
     TLP_RED,
     2,
     false,
     "{\"created\":\"2022-10-01T00:00:00.000Z\",\"extensions\":{\"extension-definition--60a3c5c5-0d10-413e-aab3-"
     "9e08dde9e88d\":{\"extension_type\":\"property-extension\",\"tlp_2_0\":\"red\"}},"
     "\"id\":\"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1\",\"name\":\"TLP:RED\","
     "\"spec_version\":\"2.1\",\"type\":\"marking-definition\"}"},
    {{{0x82, 0x65, 0x78, 0xe1, 0x40, 0xad, 0x45, 0x9f, 0xbc, 0x73, 0xed, 0xe0, 0x76, 0xf8, 0x1f, 0x37}},
     TLP_AMBER_STRICT,
     1,
     true,
     NULL},
};

enum err tlp_parse(struct text t, enum tlp *ret)
{
    static const struct {
        struct text word;
        enum tlp tlp;
    } words[] = {
        {{"clear", 5}, TLP_CLEAR},
        {{"white", 5}, TLP_CLEAR},
        {{"green", 5}, TLP_GREEN},
        {{"amber", 5}, TLP_AMBER},
        {{"amber+strict", 12}, TLP_AMBER_STRICT},
        {{"red", 3}, TLP_RED},
    };

    t = text_trim(t);
    if (text_eq_nocase(text_sub(t, 0, 4), TEXT("tlp:")))
        t = text_sub(t, 4, t.len);
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (text_eq_nocase(t, words[i].word)) {
            *ret = words[i].tlp;
            return OK;
        }
    }
    return ERR_MALFORMED;
}

const char *tlp_name(enum tlp t)
{
    static const char *const names[TLP_LABELS] = {
        "unmarked", "TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED",
    };

    return (unsigned)t < TLP_LABELS ? names[t] : "unmarked";
}

enum tlp tlp_stricter(enum tlp a, enum tlp b)
{
    return a > b ? a : b;
}

bool tlp_of_marking(const struct uuid *marking_definition, enum tlp *ret, int *ret_version)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (uuid_eq(&rows[i].id, marking_definition)) {
            *ret = rows[i].tlp;
            if (ret_version)
                *ret_version = rows[i].version;
            return true;
        }
    }
    return false;
}

static const struct tlp_marking_row *row_of(enum tlp t, int version)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].tlp == t && rows[i].version == version && !rows[i].foreign)
            return &rows[i];
    return NULL;
}

bool tlp_marking(enum tlp t, int version, struct uuid *ret)
{
    const struct tlp_marking_row *row = row_of(t, version);

    if (!row)
        return false;
    *ret = row->id;
    return true;
}

struct text tlp_definition(enum tlp t, int version)
{
    const struct tlp_marking_row *row = row_of(t, version);

    return row ? text_of(row->definition) : TEXT_NONE;
}

const char *pap_name(enum pap p)
{
    static const char *const names[] = {"none", "PAP:CLEAR", "PAP:GREEN", "PAP:AMBER", "PAP:RED"};

    return (unsigned)p < ARRAY_LEN(names) ? names[p] : "none";
}

enum pap pap_of_tlp(enum tlp t)
{
    switch (t) {
    case TLP_CLEAR:
    case TLP_GREEN: return PAP_GREEN;
    case TLP_AMBER: return PAP_AMBER;
    default: return PAP_RED;
    }
}
