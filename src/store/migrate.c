#include "store/migrate.h"

#include <stdio.h>
#include <string.h>

#include "store/local.h"

/* 1 -> 2. The tree's files and the first checkpoint are made by every opening that misses them, and so is the view:
 * only what must keep the old program out is done here. 0.0.1 knows neither this file nor successions nor erasures,
 * but it minds local.db's version. */
static enum err keep_old_program_out(const struct io *io, const char *home, struct fault *reterr)
{
    (void)io;
    return local_upgrade(home, reterr);
}

static const struct migration_step steps[] = {
    {1, "local.db", keep_old_program_out},
};

const struct migration *migration_ours(void)
{
    static const struct migration ours = {steps, ARRAY_LEN(steps), HOME_VERSION};
    return &ours;
}

static const struct migration_step *step_from(const struct migration *m, uint32_t version)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->steps[i].from == version)
            return &m->steps[i];
    return NULL;
}

static enum err explain(enum err err, const struct migration_step *s, struct fault *why, struct fault *reterr)
{
    return fault_set(reterr, err,
                     "bringing the home from version %lu to %lu (%s): %s; it is taken up again at the next start",
                     (unsigned long)s->from, (unsigned long)s->from + 1, s->what, why->what);
}

enum err migrate_home(const struct io *io, const char *home, const struct migration *m, struct home_format *f,
                      size_t *ret_steps, struct fault *reterr)
{
    size_t count = 0;
    enum err err = OK;
    for (; err == OK && f->version < m->target; count++) {
        struct fault why = {.offset = -1, .line = -1};
        const struct migration_step *s = step_from(m, f->version);
        struct home_format next = format_ours();
        if (!s)
            return fault_set(reterr, ERR_VERSION,
                             "the home is of version %lu, which this program cannot bring up to date",
                             (unsigned long)f->version);
        memcpy(next.compatible, f->compatible, sizeof next.compatible);
        next.compatible_count = f->compatible_count;
        memcpy(next.incompatible, f->incompatible, sizeof next.incompatible);
        next.incompatible_count = f->incompatible_count;
        next.version = f->version + 1;
        err = s->run(io, home, &why);
        if (err == OK)
            err = format_write(io, home, &next, &why);
        if (err == OK)
            *f = next;
        else
            explain(err, s, &why, reterr);
    }
    if (err == OK && ret_steps)
        *ret_steps = count;
    return err;
}
