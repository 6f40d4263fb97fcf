/* failure.c -- what a handler did wrong: answered with 500, or by closing, and reported.
 *
 * Two are no report: the errors of a client (a body too large, malformed, too late) that the handler
 * passes on, which are answered with their own status; and that the client has left.
 */
#include <string.h>

#include "http.h"

static const char *error_code(lua_State *L, int index)
{
    const char *code = NULL;
    if (lua_istable(L, index)) {
        lua_getfield(L, index, "code");
        code = lua_tostring(L, -1); /* the table keeps it */
        lua_pop(L, 1);
    }
    return code ? code : "";
}

/* Nobody's mistake: the handler noticed, at a write of its own, that the client has left. */
static bool tells_of_leaving(http_exchange *x, lua_State *L, int index)
{
    const char *code = error_code(L, index);
    return !x->c && (!strcmp(code, "ECONNRESET") || !strcmp(code, "ECANCELED"));
}

void http_handler_failed(http_exchange *x, lua_State *L, int status, int index)
{
    bool client = x->body.error && status == x->body.error;
    bool late = x->late && status == UV_ETIMEDOUT;
    if (x->c)
        http_response_refuse(x, client ? x->body.refusal : late ? 503 : 500);
    neap->cancel(&x->spawn, UV_ECANCELED);
    if (!client && !tells_of_leaving(x, L, index))
        neap->report(L, index);
}

void http_handler_misused(http_exchange *x, lua_State *S, const char *message)
{
    neap->push_error(S, NEAP_ESCRIPT, NEAP_F_MESSAGE, message, NEAP_F_END);
    http_handler_failed(x, S, NEAP_ESCRIPT, lua_gettop(S));
}

const char *http_handler_omission(const http_exchange *x, int *status)
{
    bool open = x->c && x->response.begun && !x->response.done;
    *status = x->returned ? UV_EINVAL : UV_ETIMEDOUT;
    if (x->late && !x->returned)
        return "a handler took longer than handler_timeout";
    if (open && x->returned && x->response.framing == HTTP_LENGTH && x->response.owed > 0)
        return "a handler wrote less than the Content-Length it had promised";
    return NULL;
}
