/* The closure alone: synthetic keys of a shop fed straight into the engine, no store behind it.
 *
 *     subset_core [CUSTOMERS] [MEMORY_MIB] [integer|uuid]
 *
 * CUSTOMERS (default 1,000,000) and ten child rows each in six tables, two of them below others; 1 % of the customers start, by
 * keyed sample. Two feeding threads. Prints rows a second of feeding, of the closure and of the membership test, the peak of the
 * engine's counted memory and of the process, and the bytes written to the scratch file. */
#include "src/subset/subset.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { TABLES = 8, LANES = 2, BATCH = 4096, MOST_COLUMNS = 3 };

static const struct {
    const char *name;
    uint32_t per_ten; /* rows for ten customers */
    int parents[2];   /* tables; -1: none */
} tables[TABLES] = {
    { "customers", 10, { -1, -1 } }, { "orders", 25, { 0, -1 } },    { "items", 40, { 1, 7 } },
    { "payments", 10, { 1, -1 } },   { "addresses", 10, { 0, -1 } }, { "sessions", 10, { 0, -1 } },
    { "reviews", 5, { 0, 7 } },      { "products", 1, { -1, -1 } },
};

static struct bau_subset_column columns[TABLES][MOST_COLUMNS];
static struct bau_subset_dataset datasets[TABLES];
static struct bau_subset_edge edges[TABLES * 2];
static const uint32_t places[MOST_COLUMNS] = { 0, 1, 2 };
static uint64_t n_rows[TABLES], n_customers = 1000000;
static bau_type key = BAU_I64;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void need(bau_status status, const struct bau_error *err)
{
    if (status == BAU_OK)
        return;
    fprintf(stderr, "subset_core: %s\n", err->text);
    exit(1);
}

static uint64_t mixed(uint64_t v)
{
    v = (v ^ (v >> 30)) * 0xBF58476D1CE4E5B9u;
    v = (v ^ (v >> 27)) * 0x94D049BB133111EBu;
    return v ^ (v >> 31);
}

static struct bau_subset_graph graph_make(void)
{
    uint32_t n_edges = 0;
    for (uint32_t t = 0; t < TABLES; t++) {
        uint32_t n = 1;
        n_rows[t] = n_customers / 10 * tables[t].per_ten;
        columns[t][0] = (struct bau_subset_column){ "id", key, BAU_SUBSET_TEXT_EXACT };
        for (uint32_t k = 0; k < 2 && tables[t].parents[k] >= 0; k++) {
            columns[t][n] = columns[t][0];
            edges[n_edges++] = (struct bau_subset_edge){
                .name = "edge",
                .child = t,
                .parent = (uint32_t)tables[t].parents[k],
                .n_columns = 1,
                .down = k == 0,
                .child_columns = &places[n],
                .parent_columns = places,
                .when_column = BAU_SUBSET_NONE,
                .newest_column = BAU_SUBSET_NONE,
            };
            n++;
        }
        datasets[t] = (struct bau_subset_dataset){ .name = tables[t].name,
                                                   .n_columns = n,
                                                   .columns = columns[t],
                                                   .n_identity = 1,
                                                   .identity = places,
                                                   .sample = BAU_SUBSET_WHOLE };
    }
    datasets[0].start = BAU_SUBSET_START_ALL;
    datasets[0].sample = BAU_SUBSET_WHOLE / 100;
    return (struct bau_subset_graph){ TABLES, n_edges, datasets, edges };
}

