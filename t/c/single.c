/* single.c -- an extension that one runtime of a process may have (NEAP_SINGLE): `single FOLDER`, in which
 * t/32-extension.t has compiled it as wrong.so. */
#include <neap/neap.h>

#include <pthread.h>

#include "embedding.h"

static const char *folder;

static const char *require_it(neap_runtime *rt)
{
    char script[1000];
    snprintf(script, sizeof script,
             "package.cpath = '%s/?.so'\n"
             "local ok, err = pcall(require, 'wrong') print(ok, ok or err.code)",
             folder);
    forget();
    start(rt, script);
    neap_run(rt);
    return printed;
}

/* In a runtime of its own. */
static void *in_thread(void *data)
{
    neap_options options = NEAP_OPTIONS_INIT;
    char script[1000];
    neap_runtime *rt = open_with(&options);
    snprintf(script, sizeof script, "package.cpath = '%s/?.so' got = require 'wrong'", folder);
    *(int *)data = neap_start_text(rt, "test", script, strlen(script), NULL);
    neap_close(rt, NULL, NULL);
    return NULL;
}

int main(int argc, char **argv)
{
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    int statuses[THREADS], opened = 0;
    folder = argc > 1 ? argv[1] : ".";
    neap_runtime *first = open_quiet(), *second = open_quiet();
    is_text(require_it(first), "true\ttrue\n", "the first runtime has it");
    is_text(require_it(first), "true\ttrue\n", "as often as it likes");
    is_text(require_it(second), "false\tEBUSY\n", "another one has not");
    neap_close(first, NULL, NULL);
    is_text(require_it(second), "true\ttrue\n", "until the first is closed");
    neap_close(second, NULL, NULL);
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < THREADS; i++)
            pthread_create(&threads[i], NULL, in_thread, &statuses[i]);
        for (int i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
        for (int i = 0; i < THREADS; i++)
            opened += statuses[i] == 0;
    }
    ok(opened >= 20, "one of some threads has it, at least");
    return done_testing();
}
