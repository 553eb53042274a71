/* What the random schemas do not reach: great depth, many rows, threads, the memory limit, samples, budgets, refusals. */
#include "tests/support/subset_model.h"

#include <openssl/evp.h>
#include <pthread.h>

static struct bau_error err;

/* ── many rows of integers, without a model ──────────────────────────────────────────────────────────────────────── */

#define BATCH 4096u

struct bulk { /* one dataset: column c of row i is value(c, i) as `types[c]`; INT64_MIN: null */
    uint64_t n;
    uint32_t n_columns;
    const struct bau_subset_column *columns;
    int64_t (*value)(uint32_t column, uint64_t row);
    bool (*start)(uint64_t row);
};

static void bulk_cell(const struct bau_subset_column *c, int64_t v, uint8_t *to)
{
    const bool null = v == INT64_MIN;
    if (c->type == BAU_UUID) {
        memset(to, 0, 16);
        memcpy(to, &(uint64_t){ null ? 0 : (uint64_t)v * 0x9E3779B97F4A7C15u }, 8);
        memcpy(to + 8, &(int64_t){ null ? 0 : v }, 8);
    } else {
        memcpy(to, &(int64_t){ null ? 0 : v }, 8);
    }
}

static const struct bau_column **bulk_batch(const struct bulk *b, uint64_t from, uint32_t n,
                                            struct bau_arena *arena)
{
    const struct bau_column **const out = bau_arena_zero(arena, b->n_columns * sizeof(*out));
    for (uint32_t c = 0; c < b->n_columns; c++) {
        struct bau_column *const one = bau_arena_zero(arena, sizeof(*one));
        const uint32_t width = bau_type_width(b->columns[c].type);
        *one = (struct bau_column){ .type = b->columns[c].type, .form = BAU_FORM_TYPED, .n_values = n };
        one->valid = bau_arena_zero(arena, BATCH / 8);
        one->data = bau_arena_buffer(arena, (size_t)n * width);
        for (uint32_t i = 0; i < n; i++) {
            const int64_t v = b->value(c, from + i);
            one->valid[i / 64] |= (uint64_t)(v != INT64_MIN) << (i % 64);
            bulk_cell(&b->columns[c], v, (uint8_t *)one->data + (size_t)i * width);
        }
        out[c] = one;
    }
    return out;
}

struct lane {
    struct bau_subset *s;
    const struct bulk *bulks;
    uint32_t n_bulks, number, of;
};

static void *bulk_lane(void *with)
{
    const struct lane *const l = with;
    struct bau_error e = { .text = "" };
    struct bau_arena *const arena = bau_arena_new(1u << 20, BAU_ARENA_PLAIN);
    for (uint32_t d = 0; d < l->n_bulks; d++) {
        const struct bulk *const b = &l->bulks[d];
        struct bau_subset_feed *feed;
        cr_assert_eq(bau_subset_feed_new(l->s, d, &feed, &e), BAU_OK, "%s", e.text);
        for (uint64_t from = (uint64_t)l->number * BATCH; from < b->n; from += (uint64_t)l->of * BATCH) {
            uint64_t starts[BATCH / 64] = { 0 };
            const uint32_t n = (uint32_t)(b->n - from < BATCH ? b->n - from : BATCH);
            for (uint32_t i = 0; b->start && i < n; i++)
                starts[i / 64] |= (uint64_t)b->start(from + i) << (i % 64);
            cr_assert_eq(bau_subset_feed_rows(feed, bulk_batch(b, from, n, arena), n, starts, &e), BAU_OK,
                         "%s", e.text);
            bau_arena_reset(arena);
        }
        cr_assert_eq(bau_subset_feed_commit(feed, &e), BAU_OK, "%s", e.text);
        bau_subset_feed_free(feed);
    }
    bau_arena_free(arena);
    return NULL;
}

static void bulk_feed(struct bau_subset *s, const struct bulk *bulks, uint32_t n, uint32_t n_lanes)
{
    pthread_t threads[8];
    struct lane lanes[8];
    for (uint32_t i = 0; i < n_lanes; i++) {
        lanes[i] = (struct lane){ s, bulks, n, i, n_lanes };
        cr_assert_eq(pthread_create(&threads[i], NULL, bulk_lane, &lanes[i]), 0);
    }
    for (uint32_t i = 0; i < n_lanes; i++)
        pthread_join(threads[i], NULL);
}

