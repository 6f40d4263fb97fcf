/* failure.c -- what a handler did wrong: answered with 500, or by closing, and reported.
 *
 * Two are no report: the errors of a client (a body too large, malformed, too late) that the handler
 * passes on, which are answered with their own status; and that the client has left.
 */
#include <string.h>

#include "http.h"

static const char *field(lua_State *L, int index, const char *name)
{
    const char *text = NULL;
    if (lua_istable(L, index)) {
        lua_getfield(L, index, name);
        text = lua_tostring(L, -1); /* the table keeps it */
        lua_pop(L, 1);
    }
    return text ? text : "";
}

/* Nobody's mistake: the handler noticed, at a write of its own, that the client has left. */
static bool tells_of_leaving(http_exchange *x, lua_State *L, int index)
{
    const char *code = field(L, index, "code");
    return !x->c && (!strcmp(code, "ECONNRESET") || !strcmp(code, "ECANCELED"));
}

static bool is_rejection(const http_exchange *x, lua_State *L, int index)
{
    if (!x->body.rejection)
        return false;
    neap->held(L, x->body.rejection);
    bool same = lua_rawequal(L, index, -1);
    lua_pop(L, 1);
    return same;
}

/* The status that answers what reading or parsing the body of this request has failed with; 0: it is another
 * error, though perhaps of the same code. Each reader gets an object of its own, a stream's too: so its words tell. */
static int refusal_of(const http_exchange *x, lua_State *L, int status, int index)
{
    if (is_rejection(x, L, index))
        return 400;
    bool same = x->body.error && status == x->body.error &&
                !strcmp(field(L, index, "message"), x->body.message);
    return same ? x->body.refusal : 0;
}

void http_handler_failed(http_exchange *x, lua_State *L, int status, int index)
{
    int refusal = refusal_of(x, L, status, index);
    bool late = x->late && status == UV_ETIMEDOUT;
    if (x->c)
        http_response_refuse(x, refusal ? refusal : late ? 503 : 500);
    neap->cancel(&x->spawn, UV_ECANCELED);
    if (!refusal && !tells_of_leaving(x, L, index))
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