/* ── batches ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct batch {
    struct bau_column columns[MOST_COLUMNS];
    const struct bau_column *list[MOST_COLUMNS];
    uint64_t data[MOST_COLUMNS][BATCH * 2];
};

static void batch_fill(struct batch *b, uint32_t t, uint64_t from, uint32_t n)
{
    for (uint32_t c = 0; c < datasets[t].n_columns; c++) {
        const uint64_t above = c ? n_rows[tables[t].parents[c - 1]] : 0;
        for (uint32_t i = 0; i < n; i++) {
            const uint64_t v = c ? mixed(from + i + c) % above : from + i;
            if (key == BAU_UUID) {
                b->data[c][2 * i] = mixed(v);
                b->data[c][2 * i + 1] = v;
            } else {
                b->data[c][i] = v;
            }
        }
        b->columns[c] =
            (struct bau_column){ .form = BAU_FORM_TYPED, .type = key, .n_values = n, .data = b->data[c] };
        b->list[c] = &b->columns[c];
    }
}

struct lane {
    struct bau_subset *s;
    uint32_t number;
    bool test;
    uint64_t kept;
};

static void lane_table(struct lane *l, uint32_t t, struct batch *b)
{
    struct bau_error err;
    struct bau_subset_feed *feed = NULL;
    struct bau_subset_test *test = NULL;
    uint64_t bits[BATCH / 64];
    need(l->test ? bau_subset_test_new(l->s, t, &test, &err) : bau_subset_feed_new(l->s, t, &feed, &err),
         &err);
    for (uint64_t from = (uint64_t)l->number * BATCH; from < n_rows[t]; from += LANES * BATCH) {
        const uint32_t n = (uint32_t)(n_rows[t] - from < BATCH ? n_rows[t] - from : BATCH);
        batch_fill(b, t, from, n);
        if (!l->test) {
            need(bau_subset_feed_rows(feed, b->list, n, NULL, &err), &err);
            continue;
        }
        need(bau_subset_test_rows(test, b->list, n, bits, &err), &err);
        for (uint32_t w = 0; w < (n + 63) / 64; w++)
            l->kept += (uint64_t)__builtin_popcountll(bits[w]);
    }
    if (feed)
        need(bau_subset_feed_commit(feed, &err), &err);
    bau_subset_feed_free(feed);
    bau_subset_test_free(test);
}

static void *lane_run(void *with)
{
    struct lane *const l = with;
    struct batch *const b = bau_alloc(sizeof(*b));
    for (uint32_t t = 0; b && t < TABLES; t++)
        lane_table(l, t, b);
    bau_free(b);
    return NULL;
}

static double lanes_run(struct bau_subset *s, bool test, uint64_t *out_kept)
{
    pthread_t threads[LANES];
    struct lane lanes[LANES];
    const double from = now();
    *out_kept = 0;
    for (uint32_t i = 0; i < LANES; i++) {
        lanes[i] = (struct lane){ .s = s, .number = i, .test = test };
        pthread_create(&threads[i], NULL, lane_run, &lanes[i]);
    }
    for (uint32_t i = 0; i < LANES; i++) {
        pthread_join(threads[i], NULL);
        *out_kept += lanes[i].kept;
    }
    return now() - from;
}

int main(int argc, char **argv)
{
    struct bau_error err;
    struct bau_subset *s;
    struct rusage usage;
    uint64_t kept, total = 0, counted = 0;
    if (argc > 1)
        n_customers = strtoull(argv[1], NULL, 10);
    const uint64_t memory = argc > 2 ? strtoull(argv[2], NULL, 10) : 4096;
    if (argc > 3 && strcmp(argv[3], "uuid") == 0)
        key = BAU_UUID;
    const struct bau_subset_graph graph = graph_make();
    const struct bau_subset_options options = { .memory = memory << 20, .key = "a fixed key" };
    for (uint32_t t = 0; t < TABLES; t++)
        total += n_rows[t];
    need(bau_subset_new(&graph, &options, &s, &err), &err);
    const double fed = lanes_run(s, false, &kept), from = now();
    need(bau_subset_run(s, &err), &err);
    const double closed = now() - from, tested = lanes_run(s, true, &kept);
    for (uint32_t t = 0; t < TABLES; t++)
        counted += bau_subset_count_of(s, t).kept;
    getrusage(RUSAGE_SELF, &usage);
    printf("%s keys, %.1f M rows in %d tables, limit %llu MiB\n", key == BAU_UUID ? "uuid" : "integer",
           (double)total * 1e-6, TABLES, (unsigned long long)memory);
    printf("  feed     %7.2f s  %7.2f M rows/s\n", fed, (double)total * 1e-6 / fed);
    printf("  closure  %7.2f s  %7.2f M rows/s\n", closed, (double)total * 1e-6 / closed);
    printf("  test     %7.2f s  %7.2f M rows/s\n", tested, (double)total * 1e-6 / tested);
    printf("  kept %llu rows (test says %llu); peak %.0f MiB counted, %.0f MiB resident; scratch %.0f MiB\n",
           (unsigned long long)counted, (unsigned long long)kept,
           (double)bau_subset_memory_peak(s) / 1048576.0, (double)usage.ru_maxrss / 1024.0,
           (double)bau_subset_scratch(s) / 1048576.0);
    bau_subset_free(s);
    return counted == kept ? 0 : 1;
}