/* How many rows the test says are kept, and a sum that tells which. */
static uint64_t bulk_kept(struct bau_subset *s, const struct bulk *b, uint32_t d, uint64_t *out_sum)
{
    uint64_t kept = 0, bits[BATCH / 64];
    struct bau_subset_test *test;
    struct bau_arena *const arena = bau_arena_new(1u << 20, BAU_ARENA_PLAIN);
    *out_sum = 0;
    cr_assert_eq(bau_subset_test_new(s, d, &test, &err), BAU_OK);
    for (uint64_t from = 0; from < b->n; from += BATCH) {
        const uint32_t n = (uint32_t)(b->n - from < BATCH ? b->n - from : BATCH);
        cr_assert_eq(bau_subset_test_rows(test, bulk_batch(b, from, n, arena), n, bits, &err), BAU_OK, "%s",
                     err.text);
        for (uint32_t i = 0; i < n; i++)
            if ((bits[i / 64] >> (i % 64)) & 1u) {
                kept++;
                *out_sum += (from + i) * (from + i + 7);
            }
        bau_arena_reset(arena);
    }
    bau_subset_test_free(test);
    bau_arena_free(arena);
    return kept;
}

/* ── depth ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

enum { DEEP = 1000000 };
static const uint32_t first_column[] = { 0 }, second_column[] = { 1 };
static const struct bau_subset_column two_integers[] = { { "id", BAU_I64, 0 }, { "parent", BAU_I64, 0 } };

static int64_t chain_value(uint32_t column, uint64_t row)
{
    return column == 0 ? (int64_t)row : row ? (int64_t)row - 1 : INT64_MIN;
}
static bool is_first(uint64_t row)
{
    return row == 0;
}
static bool is_last(uint64_t row)
{
    return row == DEEP - 1;
}

static void deep(bool down)
{
    const struct bau_subset_dataset dataset = { .name = "t",
                                                .n_columns = 2,
                                                .columns = two_integers,
                                                .n_identity = 1,
                                                .identity = first_column,
                                                .start = BAU_SUBSET_START_FLAGGED,
                                                .sample = BAU_SUBSET_WHOLE };
    const struct bau_subset_edge edge = { .name = "e",
                                          .n_columns = 1,
                                          .child_columns = second_column,
                                          .down = down,
                                          .parent_columns = first_column,
                                          .when_column = BAU_SUBSET_NONE,
                                          .newest_column = BAU_SUBSET_NONE };
    const struct bau_subset_graph graph = { 1, 1, &dataset, &edge };
    const struct bau_subset_options options = { .memory = 64u << 20 };
    const struct bulk bulk = { DEEP, 2, two_integers, chain_value, down ? is_first : is_last };
    struct bau_subset *s;
    struct bau_subset_link *links;
    uint32_t n;
    uint64_t sum;
    cr_assert_eq(bau_subset_new(&graph, &options, &s, &err), BAU_OK, "%s", err.text);
    bulk_feed(s, &bulk, 1, 1); /* one reading */
    cr_assert_eq(bau_subset_run(s, &err), BAU_OK, "%s", err.text);
    cr_assert_eq(bau_subset_count_of(s, 0).kept, DEEP);
    cr_assert_eq(bau_subset_count_of(s, 0).dependants, down ? DEEP : 1);
    cr_assert_eq(bau_subset_edge_count_of(s, 0).references, DEEP - 1);
    cr_assert_eq(bau_subset_edge_count_of(s, 0).broken, 0);
    cr_assert_eq(bulk_kept(s, &bulk, 0, &sum), DEEP);
    struct bau_arena *const arena = bau_arena_new(1u << 16, BAU_ARENA_PLAIN);
    const struct bau_column *const *const far = bulk_batch(&bulk, down ? DEEP - 1 : 0, 1, arena);
    cr_assert_eq(bau_subset_explain(s, 0, far, DEEP, arena, &links, &n, &err), BAU_OK, "%s", err.text);
    cr_assert_eq(n, DEEP);
    cr_assert_eq(links[0].why, down ? BAU_SUBSET_WHY_CHILD : BAU_SUBSET_WHY_PARENT);
    cr_assert_eq(bau_subset_explain(s, 0, far, DEEP - 1, arena, &links, &n, &err), BAU_E_LIMIT);
    bau_arena_free(arena);
    bau_subset_free(s);
}

