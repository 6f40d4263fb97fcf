/* load.c -- the load generator: one thread, one epoll, as many connections as asked.
 *
 *   load http PORT CONNECTIONS SECONDS DEPTH FILE   DEPTH copies of FILE's request at a time
 *   load upload PORT CONNECTIONS SECONDS SIZE       POST requests with a body of SIZE bytes
 *   load echo PORT CONNECTIONS SECONDS SIZE         SIZE bytes there and back
 *   load bulk PORT CONNECTIONS SECONDS CHUNK        writes all the time, reads what comes back
 *   load idle PORT CONNECTIONS SECONDS [FILE]       one request on each, then holds them open
 *
 * http, upload and echo are closed loops: a connection sends its next message when the whole reply to the
 * last one is there. Every reply is checked while it is counted: the status of each response, each
 * byte of an echo. No two bodies of an upload are equal: equal strings cost some servers less. All
 * replies of a server must have one length, which is learnt from the first.
 * The answer is one line of JSON. idle first prints {"ready": N} and leaves when its input ends.
 * It always speaks to 127.0.0.1, and ends a minute after SECONDS whatever happens.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BUFFER (1 << 20)
#define WINDOW (1 << 20) /* bulk: bytes of one connection under way at once */
#define SLOWEST 1000000  /* microseconds: slower replies are counted as this */
#define MANY_ERRORS 1000
#define SHIFT (1 << 16) /* bytes by which the body of an upload moves */
#define OK_STATUS "HTTP/1.1 200"

typedef struct {
    int fd;
    size_t sent, received; /* of this message and its reply; of everything when bulk */
    uint64_t sent_at;
} connection;

static struct {
    struct sockaddr_in address;
    int epoll, count;
    double seconds;
    connection *connections;
    char *message; /* what is sent, and how much must come back */
    size_t message_size, reply_size;
    size_t response_size; /* one HTTP response; 0 for echo */
    int depth;
    char *body;                /* of an upload, in noise that is longer; NULL: none */
    size_t body_size, body_at; /* the place changes */
} load;

static char buffer[BUFFER];
static uint32_t latency[SLOWEST + 1];
static uint64_t exchanges, bytes, errors;

/* ---- helpers ---- */

static void die(const char *what)
{
    printf("{\"error\": \"%s: %s\"}\n", what, errno ? strerror(errno) : "not as expected");
    exit(1);
}

static uint64_t nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static double milliseconds(struct timeval t)
{
    return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

/* Blocking sockets: epoll says when a read has something, and messages are small. */
static int dial(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct timeval patience = {10, 0};

    if (fd < 0)
        die("socket");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&load.address, sizeof load.address))
        die("connect");
    return fd;
}

static int send_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = send(fd, data, size, MSG_NOSIGNAL);
        if (n <= 0)
            return -1;
        data += n;
        size -= (size_t)n;
    }
    return 0;
}

static char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    char *text = malloc(BUFFER);

    if (!file || !text)
        die(path);
    *size = fread(text, 1, BUFFER, file);
    fclose(file);
    if (*size == 0)
        die(path);
    return text;
}

static char *repeat(const char *text, size_t size, size_t times)
{
    char *all = malloc(size * times);
    if (!all)
        die("malloc");
    for (size_t i = 0; i < times; i++)
        memcpy(all + i * size, text, size);
    return all;
}

/* ---- the first response, and the length that all others must have ---- */

static size_t response_size(const char *text, size_t size)
{
    const char *end = memmem(text, size, "\r\n\r\n", 4);
    const char *length = strcasestr(text, "\r\ncontent-length:");

    errno = 0;
    if (!end)
        return 0;
    if (size < 12 || memcmp(text, OK_STATUS, 12))
        die("status");
    if (!length || length > end)
        die("content-length");
    return (size_t)(end + 4 - text) + strtoul(length + 17, NULL, 10);
}

/* Reads the whole response to the one request that was sent on fd; returns its length. */
static size_t receive_once(int fd)
{
    size_t got = 0, whole = 0;

    while (!whole || got < whole) {
        ssize_t n = read(fd, buffer + got, sizeof buffer - 1 - got);
        if (n <= 0)
            die("read");
        got += (size_t)n;
        buffer[got] = 0;
        if (!whole)
            whole = response_size(buffer, got);
    }
    if (got != whole)
        die("more than one response");
    return whole;
}

