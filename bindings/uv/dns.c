/* dns.c -- names and addresses, as the system resolves them (getaddrinfo, getnameinfo).
 *
 * Both wait here without a callback, and are done on the pool with one. Words that mean nothing to us are
 * taken for "any", as luv takes them; a protocol's must be known. */
#include <netdb.h>
#include <string.h>
#include <strings.h>
#include <netinet/in.h>

#include "fs.h"

/* ---- Names ---- */

/* The system's list of them is read from a file for each question, and is one for all threads: it is asked
 * only for what is not here. */
static const nuv_name protocols[] = {
    {"ip", 0},    {"icmp", IPPROTO_ICMP}, {"tcp", IPPROTO_TCP}, {"udp", IPPROTO_UDP},
    {"ipv6", 41}, {"ipv6-icmp", 58},      {"sctp", 132},        {NULL, 0},
};

static void push_protocol(lua_State *L, int number)
{
    const char *name = nuv_name_of(protocols, number);
    const struct protoent *entry = name ? NULL : getprotobynumber(number);
    lua_pushstring(L, entry ? entry->p_name : name);
}

static int protocol_of(lua_State *L, int argument, const char *text)
{
    for (const nuv_name *p = protocols; p->name; p++)
        if (strcasecmp(p->name, text) == 0)
            return p->value;
    const struct protoent *entry = getprotobyname(text);
    if (!entry)
        return luaL_argerror(L, argument, lua_pushfstring(L, "invalid protocol: %s", text));
    return entry->p_proto;
}

static int number_of(const nuv_name *names, const char *text)
{
    while (names->name && strcmp(names->name, text) != 0)
        names++;
    return names->value;
}

/* ---- getaddrinfo: arguments ---- */

/* The hint `field` of the table at index 3: an integer, or a word; nil: 0. The word is left on the top. */
static const char *hint_word(lua_State *L, const char *field, int *number)
{
    *number = 0;
    lua_getfield(L, 3, field);
    if (lua_isnumber(L, -1))
        *number = (int)lua_tointeger(L, -1);
    else if (lua_isstring(L, -1))
        return lua_tostring(L, -1);
    else if (!lua_isnil(L, -1))
        luaL_argerror(L, 3, lua_pushfstring(L, "%s hint must be string if set", field));
    return NULL;
}

static int hint_of(lua_State *L, const char *field, const nuv_name *names)
{
    int number;
    const char *word = hint_word(L, field, &number);
    if (word)
        number = number_of(names, word);
    lua_pop(L, 1);
    return number;
}

static int protocol_hint(lua_State *L)
{
    int number;
    const char *word = hint_word(L, "protocol", &number);
    if (word)
        number = protocol_of(L, 3, word);
    lua_pop(L, 1);
    return number;
}

static const struct addrinfo *check_hints(lua_State *L, struct addrinfo *hints)
{
    static const nuv_name flags[] = {
        {"addrconfig", AI_ADDRCONFIG},
#ifdef AI_V4MAPPED
        {"v4mapped", AI_V4MAPPED},
#endif
#ifdef AI_ALL
        {"all", AI_ALL},
#endif
        {"numerichost", AI_NUMERICHOST},
        {"passive", AI_PASSIVE},
        {"numericserv", AI_NUMERICSERV},
        {"canonname", AI_CANONNAME},
        {NULL, 0},
    };
    if (lua_isnoneornil(L, 3))
        return NULL;
    luaL_checktype(L, 3, LUA_TTABLE);
    *hints = (struct addrinfo){0};
    hints->ai_family = hint_of(L, "family", nuv_families);
    hints->ai_socktype = hint_of(L, "socktype", nuv_socket_types);
    hints->ai_protocol = protocol_hint(L);
    hints->ai_flags = (int)nuv_flags_in(L, 3, flags);
    return hints;
}

/* ---- getaddrinfo: results ---- */

static void set_string(lua_State *L, const char *field, const char *text)
{
    lua_pushstring(L, text);
    lua_setfield(L, -2, field);
}

