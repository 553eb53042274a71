/* Look-ups in a catalog: see include/bauta/schema.h. */
#include "bauta/schema.h"

#include <string.h>

uint32_t bau_catalog_find(const struct bau_catalog *catalog, const char *name)
{
    uint32_t low = 0, high = catalog->n_datasets;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const int order = strcmp(catalog->datasets[middle].name, name);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return BAU_NO_DATASET;
}

uint32_t bau_dataset_find(const struct bau_dataset *dataset, const char *field)
{
    for (uint32_t f = 0; f < dataset->n_fields; f++)
        if (strcmp(dataset->fields[f].name, field) == 0)
            return f;
    return UINT32_MAX;
}

uint32_t bau_dataset_segments(const struct bau_dataset *dataset, const char *store, const char *out[3])
{
    uint32_t n = 0;
    out[n++] = store;
    if (dataset->space)
        out[n++] = dataset->space;
    out[n++] = dataset->bare;
    return n;
}
