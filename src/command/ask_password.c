#include "command/ask_password.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include "base/io.h"
#include "store/password.h"

#define TYPED_MAX (PASSWORD_MAX_BYTES + 2)

/* One line, without its end. */
static enum err read_line(int tty, char out[TYPED_MAX], size_t *ret_len)
{
    size_t len = 0;
    while (len < TYPED_MAX) {
        ssize_t got = read(tty, out + len, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ERR_IO;
        if (got == 0 || out[len] == '\n')
            break;
        len++;
    }
    *ret_len = len;
    return OK;
}

static enum err show(int tty, const char *words)
{
    size_t len = strlen(words);
    while (len) {
        ssize_t done = write(tty, words, len);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return ERR_IO;
        words += done;
        len -= (size_t)done;
    }
    return OK;
}

static enum err ask_once(int tty, const char *words, char out[TYPED_MAX], size_t *ret_len)
{
    enum err e = show(tty, words);
    if (e == OK)
        e = read_line(tty, out, ret_len);
    return e == OK ? show(tty, "\n") : e;
}

static int keep(struct session *s, const char *typed, size_t len, struct input *ret)
{
    int fd = memfd_create("password", MFD_CLOEXEC);
    if (fd < 0 || io_write_all(io_system(), fd, typed, len, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0) {
        complain(s, "memory for a password: %s", strerror(errno));
        if (fd >= 0)
            close(fd);
        return EXIT_WRITE;
    }
    *ret = (struct input){"the terminal", fd};
    return EXIT_DONE;
}

static int ask_twice(struct session *s, int tty, struct input *ret)
{
    char first[TYPED_MAX], second[TYPED_MAX];
    size_t len = 0, again = 0;
    int code = EXIT_DATA;
    enum err e = ask_once(tty, "New password: ", first, &len);
    if (e == OK)
        e = ask_once(tty, "The same again: ", second, &again);
    if (e)
        complain(s, "the terminal: %s", strerror(errno));
    else if (len != again || memcmp(first, second, len) != 0)
        complain(s, "the two are not the same; nothing was changed");
    else
        code = keep(s, first, len, ret);
    explicit_bzero(first, sizeof first);
    explicit_bzero(second, sizeof second);
    return code;
}

int ask_password(struct session *s, struct input *ret)
{
    struct termios shown, hidden;
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (tty < 0 || tcgetattr(tty, &shown) != 0) {
        if (tty >= 0)
            close(tty);
        complain(s, "no terminal to ask at: --password-file FILE, or '-' for standard input");
        return EXIT_USAGE;
    }
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    hidden.c_lflag |= ICANON;
    int code = EXIT_WRITE;
    if (tcsetattr(tty, TCSAFLUSH, &hidden) == 0) {
        code = ask_twice(s, tty, ret);
        tcsetattr(tty, TCSAFLUSH, &shown);
    } else {
        complain(s, "the terminal: %s", strerror(errno));
    }
    close(tty);
    return code;
}
