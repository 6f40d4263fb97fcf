/* address.c -- neap_udp: addresses, from text and to it.
 *
 * A socket of IPv6 that takes IPv4 as well sees its peers as ::ffff:a.b.c.d; scripts see a.b.c.d. */
#include <arpa/inet.h>
#include <string.h>

#include "udp.h"

static void map(struct sockaddr_storage *out, const struct sockaddr_in *v4)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = v4->sin_port};
    v6.sin6_addr.s6_addr[10] = v6.sin6_addr.s6_addr[11] = 0xff;
    memcpy(&v6.sin6_addr.s6_addr[12], &v4->sin_addr, 4);
    memcpy(out, &v6, sizeof v6);
}

int neap_udp_address(const char *host, int port, int family, struct sockaddr_storage *out)
{
    struct sockaddr_in v4;
    if (uv_ip4_addr(host, port, &v4) == 0) {
        if (family == AF_INET6)
            map(out, &v4);
        else
            memcpy(out, &v4, sizeof v4);
        return 1;
    }
    return uv_ip6_addr(host, port, (struct sockaddr_in6 *)out) == 0;
}

void neap_udp_push_address(lua_State *L, const struct sockaddr_storage *address)
{
    char text[INET6_ADDRSTRLEN + 16] = "";
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
    if (address->ss_family == AF_INET)
        uv_ip4_name(v4, text, sizeof text);
    else if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
        inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], text, sizeof text);
    else
        uv_ip6_name(v6, text, sizeof text);
    lua_pushstring(L, text);
    lua_pushinteger(L, ntohs(address->ss_family == AF_INET ? v4->sin_port : v6->sin6_port));
}

int neap_udp_check_port(lua_State *L, int index, int lowest)
{
    luaL_checktype(L, index, LUA_TNUMBER);
    lua_Number port = lua_tonumber(L, index);
    luaL_argcheck(L, port >= lowest && port <= 65535 && port == (int)port, index,
                  "a port is a whole number up to 65535");
    return (int)port;
}
