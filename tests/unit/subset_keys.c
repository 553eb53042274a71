/* Sets of ids and packed blocks against plain arrays. */
#include "src/subset/idset.h"
#include "src/subset/pack.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

static struct bau_error err;

Test(subset_keys, sets_are_exact_together_and_scattered)
{
    static const uint64_t steps[] = { 1, 3, 70000, 0x9E3779B97F4A7C15u };
    for (size_t k = 0; k < BAU_COUNT(steps); k++) {
        struct bau_spill spill;
        struct bau_idset set;
        cr_assert_eq(bau_spill_init(&spill, "/tmp", 1u << 20, &err), BAU_OK);
        bau_idset_init(&set, &spill);
        for (uint64_t i = 0; i < 60000; i += 2) {
            const uint64_t id = i * steps[k];
            cr_assert_eq(bau_idset_add(&set, &id, 1, &err), BAU_OK);
        }
        for (uint64_t i = 0; i < 60000; i++)
            cr_assert_eq(bau_idset_has(&set, i * steps[k]), i % 2 == 0, "step %zu id %llu", k,
                         (unsigned long long)i);
        cr_assert_eq(bau_idset_count(&set), 30000);
        bau_idset_rest(&set);
        cr_assert_gt(atomic_load(&spill.used), 0);
        cr_assert_eq(set.table != NULL, k == 3, "step %zu", k);
        for (uint32_t turn = 0; turn < 2; turn++) { /* at rest, and with one more */
            for (uint64_t i = 0; i < 60000; i++)
                cr_assert_eq(bau_idset_has(&set, i * steps[k]), i % 2 == 0 || (turn && i == 1), "step %zu",
                             k);
            cr_assert_eq(bau_idset_has(&set, UINT64_MAX), false);
            cr_assert_eq(bau_idset_add(&set, &steps[k], 1, &err), BAU_OK);
        }
        bau_idset_release(&set);
        cr_assert_eq(atomic_load(&spill.used), 0, "step %zu", k);
        bau_spill_release(&spill);
    }
}

static void pack_check(struct bau_spill *spill, uint64_t base, uint64_t spread, uint32_t n, bool nulls)
{
    static struct bau_ids in, out;
    struct bau_pack pack;
    memset(in.present, 0, sizeof(in.present));
    for (uint32_t i = 0; i < n; i++) {
        in.id[i] = base + (spread ? (uint64_t)i * 0x9E3779B97F4A7C15u % spread : 0);
        if (spread == UINT64_MAX)
            in.id[i] = i % 2 ? UINT64_MAX - i : i;
        if (!nulls || i % 7)
            in.present[i / 64] |= (uint64_t)1 << (i % 64);
    }
    cr_assert_eq(bau_pack_put(spill, &in, n, &pack, &err), BAU_OK);
    cr_assert_eq(bau_pack_get(spill, &pack, &out, &err), BAU_OK, "%s", err.text);
    cr_assert_eq(bau_blob_pin(spill, &pack.blob, &err), BAU_OK);
    for (uint32_t i = 0; i < n; i++) {
        uint64_t at = 0;
        const bool here = bau_pack_at(&pack, i, &at);
        cr_assert_eq(here, !nulls || i % 7);
        cr_assert_eq((out.present[i / 64] >> (i % 64)) & 1u, here);
        if (here)
            cr_assert(out.id[i] == in.id[i] && at == in.id[i], "base %llu row %u", (unsigned long long)base,
                      i);
    }
    bau_blob_drop(spill, &pack.blob);
}

Test(subset_keys, packs_keep_every_value)
{
    static const uint64_t spreads[] = { 0, 1, 2, 100, 1u << 24, (uint64_t)1 << 40, UINT64_MAX };
    for (uint32_t outside = 0; outside < 2; outside++) {
        struct bau_spill spill;
        cr_assert_eq(bau_spill_init(&spill, "/tmp", outside ? 0 : 1u << 30, &err), BAU_OK);
        for (size_t k = 0; k < BAU_COUNT(spreads); k++)
            for (uint32_t n = 0; n <= BAU_PACK_ROWS; n = n ? n * 2 : 1)
                for (uint32_t nulls = 0; nulls < 2; nulls++)
                    pack_check(&spill, (uint64_t)1 << 63, spreads[k], n, nulls);
        cr_assert_eq(atomic_load(&spill.end) > 0, outside);
        cr_assert_eq(atomic_load(&spill.used), 0);
        bau_spill_release(&spill);
    }
}

Test(subset_keys, a_changed_scratch_file_is_noticed)
{
    struct bau_spill spill;
    struct bau_blob blob;
    uint8_t buffer[100], text[100] = "keys of rows";
    const uint8_t *got;
    cr_assert_eq(bau_spill_init(&spill, "/tmp", 0, &err), BAU_OK);
    cr_assert_eq(bau_blob_put(&spill, text, sizeof(text), &blob, &err), BAU_OK);
    cr_assert_eq(bau_blob_get(&spill, &blob, buffer, &got, &err), BAU_OK);
    cr_assert_arr_eq(got, text, sizeof(text));
    uint8_t on_disk[100];
    cr_assert_eq(pread(atomic_load(&spill.fd), on_disk, sizeof(on_disk), 0), 100);
    cr_assert_null(memmem(on_disk, sizeof(on_disk), "keys", 4));
    on_disk[3] ^= 1u;
    cr_assert_eq(pwrite(atomic_load(&spill.fd), on_disk, sizeof(on_disk), 0), 100);
    cr_assert_eq(bau_blob_get(&spill, &blob, buffer, &got, &err), BAU_E_INTEGRITY);
    bau_spill_release(&spill);
}

Test(subset_keys, a_folder_that_is_not_there)
{
    struct bau_spill spill;
    struct bau_blob blob;
    cr_assert_eq(bau_spill_init(&spill, "/nowhere/at/all", 0, &err), BAU_OK);
    cr_assert_eq(bau_blob_put(&spill, "x", 1, &blob, &err), BAU_E_IO);
    bau_spill_release(&spill);
}
