#include "pattern_dump.h"

static void print_literal(const struct pattern_literal *l, struct buffer *out)
{
    static const char *const kinds[] = {"'", "int ", "float ", "bool ", "t'", "h'", "b'"};
    buffer_add(out, text_of(kinds[l->kind]));
    if (l->kind == LITERAL_INTEGER)
        buffer_addf(out, "%lld", (long long)l->integer);
    else if (l->kind == LITERAL_FLOAT)
        buffer_addf(out, "%g", l->number);
    else if (l->kind == LITERAL_BOOL)
        buffer_addf(out, "%d", l->boolean);
    else
        buffer_add(out, l->text);
    if (kinds[l->kind][0] == '\'' || kinds[l->kind][1] == '\'')
        buffer_add_char(out, '\'');
}

static void print_comparison(const struct pattern_node *n, struct buffer *out)
{
    static const char *const ops[] = {
        "=", "!=", "<", "<=", ">", ">=", "in", "like", "matches", "issubset", "issuperset", "exists"};
    buffer_add(out, n->object_type);
    buffer_add_char(out, ':');
    for (size_t i = 0; i < n->step_count; i++) {
        const struct pattern_step *s = &n->steps[i];
        if (s->kind == STEP_NAME)
            buffer_addf(out, "%s" TEXT_FMT, i ? "." : "", TEXT_ARG(s->name));
        else if (s->kind == STEP_INDEX)
            buffer_addf(out, "[%lld]", (long long)s->index);
        else
            buffer_add(out, TEXT("[*]"));
    }
    buffer_addf(out, " %s%s", n->negated ? "not " : "", ops[n->op]);
    for (size_t i = 0; i < n->literal_count; i++) {
        buffer_add_char(out, ' ');
        print_literal(&n->literals[i], out);
    }
}

static void print_qualifier(const struct pattern_node *n, struct buffer *out)
{
    if (n->kind == PATTERN_WITHIN)
        buffer_addf(out, " %g", n->within_seconds);
    if (n->kind == PATTERN_REPEATS)
        buffer_addf(out, " %lld", (long long)n->repeats);
    if (n->kind == PATTERN_START_STOP) {
        buffer_add_char(out, ' ');
        print_literal(&n->start, out);
        buffer_add_char(out, ' ');
        print_literal(&n->stop, out);
    }
}

void pattern_dump(const struct pattern_node *n, struct buffer *out)
{
    static const char *const names[] = {"",       "and",        "or",     "",        "obs-and",
                                        "obs-or", "followedby", "within", "repeats", "start-stop"};
    if (n->kind == PATTERN_COMPARISON) {
        print_comparison(n, out);
        return;
    }
    buffer_add_char(out, n->kind == PATTERN_OBSERVATION ? '[' : '(');
    buffer_add(out, text_of(names[n->kind]));
    print_qualifier(n, out);
    for (size_t i = 0; i < n->child_count; i++) {
        if (n->kind != PATTERN_OBSERVATION)
            buffer_add_char(out, ' ');
        pattern_dump(n->children[i], out);
    }
    buffer_add_char(out, n->kind == PATTERN_OBSERVATION ? ']' : ')');
}