Test(subset_closure, a_million_levels_down, .timeout = 120)
{
    deep(true);
}
Test(subset_closure, a_million_levels_up, .timeout = 120)
{
    deep(false);
}

/* ── threads and the memory limit ────────────────────────────────────────────────────────────────────────────────── */

enum { CUSTOMERS = 60000, ORDERS = 240000, ITEMS = 300000, PRODUCTS = 5000 };
static uint64_t mixed(uint64_t v)
{
    v = (v ^ (v >> 30)) * 0xBF58476D1CE4E5B9u;
    v = (v ^ (v >> 27)) * 0x94D049BB133111EBu;
    return v ^ (v >> 31);
}
static int64_t one_key(uint32_t column, uint64_t row)
{
    (void)column;
    return (int64_t)row;
}
static int64_t order_value(uint32_t column, uint64_t row)
{
    return column ? (int64_t)(mixed(row) % CUSTOMERS) : (int64_t)row;
}
static int64_t item_value(uint32_t column, uint64_t row)
{
    if (column == 2 && row % 10 == 0)
        return INT64_MIN;
    return column == 0 ? (int64_t)row : (int64_t)(mixed(row + column) % (column == 1 ? ORDERS : PRODUCTS));
}
static bool one_in_a_hundred(uint64_t row)
{
    return row % 100 == 0;
}

struct shop {
    struct bau_subset_column columns[4][3];
    struct bau_subset_dataset datasets[4];
    struct bau_subset_edge edges[3];
    struct bau_subset_graph graph;
    struct bulk bulks[4];
};
static const uint32_t third_column[] = { 2 };

static void shop_make(struct shop *shop, bau_type key)
{
    static const char *const names[] = { "customers", "orders", "items", "products" };
    static const uint64_t rows[] = { CUSTOMERS, ORDERS, ITEMS, PRODUCTS };
    static int64_t (*const values[])(uint32_t, uint64_t) = { one_key, order_value, item_value, one_key };
    static const struct {
        uint32_t child, parent;
        const uint32_t *columns;
    } edges[] = { { 1, 0, second_column }, { 2, 1, second_column }, { 2, 3, third_column } };
    memset(shop, 0, sizeof(*shop));
    for (uint32_t d = 0; d < 4; d++) {
        const uint32_t n = d == 1 ? 2 : d == 2 ? 3 : 1;
        for (uint32_t c = 0; c < n; c++)
            shop->columns[d][c] = (struct bau_subset_column){ "c", key, BAU_SUBSET_TEXT_EXACT };
        shop->datasets[d] = (struct bau_subset_dataset){ .name = names[d],
                                                         .n_columns = n,
                                                         .columns = shop->columns[d],
                                                         .n_identity = 1,
                                                         .identity = first_column,
                                                         .bytes_a_row = 10,
                                                         .sample = BAU_SUBSET_WHOLE };
        shop->bulks[d] =
            (struct bulk){ rows[d], n, shop->columns[d], values[d], d ? NULL : one_in_a_hundred };
    }
    shop->datasets[0].start = BAU_SUBSET_START_FLAGGED;
    for (uint32_t e = 0; e < 3; e++)
        shop->edges[e] = (struct bau_subset_edge){ .name = "e",
                                                   .child = edges[e].child,
                                                   .parent = edges[e].parent,
                                                   .n_columns = 1,
                                                   .child_columns = edges[e].columns,
                                                   .down = true,
                                                   .parent_columns = first_column,
                                                   .when_column = BAU_SUBSET_NONE,
                                                   .newest_column = BAU_SUBSET_NONE };
    shop->graph = (struct bau_subset_graph){ 4, 3, shop->datasets, shop->edges };
}

