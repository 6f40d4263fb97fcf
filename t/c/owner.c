/* owner.c -- what an embedder does at an awkward moment: closes from inside, runs a foreign loop beside
 * a peer that resets, gives steps that are too short, weights that are too great. */
#include <neap/neap.h>

#include <arpa/inet.h>
#include <lauxlib.h>
#include <math.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "embedding.h"

static int closings;

static void note_closed(void *data)
{
    (void)data;
    closings++;
}

/* ---- Closing from inside ---- */

static neap_runtime *inner;

static int close_it(lua_State *L)
{
    (void)L;
    neap_close(inner, note_closed, NULL);
    return 0;
}

static const luaL_Reg functions[] = {{"close", close_it}, {NULL, NULL}};

static neap_runtime *open_inner(void)
{
    neap_error error;
    closings = 0;
    inner = open_quiet();
    if (neap_register(inner, "owner", functions, &error))
        exit(neap_report(&error));
    return inner;
}

static void posted_close(neap_runtime *rt, void *data)
{
    (void)data;
    neap_close(rt, note_closed, NULL);
}

static void close_soon(void *remote)
{
    usleep(20000);
    neap_post(remote, posted_close, NULL, NULL);
    neap_remote_close(remote);
}

static void test_inside(void)
{
    neap_error error;
    uv_thread_t thread;
    start(open_inner(), "local task = require 'neap.task'\n"
                        "task.sleep(0.001) require 'owner'.close() print(pcall(task.sleep, 1))");
    is(neap_run(inner), 0, "a script's C function closes the runtime that neap_run drives");
    is(closings, 1, "which is closed when that returns");
    has(printed, "false", "the script's next wait raises");

    start(open_inner(), "require 'neap.task'.sleep(0.001) require 'owner'.close()");
    int status = 0;
    double begun = seconds_now();
    while (status >= 0 && seconds_now() - begun < 5)
        status = neap_step(inner, 0.01);
    ok(status < 0 && closings == 1, "and the one that neap_step drives");

    open_inner();
    is(try_start(inner, "require 'owner'.close()", &error), -20001,
       "closed in neap_start: that says ECLOSED");
    is(closings, 1, "and it is gone");

    start(open_inner(), "function stop() require 'owner'.close() end");
    is(neap_call(inner, "stop", "", &error), -20001, "closed in neap_call: that says ECLOSED");
    is(closings, 1, "and it is gone");

    start(open_inner(), "require 'neap.task'.sleep(1000)");
    uv_thread_create(&thread, close_soon, neap_remote_open(inner));
    is(neap_run(inner), 0, "a post of another thread closes what neap_run drives");
    is(closings, 1, "and it is gone");
    uv_thread_join(&thread);
}

static void test_inside_foreign(void)
{
    uv_loop_t loop;
    neap_error error;
    uv_loop_init(&loop);
    neap_options options = quiet_options();
    options.loop = &loop;
    closings = 0;
    forget();
    inner = open_with(&options);
    neap_register(inner, "owner", functions, &error);
    start(inner,
          "require 'neap.task'.sleep(0.001) require 'owner'.close() require 'neap.task'.sleep(1)");
    is(neap_run(inner), 0, "closed in neap_run on a loop that was given, too");
    uv_run(&loop, UV_RUN_DEFAULT);
    is(closings, 1, "it is closed");
    is(uv_loop_close(&loop), 0, "and has left the loop");
}

/* The script's own uv.run() is on the C stack when the time to clean up is over. */
static void test_inside_uv_run(void)
{
    static const char script[] = "local uv = require 'uv'\n"
                                 "local timer = uv.new_timer()\n"
                                 "timer:start(1, 0, function() require 'owner'.close() end)\n"
                                 "local other = uv.new_timer() other:start(1, 1, function() end)\n"
                                 "uv.run() print 'never'";
    uv_loop_t loop;
    neap_error error;
    uv_loop_init(&loop);
    neap_options options = quiet_options();
    options.loop = &loop;
    options.grace = 0.02;
    closings = 0;
    forget();
    inner = open_with(&options);
    neap_register(inner, "owner", functions, &error);
    try_start(inner, script, &error);
    is_text(printed, "", "a script that closes its runtime in uv.run() does not go on");
    uv_run(&loop, UV_RUN_DEFAULT);
    is(closings, 1, "which is closed, though the loop was given");
    is(uv_loop_close(&loop), 0, "and has left that");
}

/* ---- Driving a child ---- */

static void test_driven_child(void)
{
    neap_options options = quiet_options();
    neap_error error;
    forget();
    neap_runtime *root = open_with(&options);
    options.parent = root;
    for (int i = 0; i < 2; i++) {
        closings = 0;
        inner = open_with(&options);
        neap_register(inner, "owner", functions, &error);
        start(inner, "require 'neap.task'.sleep(0.001) require 'owner'.close()");
        int status = 0;
        for (double begun = seconds_now(); status >= 0 && seconds_now() - begun < 5;)
            status = i ? -(neap_run(inner) == 0) : neap_step(inner, 0.01);
        ok(status < 0 && closings, "a child that %s drives may close",
           i ? "neap_run" : "neap_step");
    }
    neap_close(root, NULL, NULL);
}

