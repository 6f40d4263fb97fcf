/* system.c -- the machine: processors, memory, network interfaces, clocks; and what the process has used of
 * them. */
#include "uv.h"

#include <string.h>

static void set_number(lua_State *L, const char *field, lua_Number value)
{
    lua_pushnumber(L, value);
    lua_setfield(L, -2, field);
}

static void set_text(lua_State *L, const char *field, const char *text)
{
    lua_pushstring(L, text);
    lua_setfield(L, -2, field);
}

static int push_number(lua_State *L, int status, lua_Number value)
{
    if (status < 0)
        return nuv_fail(L, status);
    lua_pushnumber(L, value);
    return 1;
}

/* ---- Processors ---- */

static void push_cpu(lua_State *L, const uv_cpu_info_t *cpu)
{
    lua_createtable(L, 0, 3);
    set_text(L, "model", cpu->model);
    set_number(L, "speed", cpu->speed);
    lua_createtable(L, 0, 5);
    set_number(L, "user", (lua_Number)cpu->cpu_times.user);
    set_number(L, "nice", (lua_Number)cpu->cpu_times.nice);
    set_number(L, "sys", (lua_Number)cpu->cpu_times.sys);
    set_number(L, "idle", (lua_Number)cpu->cpu_times.idle);
    set_number(L, "irq", (lua_Number)cpu->cpu_times.irq);
    lua_setfield(L, -2, "times");
}

typedef struct {
    uv_cpu_info_t *list;
    int n;
} cpus;

