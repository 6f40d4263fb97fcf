/* poll.c -- Neap in a program's own loop: poll(2) waits for standard input and for Neap at once.
 *
 *     cc examples/poll.c -o liner $(pkg-config --cflags --libs neap)
 *     (echo one; sleep 1; echo two; sleep 1) | ./liner
 */
#include <errno.h>
#include <neap/neap.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char script[] = "local host, task = require 'neap.host', require 'neap.task'\n"
                             "local lines = 0\n"
                             "host.on('text', function(text)\n"
                             "  lines = lines + select(2, text:gsub('\\n', ''))\n"
                             "  task.sleep(0.05)\n"
                             "  print(lines .. ' lines so far')\n"
                             "end)\n";

int main(void)
{
    neap_options options = NEAP_OPTIONS_INIT;
    neap_error error;
    neap_runtime *rt = neap_open(&options, &error);
    if (!rt)
        return neap_report(&error);
    int more = neap_start_text(rt, "liner", script, strlen(script), &error);
    if (more < 0)
        neap_report(&error);

    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                           {.fd = neap_backend_fd(rt), .events = POLLIN}};
    neap_remote *remote =
        neap_remote_open(rt); /* while one is open, an idle runtime has no timeout */
    while (more >= 0) {
        if (poll(fds, 2, more ? 0 : neap_backend_timeout(rt)) < 0 && errno != EINTR)
            break;
        if (fds[0].revents) {
            char text[4096];
            ssize_t n = read(STDIN_FILENO, text, sizeof text);
            if (n <= 0)
                break; /* the end of the program; close gives tasks that wait their grace */
            neap_emit(rt, "text", "S", text, (size_t)n);
        }
        more = neap_step(rt, 0.01); /* 1: more is ready, do not wait in poll */
    }
    if (remote)
        neap_remote_close(remote);
    neap_close(rt, NULL, NULL);
    return more < 0;
}
