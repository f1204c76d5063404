/* support/reader_role.c - a test program started again as a reader is one: what src/main.c does for the product. */
#include "reader/role.h"

__attribute__((constructor)) static void become_reader(int argc, char **argv)
{
    if (worker_role_asked(&READER, argc, argv))
        worker_role_main(&READER, argv);
    if (worker_role_asked(&READER_CONTAINERS, argc, argv))
        worker_role_main(&READER_CONTAINERS, argv);
}