/* ---- Nothing is resumed inside something else ---- */

static int status_inside, step_inside;

static int start_inside(lua_State *L)
{
    neap_error error;
    status_inside = try_start(neap_of(L), "print 'inside'", &error);
    step_inside = neap_step(neap_of(L), 0);
    return 0;
}

static void test_start_inside(void)
{
    static const luaL_Reg starter[] = {{"start", start_inside}, {NULL, NULL}};
    neap_error error;
    neap_runtime *rt = open_quiet();
    neap_register(rt, "inside", starter, &error);
    start(rt, "function go() require 'inside'.start() end\n"
              "local task = require 'neap.task' task.spawn(function() print 'a task' end)\n"
              "require 'neap_host'.on_exit(go)");
    is(neap_call(rt, "go", "", &error), 0, "a script that neap_call runs");
    is(status_inside, UV_EBUSY, "starts no other");
    is(step_inside, UV_EBUSY, "and drives nothing");
    is_text(printed, "", "so that none runs inside of another");
    status_inside = 0;
    neap_run(rt);
    is(status_inside, UV_EBUSY, "nor does one that runs at the exit");
    is_text(printed, "a task\n", "whose tasks have run");
    neap_close(rt, NULL, NULL);
}

static void test_closed_with_parent(void)
{
    uv_loop_t loop;
    uv_loop_init(&loop);
    closings = 0;
    neap_options options = quiet_options();
    options.loop = &loop;
    neap_runtime *root = open_with(&options);
    options.loop = NULL;
    options.parent = root;
    neap_runtime *child = open_with(&options);
    neap_close(root, note_closed, NULL);
    neap_close(child, note_closed, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    is(closings, 2, "a child that closes with its parent tells its owner too");
    is(uv_loop_close(&loop), 0, "and leaves nothing on the loop");
}

static void test_shield(void)
{
    neap_options options = quiet_options();
    options.grace = 2;
    forget();
    neap_runtime *rt = open_with(&options);
    start(rt,
          "local task = require 'neap.task'\n"
          "task.spawn(function() task.shield(1, function()\n"
          "  print(task.timeout(0.5, function() task.sleep(0.02) return 'saved' end)) end) end)");
    neap_step(rt, 0);
    neap_close(rt, NULL, NULL);
    is_text(printed, "saved\n", "closing leaves a timeout in a shield its time");
}

/* ---- SIGPIPE on a foreign loop ---- */

static volatile sig_atomic_t pipes;

static void on_pipe(int signo)
{
    (void)signo;
    pipes++;
}

static void reset_connection(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct linger abort = {1, 0};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address))
        perror("# connect");
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    close(fd);
}

