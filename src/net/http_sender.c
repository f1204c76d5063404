/* net/http_sender.c - counts by address, in a hash table under one lock. A sender lives from its first reference to
 * its last. */
#include "net/http_sender.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/limits.h"
#include "net/http_listen.h"

#define TABLE_SIZE 1024

struct http_sender {
    struct http_sender *next; /* of the same place in the table */
    struct ipaddr address;
    unsigned refs;
    size_t connections, requests, body_bytes;
};

struct http_senders {
    struct http_sender_limits limits;
    pthread_mutex_t lock; /* of what follows */
    size_t body_bytes;
    uint64_t salt; /* so that nobody can choose addresses that fall on one place */
    struct http_sender *table[TABLE_SIZE];
};

enum err http_senders_new(const struct http_sender_limits *limits, struct http_senders **ret)
{
    struct http_senders *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NOMEM;
    s->limits = *limits;
    random_bytes(&s->salt, sizeof s->salt);
    pthread_mutex_init(&s->lock, NULL);
    *ret = s;
    return OK;
}

void http_senders_free(struct http_senders *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < TABLE_SIZE; i++)
        while (s->table[i]) {
            struct http_sender *next = s->table[i]->next;
            free(s->table[i]);
            s->table[i] = next;
        }
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static struct ipaddr key_of(const struct ipaddr *a)
{
    struct ipaddr key = {.bits = a->bits};
    memcpy(key.b, a->b, a->bits == 32 ? 4 : 8);
    if (http_is_loopback(a)) /* ::1 has its bits at the end */
        key = *a;
    return key;
}

static struct http_sender **place_of(struct http_senders *s, const struct ipaddr *key)
{
    char bytes[sizeof s->salt + sizeof key->b];
    memcpy(bytes, &s->salt, sizeof s->salt);
    memcpy(bytes + sizeof s->salt, key->b, sizeof key->b);
    struct http_sender **at = &s->table[xxh3_of(bytes, sizeof bytes) % TABLE_SIZE];
    while (*at && ((*at)->address.bits != key->bits || memcmp((*at)->address.b, key->b, sizeof key->b) != 0))
        at = &(*at)->next;
    return at;
}

bool http_sender_may_connect(struct http_senders *s, const struct ipaddr *from)
{
    size_t max = http_is_loopback(from) ? s->limits.local_connections_max : s->limits.connections_max;
    struct ipaddr key = key_of(from);
    pthread_mutex_lock(&s->lock);
    const struct http_sender *sender = *place_of(s, &key);
    bool may = !sender || sender->connections < max;
    pthread_mutex_unlock(&s->lock);
    return may;
}

struct http_sender *http_sender_of(struct http_senders *s, const struct ipaddr *address)
{
    struct ipaddr key = key_of(address);
    pthread_mutex_lock(&s->lock);
    struct http_sender **at = place_of(s, &key);
    if (!*at && (*at = calloc(1, sizeof **at)))
        (*at)->address = key;
    struct http_sender *sender = *at;
    if (sender)
        sender->refs++;
    pthread_mutex_unlock(&s->lock);
    return sender;
}

void http_sender_done(struct http_senders *s, struct http_sender *sender)
{
    if (!sender)
        return;
    pthread_mutex_lock(&s->lock);
    if (--sender->refs == 0) {
        *place_of(s, &sender->address) = sender->next;
        free(sender);
    }
    pthread_mutex_unlock(&s->lock);
}

void http_sender_connected(struct http_senders *s, struct http_sender *sender, int by)
{
    pthread_mutex_lock(&s->lock);
    sender->connections += (size_t)by;
    pthread_mutex_unlock(&s->lock);
}

bool http_sender_request(struct http_senders *s, struct http_sender *sender)
{
    pthread_mutex_lock(&s->lock);
    bool may = sender->requests < s->limits.requests_max;
    sender->requests += may;
    pthread_mutex_unlock(&s->lock);
    return may;
}

void http_sender_requested(struct http_senders *s, struct http_sender *sender)
{
    pthread_mutex_lock(&s->lock);
    sender->requests--;
    pthread_mutex_unlock(&s->lock);
}

bool http_sender_body(struct http_senders *s, struct http_sender *sender, size_t bytes)
{
    size_t max = s->limits.bodies_max_bytes;
    pthread_mutex_lock(&s->lock);
    bool may = bytes <= max - s->body_bytes && sender->body_bytes + bytes <= max / 2;
    if (may) {
        s->body_bytes += bytes;
        sender->body_bytes += bytes;
    }
    pthread_mutex_unlock(&s->lock);
    return may;
}

void http_sender_body_gone(struct http_senders *s, struct http_sender *sender, size_t bytes)
{
    pthread_mutex_lock(&s->lock);
    s->body_bytes -= bytes;
    sender->body_bytes -= bytes;
    pthread_mutex_unlock(&s->lock);
}