static int push_cpus(lua_State *L)
{
    const cpus *c = lua_touserdata(L, 1);
    lua_createtable(L, c->n, 0);
    for (int i = 0; i < c->n; i++) {
        push_cpu(L, &c->list[i]);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/** uv.cpu_info() -> table | fail
 * An array of the machine's processors: `model`, `speed` in MHz, and `times` in milliseconds since it was started,
 * which are `user`, `nice`, `sys`, `idle` and `irq`. */
static int cpu_info(lua_State *L)
{
    cpus c;
    lua_pushcfunction(L, push_cpus); /* where it raises, libuv's list is still to be freed */
    lua_pushlightuserdata(L, &c);
    int status = uv_cpu_info(&c.list, &c.n);
    if (status < 0)
        return nuv_fail(L, status);
    int raised = lua_pcall(L, 1, 1, 0);
    uv_free_cpu_info(c.list, c.n);
    return raised ? lua_error(L) : 1;
}

/** uv.available_parallelism() -> integer
 * How many threads can run at once: the processors that this process may use, 1 at least. */
static int available_parallelism(lua_State *L)
{
    return push_number(L, 0, uv_available_parallelism());
}

/** uv.loadavg() -> number, number, number
 * The load of the machine: how many processes ran or waited to run, over one, five and fifteen minutes. */
static int loadavg(lua_State *L)
{
    double load[3];
    uv_loadavg(load);
    for (int i = 0; i < 3; i++)
        lua_pushnumber(L, load[i]);
    return 3;
}

#if UV_VERSION_HEX >= 0x012d00
/** uv.cpumask_size() -> integer | fail
 * How many processors a thread's mask has places for. ENOTSUP: the system has no such masks. */
static int cpumask_size(lua_State *L)
{
    int n = uv_cpumask_size();
    return push_number(L, n, n);
}
#endif

/* ---- Memory, in bytes ---- */

/** uv.get_free_memory() -> integer
 * The machine's memory that is free, in bytes. */
static int get_free_memory(lua_State *L)
{
    return push_number(L, 0, (lua_Number)uv_get_free_memory());
}

/** uv.get_total_memory() -> integer
 * The machine's memory in bytes. */
static int get_total_memory(lua_State *L)
{
    return push_number(L, 0, (lua_Number)uv_get_total_memory());
}

/** uv.get_constrained_memory() -> integer
 * How many bytes the process may have (cgroup); 0 where that is not known, a very large number where there is no
 * bound. */
static int get_constrained_memory(lua_State *L)
{
    return push_number(L, 0, (lua_Number)uv_get_constrained_memory());
}

#if UV_VERSION_HEX >= 0x012d00
/** uv.get_available_memory() -> integer
 * How many bytes are still free for the process. */
static int get_available_memory(lua_State *L)
{
    return push_number(L, 0, (lua_Number)uv_get_available_memory());
}
#endif

/** uv.resident_set_memory() -> integer | fail
 * The process's memory that is in the machine's, in bytes. */
static int resident_set_memory(lua_State *L)
{
    size_t size = 0;
    int status = uv_resident_set_memory(&size);
    return push_number(L, status, (lua_Number)size);
}

/* ---- What the process has used ---- */

static void set_time(lua_State *L, const char *field, const uv_timeval_t *time)
{
    lua_createtable(L, 0, 2);
    set_number(L, "sec", (lua_Number)time->tv_sec);
    set_number(L, "usec", (lua_Number)time->tv_usec);
    lua_setfield(L, -2, field);
}

static int push_usage(lua_State *L, int status, const uv_rusage_t *usage)
{
    if (status < 0)
        return nuv_fail(L, status);
    lua_createtable(L, 0, 16);
    set_time(L, "utime", &usage->ru_utime);
    set_time(L, "stime", &usage->ru_stime);
#define SET(field) set_number(L, #field, (lua_Number)usage->ru_##field)
    SET(maxrss);
    SET(ixrss);
    SET(idrss);
    SET(isrss);
    SET(minflt);
    SET(majflt);
    SET(nswap);
    SET(inblock);
    SET(oublock);
    SET(msgsnd);
    SET(msgrcv);
    SET(nsignals);
    SET(nvcsw);
    SET(nivcsw);
#undef SET
    return 1;
}

/** uv.getrusage() -> table | fail
 * What the process has used, as getrusage(2) tells it: `utime` and `stime`, times of the processor, each with `sec`
 * and `usec`; `maxrss` in KiB; `minflt`, `majflt`, `inblock`, `oublock`, `nvcsw`, `nivcsw` and the others, counts. */
static int get_usage(lua_State *L)
{
    uv_rusage_t usage;
    int status = uv_getrusage(&usage);
    return push_usage(L, status, &usage);
}

#if UV_VERSION_HEX >= 0x013200
/** uv.getrusage_thread() -> table | fail
 * The same of the thread that this is called on. */
static int getrusage_thread(lua_State *L)
{
    uv_rusage_t usage;
    int status = uv_getrusage_thread(&usage);
    return push_usage(L, status, &usage);
}
#endif

/* ---- Clocks ---- */

/** uv.uptime() -> number | fail
 * Seconds since the machine was started. */
static int uptime(lua_State *L)
{
    double seconds = 0;
    int status = uv_uptime(&seconds);
    return push_number(L, status, seconds);
}

/** uv.hrtime() -> integer
 * Nanoseconds since some moment, on a clock that never goes back: for measuring. */
static int hrtime(lua_State *L)
{
    return push_number(L, 0, (lua_Number)uv_hrtime());
}

/** uv.gettimeofday() -> integer, integer | fail
 * The time since 1970 in UTC: seconds, and microseconds beyond them. */
static int time_of_day(lua_State *L)
{
    uv_timeval64_t time;
    int status = uv_gettimeofday(&time);
    if (status < 0)
        return nuv_fail(L, status);
    lua_pushnumber(L, (lua_Number)time.tv_sec);
    lua_pushnumber(L, (lua_Number)time.tv_usec);
    return 2;
}

#if UV_VERSION_HEX >= 0x012d00
/** uv.clock_gettime(clock: "monotonic" | "realtime") -> table | fail
 * A clock's time as `sec` and `nsec`: since some moment, never going back, or since 1970. */
static int get_clock(lua_State *L)
{
    static const char *const clocks[] = {"monotonic", "realtime", NULL}; /* as libuv numbers them */
    uv_timespec64_t time;
    int status = uv_clock_gettime((uv_clock_id)luaL_checkoption(L, 1, NULL, clocks), &time);
    if (status < 0)
        return nuv_fail(L, status);
    lua_createtable(L, 0, 2);
    set_number(L, "sec", (lua_Number)time.tv_sec);
    set_number(L, "nsec", (lua_Number)time.tv_nsec);
    return 1;
}

/** uv.metrics_info() -> table | fail
 * Counts of the loop: `loop_count`, its turns; `events`, that it has seen; `events_waiting`, that were there when it
 * looked. */
static int metrics_info(lua_State *L)
{
    uv_metrics_t metrics;
    int status = uv_metrics_info(nuv_state_of(L)->loop, &metrics);
    if (status < 0)
        return nuv_fail(L, status);
    lua_createtable(L, 0, 3);
    set_number(L, "loop_count", (lua_Number)metrics.loop_count);
    set_number(L, "events", (lua_Number)metrics.events);
    set_number(L, "events_waiting", (lua_Number)metrics.events_waiting);
    return 1;
}
#endif

/* ---- Network interfaces ---- */

static void push_ip(lua_State *L, const struct sockaddr *address)
{
    char ip[INET6_ADDRSTRLEN] = "<unknown sa family>";
    if (address->sa_family == AF_INET)
        uv_ip4_name((const struct sockaddr_in *)address, ip, sizeof ip);
    else if (address->sa_family == AF_INET6)
        uv_ip6_name((const struct sockaddr_in6 *)address, ip, sizeof ip);
    lua_pushstring(L, ip);
}

static void push_interface(lua_State *L, const uv_interface_address_t *i)
{
    lua_createtable(L, 0, 5);
    lua_pushboolean(L, i->is_internal);
    lua_setfield(L, -2, "internal");
    lua_pushlstring(L, i->phys_addr, sizeof i->phys_addr);
    lua_setfield(L, -2, "mac");
    push_ip(L, (const struct sockaddr *)&i->address);
    lua_setfield(L, -2, "ip");
    push_ip(L, (const struct sockaddr *)&i->netmask);
    lua_setfield(L, -2, "netmask");
    lua_pushstring(L, nuv_name_of(nuv_families, i->address.address4.sin_family));
    lua_setfield(L, -2, "family");
}

typedef struct {
    uv_interface_address_t *list;
    int n;
} interfaces;

static int push_interfaces(lua_State *L)
{
    const interfaces *f = lua_touserdata(L, 1);
    lua_newtable(L);
    for (int i = 0; i < f->n; i++) {
        lua_getfield(L, -1, f->list[i].name);
        if (lua_isnil(L, -1)) {
            lua_pop(L, 1);
            lua_newtable(L);
            lua_pushvalue(L, -1);
            lua_setfield(L, -3, f->list[i].name);
        }
        push_interface(L, &f->list[i]);
        lua_rawseti(L, -2, (int)lua_objlen(L, -2) + 1);
        lua_pop(L, 1);
    }
    return 1;
}

/** uv.interface_addresses() -> table | fail
 * By the name of each network interface an array of its addresses: `ip`, `netmask`, `family` ("inet" or "inet6"),
 * `mac` in six bytes, and whether it is `internal`, as the loopback is. */
static int interface_addresses(lua_State *L)
{
    interfaces f;
    lua_pushcfunction(L, push_interfaces);
    lua_pushlightuserdata(L, &f);
    int status = uv_interface_addresses(&f.list, &f.n);
    if (status < 0)
        return nuv_fail(L, status);
    int raised = lua_pcall(L, 1, 1, 0);
    uv_free_interface_addresses(f.list, f.n);
    return raised ? lua_error(L) : 1;
}

/* luv counts from 1 what the system counts from 0. */
static int push_interface_name(lua_State *L, int (*get)(unsigned, char *, size_t *))
{
    char name[128];
    size_t size = sizeof name;
    int status = get((unsigned)luaL_checkinteger(L, 1) - 1, name, &size);
    if (status < 0)
        return nuv_fail(L, status);
    lua_pushlstring(L, name, size);
    return 1;
}

/** uv.if_indextoname(index: integer) -> string | fail
 * The name of a network interface: of the one that the system counts as `index` - 1. ENXIO: there is none. */
static int if_indextoname_(lua_State *L)
{
    return push_interface_name(L, uv_if_indextoname);
}

/** uv.if_indextoiid(index: integer) -> string | fail
 * What stands for the interface in an IPv6 address's scope: its name here. `index` as in `uv.if_indextoname`. */
static int if_indextoiid(lua_State *L)
{
    return push_interface_name(L, uv_if_indextoiid);
}

const luaL_Reg nuv_system_functions[] = {
    {"cpu_info", cpu_info},
    {"available_parallelism", available_parallelism},
    {"loadavg", loadavg},
    {"get_free_memory", get_free_memory},
    {"get_total_memory", get_total_memory},
    {"get_constrained_memory", get_constrained_memory},
    {"resident_set_memory", resident_set_memory},
    {"getrusage", get_usage},
    {"uptime", uptime},
    {"hrtime", hrtime},
    {"gettimeofday", time_of_day},
    {"interface_addresses", interface_addresses},
    {"if_indextoname", if_indextoname_},
    {"if_indextoiid", if_indextoiid},
#if UV_VERSION_HEX >= 0x012d00
    {"cpumask_size", cpumask_size},
    {"get_available_memory", get_available_memory},
    {"clock_gettime", get_clock},
    {"metrics_info", metrics_info},
#endif
#if UV_VERSION_HEX >= 0x013200
    {"getrusage_thread", getrusage_thread},
#endif
    {NULL, NULL},
};
