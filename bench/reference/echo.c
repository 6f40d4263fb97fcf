/* echo.c -- TCP echo in plain C on libuv: what comes in goes out.
 *
 *   echo PORT
 */
#include "serve.h"

int main(int argc, char **argv)
{
    server.data = send_bytes;
    return argc == 2 ? serve(argv[1]) : 2;
}
