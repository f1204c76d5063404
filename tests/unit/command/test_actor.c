/* Whoever gives a command from elsewhere stands under every entry that it makes, and does what its role may do. */
#include "support/test.h"

#include <sys/mman.h>
#include <unistd.h>

#include "command/commands.h"
#include "command/session.h"
#include "store/log.h"
#include "support/scratch.h"
#include "json/json.h"

#define WORDS_MAX 14

struct stage {
    char dir[SCRATCH_PATH_MAX], home[SCRATCH_PATH_MAX + 8];
    struct node *node;
    struct actor anna;
    struct buffer said, complained;
    char kept[128]; /* a member of what was said, for "=" in later words */
};

static enum err write_account(struct txn *t, void *self, struct fault *reterr)
{
    struct actor *a = self;
    struct fact f = {
        .kind = FACT_ACCOUNT,
        .u.account = {
            .id = a->account, .account = *node_admin(txn_node(t)), .name = TEXT("anna"), .role = ROLE_ADMINISTRATOR}};
    return txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
}

static int begin(void **state)
{
    struct stage *s = calloc(1, sizeof *s);
    scratch_new(s->dir);
    snprintf(s->home, sizeof s->home, "%s/home", s->dir);
    const struct node_init init = {
        .name = TEXT("CERT Test"), .country = TEXT("XE"), .space = TEXT("real"), .account = TEXT("admin")};
    assert_ok(node_create(io_system(), s->home, &init, NULL));
    assert_ok(node_open(io_system(), s->home, NODE_OWN, &s->node, NULL));
    s->anna = (struct actor){.account = uuid_random(), .role = ROLE_ADMINISTRATOR};
    assert_ok(node_write(s->node, write_account, &s->anna, NULL));
    buffer_init(&s->said, 1 * MIB);
    buffer_init(&s->complained, 64 * KIB);
    *state = s;
    return 0;
}

static int end(void **state)
{
    struct stage *s = *state;
    node_close(s->node);
    buffer_done(&s->said);
    buffer_done(&s->complained);
    scratch_remove(s->dir);
    free(s);
    return 0;
}

/* ---- one command ---- */

struct step {
    int code;
    const char *words[WORDS_MAX]; /* "=": what was kept */
    const char *input;            /* of its one file; NULL: none */
    const char *keep;             /* this member of what it says is kept */
};

static void take_output(void *self, bool to_stderr, struct text bytes)
{
    struct stage *s = self;
    buffer_add(to_stderr ? &s->complained : &s->said, bytes);
}