static size_t exchange_once(int fd, const char *request, size_t size)
{
    if (send_all(fd, request, size))
        die("send");
    return receive_once(fd);
}

/* ---- closed loops: http and echo ---- */

static int send_message(int fd)
{
    if (send_all(fd, load.message, load.message_size))
        return -1;
    load.body_at = (load.body_at + 4099) % SHIFT;
    return load.body ? send_all(fd, load.body + load.body_at, load.body_size) : 0;
}

static void begin(connection *c)
{
    c->received = 0;
    c->sent_at = nanoseconds();
    if (send_message(c->fd))
        errors++;
}

static void watch(connection *c, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = c};
    if (epoll_ctl(load.epoll, EPOLL_CTL_ADD, c->fd, &event))
        die("epoll_ctl");
}

static void replace(connection *c)
{
    if (++errors > MANY_ERRORS)
        die("too many errors");
    close(c->fd);
    c->fd = dial();
    watch(c, EPOLLIN);
    begin(c);
}

/* Looks at the bytes in buffer that continue c's reply: 0 when they are as they must be. */
static int wrong(const connection *c, size_t size)
{
    size_t from = c->received, to = from + size;

    if (to > load.reply_size)
        return 1;
    if (!load.response_size)
        return memcmp(buffer, load.message + from, size);
    size_t start = (from + load.response_size - 1) / load.response_size * load.response_size;
    for (; start + 12 <= to; start += load.response_size)
        if (memcmp(buffer + (start - from), OK_STATUS, 12))
            return 1;
    return 0;
}

static void finish(connection *c)
{
    uint64_t microseconds = (nanoseconds() - c->sent_at) / 1000;
    latency[microseconds < SLOWEST ? microseconds : SLOWEST]++;
    exchanges++;
    begin(c);
}

static void on_reply(connection *c, uint32_t events)
{
    (void)events;
    ssize_t n = read(c->fd, buffer, sizeof buffer);
    if (n <= 0 || wrong(c, (size_t)n)) {
        replace(c);
        return;
    }
    bytes += (uint64_t)n;
    c->received += (size_t)n;
    if (c->received == load.reply_size)
        finish(c);
}

/* ---- bulk ---- */

static void pour(connection *c)
{
    while (c->sent - c->received < WINDOW) {
        ssize_t n = send(c->fd, load.message, load.message_size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n <= 0)
            return;
        c->sent += (size_t)n;
    }
}

static void on_flow(connection *c, uint32_t events)
{
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
        ssize_t n = recv(c->fd, buffer, sizeof buffer, MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN))
            die("bulk");
        if (n > 0)
            c->received += (size_t)n, bytes += (uint64_t)n;
    }
    pour(c);
}

/* ---- running ---- */

static void run(void (*on_event)(connection *, uint32_t))
{
    struct epoll_event ready[256];
    uint64_t end = nanoseconds() + (uint64_t)(load.seconds * 1e9);

    while (nanoseconds() < end) {
        int n = epoll_wait(load.epoll, ready, 256, 100);
        for (int i = 0; i < n; i++)
            on_event(ready[i].data.ptr, ready[i].events);
    }
}

static unsigned percentile(double part)
{
    uint64_t wanted = (uint64_t)((double)exchanges * part), seen = 0;
    unsigned microseconds = 0;
    while (microseconds < SLOWEST && (seen += latency[microseconds]) <= wanted)
        microseconds++;
    return microseconds;
}

static void report(uint64_t done, uint64_t started)
{
    double seconds = (double)(nanoseconds() - started) / 1e9;
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    printf("{\"done\": %llu, \"seconds\": %.4f, \"errors\": %llu, \"reply_bytes\": %zu",
           (unsigned long long)done, seconds, (unsigned long long)errors,
           load.response_size ? load.response_size : load.reply_size);
    printf(", \"cpu_seconds\": %.3f",
           (milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime)) / 1e3);
    if (exchanges)
        printf(", \"p50_us\": %u, \"p99_us\": %u", percentile(0.5), percentile(0.99));
    printf("}\n");
}

static void closed_loop(void)
{
    for (int i = 0; i < load.count; i++) {
        load.connections[i].fd = dial();
        watch(&load.connections[i], EPOLLIN);
    }
    uint64_t started = nanoseconds();
    for (int i = 0; i < load.count; i++)
        begin(&load.connections[i]);
    run(on_reply);
    report(exchanges * (uint64_t)load.depth, started);
}

