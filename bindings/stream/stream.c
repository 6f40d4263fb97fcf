/* stream.c -- neap_stream: streams, the one face of everything that flows, for lua/neap/stream.lua.
 *
 *   methods() -> table             of the class, on which lua/neap/stream.lua puts its face
 *   is(value) -> boolean           an open stream
 *   pair(follows), source(text), fail(stream, err)           memory.c
 *
 *   stream:read(n), read_exactly(n), read_until(delimiter, limit), read_line(limit), read_all(limit)
 *   stream:write(text, ...), shutdown()
 *   stream:pipe(to, shutdown, length) -> bytes
 *   stream:take() -> stream        another object for the same bytes; this one is closed
 *   stream:address(), peer_address() -> address, port
 *   stream:nodelay(on), keepalive(seconds | false) -> true
 *   stream:timeout(seconds | false), limit(bytes | false) -> true
 *   stream:close(), is_closed()
 *
 * Files: read.c, write.c, pipe.c, pipe_file.c, info.c; buffer.c; memory.c: streams that have no descriptor.
 *
 * Lifetime: a Lua object refers to a handle of the host's, which owns a transport of any kind: of the
 * host, of TLS, of a file, of a third party (transport_streams). While an operation waits it pins the
 * object; one that is dropped is closed by the collector. */
#include "stream.h"

#include <stdio.h>
#include <string.h>
#include <uv.h> /* the names of statuses */

#include "memory.h"

const char *neap_stream_message(const stream *s, int status, char out[NEAP_STREAM_MESSAGE])
{
    neap_transport *t = s->transport;
    int told = status == s->ended || status == s->broken;
    if (told && t && t->type->info(t, "message", out, NEAP_STREAM_MESSAGE) > 0)
        return out;
    if (!told || status != NEAP_ELIMIT)
        return NULL;
    snprintf(out, NEAP_STREAM_MESSAGE, "more than %.0f bytes", s->limit);
    return out;
}

/* ---- Closing ---- */

static void on_closed(neap_transport *t)
{
    stream *s = t->owner;
    neap->handle_closed(&s->handle);
}

static int close_stream(neap_handle *h)
{
    stream *s = (stream *)h;
    neap_transport *t = s->transport;
    neap_stream_close_pipes(s);
    neap_stream_close_read(s);
    neap_stream_close_write(s);
    buffer_clear(h->env, &s->unread);
    s->transport = NULL;
    if (t)
        t->type->close(t, on_closed);
    return t != NULL;
}

/* ---- For other extensions ---- */

static void own(stream *s, neap_transport *t)
{
    s->writers_tail = &s->writers;
    s->transport = t;
    if (t)
        t->owner = s;
}

/* Functions of theirs run in another env than the streams'. */
#define ENV "neap_stream.env"

static void give(lua_State *L, neap_transport *t)
{
    neap_env *env = (neap_env *)neap->interface(t->env, ENV);
    own(neap->handle_make(L, env, &neap_stream_class), t);
}

/* Somebody waits for it, or something is still to be written. */
static int is_used(const stream *s)
{
    return s->reader || s->ender || s->out || s->in || s->transport->queued;
}

/* The transport of a stream: lent when `unread` is NULL, else moved out and the stream is closed.
 * NULL: it is none, or closed, or something waits or is still to be written. */
static neap_transport *take(lua_State *L, int index, neap_buf *unread)
{
    stream *s = neap->handle_test(L, index, &neap_stream_class);
    neap_transport *t = s ? s->transport : NULL;
    if (!t || !unread)
        return t;
    if (is_used(s))
        return NULL;
    buffer *b = &s->unread; /* its size is what it will be freed by */
    char *base = b->length ? neap->alloc(s->handle.env, NULL, 0, b->length) : NULL;
    if (b->length && !base)
        return NULL;
    if (base)
        memcpy(base, b->base + b->start, b->length);
    neap_stream_pause(s);
    *unread = (neap_buf){base, b->length};
    s->transport = NULL;
    neap->close(&s->handle);
    return t;
}

static int unread(lua_State *L, int index, const char *data, size_t length)
{
    stream *s = neap->handle_test(L, index, &neap_stream_class);
    return s ? buffer_prepend(s->handle.env, &s->unread, data, length) : UV_EINVAL;
}

static void on_demand(lua_State *L, int index)
{
    stream *s = neap->handle_test(L, index, &neap_stream_class);
    if (s)
        s->on_demand = 1;
}

static int is_free(lua_State *L, int index)
{
    const stream *s = neap->handle_test(L, index, &neap_stream_class);
    if (!s || !s->transport)
        return NEAP_ECLOSED;
    return is_used(s) || s->unread.length ? UV_EBUSY : 0;
}

