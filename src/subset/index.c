/* Rows by id of one column: counted into place where ids lie together, sorted where they are scattered. */
#include "src/subset/internal.h"

#include <stdlib.h>
#include <string.h>

struct pair {
    uint64_t id;
    uint32_t row;
};

static int by_id(const void *a, const void *b)
{
    const struct pair *const x = a, *const y = b;
    return (x->id > y->id) - (x->id < y->id);
}

static bau_status measure(struct bau_subset *s, uint32_t slot, uint64_t *n, uint64_t *least, uint64_t *most,
                          struct bau_error *err)
{
    const struct bau_rows *const rows = &s->rows[s->slots[slot].dataset];
    *n = 0;
    *least = UINT64_MAX;
    *most = 0;
    for (size_t c = 0; c < rows->n_chunks; c++) {
        BAU_TRY(bau_load(s, slot, c, s->work[0], err));
        for (uint32_t i = 0; i < rows->chunks[c]->n; i++) {
            if (!bau_bit(s->work[0]->present, i))
                continue;
            const uint64_t id = s->work[0]->id[i];
            (*n)++;
            *least = id < *least ? id : *least;
            *most = id > *most ? id : *most;
        }
    }
    return BAU_OK;
}

static bau_status fill_dense(struct bau_subset *s, uint32_t slot, struct bau_index *x, struct bau_error *err)
{
    const struct bau_rows *const rows = &s->rows[s->slots[slot].dataset];
    for (uint32_t turn = 0; turn < 2; turn++) {
        for (size_t c = 0; c < rows->n_chunks; c++) {
            BAU_TRY(bau_load(s, slot, c, s->work[0], err));
            for (uint32_t i = 0; i < rows->chunks[c]->n; i++) {
                if (!bau_bit(s->work[0]->present, i))
                    continue;
                const uint64_t at = s->work[0]->id[i] - x->base;
                if (turn)
                    x->row[--x->offset[at + 1]] = (uint32_t)(c * BAU_PACK_ROWS + i);
                else
                    x->offset[at + 1]++;
            }
        }
        for (uint64_t k = 0; !turn && k < x->range; k++)
            x->offset[k + 1] += x->offset[k];
    }
    /* The second turn left in offset[k + 1] where k starts; one entry down it belongs. */
    memmove(x->offset, x->offset + 1, x->range * sizeof(*x->offset));
    x->offset[x->range] = (uint32_t)x->n;
    return BAU_OK;
}

static bau_status fill_sorted(struct bau_subset *s, uint32_t slot, struct bau_index *x, struct pair *pairs,
                              struct bau_error *err)
{
    const struct bau_rows *const rows = &s->rows[s->slots[slot].dataset];
    uint64_t n = 0;
    for (size_t c = 0; c < rows->n_chunks; c++) {
        BAU_TRY(bau_load(s, slot, c, s->work[0], err));
        for (uint32_t i = 0; i < rows->chunks[c]->n; i++)
            if (bau_bit(s->work[0]->present, i))
                pairs[n++] = (struct pair){ s->work[0]->id[i], (uint32_t)(c * BAU_PACK_ROWS + i) };
    }
    qsort(pairs, n, sizeof(*pairs), by_id);
    for (uint64_t i = 0; i < n; i++) {
        x->id[i] = pairs[i].id;
        x->row[i] = pairs[i].row;
    }
    return BAU_OK;
}

static bau_status make_sorted(struct bau_subset *s, uint32_t slot, struct bau_index *x, struct bau_error *err)
{
    struct pair *const pairs = bau_spill_alloc(&s->spill, x->n * sizeof(*pairs));
    x->id = bau_spill_alloc(&s->spill, x->n * sizeof(*x->id));
    bau_status status = pairs && x->id ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "cycle");
    if (status == BAU_OK)
        status = fill_sorted(s, slot, x, pairs, err);
    bau_spill_free(&s->spill, pairs, x->n * sizeof(*pairs));
    return status;
}

bau_status bau_index_make(struct bau_subset *s, uint32_t slot, struct bau_index *out, bool *out_made,
                          struct bau_error *err)
{
    uint64_t n, least, most;
    *out = (struct bau_index){ 0 };
    BAU_TRY(measure(s, slot, &n, &least, &most, err));
    const bool dense = n && most - least < n * 4 + 1024;
    const uint64_t range = dense ? most - least + 1 : 0;
    const uint64_t bytes = dense ? (range + 1 + n) * 4 : n * (12 + sizeof(struct pair));
    *out_made = bau_spill_fits(&s->spill, bytes);
    if (!*out_made)
        return BAU_OK;
    struct bau_index x = { .base = least, .range = range, .n = n };
    x.row = bau_spill_alloc(&s->spill, n * sizeof(*x.row));
    x.offset = dense ? bau_spill_alloc(&s->spill, (range + 1) * sizeof(*x.offset)) : NULL;
    bau_status status = x.row && (!dense || x.offset) ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "cycle");
    if (status == BAU_OK)
        status = dense ? fill_dense(s, slot, &x, err) : make_sorted(s, slot, &x, err);
    if (status == BAU_OK)
        *out = x;
    else
        bau_index_release(s, &x);
    return status;
}

void bau_index_release(struct bau_subset *s, struct bau_index *x)
{
    bau_spill_free(&s->spill, x->row, x->n * sizeof(*x->row));
    bau_spill_free(&s->spill, x->offset, (x->range + 1) * sizeof(*x->offset));
    bau_spill_free(&s->spill, x->id, x->n * sizeof(*x->id));
    *x = (struct bau_index){ 0 };
}

const uint32_t *bau_index_rows(const struct bau_index *x, uint64_t id, uint64_t *out_n)
{
    *out_n = 0;
    if (x->offset) {
        if (id < x->base || id - x->base >= x->range)
            return NULL;
        *out_n = x->offset[id - x->base + 1] - x->offset[id - x->base];
        return x->row + x->offset[id - x->base];
    }
    uint64_t from = 0, to = x->n;
    while (from < to) {
        const uint64_t mid = from + (to - from) / 2;
        if (x->id[mid] < id)
            from = mid + 1;
        else
            to = mid;
    }
    while (from + *out_n < x->n && x->id[from + *out_n] == id)
        (*out_n)++;
    return x->row + from;
}

bau_status bau_slot_pin(struct bau_subset *s, uint32_t slot, bool *out_done, struct bau_error *err)
{
    const struct bau_slot *const of = &s->slots[slot];
    const struct bau_rows *const rows = &s->rows[of->dataset];
    uint64_t bytes = 0;
    for (size_t c = 0; c < rows->n_chunks; c++)
        bytes += rows->chunks[c]->packs[of->place].blob.data ? 0 : rows->chunks[c]->packs[of->place].blob.len;
    *out_done = bau_spill_fits(&s->spill, bytes);
    for (size_t c = 0; c < rows->n_chunks && *out_done; c++)
        BAU_TRY(bau_blob_pin(&s->spill, &rows->chunks[c]->packs[of->place].blob, err));
    return BAU_OK;
}

bool bau_slot_at(const struct bau_subset *s, uint32_t slot, uint64_t row, uint64_t *out_id)
{
    const struct bau_slot *const of = &s->slots[slot];
    const struct bau_chunk *const chunk = s->rows[of->dataset].chunks[row / BAU_PACK_ROWS];
    return bau_pack_at(&chunk->packs[of->place], (uint32_t)(row % BAU_PACK_ROWS), out_id);
}
