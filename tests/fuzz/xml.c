/* XML: no text may crash the scanner, and what it lets through and masks is XML to it again. The first byte chooses the rule. */
#include "tests/fuzz/inside.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *all[] = { "paths={\"**\": redact}" }, *some[] = {
        "paths={/a/*: redact, //@id: {mask: constant, value: \"<]]>&'\\\"\"}, //b//c: redact, \"**\": "
        "{keep: the rest}}"
    };
    if (size > 0)
        fuzz_twice("xml", data[0] & 1 ? some : all, 1, data + 1, size - 1);
    return 0;
}