/* The closure of the shop, spelled out: what has an order of a chosen customer, and the products of that. */
static void shop_want(uint64_t want[4])
{
    static bool product[PRODUCTS];
    memset(want, 0, 4 * sizeof(*want));
    want[0] = CUSTOMERS / 100;
    for (uint64_t i = 0; i < ORDERS; i++)
        want[1] += order_value(1, i) % 100 == 0;
    for (uint64_t i = 0; i < ITEMS; i++) {
        if (order_value(1, (uint64_t)item_value(1, i)) % 100)
            continue;
        want[2]++;
        if (item_value(2, i) != INT64_MIN)
            product[item_value(2, i)] = true;
    }
    for (uint32_t i = 0; i < PRODUCTS; i++)
        want[3] += product[i];
}

static void shop_check(bau_type key, uint64_t memory, uint32_t lanes, uint64_t sums[4], uint64_t *peak,
                       uint64_t *scratch)
{
    struct shop shop;
    struct bau_subset *s;
    uint64_t want[4];
    const struct bau_subset_options options = { .memory = memory };
    shop_make(&shop, key);
    shop_want(want);
    cr_assert_eq(bau_subset_new(&shop.graph, &options, &s, &err), BAU_OK, "%s", err.text);
    bulk_feed(s, shop.bulks, 4, lanes);
    cr_assert_eq(bau_subset_run(s, &err), BAU_OK, "%s", err.text);
    for (uint32_t d = 0; d < 4; d++) {
        cr_assert_eq(bau_subset_count_of(s, d).kept, want[d], "dataset %u", d);
        cr_assert_eq(bau_subset_count_of(s, d).seen, shop.bulks[d].n, "dataset %u", d);
        cr_assert_eq(bulk_kept(s, &shop.bulks[d], d, &sums[d]), want[d], "dataset %u", d);
    }
    for (uint32_t e = 0; e < 3; e++)
        cr_assert_eq(bau_subset_edge_count_of(s, e).broken, 0);
    *peak = bau_subset_memory_peak(s);
    *scratch = bau_subset_scratch(s);
    bau_subset_free(s);
}

Test(subset_closure, lanes_and_memory_change_nothing, .timeout = 300)
{
    static const bau_type keys[] = { BAU_I64, BAU_UUID };
    for (size_t k = 0; k < BAU_COUNT(keys); k++) {
        uint64_t first[4], again[4], peak, scratch;
        shop_check(keys[k], 1u << 30, 1, first, &peak, &scratch);
        cr_assert_eq(scratch, 0);
        for (uint32_t way = 0; way < 3; way++) {
            const uint64_t memory = way == 0 ? 1u << 30 : way == 1 ? 24u << 20 : 1u << 20;
            shop_check(keys[k], memory, way == 2 ? 1 : 4, again, &peak, &scratch);
            cr_assert_arr_eq(first, again, sizeof(first), "way %u", way);
            cr_assert_eq(scratch > 0, way == 2 || (way == 1 && k == 1), "way %u", way);
            if (way == 1)
                cr_assert_leq(peak, memory, "peak %llu", (unsigned long long)peak);
        }
    }
}

/* ── samples ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* The keyed rank of an integer key by OpenSSL: the first 8 bytes, little end first, of
 * AES-128-CMAC(key, name, 0, 1, the biased integer big end first). */
static uint64_t rank_of(const uint8_t key[16], const char *name, int64_t v)
{
    uint8_t message[64], mac[16];
    size_t n = strlen(name), len = sizeof(mac);
    uint64_t rank = 0;
    memcpy(message, name, n + 1);
    message[n + 1] = 1;
    for (uint32_t k = 0; k < 8; k++)
        message[n + 2 + k] = (uint8_t)(((uint64_t)v ^ (uint64_t)1 << 63) >> (56 - 8 * k));
    cr_assert_not_null(
        EVP_Q_mac(NULL, "CMAC", NULL, "AES-128-CBC", NULL, key, 16, message, n + 10, mac, len, &len));
    for (uint32_t k = 0; k < 8; k++)
        rank |= (uint64_t)mac[k] << (8 * k);
    return rank;
}

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