static void http(int depth, const char *path)
{
    size_t size;
    char *request = read_file(path, &size);
    int fd = dial();

    load.response_size = exchange_once(fd, request, size);
    close(fd);
    load.depth = depth;
    load.message = repeat(request, size, (size_t)depth);
    load.message_size = size * (size_t)depth;
    load.reply_size = load.response_size * (size_t)depth;
    closed_loop();
}

/* Noise from a generator of Marsaglia's, xorshift64. */
static char *noise(size_t size)
{
    uint64_t x = 88172645463325252u;
    char *all = malloc(size);
    if (!all)
        die("malloc");
    for (size_t i = 0; i < size; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        all[i] = (char)(x >> 32);
    }
    return all;
}

static void upload(size_t size)
{
    char head[128];
    int length =
        snprintf(head, sizeof head,
                 "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %zu\r\n\r\n", size);
    int fd = dial();

    load.message = repeat(head, (size_t)length, 1);
    load.message_size = (size_t)length;
    load.body = noise(size + SHIFT);
    load.body_size = size;
    load.depth = 1;
    if (send_message(fd))
        die("send");
    load.response_size = load.reply_size = receive_once(fd);
    close(fd);
    closed_loop();
}

static void payload(size_t size)
{
    if (size < 1 || size > BUFFER)
        die("size");
    load.message = repeat("x", 1, size);
    for (size_t i = 0; i < size; i++)
        load.message[i] = (char)('a' + i % 23);
    load.message_size = load.reply_size = size;
    load.depth = 1;
}

static void bulk(void)
{
    for (int i = 0; i < load.count; i++) {
        load.connections[i].fd = dial();
        watch(&load.connections[i], EPOLLIN | EPOLLOUT);
    }
    uint64_t started = nanoseconds();
    run(on_flow);
    report(bytes, started);
}

static void idle(const char *path)
{
    struct pollfd input = {.fd = 0, .events = POLLIN};
    size_t size = 0;
    char *request = path ? read_file(path, &size) : NULL;
    int closed = 0;

    for (int i = 0; i < load.count; i++) {
        load.connections[i].fd = dial();
        if (request)
            exchange_once(load.connections[i].fd, request, size);
    }
    printf("{\"ready\": %d}\n", load.count);
    fflush(stdout);
    poll(&input, 1, (int)(load.seconds * 1000));
    for (int i = 0; i < load.count; i++) {
        ssize_t n = recv(load.connections[i].fd, buffer, 1, MSG_DONTWAIT | MSG_PEEK);
        if (n == 0 || (n < 0 && errno != EAGAIN))
            closed++;
    }
    printf("{\"closed\": %d}\n", closed);
}

/* ---- the command ---- */

static void prepare(char **argv)
{
    struct rlimit files;

    load.address.sin_family = AF_INET;
    load.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    load.address.sin_port = htons((uint16_t)atoi(argv[2]));
    load.count = atoi(argv[3]);
    load.seconds = atof(argv[4]);
    if (load.count < 1 || load.count > 50000 || load.seconds <= 0 || load.seconds > 3600) {
        errno = 0;
        die("arguments");
    }
    alarm((unsigned)load.seconds + 60);
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    load.connections = calloc((size_t)load.count, sizeof *load.connections);
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!load.connections || load.epoll < 0)
        die("start");
}

int main(int argc, char **argv)
{
    const char *mode = argc > 4 ? argv[1] : "";

    if (argc > 4)
        prepare(argv);
    if (!strcmp(mode, "http") && argc == 7 && atoi(argv[5]) > 0) {
        http(atoi(argv[5]), argv[6]);
    } else if (!strcmp(mode, "upload") && argc == 6) {
        upload(strtoul(argv[5], NULL, 10));
    } else if (!strcmp(mode, "echo") && argc == 6) {
        payload(strtoul(argv[5], NULL, 10));
        closed_loop();
    } else if (!strcmp(mode, "bulk") && argc == 6) {
        payload(strtoul(argv[5], NULL, 10));
        bulk();
    } else if (!strcmp(mode, "idle") && argc <= 6) {
        idle(argv[5]);
    } else {
        fprintf(stderr, "usage: load http|upload|echo|bulk|idle PORT CONNECTIONS SECONDS ...\n");
        return 2;
    }
    return 0;
}