static void push_address(lua_State *L, const struct addrinfo *info)
{
    char ip[INET6_ADDRSTRLEN] = "";
    bool v4 = info->ai_family == AF_INET;
    const struct sockaddr_in *in = (const void *)info->ai_addr;
    const struct sockaddr_in6 *in6 = (const void *)info->ai_addr;
    int port = ntohs(v4 ? in->sin_port : in6->sin6_port);
    uv_inet_ntop(info->ai_family, v4 ? (const void *)&in->sin_addr : &in6->sin6_addr, ip,
                 sizeof ip);
    lua_createtable(L, 0, 6);
    set_string(L, "addr", ip);
    set_string(L, "family", nuv_name_of(nuv_families, info->ai_family));
    set_string(L, "socktype", nuv_name_of(nuv_socket_types, info->ai_socktype));
    set_string(L, "canonname", info->ai_canonname);
    push_protocol(L, info->ai_protocol);
    lua_setfield(L, -2, "protocol");
    if (port) {
        lua_pushinteger(L, port);
        lua_setfield(L, -2, "port");
    }
}

static int push_addresses(lua_State *L, const struct addrinfo *info)
{
    int n = 0;
    lua_newtable(L);
    for (; info; info = info->ai_next) {
        if (info->ai_family != AF_INET && info->ai_family != AF_INET6)
            continue;
        push_address(L, info);
        lua_rawseti(L, -2, ++n);
    }
    return 1;
}

static int addresses_now(lua_State *L)
{
    return push_addresses(L, ((const uv_getaddrinfo_t *)lua_touserdata(L, 1))->addrinfo);
}

typedef struct {
    int status;
    const struct addrinfo *info; /* of getaddrinfo */
    const char *host, *service;  /* of getnameinfo */
} answer;

static int addresses_args(lua_State *L, void *data)
{
    const answer *a = data;
    nuv_push_status(L, a->status);
    return a->status < 0 ? 1 : 1 + push_addresses(L, a->info);
}

/* The addresses go with the request. */
static void on_addresses(uv_getaddrinfo_t *get, int status, struct addrinfo *info)
{
    nuv_request_done(get->data, addresses_args, &(answer){.status = status, .info = info});
}

/* ---- getaddrinfo ---- */

static int get_addresses(lua_State *L, const char *node, const char *service,
                         const struct addrinfo *hints)
{
    uv_getaddrinfo_t get = {0};
    uv_loop_t *loop = nuv_state_of(L)->loop;
    lua_pushcfunction(L, addresses_now);
    lua_pushlightuserdata(L, &get);
    int status = uv_getaddrinfo(loop, &get, NULL, node, service, hints);
    if (status < 0)
        return nuv_fail(L, status);
    int raised = lua_pcall(L, 1, 1, 0);
    uv_freeaddrinfo(get.addrinfo);
    return raised ? lua_error(L) : 1;
}

/** uv.getaddrinfo(host: string?, service: string?, hints?: table, callback?: fun(err: string?, addresses: table?)) -> table | uv_getaddrinfo_t | fail
 * The addresses of a host (nil: this machine's own) and a service, a name or a port (nil: none): an array of
 * tables with `addr`, `family` ("inet", "inet6"), `socktype` ("stream", ...), `protocol` ("tcp", ...), and where
 * there are such `port` and `canonname`. `hints` may have `family`, `socktype`, `protocol`, as in the answer or
 * as integers, and set `addrconfig`, `v4mapped`, `all`, `numerichost`, `passive`, `numericserv`, `canonname`, as
 * getaddrinfo(3) explains them. Without a callback it waits, and nothing else runs. EAI_NONAME: there is no such
 * host or service; EINVAL: neither was given, or no name can be so. */
