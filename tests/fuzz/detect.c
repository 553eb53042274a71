/* The detectors: no bytes may crash them or send them out of the text, hits are in order and apart. */
#include <stdlib.h>

#include "maskers/detect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct bau_name_set *names_once(void)
{
    static const struct bau_name_set *names;
    static struct bau_arena *arena; /* looked at on every call, so that it stays and no leak is seen */
    struct bau_error err;
    if (!arena) {
        arena = bau_arena_new(1 << 16, BAU_ARENA_PLAIN);
        if (!arena || bau_name_set_make(arena, &names, &err) != BAU_OK)
            abort();
    }
    return names;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (unsigned pass = 0; pass < 2; pass++) {
        struct bau_scan scan = { .text = data,
                                 .len = size,
                                 .wanted = pass ? BAU_FIND_BIT(BAU_FIND_PHONE) : UINT32_MAX,
                                 .entropy_least = pass ? 0 : 20,
                                 .lone_names = pass,
                                 .names = names_once() };
        struct bau_hit hit;
        size_t end = 0;
        while (bau_scan_next(&scan, &hit)) {
            if (hit.len == 0 || hit.at < end || hit.at + hit.len > size || hit.find >= BAU_FINDS ||
                !(scan.wanted & BAU_FIND_BIT(hit.find)))
                abort();
            end = hit.at + hit.len;
        }
    }
    return 0;
}