Test(subset_closure, a_sample_is_keyed_and_exact, .timeout = 120)
{
    static uint64_t ranks[CUSTOMERS];
    static int64_t kept[CUSTOMERS];
    static const uint8_t key[16] = "fifteen letters";
    for (uint32_t way = 0; way < 3; way++) {
        struct shop shop;
        struct bau_subset *s;
        struct bau_subset_options options = { .memory = 64u << 20 };
        memcpy(options.key, key, sizeof(key));
        shop_make(&shop, BAU_I64);
        shop.datasets[0].start = way == 2 ? BAU_SUBSET_START_FLAGGED : BAU_SUBSET_START_ALL;
        shop.datasets[0].sample = way == 0 ? 50000 : BAU_SUBSET_WHOLE; /* 5 % */
        shop.datasets[0].limit = way == 0 ? 0 : 250;
        uint64_t n = 0;
        for (int64_t i = 0; i < CUSTOMERS; i++)
            if (way != 2 || i % 100 == 0)
                ranks[n++] = rank_of(key, "customers", i);
        qsort(ranks, n, sizeof(*ranks), by_value);
        const uint64_t last = way == 0 ? (uint64_t)(0.05 * 18446744073709551616.0) : ranks[249];
        cr_assert_eq(bau_subset_new(&shop.graph, &options, &s, &err), BAU_OK, "%s", err.text);
        bulk_feed(s, shop.bulks, 4, 2);
        cr_assert_eq(bau_subset_run(s, &err), BAU_OK, "%s", err.text);
        const size_t got = bau_subset_kept_integers(s, 0, kept, CUSTOMERS);
        if (way)
            cr_assert_eq(got, 250);
        for (size_t i = 0; i < got; i++) {
            cr_assert_leq(rank_of(key, "customers", kept[i]), last, "way %u", way);
            cr_assert(i == 0 || kept[i - 1] < kept[i]);
        }
        uint64_t want = 0;
        for (uint64_t i = 0; i < n; i++)
            want += ranks[i] <= last;
        cr_assert_eq(got, want, "way %u", way);
        bau_subset_free(s);
    }
}

/* At most `limit` orders a customer, and those with the smallest ranks. */
Test(subset_closure, a_limit_takes_the_first_by_rank, .timeout = 120)
{
    static uint64_t best[CUSTOMERS][2];
    static const uint8_t key[16] = "fifteen letters";
    struct shop shop;
    struct bau_subset *s;
    struct bau_subset_options options = { .memory = 8u << 20 }; /* small: parents are taken in turns */
    memcpy(options.key, key, sizeof(key));
    shop_make(&shop, BAU_I64);
    shop.edges[0].limit = 2;
    memset(best, 0xFF, sizeof(best));
    for (int64_t i = 0; i < ORDERS; i++) {
        uint64_t *const two = best[order_value(1, (uint64_t)i)], rank = rank_of(key, "orders", i);
        if (rank < two[0]) {
            two[1] = two[0];
            two[0] = rank;
        } else if (rank < two[1]) {
            two[1] = rank;
        }
    }
    static int64_t kept[ORDERS];
    cr_assert_eq(bau_subset_new(&shop.graph, &options, &s, &err), BAU_OK, "%s", err.text);
    bulk_feed(s, shop.bulks, 4, 2);
    cr_assert_eq(bau_subset_run(s, &err), BAU_OK, "%s", err.text);
    const size_t n = bau_subset_kept_integers(s, 1, kept, ORDERS);
    uint64_t want = 0;
    for (uint32_t c = 0; c < CUSTOMERS; c += 100)
        want += (best[c][0] != UINT64_MAX ? 1u : 0u) + (best[c][1] != UINT64_MAX ? 1u : 0u);
    cr_assert_eq(n, want);
    for (size_t i = 0; i < n; i++)
        cr_assert_leq(rank_of(key, "orders", kept[i]), best[order_value(1, (uint64_t)kept[i])][1]);
    bau_subset_free(s);
}