static void test_foreign_pipe(void)
{
    uv_loop_t loop;
    double port = 0;
    neap_error error;
    sigset_t before, after;
    uv_loop_init(&loop);
    signal(SIGPIPE, on_pipe);
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    neap_options options = quiet_options();
    options.loop = &loop;
    forget();
    neap_runtime *rt = open_with(&options);
    start(rt,
          "local net, task = require 'neap.net', require 'neap.task'\n"
          "local server = net.listen({host = '127.0.0.1', port = 0}, function(stream)\n"
          "  task.sleep(0.05)\n"
          "  for i = 1, 5 do stream:write(('x'):rep(1000), function() end) task.sleep(0.005) end\n"
          "  print 'written' end)\n"
          "function port() return server.port end");
    neap_call(rt, "port", ">n", &port, &error);
    reset_connection((int)port);
    double begun = seconds_now();
    while (!strstr(printed, "written") && seconds_now() - begun < 5)
        uv_run(&loop, UV_RUN_ONCE);
    has(printed, "written", "a server on a foreign loop writes to a peer that has reset");
    is(pipes, 0, "and no SIGPIPE is seen");
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    is(sigismember(&after, SIGPIPE), sigismember(&before, SIGPIPE),
       "the signal's mask is as it was");
    neap_close(rt, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    raise(SIGPIPE);
    is(pipes, 1, "one that is raised outside of Neap arrives");
    signal(SIGPIPE, SIG_DFL);
}

/* ---- Steps, weights ---- */

static int burn(lua_State *L)
{
    double end = seconds_now() + luaL_checknumber(L, 1);
    while (seconds_now() < end)
        ;
    return 0;
}

static void posted_burn(neap_runtime *rt, void *data)
{
    (void)rt;
    double end = seconds_now() + 0.0001;
    while (seconds_now() < end)
        ;
    ++*(int *)data;
}

/* Steps of 2 ms until nothing is ready: how many it took. */
static int steps_of(neap_runtime *rt)
{
    int n = 1;
    while (neap_step(rt, 0.002) == 1 && n < 10000)
        n++;
    return n;
}

static void test_steps(void)
{
    static const luaL_Reg burner[] = {{"burn", burn}, {NULL, NULL}};
    neap_error error;
    neap_runtime *rt = open_quiet();
    neap_register(rt, "c", burner, &error);
    start(rt, "local task, c = require 'neap.task', require 'c'\n"
              "for i = 1, 400 do task.spawn(function() c.burn(0.0001) end) end");
    ok(steps_of(rt) >= 15, "40 ms in C functions of many tasks are many steps of 2 ms");
    neap_remote *remote = neap_remote_open(rt);
    int n = 0;
    for (int i = 0; i < 400; i++)
        neap_post(remote, posted_burn, NULL, &n);
    ok(steps_of(rt) >= 15 && n == 400, "so are 40 ms in posts");
    neap_remote_close(remote);
    neap_close(rt, NULL, NULL);

    rt = open_quiet();
    start(rt, "require 'neap.task'.spawn(function() print 'ran' end)");
    is(neap_step(rt, INFINITY), 0, "a step without an end runs what is ready");
    is_text(printed, "ran\n", "all of it");
    start(rt, "for i = 1, 3 do require 'neap.task'.defer(function() end) end");
    int left = 1;
    for (int i = 0; i < 1000 && left == 1; i++)
        left = neap_step(rt, 1e-9);
    is(left, 0, "steps of a nanosecond get somewhere");
    neap_close(rt, NULL, NULL);
}

static void test_weights(void)
{
    static const char script[] =
        "local task = require 'neap.task'\n"
        "for i = 1, 2 do task.spawn(function() for i = 1, 3 do task.yield() end print 'done' end) end";
    neap_options options = quiet_options();
    forget();
    neap_runtime *root = open_with(&options);
    options.parent = root;
    options.weight = 1e9;
    start(open_with(&options), script);
    start(open_with(&options), script);
    alarm(20);
    neap_step(root, 0);
    alarm(0);
    is_text(printed, "done\ndone\ndone\ndone\n", "the greatest weights leave others their turn");
    neap_close(root, NULL, NULL);
}

/* ---- Errors and exits in a drain ---- */

static void test_died(void)
{
    neap_options options = quiet_options();
    forget();
    neap_runtime *root = open_with(&options);
    options.parent = root;
    neap_runtime *child = open_with(&options);
    start(root,
          "local task = require 'neap.task' local t = task.spawn(function() error 'late' end)\n"
          "for i = 1, 100 do task.spawn(function() end) end\n"
          "task.spawn(function() print(pcall(t.wait, t)) end)");
    start(child,
          "local task = require 'neap.task' for i = 1, 100 do task.spawn(function() end) end");
    neap_step(root, 0);
    is(reports, 0, "an error waits till the drain's end for who waits, with another runtime ready");
    has(printed, "late", "who gets it");
    neap_close(root, NULL, NULL);
}

static void test_exit(void)
{
    neap_runtime *rt = open_quiet();
    start(rt, "local task = require 'neap.task'\n"
              "for i = 1, 3 do task.spawn(function()\n"
              "  print(i) os.exit(7) end) end");
    is(neap_run(rt), 7, "os.exit gives the status");
    is_text(printed, "1\n", "and other tasks that were ready do not run");
    neap_close(rt, NULL, NULL);
}

/* ---- Errors where a task cannot be made ---- */

static void test_no_task(void)
{
    neap_options options = quiet_options();
    options.memory_limit = 4 << 20;
    forget();
    neap_runtime *rt = open_with(&options);
    start(rt, "local task = require 'neap.task'\n"
              "local function f() task.sleep(100) end\n"
              "local kept = {} \n"
              "for i = 1, 1e6 do\n"
              "  local ok, err = pcall(task.spawn, f)\n"
              "  if not ok then why = err break end kept[i] = err end kept = nil\n"
              "print(tostring(why):match('ENOMEM') or tostring(why):match('not enough memory'))");
    neap_close(rt, NULL, NULL);
    if (!ok(strstr(printed, "ENOMEM") || strstr(printed, "not enough memory"),
            "a spawn that finds no memory raises that"))
        printf("# %.200s; %.200s\n", printed, reported.message);
    prints(
        "local task = require 'neap.task'\n"
        "local function big(...) return task.spawn(function(...) print(select('#', ...)) end, ...) end\n"
        "local many = {} for i = 1, 7900 do many[i] = i end\n"
        "big(unpack(many))",
        "7900\n", "one may have thousands of arguments");
}

int main(void)
{
    test_inside();
    test_inside_foreign();
    test_inside_uv_run();
    test_driven_child();
    test_start_inside();
    test_closed_with_parent();
    test_shield();
    test_foreign_pipe();
    test_steps();
    test_weights();
    test_died();
    test_exit();
    test_no_task();
    return done_testing();
}
