/* Keys as people write them, and the rows that a list of them names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/refresh/run.h"

struct bau_listed {
    struct bau_text bytes; /* every key of the list, NUL behind each column */
    struct key {
        const char *at;
        size_t len;
    } * keys; /* sorted */
    uint32_t n;
    struct bau_text row;
};

static int compare(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    if (x->len != y->len)
        return x->len < y->len ? -1 : 1;
    return memcmp(x->at, y->at, x->len);
}

/* As written: a key that is spelled in another way than add_value spells it names no row. */
static void add_written(const char *text, struct bau_text *out)
{
    bau_text_addn(out, text, strlen(text));
    bau_text_addn(out, "", 1);
}

bau_status bau_listed_new(const struct bau_from_rule *from, struct bau_listed **out, struct bau_error *err)
{
    struct bau_listed *l = bau_alloc(sizeof *l);
    struct key *keys = bau_alloc_array((size_t)from->n_keys + 1, sizeof *keys);
    size_t *at = bau_alloc_array((size_t)from->n_keys + 1, sizeof *at);
    if (l && keys && at) {
        for (uint32_t i = 0; i < from->n_keys; i++) {
            at[i] = l->bytes.len;
            for (size_t c = 0; c < from->keys[i].n; c++)
                add_written(from->keys[i].at[c], &l->bytes);
        }
        at[from->n_keys] = l->bytes.len;
    }
    if (!l || !keys || !at || l->bytes.failed) {
        bau_free(keys);
        bau_free(at);
        if (l)
            bau_text_release(&l->bytes);
        bau_free(l);
        return bau_error_set(err, BAU_E_NOMEM, "keys");
    }
    for (uint32_t i = 0; i < from->n_keys; i++)
        keys[i] = (struct key){ l->bytes.data + at[i], at[i + 1] - at[i] };
    qsort(keys, from->n_keys, sizeof *keys, compare);
    bau_free(at);
    l->keys = keys;
    l->n = from->n_keys;
    *out = l;
    return BAU_OK;
}

void bau_listed_free(struct bau_listed *l)
{
    if (!l)
        return;
    bau_text_release(&l->bytes);
    bau_text_release(&l->row);
    bau_free(l->keys);
    bau_free(l);
}

static void add_uuid(const uint8_t *v, struct bau_text *out)
{
    for (uint32_t i = 0; i < 16; i++)
        bau_text_addf(out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", v[i]);
}

/* Days since 1970-01-01 as YYYY-MM-DD; Howard Hinnant, "chrono-compatible low-level date algorithms", civil_from_days. */
static void add_date(int64_t days, struct bau_text *out)
{
    const int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, doe = z - era * 146097,
                  yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365,
                  doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153,
                  day = doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;
    bau_text_addf(out, "%04" PRIi64 "-%02" PRIi64 "-%02" PRIi64, yoe + era * 400 + (month <= 2), month, day);
}

static void add_instant(int64_t us, struct bau_text *out)
{
    const int64_t day_us = INT64_C(86400000000), days = us / day_us - (us % day_us < 0),
                  rest = us - days * day_us;
    add_date(days, out);
    bau_text_addf(out, " %02" PRIi64 ":%02" PRIi64 ":%02" PRIi64, rest / INT64_C(3600000000),
                  rest / 60000000 % 60, rest / 1000000 % 60);
    if (rest % 1000000)
        bau_text_addf(out, ".%06" PRIi64, rest % 1000000);
}

static void add_value(const struct bau_column *c, uint32_t row, struct bau_text *out)
{
    const struct bau_slice v = bau_column_value(c, row);
    int16_t i16;
    int32_t i32;
    int64_t i64;
    switch (c->type) {
    case BAU_BOOL: bau_text_add(out, v.data[0] ? "true" : "false"); return;
    case BAU_I16:
        memcpy(&i16, v.data, sizeof i16);
        bau_text_addf(out, "%d", i16);
        return;
    case BAU_I32:
        memcpy(&i32, v.data, sizeof i32);
        bau_text_addf(out, "%" PRIi32, i32);
        return;
    case BAU_DATE:
        memcpy(&i32, v.data, sizeof i32);
        add_date(i32, out);
        return;
    case BAU_I64:
        memcpy(&i64, v.data, sizeof i64);
        bau_text_addf(out, "%" PRIi64, i64);
        return;
    case BAU_TIMESTAMP:
    case BAU_TIMESTAMPTZ:
        memcpy(&i64, v.data, sizeof i64);
        add_instant(i64, out);
        return;
    case BAU_UUID: add_uuid(v.data, out); return;
    case BAU_TEXT:
    case BAU_NUMERIC:
    case BAU_JSON: bau_text_addn(out, v.data, v.len); return;
    case BAU_F32:
    case BAU_F64:
    case BAU_TIME:
    case BAU_BYTES:
    case BAU_OTHER:
    case BAU_TYPE_COUNT: break;
    }
    for (size_t i = 0; i < v.len; i++) /* no people write these */
        bau_text_addf(out, "%02x", v.data[i]);
}

void bau_key_text(const struct bau_subset_dataset *node, const struct bau_column *const *columns,
                  uint32_t row, struct bau_text *out)
{
    for (uint32_t i = 0; i < node->n_identity; i++) {
        const struct bau_column *c = columns[node->identity[i]];
        if (bau_column_present(c, row))
            add_value(c, row, out);
        bau_text_addn(out, "", 1);
    }
}

bau_status bau_listed_rows(struct bau_listed *l, const struct bau_subset_dataset *node,
                           const struct bau_column *const *columns, uint32_t n_rows, uint64_t *out,
                           struct bau_error *err)
{
    memset(out, 0, ((size_t)n_rows / 64 + 1) * sizeof *out);
    for (uint32_t row = 0; row < n_rows; row++) {
        l->row.len = 0;
        bau_key_text(node, columns, row, &l->row);
        if (l->row.failed)
            return bau_error_set(err, BAU_E_NOMEM, "keys");
        const struct key key = { l->row.data, l->row.len };
        if (bsearch(&key, l->keys, l->n, sizeof key, compare))
            out[row / 64] |= UINT64_C(1) << (row % 64);
    }
    return BAU_OK;
}
