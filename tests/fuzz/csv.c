/* CSV in a cell: no text may crash the scanner, and what it masked has the same cells again. The first byte chooses the
 * rule. */
#include "tests/fuzz/inside.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *all[] = { "columns={\"*\": redact}" }, *some[] = {
        "columns={a: redact, 2: {mask: constant, value: \"x,\\\"\"}, \"*\": {keep: the rest}}", "header=true"
    };
    if (size > 0)
        fuzz_twice("csv_cell", data[0] & 1 ? some : all, data[0] & 1 ? 2 : 1, data + 1, size - 1);
    return 0;
}
