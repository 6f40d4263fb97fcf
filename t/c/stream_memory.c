/* stream_memory.c -- streams when an allocation fails at a bad moment: what waits is never woken by another's
 * operation, and a read that fails takes no bytes. Runs on a build with NEAP_CHECK only: `make SANITIZE=1`. */
#include <neap/neap.h>

#include <lauxlib.h>

#include "embedding.h"

#ifdef NEAP_CHECK

/* host/memory.c: this allocation from now on fails (0: none). */
extern long neap_fail_at;

static int fail_at(lua_State *L)
{
    neap_fail_at = (long)luaL_checkinteger(L, 1);
    return 0;
}

static const luaL_Reg functions[] = {{"fail", fail_at}, {NULL, NULL}};

/* The last line it prints. */
static const char *run(const char *script, int held, int n)
{
    char text[4000];
    neap_error error;
    neap_runtime *rt = open_quiet();
    neap_register(rt, "check", functions, &error);
    snprintf(
        text, sizeof text,
        "local task, stream, timer = require 'neap.task', require 'neap.stream', require 'neap.timer'\n"
        "local fail, held, n = require 'check'.fail, %d, %d\n%s",
        held, n, script);
    start(rt, text);
    for (int i = 0; i < 20; i++)
        neap_step(rt, 0);
    neap_fail_at = 0;
    neap_close(rt, NULL, NULL);
    return printed;
}

/* A write that waits needs a place for its stream among the anchors, of which there are more and more. */
static const char writes[] =
    "local big, a, b = ('x'):rep(200000), stream.pair()\n"
    "local c, d = stream.pair()\n"
    "for i = 1, held do timer.after(1000, print) end\n"
    "local raised, early\n"
    "task.spawn(function() fail(n) raised = not pcall(a.write, a, big) end)\n"
    "task.yield() fail(0)\n"
    "if raised then\n"
    "  task.spawn(function() c:write(big) early = true end) task.yield()\n"
    "  b:read_exactly(#big, function() end) task.yield() task.yield() task.yield() task.yield()\n"
    "  print(early and 'early' or 'waits')\n"
    "end";

static const char shutdowns[] =
    "local big, a, b = ('x'):rep(50000), require 'neap_stream'.pair(true)\n"
    "local c, d = require 'neap_stream'.pair(true)\n"
    "for i = 1, held do timer.after(1000, print) end\n"
    "local raised, early\n"
    "a:write(big) c:write(big)\n"
    "task.spawn(function() fail(n) raised = not pcall(a.shutdown, a) end)\n"
    "task.yield() fail(0)\n"
    "if raised then\n"
    "  task.spawn(function() c:shutdown() early = true end) task.yield()\n"
    "  b:read_all(function() end) task.yield() task.yield() task.yield() task.yield()\n"
    "  print(early and 'early' or 'waits')\n"
    "end";

static void test_waits(const char *script, const char *name)
{
    int wrong = 0, right = 0;
    for (int held = 0; held < 40; held++)
        for (int n = 1; n <= 6; n++) {
            const char *said = run(script, held, n);
            right += strcmp(said, "waits\n") == 0;
            wrong += strcmp(said, "early\n") == 0;
        }
    if (!ok(right > 0 && !wrong, "%s that raises, out of memory, leaves nothing behind", name))
        printf("# %d right, %d wrong\n", right, wrong);
}

static const char reads[] =
    "local half, a, b = ('x'):rep(2500), stream.pair()\n"
    "local text, err\n"
    "task.spawn(function() text, err = b:read_exactly(5000) end) task.yield()\n"
    "a:write(half, half) fail(n) task.yield() task.yield() task.yield() fail(0)\n"
    "a:shutdown()\n"
    "local rest, again = b:read_all()\n"
    "local lost = not text and rest ~= half .. half\n"
    "print(text and 'read' or again and 'broken' or lost and 'lost' or 'kept')";

static void test_reads(void)
{
    int kept = 0, lost = 0;
    for (int n = 1; n <= 20; n++) {
        const char *said = run(reads, 0, n);
        kept += strcmp(said, "kept\n") == 0;
        lost += strcmp(said, "lost\n") == 0;
    }
    if (!ok(kept > 0 && !lost, "a read whose bytes have no room in the VM leaves them to the next"))
        printf("# %d kept, %d lost\n", kept, lost);
}

int main(void)
{
    test_waits(writes, "a write");
    test_waits(shutdowns, "a shutdown");
    test_reads();
    return done_testing();
}

#else

int main(void)
{
    printf("1..0 # SKIP a build with NEAP_CHECK only\n");
    return 0;
}

#endif
