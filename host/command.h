/* command.h: the command line. */
#ifndef NEAP_HOST_COMMAND_H
#define NEAP_HOST_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    const char *code[64];  /* of -e and -l, in order */
    const char *allow[64]; /* NULL-ended */
    const char *watch[64]; /* of --watch-path */
    int codes, allows, watches;
    bool sandbox, limit_raised;
    bool evaluates;         /* -e: the rest are arguments */
    bool interactive;       /* -i, or nothing to run on a terminal */
    bool watch_it, watched; /* --watch, and how it starts its child */
    const char *subcommand; /* the module that is one; NULL: none */
    int script;             /* index in argv; 0 none */
    int arg;                /* index that is 0 in `arg` */
} command;

/* 0 go on, or 1 + the exit status. */
int neap_command_parse(command *c, int argc, char **argv);

/* A path that is not there: append what may have been meant to `text`, if anything is near. */
void neap_suggest_path(const char *path, char *text, size_t size);

/* The one of the names (NULL-ended) that `word` may be a mistyping of, or NULL. */
const char *neap_suggest(const char *word, const char *const *names);

/* The names of the subcommands, NULL-ended. */
extern const char *const neap_subcommands[];

#endif
