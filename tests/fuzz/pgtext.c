/* hstore and row values: no text may crash the scanners, and what they masked they read again. The first byte chooses which. */
#include "tests/fuzz/inside.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *keys[] = { "keys={a: {mask: constant, value: \"\\\\\\\"\"}, \"*\": redact}" },
               *fields[] = { "fields={1: {mask: constant, value: \"(\\\\\\\"\"}, \"*\": redact}" };
    if (size > 0 && data[0] & 1)
        fuzz_twice("hstore", keys, 1, data + 1, size - 1);
    else if (size > 0)
        fuzz_twice("composite", fields, 1, data + 1, size - 1);
    return 0;
}
