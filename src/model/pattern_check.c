/* model/pattern_check.c - the demands of section 9 that are not grammar. */
#include "model/pattern_check.h"

#include "base/time.h"

/* Section 3.1. */
#define NAME_MIN 3
#define NAME_MAX 250

struct checker {
    pattern_on_problem *on_problem;
    void *self;
};

static void tell(const struct checker *c, const struct pattern_node *n, const char *rule, const char *what, bool must)
{
    const struct pattern_problem problem = {n->column, rule, what, must};

    c->on_problem(c->self, &problem);
}

/* ---- object types that can satisfy an expression ---- */

/* Can an object of this type make n true, as far as types go? */
static bool type_fits(const struct pattern_node *n, struct text type)
{
    switch (n->kind) {
    case PATTERN_COMPARISON: return text_eq(n->object_type, type);
    case PATTERN_AND:
        for (size_t i = 0; i < n->child_count; i++)
            if (!type_fits(n->children[i], type))
                return false;
        return true;
    default:
        for (size_t i = 0; i < n->child_count; i++)
            if (type_fits(n->children[i], type))
                return true;
        return false;
    }
}

/* Some type named below `n` fits the whole of `all`. */
static bool any_type_fits(const struct pattern_node *n, const struct pattern_node *all)
{
    if (n->kind == PATTERN_COMPARISON)
        return type_fits(all, n->object_type);
    for (size_t i = 0; i < n->child_count; i++)
        if (any_type_fits(n->children[i], all))
            return true;
    return false;
}

/* ---- names ---- */

static bool name_valid(struct text t, size_t least, char joiner)
{
    for (size_t i = 0; i < t.len; i++)
        if ((t.ptr[i] < 'a' || t.ptr[i] > 'z') && (t.ptr[i] < '0' || t.ptr[i] > '9') && t.ptr[i] != joiner)
            return false;
    return t.len >= least && t.len <= NAME_MAX && t.ptr[0] >= 'a' && t.ptr[0] <= 'z';
}

static bool is_address_value(const struct pattern_node *n)
{
    const struct pattern_step *last = &n->steps[n->step_count - 1];

    return last->kind == STEP_NAME && text_eq(last->name, TEXT("value")) &&
           (n->step_count > 1 || text_eq(n->object_type, TEXT("ipv4-addr")) ||
            text_eq(n->object_type, TEXT("ipv6-addr")));
}

static void check_comparison(const struct checker *c, const struct pattern_node *n)
{
    const struct text property = n->steps[0].name;

    if (!name_valid(n->object_type, NAME_MIN, '-'))
        tell(c, n, "STIX 2.1 3.1",
             "an object type begins with a letter and has 3 to 250 characters of a-z, 0-9 and '-'", true);
    if (!name_valid(property, text_eq(property, TEXT("id")) ? 2 : NAME_MIN, '_'))
        tell(c, n, "STIX 2.1 3.1",
             "a property name begins with a letter and has 3 to 250 characters of a-z, 0-9 and '_'", true);
    if ((n->op == PATTERN_ISSUBSET || n->op == PATTERN_ISSUPERSET) && !is_address_value(n))
        tell(c, n, "STIX 2.1 9.6.1", "ISSUBSET and ISSUPERSET ask for the value of an ipv4-addr or ipv6-addr", true);
}

static void check_window(const struct checker *c, const struct pattern_node *n)
{
    struct stamp start, stop;

    if (!stamp_parse(n->start.text, &start, NULL) && !stamp_parse(n->stop.text, &stop, NULL) &&
        stamp_cmp(start, stop) >= 0)
        tell(c, n, "STIX 2.1 9.5.1", "START is not before STOP: nothing can match", false);
}

static void check_node(const struct checker *c, const struct pattern_node *n, bool told)
{
    if (n->kind == PATTERN_COMPARISON)
        check_comparison(c, n);
    if (n->kind == PATTERN_START_STOP)
        check_window(c, n);
    if (n->kind == PATTERN_AND && !told && !any_type_fits(n->children[0], n)) {
        tell(c, n, "STIX 2.1 9.5",
             "AND inside '[ ]' joins comparisons of one object: join different object types by OR", true);
        told = true;
    }
    for (size_t i = 0; i < n->child_count; i++)
        check_node(c, n->children[i], told);
}

void pattern_check(const struct pattern_node *p, pattern_on_problem *on_problem, void *self)
{
    const struct checker c = {on_problem, self};

    check_node(&c, p, false);
}
