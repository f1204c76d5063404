#include "command/commands.h"
#include "command/observed.h"
#include "reader/role.h"

int main(int argc, char **argv)
{
    /* Before anything else: a reader is to have opened, read and learnt nothing. */
    if (worker_role_asked(&READER, argc, argv))
        worker_role_main(&READER, argv);
    if (worker_role_asked(&READER_CONTAINERS, argc, argv))
        worker_role_main(&READER_CONTAINERS, argv);
    if (worker_role_asked(&OBSERVER, argc, argv))
        worker_role_main(&OBSERVER, argv);
    return command_main(argc, argv);
}
