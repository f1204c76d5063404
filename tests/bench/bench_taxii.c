/* bench/bench_taxii.c - asks a TAXII server the same question over N connections for some seconds, keep-alive, and
 * prints
 * {"requests","seconds","bytes","p50_us","p99_us","status"}: plain sockets, so that the client costs little. With TLS
 * (BENCH_TLS=1) certificates are not looked at, and the time begins when all connections stand.
 *   bench_taxii HOST PORT PATH TOKEN CONNECTIONS SECONDS [HEADERS] */
#include <gnutls/gnutls.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LATENCIES_MAX 4000000
#define BUFFER_BYTES  (1 << 20)

struct asker {
    pthread_t thread;
    int fd, status;
    gnutls_session_t tls; /* NULL: none */
    unsigned *latencies_us;
    size_t count;
    unsigned long long bytes;
};
static char question[4096];
static double until;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int dial(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;
    if (getaddrinfo(host, port, &hints, &list))
        return -1;
    int fd = socket(list->ai_family, list->ai_socktype, 0);
    if (fd >= 0 && connect(fd, list->ai_addr, list->ai_addrlen)) {
        close(fd);
        fd = -1;
    }
    freeaddrinfo(list);
    return fd;
}

static gnutls_session_t shake_hands(int fd)
{
    static gnutls_certificate_credentials_t any;
    gnutls_session_t s;
    if ((!any && gnutls_certificate_allocate_credentials(&any)) || gnutls_init(&s, GNUTLS_CLIENT))
        return NULL;
    gnutls_set_default_priority(s);
    gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, any);
    gnutls_transport_set_int(s, fd);
    int e;
    while ((e = gnutls_handshake(s)) < 0 && !gnutls_error_is_fatal(e))
        ;
    if (e == 0)
        return s;
    gnutls_deinit(s);
    return NULL;
}

static ssize_t take(struct asker *a, char *out, size_t room)
{
    ssize_t n;
    if (!a->tls)
        return read(a->fd, out, room);
    do
        n = gnutls_record_recv(a->tls, out, room);
    while (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED);
    return n;
}

static int give(struct asker *a, const char *bytes, size_t len)
{
    return a->tls ? gnutls_record_send(a->tls, bytes, len) == (ssize_t)len : write(a->fd, bytes, len) == (ssize_t)len;
}

/* Reads one answer: head, then Content-Length bytes. False when the server has hung up. */
static int hear(struct asker *a, char *buffer)
{
    size_t got = 0, wanted = 0;
    while (!wanted || got < wanted) {
        ssize_t n = wanted && got > BUFFER_BYTES / 2 ? take(a, buffer + BUFFER_BYTES / 2, BUFFER_BYTES / 2 - 1)
                                                     : take(a, buffer + got, BUFFER_BYTES / 2);
        if (n <= 0)
            return 0;
        got += (size_t)n;
        if (wanted)
            continue;
        buffer[got] = 0;
        char *end = strstr(buffer, "\r\n\r\n"), *length = strcasestr(buffer, "\r\ncontent-length:");
        if (end && atoi(buffer + 9) == 304)
            wanted = (size_t)(end + 4 - buffer);
        else if (end && length)
            wanted = (size_t)(end + 4 - buffer) + strtoull(length + 17, NULL, 10);
    }
    a->status = atoi(buffer + 9);
    a->bytes += got;
    return got == wanted;
}

static void *ask(void *self)
{
    struct asker *a = self;
    char *buffer = malloc(BUFFER_BYTES + 1);
    size_t len = strlen(question);
    while (buffer && a->count < LATENCIES_MAX) {
        double start = now();
        if (start > until || !give(a, question, len) || !hear(a, buffer))
            break;
        a->latencies_us[a->count++] = (unsigned)((now() - start) * 1e6);
    }
    free(buffer);
    return NULL;
}

static int by_size(const void *a, const void *b)
{
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    if (argc != 7 && argc != 8)
        return 64;
    size_t connections = strtoull(argv[5], NULL, 10), count = 0;
    unsigned long long bytes = 0;
    int status = 0;
    struct asker *askers = calloc(connections, sizeof *askers);
    unsigned *all = malloc(connections * LATENCIES_MAX * sizeof *all);
    snprintf(question, sizeof question,
             "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: application/taxii+json;version=2.1\r\n"
             "Authorization: Bearer %s\r\n%s\r\n",
             argv[3], argv[1], argv[4], argc == 8 ? argv[7] : "");
    for (size_t i = 0; askers && all && i < connections; i++) {
        askers[i].latencies_us = all + i * LATENCIES_MAX;
        askers[i].fd = dial(argv[1], argv[2]);
        if (askers[i].fd < 0 || (getenv("BENCH_TLS") && !(askers[i].tls = shake_hands(askers[i].fd))))
            return 69;
    }
    double start = now();
    until = start + atof(argv[6]);
    for (size_t i = 0; askers && all && i < connections; i++)
        if (pthread_create(&askers[i].thread, NULL, ask, &askers[i]))
            return 69;
    for (size_t i = 0; askers && all && i < connections; i++) {
        pthread_join(askers[i].thread, NULL);
        memmove(all + count, askers[i].latencies_us, askers[i].count * sizeof *all);
        count += askers[i].count;
        bytes += askers[i].bytes;
        if (!status || askers[i].status != 200)
            status = askers[i].status;
        if (askers[i].tls)
            gnutls_deinit(askers[i].tls);
        close(askers[i].fd);
    }
    double seconds = now() - start;
    if (!count)
        return 69;
    qsort(all, count, sizeof *all, by_size);
    printf("{\"requests\":%zu,\"seconds\":%.3f,\"bytes\":%llu,\"p50_us\":%u,\"p99_us\":%u,\"status\":%d}\n", count,
           seconds, bytes, all[count / 2], all[count * 99 / 100], status);
    free(all);
    free(askers);
    return 0;
}
