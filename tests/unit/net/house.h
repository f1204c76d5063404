/* unit/net/house.h - a server with a handler made for the tests, and a socket to talk to it in bytes. */
#pragma once
#include "support/test.h"

#include "net/http.h"

struct house {
    struct http_server *server;
    uint16_t port;
    int calls;      /* of the handler; atomic */
    int in_handler; /* atomic */
};

/* Starts it on 127.0.0.1 with the given options, whose address, handler, self and fault_page are filled in: the first
 * three where they are not given. */
void house_open(struct house *h, struct http_server_options options);
void house_close(struct house *h);
/* http://127.0.0.1:PORT/path in a static buffer of eight. */
const char *house_url(const struct house *h, const char *scheme, const char *path);

int wire_open_from(const struct house *h, const char *address); /* one of this machine: 127.0.0.2 */
/* -1: refused; the functions below then hear nothing. */
int wire_open(const struct house *h);
void wire_send(int fd, const void *bytes, size_t len);
#define wire_say(fd, literal) wire_send(fd, literal, sizeof(literal) - 1)
/* Reads until the other end closes, `ms` pass in silence, or out is full; NUL-terminates; returns the bytes read. */
size_t wire_hear(int fd, char *out, size_t cap, int ms);
/* One whole answer by its Content-Length; its status, or 0. */
int wire_answer(int fd, char *out, size_t cap);