static int getaddrinfo_(lua_State *L)
{
    struct addrinfo space;
    const char *node = luaL_optstring(L, 1, NULL), *service = luaL_optstring(L, 2, NULL);
    const struct addrinfo *hints = check_hints(L, &space);
    if (hints && hints->ai_flags & AI_NUMERICSERV && !service)
        service = "00"; /* macOS crashes without */
    if (lua_isnoneornil(L, 4))
        return get_addresses(L, node, service, hints);
    nuv_request *r = nuv_request_new(L, "uv_getaddrinfo_t", NUV_REQUEST_SIZE(getaddrinfo), 4);
    int status = uv_getaddrinfo(nuv_state_of(L)->loop, &r->uv.getaddrinfo, on_addresses, node,
                                service, hints);
    return status < 0 ? nuv_request_failed(L, r, status) : 1;
}

/* ---- getnameinfo ---- */

static int name_args(lua_State *L, void *data)
{
    const answer *a = data;
    nuv_push_status(L, a->status);
    if (a->status < 0)
        return 1;
    lua_pushstring(L, a->host);
    lua_pushstring(L, a->service);
    return 3;
}

static void on_name(uv_getnameinfo_t *get, int status, const char *host, const char *service)
{
    nuv_request_done(get->data, name_args,
                     &(answer){.status = status, .host = host, .service = service});
}

static const char *field_of(lua_State *L, const char *field, bool (*is)(lua_State *),
                            const char *what)
{
    lua_getfield(L, 1, field);
    if (!lua_isnil(L, -1) && !is(L))
        luaL_argerror(L, 1, what);
    return lua_tostring(L, -1);
}

static bool is_string(lua_State *L)
{
    return lua_isstring(L, -1);
}

static bool is_number(lua_State *L)
{
    return lua_isnumber(L, -1);
}

/* The table {ip, port, family}. All three stay on the stack. */
static void check_name_address(lua_State *L, struct sockaddr_storage *address)
{
    memset(address, 0, sizeof *address);
    const char *ip = field_of(L, "ip", is_string, "ip property must be string if set");
    field_of(L, "port", is_number, "port property must be integer if set");
    int port = (int)lua_tointeger(L, -1);
    const char *any = ip ? ip : "0.0.0.0";
    if ((ip || port) && uv_ip4_addr(any, port, (struct sockaddr_in *)address) &&
        uv_ip6_addr(any, port, (struct sockaddr_in6 *)address))
        luaL_argerror(L, 1, "Invalid ip address or port");
    field_of(L, "family", is_string, "family must be string if set");
    if (lua_isnumber(L, -1))
        address->ss_family = (sa_family_t)lua_tointeger(L, -1);
    else if (lua_isstring(L, -1))
        address->ss_family = (sa_family_t)number_of(nuv_families, lua_tostring(L, -1));
}

static int get_name(lua_State *L, const struct sockaddr *address)
{
    uv_getnameinfo_t get = {0};
    int status = uv_getnameinfo(nuv_state_of(L)->loop, &get, NULL, address, 0);
    if (status < 0)
        return nuv_fail(L, status);
    lua_pushstring(L, get.host);
    lua_pushstring(L, get.service);
    return 2;
}

/** uv.getnameinfo(address: table, callback?: fun(err: string?, host: string?, service: string?)) -> string, string | uv_getnameinfo_t | fail
 * The names of an address, a table of `ip`, `port` and `family` ("inet", "inet6"), which may all be left out but
 * one: the host's and the service's, as text, or the numbers again where there are none. Without a callback it
 * waits, and nothing else runs. EINVAL: it is no address of these families. */
static int getnameinfo_(lua_State *L)
{
    struct sockaddr_storage address;
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 2);
    check_name_address(L, &address);
    if (lua_isnil(L, 2))
        return get_name(L, (const struct sockaddr *)&address);
    nuv_request *r = nuv_request_new(L, "uv_getnameinfo_t", NUV_REQUEST_SIZE(getnameinfo), 2);
    int status = uv_getnameinfo(nuv_state_of(L)->loop, &r->uv.getnameinfo, on_name,
                                (const struct sockaddr *)&address, 0);
    return status < 0 ? nuv_request_failed(L, r, status) : 1;
}

const luaL_Reg nuv_dns_functions[] = {
    {"getaddrinfo", getaddrinfo_}, {"getnameinfo", getnameinfo_}, {NULL, NULL}};
