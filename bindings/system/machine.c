/* machine.c -- neap_system: processors, memory, load, names and network interfaces of the machine.
 *
 * Lists of libuv's are freed whatever happens: what makes tables of them runs protected. */
#include "system.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    void *list;
    int n;
} items;

/* Stack: push(L), and items as light userdata. Its one result, or its error when the list is freed. */
static int push_and_free(lua_State *L, items *i, void (*release)(void *list, int n))
{
    int raised = lua_pcall(L, 1, 1, 0);
    release(i->list, i->n);
    return raised ? lua_error(L) : 1;
}

/* ---- Processors ---- */

static void push_cpu(lua_State *L, const uv_cpu_info_t *cpu)
{
    lua_createtable(L, 0, 3);
    system_set_text(L, "model", cpu->model);
    system_set_number(L, "speed", cpu->speed);
    lua_createtable(L, 0, 5);
    system_set_number(L, "user", (double)cpu->cpu_times.user / 1000);
    system_set_number(L, "nice", (double)cpu->cpu_times.nice / 1000);
    system_set_number(L, "system", (double)cpu->cpu_times.sys / 1000);
    system_set_number(L, "idle", (double)cpu->cpu_times.idle / 1000);
    system_set_number(L, "interrupt", (double)cpu->cpu_times.irq / 1000);
    lua_setfield(L, -2, "times");
}

