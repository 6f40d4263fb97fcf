/* udp_send.c -- uv_udp_t: sending. A datagram is tried at once, and copied when the kernel does not take it. */
#include "uv.h"

static nuv_handle *check_udp(lua_State *L, int index)
{
    return nuv_check(L, index, &nuv_udp_class);
}

/* ---- Sending one ---- */

static void on_sent(uv_udp_send_t *send, int status)
{
    nuv_request_done(send->data, nuv_status_args, &status);
}

static int gone(lua_State *L, int callback)
{
    if (!lua_isnil(L, callback)) {
        nuv_request *r = nuv_request_new(L, "uv_udp_send_t", NUV_REQUEST_SIZE(udp_send), callback);
        r->uv.req.type = UV_UDP_SEND;
        nuv_request_later(r, 0);
    }
    lua_pushinteger(L, 0);
    return 1;
}

/** uv.udp_send(udp: uv_udp_t, data: string | string[], host: string?, port: integer?, callback?: fun(err: string?)) -> 0 | fail
 * Sends a datagram, which is all of `data`, to an address; nil and nil: to the one that it was connected to. `callback`
 * is called when the kernel has taken it, or with the name of an error, such as EMSGSIZE: it is too long. That it
 * arrives nobody knows. EDESTADDRREQ: there is no address. EISCONN: there are two. */
int nuv_udp_send(lua_State *L)
{
    nuv_data d;
    struct sockaddr_storage address;
    nuv_handle *x = check_udp(L, 1);
    const struct sockaddr *peer = nuv_check_peer(L, 3, &address);
    lua_settop(L, 5);
    if (!lua_isnil(L, 5))
        nuv_check_callback(L, 5);
    nuv_check_data(L, 2, &d);
    if (nuv_is_closed(x))
        return nuv_fail(L, UV_EINVAL);
    if (uv_udp_try_send(&x->uv.udp, d.bufs, d.n, peer) >= 0)
        return gone(L, 5);
    nuv_request *r = nuv_request_new(L, "uv_udp_send_t", NUV_REQUEST_SIZE(udp_send) + d.size, 5);
    uv_buf_t buf = nuv_copy_data(&d, (char *)r + NUV_REQUEST_SIZE(udp_send));
    int status = uv_udp_send(&r->uv.udp_send, &x->uv.udp, &buf, 1, peer, on_sent);
    return status < 0 ? nuv_request_failed(L, r, status) : nuv_result(L, status);
}

/** uv.udp_try_send(udp: uv_udp_t, data: string | string[], host: string?, port: integer?) -> integer | fail
 * The same, if the kernel takes it at once: returns how many bytes that was. EAGAIN: it does not, or others wait. */
int nuv_udp_try_send(lua_State *L)
{
    nuv_data d;
    struct sockaddr_storage address;
    nuv_handle *x = check_udp(L, 1);
    lua_settop(L, lua_gettop(L) < 4 ? lua_gettop(L) : 4);
    nuv_check_data(L, 2, &d);
    const struct sockaddr *peer = nuv_check_peer(L, 3, &address);
    return nuv_result(L, nuv_is_closed(x) ? UV_EINVAL
                                          : uv_udp_try_send(&x->uv.udp, d.bufs, d.n, peer));
}

/* ---- Sending many ---- */

#if UV_VERSION_HEX >= 0x013200 /* 1.50 */

typedef struct {
    nuv_data data;
    struct sockaddr_storage address;
    bool addressed;
} message;

/* The table at `index`: { data =, addr = { ip =, port = } }; what it refers to stays on L. */
static void check_message(lua_State *L, int index, message *m)
{
    luaL_checktype(L, index, LUA_TTABLE);
    lua_getfield(L, index, "data");
    nuv_check_data(L, lua_gettop(L), &m->data);
    lua_getfield(L, index, "addr");
    m->addressed = lua_istable(L, -1);
    if (!m->addressed)
        return;
    lua_getfield(L, -1, "ip");
    lua_getfield(L, -2, "port");
    nuv_check_address(L, lua_gettop(L) - 1, &m->address);
}

/* There is none yet. */
static unsigned check_flags(lua_State *L, int index)
{
    int type = lua_type(L, index);
    luaL_argcheck(L, type <= LUA_TNIL || type == LUA_TNUMBER || type == LUA_TTABLE, index,
                  "expected nil, integer, or table");
    return (unsigned)lua_tointeger(L, index);
}

/** uv.udp_try_send2(udp: uv_udp_t, messages: { data: string | string[], addr: { ip: string, port: integer }? }[], flags?: integer | table) -> integer | fail
 * As `uv.udp_try_send`, for many datagrams at once, 1,000 at most: returns how many the kernel took. `addr` is left out
 * when the handle is connected. `flags` is 0 or an empty table. EINVAL: it has no socket yet (bind it, or make it with
 * a family). */
int nuv_udp_try_send2(lua_State *L)
{
    enum { MANY = 1000 };
    nuv_handle *x = check_udp(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    unsigned n = (unsigned)lua_objlen(L, 2), flags = check_flags(L, 3);
    luaL_argcheck(L, n <= MANY, 2, "too many messages");
    luaL_checkstack(L, (int)n * 7 + 8, "too many messages");
    message *all = lua_newuserdata(L, (n + 1) * sizeof *all);
    uv_buf_t **bufs = lua_newuserdata(L, (n + 1) * sizeof *bufs);
    unsigned *counts = lua_newuserdata(L, (n + 1) * sizeof *counts);
    struct sockaddr **addresses = lua_newuserdata(L, (n + 1) * sizeof *addresses);
    for (unsigned i = 0; i < n; i++) {
        message *m = &all[i];
        lua_rawgeti(L, 2, (int)i + 1);
        check_message(L, lua_gettop(L), m);
        bufs[i] = m->data.bufs;
        counts[i] = m->data.n;
        addresses[i] = m->addressed ? (struct sockaddr *)&m->address : NULL;
    }
    return nuv_result(L, nuv_is_closed(x)
                             ? UV_EINVAL
                             : uv_udp_try_send2(&x->uv.udp, n, bufs, counts, addresses, flags));
}

#endif

/* ---- What waits ---- */

/** uv.udp_get_send_queue_size(udp: uv_udp_t) -> integer
 * Bytes that were sent and that the kernel has not taken yet. */
int nuv_udp_get_send_queue_size(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)uv_udp_get_send_queue_size(&check_udp(L, 1)->uv.udp));
    return 1;
}

/** uv.udp_get_send_queue_count(udp: uv_udp_t) -> integer
 * How many datagrams that are. */
int nuv_udp_get_send_queue_count(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)uv_udp_get_send_queue_count(&check_udp(L, 1)->uv.udp));
    return 1;
}

const luaL_Reg nuv_udp_send_functions[] = {
    {"udp_send", nuv_udp_send},
    {"udp_try_send", nuv_udp_try_send},
#if UV_VERSION_HEX >= 0x013200
    {"udp_try_send2", nuv_udp_try_send2},
#endif
    {"udp_get_send_queue_size", nuv_udp_get_send_queue_size},
    {"udp_get_send_queue_count", nuv_udp_get_send_queue_count},
    {NULL, NULL},
};
