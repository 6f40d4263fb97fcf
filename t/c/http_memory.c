/* http_memory.c -- an allocation failed at each point of a request in turn: it is answered, or its connection
 * closes, and the server answers the next. Runs on a build with NEAP_CHECK only: `make SANITIZE=1`. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "embedding.h"

#ifdef NEAP_CHECK

extern long neap_fail_at; /* host/memory.c: this allocation from now on fails; 0: none */
extern bool neap_has_failed;

static const char script[] =
    "local http = require 'neap.http'\n"
    "local server = http.serve({ host = '127.0.0.1' }, function(request, response)\n"
    "  if request.path == '/body' then return { request:text() } end\n"
    "  if request.path == '/chunks' then for c in request:chunks() do response:write(c) end return end\n"
    "  if request.path == '/stream' then return (request:stream():read_all()) end\n"
    "  if request.path == '/wrong' then error 'wrong' end\n"
    "  response:trailers { x = 1 }\n"
    "  return 'ok'\n"
    "end)\n"
    "print(server.port)";

static int connect_to(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        exit(1);
    return fd;
}

/* Bytes of an answer; 0 or -1 when the connection closed; -2 when neither came of it. */
static int answer_to(neap_runtime *rt, int fd, const char *request, char *answer, size_t size)
{
    if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0)
        return -1;
    for (int i = 0; i < 400; i++) {
        neap_step(rt, 0.002);
        ssize_t n = recv(fd, answer, size - 1, MSG_DONTWAIT);
        if (n >= 0)
            answer[n] = 0;
        if (n >= 0 || errno != EAGAIN)
            return (int)n;
        if (i > 50)
            usleep(1000);
    }
    return -2;
}

/* One request with the n-th allocation failing, then another. Has it come to its end without meeting it? */
static bool live(neap_runtime *rt, int port, const char *request, long n, int *wrong)
{
    char answer[4096];
    int fd = connect_to(port);
    for (int i = 0; i < 4; i++)
        neap_step(rt, 0.002); /* accepted, before it begins */
    neap_has_failed = false;
    neap_fail_at = n;
    int got = answer_to(rt, fd, request, answer, sizeof answer);
    neap_fail_at = 0;
    close(fd);
    bool met = neap_has_failed;
    fd = connect_to(port);
    int next = answer_to(rt, fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", answer, sizeof answer);
    close(fd);
    if (got == -2 || next <= 0 || strncmp(answer, "HTTP/1.1 200", 12) != 0 || fatals) {
        printf("# allocation %ld: %d bytes, then %d; %d reports, %d fatal: %s\n", n, got, next,
               reports, fatals, reported.message);
        ++*wrong;
    }
    return !met;
}

static void test_each(const char *path)
{
    neap_options options = quiet_options();
    neap_error error = {0};
    options.permissions = NULL;
    neap_runtime *rt = open_with(&options);
    forget();
    if (neap_start_text(rt, "script", script, sizeof script - 1, &error))
        exit(neap_report(&error));
    for (int i = 0; i < 100 && !printed[0]; i++)
        neap_step(rt, 0.002);
    char request[256];
    snprintf(request, sizeof request, "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
             path);
    long n = 1;
    int wrong = 0;
    while (n < 1000 && !live(rt, atoi(printed), request, n, &wrong))
        n++;
    ok(n > 3 && n < 1000 && wrong == 0, "%s: %ld allocations failed in turn, and none was in vain",
       path, n - 1);
    neap_close(rt, NULL, NULL);
}

int main(void)
{
    test_each("/");
    test_each("/body");
    test_each("/chunks");
    test_each("/stream");
    test_each("/wrong");
    return done_testing();
}

#else

int main(void)
{
    printf("1..0 # SKIP a build with NEAP_CHECK only\n");
    return 0;
}

#endif
