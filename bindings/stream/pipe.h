/* pipe.h -- neap_stream: a pipe, for pipe.c and pipe_file.c. */
#ifndef NEAP_BINDINGS_STREAM_PIPE_H
#define NEAP_BINDINGS_STREAM_PIPE_H

#include <math.h>

#include "stream.h"

struct pipe_op {
    neap_op op;
    stream *from, *to; /* NULL: it is complete */
    neap_timer timer;
    double bytes, left; /* left: still to come, of a length; else infinite */
    double timeout, active;
    size_t queued; /* of the sink, when its time was looked at last */
    int shuts_down;
};

/* ---- pipe_file.c ---- */

/* 1: the file is being sent, and the next function will be called. 0: it cannot be. Else a status. */
int neap_stream_send_file(pipe_op *p);
void neap_stream_pipe_file_sent(pipe_op *p, int status);

#endif