/* ── budgets ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static uint64_t fitted(uint64_t bytes, uint64_t rows, uint32_t lanes, bau_status want)
{
    struct shop shop;
    struct bau_subset *s;
    uint64_t share, total = 0;
    const struct bau_subset_options options = { .memory = 64u << 20, .fit = true };
    shop_make(&shop, BAU_I64);
    cr_assert_eq(bau_subset_new(&shop.graph, &options, &s, &err), BAU_OK, "%s", err.text);
    bulk_feed(s, shop.bulks, 4, lanes);
    cr_assert_eq(bau_subset_fit(s, bytes, rows, &share, &err), want, "%s", err.text);
    for (uint32_t d = 0; d < 4; d++)
        total += bau_subset_count_of(s, d).kept;
    bau_subset_free(s);
    return total;
}

Test(subset_closure, a_budget_is_used_and_kept, .timeout = 120)
{
    const uint64_t all = fitted(0, 0, 1, BAU_OK), half = fitted(0, all / 2, 1, BAU_OK);
    cr_assert_leq(half, all / 2);
    cr_assert_gt(half, all / 2 * 9 / 10);
    cr_assert_eq(fitted(0, all / 2, 3, BAU_OK), half);
    cr_assert_eq(fitted(all / 2 * 10, 0, 1, BAU_OK), half); /* 10 bytes a row */
    cr_assert_eq(fitted(0, all, 1, BAU_OK), all);
}

/* ── refusals ────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void refused(const struct shop *shop, uint64_t memory, const char *word)
{
    struct bau_subset *s;
    const struct bau_subset_options options = { .memory = memory };
    cr_assert_eq(bau_subset_new(&shop->graph, &options, &s, &err), BAU_E_USAGE, "%s", word);
    cr_assert_not_null(strstr(err.text, word), "%s", err.text);
}

Test(subset_closure, graphs_that_make_no_sense)
{
    static const uint32_t far[] = { 9 };
    struct shop shop;
    shop_make(&shop, BAU_I64);
    refused(&shop, 1000, "memory");
    shop.datasets[0].start = BAU_SUBSET_START_NO;
    refused(&shop, 1u << 20, "no start");
    shop_make(&shop, BAU_I64);
    shop.datasets[0].n_identity = 0;
    refused(&shop, 1u << 20, "no columns");
    shop_make(&shop, BAU_I64);
    shop.datasets[0].sample = 1000001;
    refused(&shop, 1u << 20, "100 %");
    shop_make(&shop, BAU_I64);
    shop.edges[1].child_columns = far;
    refused(&shop, 1u << 20, "column 9 of 3");
    shop_make(&shop, BAU_I64);
    shop.edges[1].parent = 4;
    refused(&shop, 1u << 20, "not there");
    shop_make(&shop, BAU_I64);
    shop.columns[1][1].type = BAU_UUID;
    refused(&shop, 1u << 20, "cannot be compared");
    shop_make(&shop, BAU_I64);
    shop.edges[1].when_column = 0;
    refused(&shop, 1u << 20, "no text column");
    shop_make(&shop, BAU_UUID);
    shop.edges[1].newest_column = 0;
    refused(&shop, 1u << 20, "newest first");
    shop_make(&shop, BAU_I64);
    shop.edges[1].depth = 65;
    refused(&shop, 1u << 20, "depth");
}

/* Only what rows can be kept of is read, and only key columns of that. */
Test(subset_closure, reads_no_more_than_it_needs)
{
    struct shop shop;
    struct bau_subset *s;
    bool columns[3];
    const struct bau_subset_options options = { .memory = 1u << 20 };
    shop_make(&shop, BAU_I64);
    shop.datasets[0].start = BAU_SUBSET_START_NO;
    shop.datasets[1].start = BAU_SUBSET_START_FLAGGED;
    shop.edges[1].down = false;
    cr_assert_eq(bau_subset_new(&shop.graph, &options, &s, &err), BAU_OK);
    cr_assert(bau_subset_reads(s, 0, columns) && columns[0]);
    cr_assert(bau_subset_reads(s, 1, columns) && columns[0] && columns[1]);
    cr_assert_not(bau_subset_reads(s, 2, columns)); /* no way down to it */
    cr_assert_not(bau_subset_reads(s, 3, columns));
    cr_assert_eq(bau_subset_run(s, &err), BAU_OK, "%s", err.text);
    struct bau_subset_feed *feed;
    cr_assert_eq(bau_subset_feed_new(s, 0, &feed, &err), BAU_E_BUG);
    bau_subset_free(s);
    bau_subset_free(NULL);
}
