/* What an archive holds of each dataset, in one digest: equal digests, the same rows in the same chunks. */
#include <string.h>

#include "src/archive/archive.h"
#include "src/archive/bytes.h"

static void add_part(const struct bau_manifest *m, const struct bau_stored_part *p, struct bau_text *out)
{
    uint8_t number[8];
    bau_put64(number, p->rows);
    bau_text_addn(out, number, sizeof number);
    bau_put64(number, (uint64_t)p->n_groups << 32 | p->n_columns);
    bau_text_addn(out, number, sizeof number);
    for (uint32_t g = 0; g < p->n_groups; g++) {
        bau_put32(number, p->group_rows[g]);
        bau_text_addn(out, number, 4);
    }
    for (uint64_t c = 0; c < (uint64_t)p->n_groups * p->n_columns; c++)
        bau_text_addn(out, m->chunks[p->first_chunk + c].sum, BAU_SUM_BYTES);
    bau_text_add(out, p->format);
}

bau_status bau_archive_digests(const struct bau_archive *archive, uint32_t store, uint32_t n_datasets,
                               uint8_t (*out)[BAU_SUM_BYTES], struct bau_error *err)
{
    const struct bau_manifest *m = archive->manifest;
    BAU_AUTO_TEXT text = { 0 };
    for (uint32_t d = 0; d < n_datasets; d++) {
        text.len = 0;
        bau_text_add(&text, "bauta rows 1");
        for (uint32_t i = 0; i < m->n_parts; i++) /* by number, as the manifest has them */
            if (m->parts[i].store == store && m->parts[i].dataset == d)
                add_part(m, &m->parts[i], &text);
        if (text.failed)
            return bau_error_set(err, BAU_E_NOMEM, "archive");
        BAU_TRY(bau_sum(text.data, text.len, out[d], err));
    }
    return BAU_OK;
}

uint64_t bau_archive_bytes(const struct bau_archive *archive)
{
    uint64_t bytes = 0;
    for (uint64_t i = 0; i < archive->manifest->n_chunks; i++)
        bytes += archive->manifest->chunks[i].stored;
    return bytes;
}
