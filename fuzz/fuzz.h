/* fuzz.h -- what the libFuzzer targets share. */
#ifndef NEAP_FUZZ_H
#define NEAP_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerInitialize(int *argc, char ***argv); /* may be left out */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
