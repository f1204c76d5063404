#include "command/recipients.h"

#include <string.h>

#include "command/names.h"

static enum err find_account(struct session *s, struct view *v, const char *name, struct arena *arena,
                             struct recipient *ret)
{
    struct fact_account a;
    if (view_account_by_name(v, text_of(name), &a, NULL)) {
        complain(s, "no account is named %s; entente account list shows them", name);
        return ERR_NOT_FOUND;
    }
    if (uuid_some(&a.party)) {
        complain(s, "%s is a partner's machine: --to the partner instead", name);
        return ERR_USAGE;
    }
    struct uuid id = a.id;
    enum role role = a.disabled ? ROLE_NONE : a.role;
    struct text kept = arena_text(arena, text_of(name));
    if (!kept.ptr)
        return ERR_NOMEM;
    *ret = recipient_of_account(s->node, &id, role, kept);
    return OK;
}

enum err find_recipient(struct session *s, struct view *v, const char *words, struct arena *arena,
                        struct recipient *ret)
{
    struct fault fault = {.offset = -1, .line = -1};
    struct uuid party;
    if (strcmp(words, "public") == 0) {
        *ret = recipient_public(s->node);
        return OK;
    }
    if (strncmp(words, "account ", 8) == 0 || strncmp(words, "account:", 8) == 0)
        return find_account(s, v, words + 8, arena, ret);
    enum err err = find_party(s, v, words, &party);
    if (err)
        return err;
    err = recipient_of_party(s->node, v, &party, arena, ret, &fault);
    if (err)
        complain_fault(s, words, &fault);
    return err;
}

enum err find_door(struct session *s, const char *given, enum door by_default, enum door *ret)
{
    *ret = by_default;
    if (!given)
        return OK;
    for (int i = 0; i < DOOR_COUNT; i++) {
        struct text name = text_of(door_name((enum door)i));
        if (!text_eq(text_of(given), name))
            continue;
        *ret = (enum door)i;
        return OK;
    }
    complain(s,
             "--door %s: console, taxii, export, statistics, mail, courier, public page, advisory, block list, "
             "detection rule, search, csv, misp or misp feed",
             given);
    return ERR_USAGE;
}

struct text recipient_words(const struct recipient *r, struct arena *arena)
{
    if (r->kind == RECIPIENT_PUBLIC)
        return TEXT("the public");
    const char *t = r->kind == RECIPIENT_OWN_ACCOUNT
                        ? arena_printf(arena, "account " TEXT_FMT " (%s)", TEXT_ARG(r->name), role_name(r->role))
                        : arena_printf(arena, "%s " TEXT_FMT, recipient_kind_name(r->kind), TEXT_ARG(r->name));
    return text_of(t ? t : "");
}
