/* signals.c -- neap_edit: SIGINT, SIGWINCH and SIGCONT as bytes in a pipe, for the thread that edits.
 *
 * Not by libuv's signals: those are seen by the loop, and Ctrl-C has to work while a script keeps that
 * busy. Where a handler writes to has to be a variable of the process; the extension is NEAP_SINGLE, so
 * there is one editor at a time. */
#include "edit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

enum { SIGNALS = 3 };
static const int numbers[SIGNALS] = {SIGINT, SIGWINCH, SIGCONT};

static volatile sig_atomic_t write_end = -1;
static struct sigaction before[SIGNALS];

static void on_signal(int number)
{
    int error = errno;
    unsigned char byte = (unsigned char)number;
    if (write_end >= 0 && write(write_end, &byte, 1) < 0) {
        /* The pipe is full: enough have come. */
    }
    errno = error;
}

int edit_signals_open(int ends[2])
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    if (pipe(ends))
        return -errno;
    for (int i = 0; i < 2; i++) {
        fcntl(ends[i], F_SETFD, FD_CLOEXEC);
        fcntl(ends[i], F_SETFL, O_NONBLOCK);
    }
    sigfillset(&action.sa_mask);
    write_end = ends[1];
    for (int i = 0; i < SIGNALS; i++)
        sigaction(numbers[i], &action, &before[i]);
    return 0;
}

void edit_signals_close(int ends[2])
{
    for (int i = 0; i < SIGNALS; i++)
        sigaction(numbers[i], &before[i], NULL);
    write_end = -1;
    close(ends[0]);
    close(ends[1]);
}