static int push_cpus(lua_State *L)
{
    const items *c = lua_touserdata(L, 1);
    lua_createtable(L, c->n, 0);
    for (int i = 0; i < c->n; i++) {
        push_cpu(L, &((uv_cpu_info_t *)c->list)[i]);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

static void free_cpus(void *list, int n)
{
    uv_free_cpu_info(list, n);
}

static int cpus(lua_State *L)
{
    items c;
    uv_cpu_info_t *list;
    if (system_refused(L, "system", "cpus"))
        return 2;
    lua_pushcfunction(L, push_cpus);
    lua_pushlightuserdata(L, &c);
    int status = uv_cpu_info(&list, &c.n);
    if (status)
        return system_fail(L, status, "cpu_info");
    c.list = list;
    return push_and_free(L, &c, free_cpus);
}

static int parallelism(lua_State *L)
{
    if (system_refused(L, "system", "parallelism"))
        return 2;
    lua_pushinteger(L, (lua_Integer)uv_available_parallelism());
    return 1;
}

static int load(lua_State *L)
{
    double averages[3];
    if (system_refused(L, "system", "load"))
        return 2;
    uv_loadavg(averages);
    for (int i = 0; i < 3; i++)
        lua_pushnumber(L, averages[i]);
    return 3;
}

/* ---- Memory ---- */

static int memory(lua_State *L)
{
    size_t rss = 0;
    system_cgroup group;
    if (system_refused(L, "system", "memory"))
        return 2;
    int status = uv_resident_set_memory(&rss);
    if (status)
        return system_fail(L, status, "resident_set_memory");
    double total = (double)uv_get_total_memory(), available = (double)uv_get_free_memory();
    lua_createtable(L, 0, 4);
    system_set_number(L, "total", total);
    system_set_number(L, "free", available);
    system_set_number(L, "rss", (double)rss);
    if (system_cgroup_memory(&group) && group.limit < total) {
        double left = group.limit > group.used ? group.limit - group.used : 0;
        available = left < available ? left : available;
        system_set_number(L, "limit", group.limit);
    }
    system_set_number(L, "available", available);
    return 1;
}

/* ---- Names and time ---- */

static int uptime(lua_State *L)
{
    double seconds = 0;
    if (system_refused(L, "system", "uptime"))
        return 2;
    int status = uv_uptime(&seconds);
    if (status)
        return system_fail(L, status, "uptime");
    lua_pushnumber(L, seconds);
    return 1;
}

static int host_name(lua_State *L)
{
    char name[UV_MAXHOSTNAMESIZE];
    size_t size = sizeof name;
    if (system_refused(L, "system", "host_name"))
        return 2;
    int status = uv_os_gethostname(name, &size);
    if (status)
        return system_fail(L, status, "gethostname");
    lua_pushlstring(L, name, size);
    return 1;
}

static int uname_(lua_State *L)
{
    uv_utsname_t name;
    if (system_refused(L, "system", "uname"))
        return 2;
    int status = uv_os_uname(&name);
    if (status)
        return system_fail(L, status, "uname");
    lua_createtable(L, 0, 4);
    system_set_text(L, "name", name.sysname);
    system_set_text(L, "release", name.release);
    system_set_text(L, "version", name.version);
    system_set_text(L, "machine", name.machine);
    return 1;
}

/* ---- Network interfaces ---- */

/* Leading ones of a mask in network order. */
static int prefix_of(const unsigned char *mask, int size)
{
    int bits = 0;
    while (bits < 8 * size && mask[bits / 8] & (0x80 >> bits % 8))
        bits++;
    return bits;
}

static void set_addresses(lua_State *L, const uv_interface_address_t *i)
{
    char text[INET6_ADDRSTRLEN];
    bool v4 = i->address.address4.sin_family == AF_INET;
    const struct sockaddr_in6 *v6 = &i->address.address6;
    const unsigned char *mask = v4 ? (const void *)&i->netmask.netmask4.sin_addr
                                   : (const void *)&i->netmask.netmask6.sin6_addr;
    system_set_text(L, "family", v4 ? "ipv4" : "ipv6");
    uv_inet_ntop(v4 ? AF_INET : AF_INET6,
                 v4 ? (const void *)&i->address.address4.sin_addr : (const void *)&v6->sin6_addr,
                 text, sizeof text);
    system_set_text(L, "address", text);
    uv_inet_ntop(v4 ? AF_INET : AF_INET6, mask, text, sizeof text);
    system_set_text(L, "netmask", text);
    system_set_number(L, "prefix", prefix_of(mask, v4 ? 4 : 16));
    if (!v4 && v6->sin6_scope_id)
        system_set_number(L, "scope", v6->sin6_scope_id);
}

static void push_interface(lua_State *L, const uv_interface_address_t *i)
{
    const unsigned char *m = (const unsigned char *)i->phys_addr;
    char mac[18];
    lua_createtable(L, 0, 7);
    lua_pushboolean(L, i->is_internal);
    lua_setfield(L, -2, "internal");
    snprintf(mac, sizeof mac, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
    system_set_text(L, "mac", mac);
    set_addresses(L, i);
}

static int push_interfaces(lua_State *L)
{
    const items *f = lua_touserdata(L, 1);
    const uv_interface_address_t *list = f->list;
    lua_newtable(L);
    for (int i = 0; i < f->n; i++) {
        lua_getfield(L, -1, list[i].name);
        if (lua_isnil(L, -1)) {
            lua_pop(L, 1);
            lua_newtable(L);
            lua_pushvalue(L, -1);
            lua_setfield(L, -3, list[i].name);
        }
        push_interface(L, &list[i]);
        lua_rawseti(L, -2, (int)lua_objlen(L, -2) + 1);
        lua_pop(L, 1);
    }
    return 1;
}

static void free_interfaces(void *list, int n)
{
    uv_free_interface_addresses(list, n);
}

static int interfaces(lua_State *L)
{
    items f;
    uv_interface_address_t *list;
    if (system_refused(L, "system", "interfaces"))
        return 2;
    lua_pushcfunction(L, push_interfaces);
    lua_pushlightuserdata(L, &f);
    int status = uv_interface_addresses(&list, &f.n);
    if (status)
        return system_fail(L, status, "interface_addresses");
    f.list = list;
    return push_and_free(L, &f, free_interfaces);
}

const luaL_Reg system_machine_functions[] = {
    {"cpus", cpus},     {"parallelism", parallelism}, {"load", load},
    {"memory", memory}, {"uptime", uptime},           {"host_name", host_name},
    {"uname", uname_},  {"interfaces", interfaces},   {NULL, NULL},
};