static ptrdiff_t discard(lua_State *L, int index)
{
    stream *s = neap->handle_test(L, index, &neap_stream_class);
    if (!s || s->reader || s->out)
        return s ? UV_EBUSY : NEAP_ECLOSED;
    ptrdiff_t n = (ptrdiff_t)s->unread.length;
    buffer_clear(s->handle.env, &s->unread);
    s->ended = 0;
    return n;
}

static const neap_streams streams = {.size = sizeof(neap_streams),
                                     .unread = unread,
                                     .on_demand = on_demand,
                                     .is_free = is_free,
                                     .discard = discard};

/* ---- Functions ---- */

static int methods(lua_State *L)
{
    neap->handle_methods(L, &neap_stream_class);
    return 1;
}

static int is(lua_State *L)
{
    lua_pushboolean(L, neap->handle_test(L, 1, &neap_stream_class) != NULL);
    return 1;
}

/* The object before its transport, because the first can fail by raising. */
static int pair(lua_State *L)
{
    neap_transport *ends[2] = {NULL, NULL};
    lua_settop(L, 1);
    stream *a = neap->handle(L, &neap_stream_class);
    stream *b = neap->handle(L, &neap_stream_class);
    if (neap_memory_pair(a->handle.env, lua_toboolean(L, 1), ends))
        return neap->raise(L, UV_ENOMEM, NEAP_F_END);
    own(a, ends[0]);
    own(b, ends[1]);
    return 2;
}

static int source(lua_State *L)
{
    neap_transport *ends[2];
    neap_buf text;
    text.base = luaL_checklstring(L, 1, &text.len);
    stream *s = neap->handle(L, &neap_stream_class);
    if (neap_memory_pair(s->handle.env, 0, ends))
        return neap->raise(L, UV_ENOMEM, NEAP_F_END);
    own(s, ends[1]);
    int status = ends[0]->type->write(ends[0], &text, 1, NULL);
    ends[0]->type->close(ends[0], NULL);
    return status < 0 ? neap->raise(L, status, NEAP_F_END) : 1;
}

static int fail(lua_State *L)
{
    stream *s = check_stream(L, 1);
    luaL_checkany(L, 2);
    if (!s)
        return 0;
    lua_getfield(L, 2, "message");
    const char *message = lua_tostring(L, -1);
    if (neap_memory_fail(s->transport, neap->error_status(L, 2), message ? message : ""))
        return luaL_argerror(L, 1, "not an end in memory");
    neap->close(&s->handle);
    return 0;
}

static int stream_take(lua_State *L)
{
    stream *old = check_stream(L, 1);
    stream *s = neap->handle(L, &neap_stream_class);
    if (!old || old->reader || old->ender || old->out || old->in || old->writers || old->file) {
        neap->close(&s->handle);
        return neap->fail(L, old ? UV_EBUSY : NEAP_ECLOSED, NEAP_F_SYSCALL, "take", NEAP_F_END);
    }
    own(s, old->transport);
    s->unread = old->unread;
    s->timeout = old->timeout;
    s->limit = old->limit;
    s->allowed = old->allowed;
    s->ended = old->ended;
    s->broken = old->broken;
    s->reading = old->reading;
    s->on_demand = old->on_demand;
    old->unread = (buffer){0};
    old->transport = NULL;
    neap->close(&old->handle);
    return 1;
}

/* ---- Registration ---- */

static const luaL_Reg stream_methods[] = {
    {"read", neap_stream_read},
    {"read_exactly", neap_stream_read_exactly},
    {"read_until", neap_stream_read_until},
    {"read_line", neap_stream_read_line},
    {"read_all", neap_stream_read_all},
    {"write", neap_stream_write},
    {"shutdown", neap_stream_shutdown},
    {"pipe", neap_stream_pipe},
    {"take", stream_take},
    {"address", neap_stream_address},
    {"peer_address", neap_stream_peer_address},
    {"nodelay", neap_stream_nodelay},
    {"keepalive", neap_stream_keepalive},
    {"timeout", neap_stream_timeout},
    {"limit", neap_stream_limit},
    {NULL, NULL},
};

const neap_handle_class neap_stream_class = {
    .name = "neap.stream",
    .size = sizeof(stream),
    .methods = stream_methods,
    .close = close_stream,
};

static const luaL_Reg functions[] = {
    {"methods", methods}, {"is", is},     {"pair", pair},
    {"source", source},   {"fail", fail}, {NULL, NULL},
};

static int open_stream(neap_env *env, lua_State *L, void *state)
{
    (void)L, (void)state;
    neap->transport_streams(env, take, give);
    int status = neap->provide(env, NEAP_STREAMS, &streams);
    return status ? status : neap->provide(env, ENV, env);
}

NEAP_EXTENSION(neap_stream, .functions = functions, .open = open_stream, .flags = NEAP_PUBLIC)
