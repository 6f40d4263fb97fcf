/* fs_limits.c -- neap.fs under a memory limit: what it holds is counted, and given back. */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host.h"
#include "tap.h"

static const char script[] = "local fs, task = require 'neap.fs', require 'neap.task'\n"
                             "local folder = ...\n"
                             "local text, err = fs.read_file(folder .. '/big')\n"
                             "assert(not text and err.code == 'ENOMEM', tostring(err))\n"
                             "assert(#fs.read_file(folder .. '/small') == 100000)\n"
                             "for i = 1, 100 do\n"
                             "  local t = task.spawn(fs.read_file, folder .. '/middle')\n"
                             "  task.yield()\n"
                             "  t:cancel()\n"
                             "  pcall(t.wait, t)\n"
                             "end\n"
                             "collectgarbage()\n"
                             "assert(#fs.read_file(folder .. '/middle') == 3000000)\n"
                             "local file = assert(fs.open(folder .. '/big'))\n"
                             "local text, err = file:read(50000000)\n"
                             "assert(not text and err.code == 'ENOMEM', tostring(err))\n"
                             "assert(#file:read(1000000, 0) == 1000000)\n"
                             "done = true\n";

static void make(const char *folder, const char *name, int size)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    if (!file || ftruncate(fileno(file), size))
        abort();
    fclose(file);
}

/* What a peer does not take is copied, which fails here after a part has gone. */
static const char net_script[] =
    "local net, task = require 'neap.net', require 'neap.task'\n"
    "local listener = assert(net.listen { host = '127.0.0.1', port = 0 })\n"
    "local _, port = listener:address()\n"
    "local function fails(...)\n"
    "  local client = assert(net.connect('127.0.0.1', port))\n"
    "  local peer = assert(listener:accept())\n"
    "  local ok, err = client:write(...)\n"
    "  assert(not ok and err.code == 'ENOMEM', tostring(err))\n"
    "  for i = 1, 3 do\n"
    "    ok, err = client:write('more')\n"
    "    assert(not ok and err.code == 'ENOMEM', tostring(err))\n"
    "    ok, err = client:shutdown()\n"
    "    assert(not ok and err.code == 'ENOMEM', tostring(err))\n"
    "    while i == 1 and task.timeout(0.05, peer.read, peer) do end\n"
    "  end\n"
    "  client:close() peer:close()\n"
    "end\n"
    "local text, texts = ('x'):rep(400000), {}\n"
    "for i = 1, 60 do texts[i] = text end\n"
    "fails(unpack(texts))\n"
    "text = ('x'):rep(100000)\n"
    "for i = 1, 64 * 6 do texts[i] = text end\n"
    "fails(unpack(texts))\n"
    "listener:close()\n"
    "done = true\n";

static void test_broken_streams(neap_runtime *root, const neap_options *given)
{
    neap_options options = *given;
    neap_error error = {0};
    options.permissions = (const char *const[]){"net.listen", "net.connect", "dns", NULL};
    neap_runtime *rt = neap_open(&options, &error);
    if (neap_start_text(rt, "net", net_script, strlen(net_script), &error))
        printf("# %s\n", error.message);
    is(neap_run(root), 0, "streams under a limit end well");
    lua_getglobal(neap_lua(rt), "done");
    ok(lua_toboolean(neap_lua(rt), -1), "what has failed half-way fails from then on");
    lua_pop(neap_lua(rt), 1);
}

static void test_empty_file(neap_runtime *rt)
{
    int ends[2], file = open("/dev/null", O_RDONLY);
    char got[8];
    neap_transport *t = neap_transport_new(rt->envs, NEAP_PIPE);
    if (file < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) || neap_transport_open(t, ends[0]))
        abort();
    is(t->type->sendfile(t, file, 0, 0, NULL), 0, "nothing of a file is sent at once");
    is(t->type->write(t, &(neap_buf){(char[]){"x"}, 1}, 1, NULL), 0, "and others can follow it");
    is(read(ends[1], got, sizeof got), 1, "which arrive");
    t->type->close(t, NULL);
    close(ends[1]);
    close(file);
}

int main(void)
{
    char folder[] = "/tmp/neap-limits-XXXXXX", command[64];
    neap_options options = NEAP_OPTIONS_INIT;
    neap_error error = {0};
    alarm(60);
    if (!mkdtemp(folder))
        return 1;
    make(folder, "big", 60000000);
    make(folder, "middle", 3000000);
    make(folder, "small", 100000);
    neap_runtime *root = neap_open(&options, &error);
    options.parent = root;
    options.memory_limit = 16 << 20;
    options.permissions = (const char *const[]){"fs.read", NULL};
    neap_runtime *rt = neap_open(&options, &error);
    const char *const args[] = {folder, NULL};
    char path[128];
    snprintf(path, sizeof path, "%s/script.lua", folder);
    FILE *file = fopen(path, "w");
    if (!file || fputs(script, file) < 0 || fclose(file))
        return 1;
    is(neap_start_args(rt, path, args, &error), 0, "a script in a runtime of 16 MB starts");
    is(neap_run(root), 0, "and ends well");
    lua_getglobal(neap_lua(rt), "done");
    ok(lua_toboolean(neap_lua(rt), -1),
       "a file that does not fit is ENOMEM, one that does is read");
    lua_pop(neap_lua(rt), 1);
    ok(rt->memory_peak <= 16 << 20, "the account has never been above the limit");
    lua_gc(neap_lua(rt), LUA_GCCOLLECT, 0);
    lua_gc(neap_lua(rt), LUA_GCCOLLECT, 0);
    test_empty_file(rt);
    test_broken_streams(root, &options);
    ok(rt->memory < 2 << 20, "what was read is given back (%zu bytes are left)", rt->memory);
    neap_close(root, NULL, NULL);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) || done_testing();
}
