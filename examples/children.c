/* children.c -- two half-trusted scripts beside a program's own: each has its VM, its limits and its
 * permissions, all share one loop.
 *
 *     cc examples/children.c -o plugins $(pkg-config --cflags --libs neap)
 *     ./plugins
 */
#include <neap/neap.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const char own[] = "local task = require 'neap.task'\n"
                          "for i = 1, 3 do task.sleep(0.05) print('own: tick', i) end\n";
static const char greedy[] = "local all = {}\n"
                             "while true do all[#all + 1] = ('x'):rep(10000) .. #all end\n";
static const char endless[] = "local fs = require 'neap.fs'\n"
                              "print('endless:', select(2, fs.read_file '/etc/passwd'))\n"
                              "while true do end\n";

static void on_error(neap_runtime *rt, const neap_error *error, int fatal, void *name)
{
    (void)rt;
    printf("%s: %s%s\n", (char *)name, error->message, fatal ? " (the end of it)" : "");
}

static neap_runtime *open_plugin(neap_runtime *root, char *name)
{
    neap_options options = NEAP_OPTIONS_INIT;
    options.parent = root;          /* its own VM, on the root's loop */
    options.memory_limit = 8 << 20; /* bytes, of Lua and C together */
    options.cpu_budget = 0.002;     /* seconds a turn; then the others go on */
    options.permissions = NULL;     /* of a child: none at all */
    options.on_error = on_error;
    options.data = name;
    return neap_open(&options, NULL);
}

static int start(neap_runtime *rt, const char *name, const char *text)
{
    neap_error error;
    if (!neap_start_text(rt, name, text, strlen(text), &error))
        return 0;
    printf("%s: %s\n", name, error.message);
    return 1;
}

int main(void)
{
    neap_options options = NEAP_OPTIONS_INIT;
    neap_error error;
    options.preempt_signal = SIGURG; /* budgets hold for compiled code */
    neap_runtime *root = neap_open(&options, &error);
    if (!root)
        return neap_report(&error);
    neap_runtime *first = open_plugin(root, "greedy"), *second = open_plugin(root, "endless");
    if (first && second) {
        start(root, "own", own);
        start(first, "greedy", greedy);
        start(second, "endless", endless);
        for (int i = 0; i < 50; i++)
            if (neap_step(root, 0.01) == 0) /* what is ready of all three; nothing is: */
                poll(NULL, 0, 10);          /* a real program has a frame to wait for */
    }
    neap_close(root, NULL, NULL); /* its children first: the endless one is stopped */
    return 0;
}
