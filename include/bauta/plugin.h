/* A shared object with maskers of your own. It includes this header, defines `bauta_plugin` and is named under `plugins:` of
 * the project file:
 *
 *     static const struct bau_masker upper = { .name = "upper", … };
 *     static const struct bau_masker *const maskers[] = { &upper };
 *     const struct bau_plugin bauta_plugin = BAU_PLUGIN(maskers);
 *
 *     cc -std=c17 -shared -fPIC $(pkg-config --cflags bauta) -o upper.so upper.c
 *
 * What masker.h, batch.h, mem.h and error.h declare is there at run time: do not link libbauta into it. A masker keeps the
 * promises of masker.h; nobody checks them for you but tests that you write. It runs with bauta's rights. */
#ifndef BAUTA_PLUGIN_H
#define BAUTA_PLUGIN_H

#include "masker.h"

#define BAU_PLUGIN_ABI 1u /* grows when a struct of these headers changes */

struct bau_plugin {
    uint32_t abi;          /* BAU_PLUGIN_ABI */
    uint32_t masker_bytes; /* sizeof(struct bau_masker) */
    uint32_t n_maskers;
    const struct bau_masker *const *maskers;
};

#define BAU_PLUGIN(list)                                                                                     \
    {                                                                                                        \
        BAU_PLUGIN_ABI, (uint32_t)sizeof(struct bau_masker), (uint32_t)BAU_COUNT(list), list                 \
    }

extern const struct bau_plugin bauta_plugin;

#endif