static int file_of(const char *text)
{
    int fd = memfd_create("input", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static void keep(struct stage *s, const char *member)
{
    struct json_doc *doc;
    struct text rest = text_trim(buffer_text(&s->said)), line = TEXT_NONE;
    while (text_split(&rest, '\n', &line))
        ;
    assert_ok(json_parse(line, &doc, NULL));
    struct text value = json_text(json_get(json_root(doc), member));
    assert_true(value.len > 0 && value.len < sizeof s->kept);
    snprintf(s->kept, sizeof s->kept, TEXT_FMT, TEXT_ARG(value));
    json_free(doc);
}

/* As main() gets them. "=" is what was kept. */
static size_t words_of(const struct step *step, const char *kept, char bytes[WORDS_MAX][128], char *words[WORDS_MAX])
{
    size_t count = 0;
    for (; step->words[count]; count++) {
        const char *word = strcmp(step->words[count], "=") == 0 ? kept : step->words[count];
        assert_true(strlen(word) < 128);
        snprintf(bytes[count], 128, "%s", word);
        words[count] = bytes[count];
    }
    return count;
}

static int run_as(struct stage *s, const struct actor *actor, const struct step *step)
{
    static const atomic_bool no;
    char bytes[WORDS_MAX][128], *words[WORDS_MAX];
    const char *operands[WORDS_MAX];
    size_t count = words_of(step, s->kept, bytes, words), used = 0;
    bool help = false;
    struct input in = {.name = "input", .fd = -1};
    buffer_clear(&s->said);
    buffer_clear(&s->complained);
    struct session run = {.home = s->home,
                          .operands = operands,
                          .output_fd = -1,
                          .node = s->node,
                          .actor = actor,
                          .cancel = &no,
                          .write = take_output,
                          .write_self = s};
    run.command = command_find(count, words, &used);
    assert_non_null(run.command);
    buffer_init(&run.line, 1 * MIB);
    assert_int_equal(command_parse(&run, count - used, words + used, &help), EXIT_DONE);
    run.json = true;
    if (step->input) {
        in.fd = file_of(step->input);
        run.inputs = &in;
        run.input_count = 1;
    }
    int code = session_allowed(&run);
    if (code == EXIT_DONE)
        code = run.command->run(&run);
    if (in.fd >= 0)
        close(in.fd);
    buffer_done(&run.line);
    return code;
}

/* ---- every command that writes ---- */

#define ID   "indicator--0d5f7c8e-2f0b-4b7e-8a8e-0a6d3a5ee101"
#define OURS "indicator--0d5f7c8e-2f0b-4b7e-8a8e-0a6d3a5ee102"
#define BUNDLE(id)                                                                                         \
    "{\"type\":\"bundle\",\"id\":\"bundle--0d5f7c8e-2f0b-4b7e-8a8e-0a6d3a5ee100\",\"objects\":[{\"type\":" \
    "\"indicator\",\"spec_version\":\"2.1\",\"id\":\"" id "\",\"created\":\"2026-01-01T00:00:00.000Z\","   \
    "\"modified\":\"2026-01-01T00:00:00.000Z\",\"pattern\":\"[ipv4-addr:value = '198.51.100.7']\","        \
    "\"pattern_type\":\"stix\",\"valid_from\":\"2026-01-01T00:00:00Z\",\"object_marking_refs\":"           \
    "[\"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421\"]}]}"
#define REGISTER "name,sector,networks,domains,contacts\nHospital,health,198.51.100.0/24,h.example,a@h.example\n"
#define LIST                                                                                              \
    "{\"name\":\"Ours\",\"version\":1,\"description\":\"d\",\"type\":\"string\",\"matching_attributes\":" \
    "[\"domain\"],\"list\":[\"good.example\"]}"

static const struct step STEPS[] = {
    {0, {"constituency", "import", "f"}, REGISTER, NULL},
    {0, {"source", "add", "honeynet"}, NULL, NULL},
    {0, {"source", "set", "honeynet", "--marking", "TLP:CLEAR"}, NULL, NULL},
    {0, {"peer", "invite", "Theirs", "--url", "https://ours.example/taxii2/"}, NULL, NULL},
    {0, {"peer", "invite", "Others", "--url", "https://ours.example/taxii2/"}, NULL, NULL},
    {0, {"peer", "set", "Theirs", "--ceiling", "TLP:AMBER"}, NULL, NULL},
    {0, {"import", "f", "--from", "Theirs"}, BUNDLE(ID), NULL},
    {0, {"import", "f", "--from", "self"}, BUNDLE(OURS), NULL},
    {0, {"finding", "false-positive", "F-1", "--reason", "r"}, NULL, NULL},
    {0, {"finding", "reopen", "F-1"}, NULL, NULL},
    {0, {"incident", "open", "F-1", "--name", "x"}, NULL, "incident"},
    {0, {"incident", "close", "=", "--reason", "r"}, NULL, NULL},
    {0, {"warninglist", "add", "f"}, LIST, NULL},
    {0, {"warninglist", "disable", "Ours"}, NULL, NULL},
    {0, {"warninglist", "enable", "Ours"}, NULL, NULL},
    {0, {"warninglist", "allow", ID, "--reason", "r"}, NULL, NULL},
    {0, {"marking", "add", "--name", "ours", "--rel-to", "XE"}, NULL, NULL},
    {0, {"share", "group", "add", "Sector", "--member", "Theirs"}, NULL, NULL},
    {0, {"share", "group", "set", "Sector", "--member", "Others"}, NULL, NULL},
    {0, {"share", "agreement", "set", "Theirs", "--communities", "on"}, NULL, NULL},
    {0,
     {"share", "consent", "record", ID, "--to", "Others", "--from", "Theirs", "--reason", "r", "--until", "+7d"},
     NULL,
     NULL},
    {0, {"share", "approve", OURS, "--to", "Others", "--reason", "r"}, NULL, "grant"},
    {0, {"share", "revoke", "=", "--reason", "r"}, NULL, NULL},
    {0, {"share", "break-glass", ID, "--to", "Others", "--reason", "r"}, NULL, NULL},
    {0, {"share", "name", OURS, "--to", "Others", "--reason", "r"}, NULL, NULL},
    {0, {"share", "need", ID, "--to", "Others", "--reason", "r"}, NULL, NULL},
    {0, {"export", "--public"}, NULL, NULL},
    {0, {"account", "add", "carl", "--role", "reader"}, NULL, NULL},
    {0, {"account", "token", "carl"}, NULL, NULL},
    {0, {"account", "password", "carl", "--password-file", "f"}, "a heron on the pier\n", NULL},
    {0, {"account", "set", "carl", "--role", "analyst"}, NULL, NULL},
    {0, {"account", "token", "carl", "--revoke-all"}, NULL, NULL},
    {0, {"account", "disable", "carl", "--reason", "r"}, NULL, NULL},
    {0, {"account", "enable", "carl", "--reason", "r"}, NULL, NULL},
    {0, {"peer", "expel", "Theirs", "--reason", "r"}, NULL, NULL},
    {0, {"key", "rotate", "--reason", "r"}, NULL, NULL},
    {0, {"erase", OURS, "--reason", "r"}, NULL, NULL},
};

/* What writes and is not among the steps, and why. */
static const char *const ELSEWHERE[] = {
    "account recover",
    "backup",
    "hits",
    "index", /* on this machine only; index is made anew from the view */
    "exercise sign",
    "key replace",
    "rebuild",
    "repair", /* want another home, or write no entry */
    "peer accept",
    "peer list",
    "peer sync",
    "source list",
    "source poll",
    "source show", /* want a partner, or write nothing */
    "proposal accept",
    "proposal refuse",
    "quarantine release",
    "share consent request",
};

static void check_entries(struct stage *s, uint64_t from, const char *what)
{
    struct arena arena;
    struct log_read e;
    char ours[UUID_TEXT_MAX];
    struct text anna = uuid_format(&s->anna.account, ours);
    arena_init(&arena, 16 * MIB);
    for (uint64_t n = from; n < node_tree_size(s->node); n++) {
        struct json_doc *doc;
        struct fault f = {.err = OK};
        assert_ok(node_entry(s->node, n, &arena, &e, &f));
        if (e.entry.kind.len == 7 && text_eq(e.entry.kind, TEXT("opening")))
            continue; /* follows from another entry */
        assert_ok(json_parse(e.detail.private_part, &doc, NULL));
        struct text account = json_text(json_get(json_root(doc), "account"));
        if (!text_eq(account, anna))
            fail_msg("%s: an entry of kind " TEXT_FMT " under \"" TEXT_FMT "\"", what, TEXT_ARG(e.entry.kind),
                     TEXT_ARG(account));
        json_free(doc);
        arena_reset(&arena);
    }
    arena_done(&arena);
}

static void every_entry_is_under_who_acted(void **state)
{
    struct stage *s = *state;
    for (size_t i = 0; i < ARRAY_LEN(STEPS); i++) {
        const struct step *step = &STEPS[i];
        char what[128];
        snprintf(what, sizeof what, "%s %s %s", step->words[0], step->words[1], step->words[2] ? step->words[2] : "");
        uint64_t before = node_tree_size(s->node);
        int code = run_as(s, &s->anna, step);
        if (code != step->code)
            fail_msg("%s: exit %d: " TEXT_FMT TEXT_FMT, what, code, TEXT_ARG(buffer_text(&s->complained)),
                     TEXT_ARG(buffer_text(&s->said)));
        if (step->keep)
            keep(s, step->keep);
        check_entries(s, before, what);
    }
}

static bool is_step(const struct command *c)
{
    for (size_t i = 0; i < ARRAY_LEN(STEPS); i++) {
        char bytes[WORDS_MAX][128], *words[WORDS_MAX];
        size_t used = 0, count = words_of(&STEPS[i], "", bytes, words);
        if (command_find(count, words, &used) == c)
            return true;
    }
    return false;
}

/* A command that is added is added here, too. */
static void no_command_is_forgotten(void **state)
{
    (void)state;
    for (size_t i = 0; COMMANDS[i]; i++) {
        bool known = COMMANDS[i]->need != NEED_WRITE || is_step(COMMANDS[i]);
        for (size_t n = 0; n < ARRAY_LEN(ELSEWHERE); n++)
            known |= strcmp(ELSEWHERE[n], COMMANDS[i]->name) == 0;
        if (!known)
            fail_msg("%s writes: is what it writes under who acted? See STEPS", COMMANDS[i]->name);
    }
}

/* ---- roles ---- */

/* docs/ACCOUNTS.md says of each command what `least` says. */
static void the_page_says_the_same(void **state)
{
    size_t len;
    char *page = scratch_read(TEST_ROOT "/../docs/ACCOUNTS.md", &len);
    (void)state;
    assert_non_null(page);
    for (size_t i = 0; COMMANDS[i]; i++) {
        char head[64], name[64];
        const struct command *c = COMMANDS[i];
        if (c->hidden)
            continue;
        snprintf(head, sizeof head, "\n| %s | ", c->least == ROLE_NONE ? "this machine only" : role_name(c->least));
        snprintf(name, sizeof name, "`%s`", c->name);
        const char *row = strstr(page, head), *there = row ? strstr(row, name) : NULL;
        const char *row_end = row ? strchr(row + 1, '\n') : NULL;
        if (!there || !row_end || there > row_end)
            fail_msg("%s does not stand in the row%s", c->name, head);
    }
    free(page);
}

static void a_role_does_what_its_row_says(void **state)
{
    static const struct {
        enum role role;
        struct step step;
    } cases[] = {
        {ROLE_READER, {EXIT_DENIED, {"account", "list"}, NULL, NULL}},
        {ROLE_READER, {EXIT_DENIED, {"import", "f"}, BUNDLE(ID), NULL}},
        {ROLE_ANALYST, {EXIT_DONE, {"import", "f", "--from", "self"}, BUNDLE(ID), NULL}},
        {ROLE_ANALYST, {EXIT_DENIED, {"share", "approve", ID, "--to", "X", "--reason", "r"}, NULL, NULL}},
        {ROLE_RELEASER, {EXIT_DENIED, {"account", "add", "x"}, NULL, NULL}},
        {ROLE_ADMINISTRATOR, {EXIT_DENIED, {"account", "recover", "--name", "x", "--reason", "r"}, NULL, NULL}},
        {ROLE_ADMINISTRATOR, {EXIT_DENIED, {"backup", "/nowhere"}, NULL, NULL}},
        {ROLE_NONE, {EXIT_DENIED, {"status"}, NULL, NULL}},
        /* with the eyes of another, or in another's name */
        {ROLE_READER, {EXIT_DENIED, {"finding", "list", "--as", "admin"}, NULL, NULL}},
        {ROLE_READER, {EXIT_DONE, {"finding", "list", "--as", "anna"}, NULL, NULL}},
        {ROLE_ADMINISTRATOR, {EXIT_DONE, {"finding", "list", "--as", "admin"}, NULL, NULL}},
        {ROLE_RELEASER, {EXIT_DENIED, {"export", "--to", "account admin"}, NULL, NULL}},
        {ROLE_ADMINISTRATOR,
         {EXIT_DENIED,
          {"share", "approve", ID, "--to", "X", "--reason", "r", "--by", "admin", "--token-file", "f"},
          "ent_",
          NULL}},
        /* one's own password, not another's */
        {ROLE_READER,
         {EXIT_DONE, {"account", "password", "anna", "--password-file", "f"}, "a heron on the pier", NULL}},
        {ROLE_READER,
         {EXIT_DENIED, {"account", "password", "admin", "--password-file", "f"}, "a heron on the pier", NULL}},
    };
    struct stage *s = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct actor a = {.account = s->anna.account, .role = cases[i].role};
        uint64_t before = node_tree_size(s->node);
        int code = run_as(s, &a, &cases[i].step);
        if (code != cases[i].step.code)
            fail_msg("%s %s as %s: exit %d: " TEXT_FMT, cases[i].step.words[0], cases[i].step.words[1],
                     role_name(a.role), code, TEXT_ARG(buffer_text(&s->complained)));
        if (code == EXIT_DENIED)
            assert_int_equal(node_tree_size(s->node), before);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_entry_is_under_who_acted),
        cmocka_unit_test(no_command_is_forgotten),
        cmocka_unit_test(the_page_says_the_same),
        TEST(a_role_does_what_its_row_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
