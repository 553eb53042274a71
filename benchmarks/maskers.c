/* What one core does with every masker of the registry, bound with its example options, on every type it takes.
 *
 * A run is a batch of 4096 values, again and again into an arena that is reset, as in a lane. Beside it in the same
 * round: memcpy of the column's bytes and, where the masker is keyed, one HMAC-SHA256 and one AES-CMAC call of EVP a
 * value on a context that is kept. Seconds are of this thread's CPU. Medians of interleaved rounds; spread is the
 * interquartile range over the median.
 *
 *   maskers [--rounds N] [--flat] [NAME[:TYPE]|shapes|document …]     --flat: ns a value at 10^5, 10^6, 10^7 and 10^8 values */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "src/plan/build.h"
#include "src/plan/document.h"
#include "tests/support/samples.h"

enum { VALUES = BAU_BATCH_ROWS, ROUNDS_MOST = 99, MAX_CASES = 512, ROOM = 96 };
#define RUN_SECONDS 0.002

enum what { COPY, MASK, HMAC, CMAC, WHATS };

struct one {
    char name[40];
    const struct bau_masker *masker;
    struct bau_single *single;
    struct bau_document *document; /* instead of the single */
    struct bau_column in;
    size_t bytes;
    uint32_t batches[WHATS]; /* a round; 0: this way makes no sense here */
    double seconds[WHATS][ROUNDS_MOST];
};

static struct one all[MAX_CASES];
static size_t n_all;
static struct bau_arena *columns, *batch;
static struct bau_column owner;
static void *scratch;
static uint8_t *copied;
static EVP_MAC_CTX *macs[WHATS];
static volatile uint8_t sink;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void die(const char *what, const struct bau_error *err)
{
    fprintf(stderr, "%s: %s\n", what, err ? err->text : "failed");
    exit(1);
}

/* ---- values ---- */

/* Counts the example's digits (but the first) up by i, or its letters when it has no digits. */
static size_t vary(const char *example, uint64_t i, uint8_t *out)
{
    const size_t all_of = strlen(example), len = all_of < ROOM ? all_of : ROOM;
    memcpy(out, example, len);
    const char *first = strpbrk(example, "0123456789");
    for (size_t k = len; k-- > 0 && i;) {
        const uint8_t low = out[k] | 0x20;
        if (first && out[k] >= '0' && out[k] <= '9' && example + k != first) {
            out[k] = (uint8_t)('0' + ((uint64_t)(out[k] - '0') + i) % 10);
            i /= 10;
        } else if (!first && low >= 'a' && low <= 'z') {
            out[k] = (uint8_t)((out[k] & 0x20) | ('A' + i % 26));
            i /= 26;
        }
    }
    return len;
}

static size_t sample(const struct bau_masker *m, bau_type type, uint64_t i, uint8_t *out)
{
    char typed[64];
    snprintf(typed, sizeof typed, "%s:%s", m->name, bau_type_word(type));
    for (size_t s = 0; samples[s].masker; s++)
        if (strcmp(samples[s].masker, typed) == 0)
            return samples[s].make(i, out);
    for (size_t s = 0; samples[s].masker; s++)
        if (strcmp(samples[s].masker, m->name) == 0)
            return samples[s].make(i, out);
    return 0;
}

static int64_t number_of(const struct bau_masker *m, uint64_t i)
{
    uint8_t text[ROOM];
    int64_t v = 0;
    const size_t len = sample(m, BAU_TEXT, i, text);
    for (size_t k = 0; k < len; k++)
        v = text[k] >= '0' && text[k] <= '9' ? v * 10 + (text[k] - '0') : v;
    return len ? v : (int64_t)(i * 7919 % 1000003);
}

static size_t value_of(const struct bau_masker *m, bau_type type, uint64_t i, uint8_t *out)
{
    const int64_t n = number_of(m, i), us = n * 1000003;
    const int16_t i16 = (int16_t)(n % 30000);
    const int32_t i32 = (int32_t)n, date = (int32_t)(n % 20000);
    const double f64 = (double)(n % 60) + 0.125;
    const float f32 = (float)f64;
    switch (type) {
    case BAU_BOOL: out[0] = i & 1; return 1;
    case BAU_I16: memcpy(out, &i16, 2); return 2;
    case BAU_I32: memcpy(out, &i32, 4); return 4;
    case BAU_I64: memcpy(out, &n, 8); return 8;
    case BAU_F32: memcpy(out, &f32, 4); return 4;
    case BAU_F64: memcpy(out, &f64, 8); return 8;
    case BAU_DATE: memcpy(out, &date, 4); return 4;
    case BAU_TIME:
    case BAU_TIMESTAMP:
    case BAU_TIMESTAMPTZ: memcpy(out, &us, 8); return 8;
    case BAU_UUID:
        memcpy(out, "\x8f\x14\xe4\x5f\xce\xea\x46\x7f\xa0\xe6\xb5\xa1", 12);
        memcpy(out + 12, &i32, 4);
        return 16;
    case BAU_NUMERIC: return (size_t)snprintf((char *)out, ROOM, "%" PRId64, n % 60);
    case BAU_JSON: return (size_t)snprintf((char *)out, ROOM, "{\"n\":%" PRId64 "}", n);
    case BAU_TEXT:
    case BAU_BYTES:
    case BAU_OTHER:
    case BAU_TYPE_COUNT: break;
    }
    const size_t len = sample(m, type, i, out);
    return len ? len : vary(m->example_in, i, out);
}

static size_t text_24(const struct bau_masker *m, bau_type type, uint64_t i, uint8_t *out)
{
    (void)m;
    (void)type;
    return (size_t)snprintf((char *)out, ROOM, "customer-%015u", (unsigned)(i * 7919));
}

static size_t digits_16(const struct bau_masker *m, bau_type type, uint64_t i, uint8_t *out)
{
    (void)m;
    (void)type;
    return (size_t)snprintf((char *)out, ROOM, "49293813%08u", (unsigned)(i * 7919));
}

static size_t name_of_two(const struct bau_masker *m, bau_type type, uint64_t i, uint8_t *out)
{
    static const char *const names[] = { "Ada", "Charlotte", "Bob", "Maximilian",
                                         "Eve", "Margaret",  "Tim", "Olga" };
    const size_t n = (size_t)snprintf((char *)out, ROOM, "%s", names[i % BAU_COUNT(names)]);
    (void)m;
    (void)type;
    out[n - 1] = (uint8_t)('a' + i / BAU_COUNT(names) % 26);
    return n;
}

/* Rows of a document of 20 members, of which three are masked. */
static size_t profile(const struct bau_masker *m, bau_type type, uint64_t i, uint8_t *out)
{
    (void)m;
    (void)type;
    return (size_t)snprintf(
        (char *)out, 1024,
        "{\"id\": %u, \"email\": \"someone%u@example.com\", \"name\": \"Some One\", \"active\": true, "
        "\"address\": {\"street\": \"Long Street %u\", \"city\": \"Springfield\", \"zip\": \"12345\", "
        "\"country\": \"DE\"}, \"phones\": [{\"kind\": \"home\", \"number\": \"+49 30 %06u\"}, "
        "{\"kind\": \"work\", \"number\": \"+49 30 654321\"}], \"score\": 12.75, \"visits\": %u, "
        "\"last\": \"2024-05-06T07:08:09Z\", \"note\": \"a text of some length, as people write them\", "
        "\"tags\": [\"a\", \"b\"], \"vip\": false, \"ref\": null, \"language\": \"en\"}",
        (unsigned)i + 1, (unsigned)i, (unsigned)(i % 97), (unsigned)(i * 7919 % 1000000), (unsigned)(i % 50));
}

typedef size_t value_fn(const struct bau_masker *m, bau_type type, uint64_t i, uint8_t *out);

static struct bau_column make_column(const struct bau_masker *m, bau_type type, value_fn *make, size_t most)
{
    const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = type, .n_values = VALUES };
    struct bau_column c;
    struct bau_error err;
    if (bau_column_make(&c, &shape, type, most * VALUES, columns, &err) != BAU_OK)
        die("column", &err);
    uint8_t *start = c.data, *dst = start;
    for (uint32_t i = 0; i < VALUES; i++) {
        dst += make(m, type, i, dst);
        if (c.offsets)
            c.offsets[i + 1] = (uint32_t)(dst - start);
    }
    return c;
}

/* ---- ways ---- */

static bau_status mask(const struct one *o, struct bau_error *err)
{
    struct bau_column out = o->in;
    const struct bau_column *fields[BAU_BY_MOST];
    bau_arena_reset(batch);
    if (o->document)
        return bau_document_apply(o->document, batch, scratch, NULL, NULL, 0, &o->in, &out, err);
    for (size_t i = 0; i < BAU_BY_MOST; i++)
        fields[i] = &owner;
    struct bau_mask_ctx ctx = { .arena = batch, .scratch = scratch, .fields = fields };
    return bau_sub_apply(&o->single->bound.run, &ctx, &o->in, &out, err);
}

static void mac(const struct one *o, EVP_MAC_CTX *ctx)
{
    uint8_t out[32];
    size_t len;
    for (uint32_t i = 0; i < VALUES; i++) {
        const struct bau_slice v = bau_column_value(&o->in, i);
        if (EVP_MAC_init(ctx, NULL, 0, NULL) != 1 || EVP_MAC_update(ctx, v.data, v.len) != 1 ||
            EVP_MAC_final(ctx, out, &len, sizeof out) != 1)
            die("EVP_MAC", NULL);
        sink = out[0];
    }
}

static void run(const struct one *o, enum what what)
{
    struct bau_error err;
    switch (what) {
    case COPY:
        memcpy(copied, o->in.data, o->bytes);
        sink = copied[sink];
        break;
    case MASK:
        if (mask(o, &err) != BAU_OK)
            die(o->name, &err);
        break;
    case HMAC:
    case CMAC: mac(o, macs[what]); break;
    case WHATS: break;
    }
}

static EVP_MAC_CTX *mac_new(const char *name, const char *parameter, const char *value, size_t key_len)
{
    static const uint8_t key[32] = "thirty-two bytes of a known key";
    char text[16];
    snprintf(text, sizeof text, "%s", value);
    const OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(parameter, text, 0),
                                  OSSL_PARAM_construct_end() };
    EVP_MAC *fetched = EVP_MAC_fetch(NULL, name, NULL);
    EVP_MAC_CTX *ctx = fetched ? EVP_MAC_CTX_new(fetched) : NULL;
    if (!ctx || EVP_MAC_init(ctx, key, key_len, params) != 1)
        die(name, NULL);
    EVP_MAC_free(fetched);
    return ctx;
}

/* ---- cases ---- */

/* Batches a round, so that each takes long enough for the clock. */
static void calibrate(struct one *o)
{
    for (int w = 0; w < WHATS; w++) {
        if ((w == HMAC || w == CMAC) && (o->document || !(o->masker->traits & BAU_KEYED)))
            continue;
        run(o, (enum what)w);
        const double from = now();
        for (uint32_t n = 1; o->batches[w] == 0; n *= 2) {
            for (uint32_t k = 0; k < n; k++)
                run(o, (enum what)w);
            const double took = now() - from;
            if (took > RUN_SECONDS / 4)
                o->batches[w] = (uint32_t)(RUN_SECONDS / took * (2 * n - 1)) + 1;
        }
    }
}

static bool wanted(const char *name, const char *typed, char **names, int n_names)
{
    bool any = n_names == 0;
    for (int i = 0; i < n_names; i++)
        any = any || strcmp(names[i], name) == 0 || strcmp(names[i], typed) == 0;
    return any;
}

static struct bau_single *bind(const char *masker, const char *options, bau_type type,
                               const struct bau_keys *keys)
{
    const char *at[32];
    struct bau_texts words = { .at = at };
    for (const char *p = options; *(p += strspn(p, " ")) && words.n < 32;) {
        size_t n = 0;
        for (int depth = 0; p[n] && (depth > 0 || p[n] != ' '); n++)
            depth += (strchr("[{", p[n]) != NULL) - (strchr("]}", p[n]) != NULL);
        at[words.n++] = bau_arena_textn(columns, p, n);
        p += n;
    }
    const struct bau_single_with with = {
        .masker = masker, .words = &words, .domain = "bench", .keys = keys, .type = type, .by_type = BAU_I32
    };
    struct bau_single *out = NULL;
    struct bau_error err;
    return bau_single_new(&with, &out, &err) == BAU_OK ? out : NULL;
}

static void add(const struct bau_masker *m, bau_type type, char **names, int n_names,
                const struct bau_keys *keys)
{
    struct one *o = &all[n_all];
    struct bau_error err;
    *o = (struct one){ .masker = m };
    snprintf(o->name, sizeof o->name, "%s:%s", m->name, bau_type_word(type));
    if (!wanted(m->name, o->name, names, n_names) || n_all == MAX_CASES)
        return;
    o->single = bind(m->name, m->example_options, type, keys);
    if (!o->single) {
        printf("%-24s not with its example options\n", o->name);
        return;
    }
    o->in = make_column(m, type, value_of, ROOM);
    o->bytes = o->in.offsets ? o->in.offsets[VALUES] : (size_t)VALUES * bau_type_width(type);
    if (mask(o, &err) != BAU_OK) {
        printf("%-24s refuses the values: %s\n", o->name, err.text);
        bau_single_free(o->single);
        return;
    }
    n_all++;
}

/* Figures that goals are set for: values of a known shape, options of their own. */
static const struct {
    const char *name, *masker, *options;
    value_fn *make;
} shapes[] = {
    { "token of 24 bytes", "hash_token", "", text_24 }, { "fpe of 16 digits", "fpe", "", digits_16 },
    { "given names", "first_name", "", name_of_two },   { "surnames", "last_name", "", name_of_two },
    { "whole names", "person_name", "", name_of_two },
};

static void add_shapes(char **names, int n_names, const struct bau_keys *keys)
{
    for (size_t i = 0; i < BAU_COUNT(shapes); i++) {
        struct one *o = &all[n_all];
        *o = (struct one){ .masker = bau_masker_find(shapes[i].masker) };
        snprintf(o->name, sizeof o->name, "%s", shapes[i].name);
        if (!wanted("shapes", o->name, names, n_names) || n_all == MAX_CASES)
            continue;
        o->single = bind(shapes[i].masker, shapes[i].options, BAU_TEXT, keys);
        o->in = make_column(o->masker, BAU_TEXT, shapes[i].make, ROOM);
        o->bytes = o->in.offsets[VALUES];
        n_all++;
    }
}

static void add_document(char **names, int n_names, const struct bau_keys *keys)
{
    static const char *const paths[] = { "$.email", "$.address.street", "$.phones[*].number", "$.**" };
    struct bau_document_path *list = bau_arena_zero(columns, BAU_COUNT(paths) * sizeof *list);
    struct one *o = &all[n_all];
    struct bau_error err;
    *o = (struct one){ .name = "document" };
    if (!wanted(o->name, o->name, names, n_names) || n_all == MAX_CASES)
        return;
    o->single = bind("hash_token", "", BAU_TEXT, keys);
    for (size_t i = 0; i < BAU_COUNT(paths); i++) {
        list[i].path = paths[i];
        list[i].keep = i == 3;
        if (i < 3)
            list[i].mask[0] = o->single->bound;
    }
    if (bau_document_new(list, BAU_COUNT(paths), columns, &o->document, &err) != BAU_OK)
        die(o->name, &err);
    o->in = make_column(NULL, BAU_JSON, profile, 1024);
    o->bytes = o->in.offsets[VALUES];
    n_all++;
}

/* ---- figures ---- */

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(int rounds)
{
    for (size_t i = 0; i < n_all; i++)
        calibrate(&all[i]);
    for (int round = 0; round < rounds; round++)
        for (size_t i = 0; i < n_all; i++)
            for (int w = 0; w < WHATS; w++) {
                struct one *o = &all[i];
                const double from = now();
                for (uint32_t k = 0; k < o->batches[w]; k++)
                    run(o, (enum what)w);
                o->seconds[w][round] = o->batches[w] ? (now() - from) / o->batches[w] : 0;
            }
    for (size_t i = 0; i < n_all; i++)
        for (int w = 0; w < WHATS; w++)
            qsort(all[i].seconds[w], (size_t)rounds, sizeof(double), by_value);
}

static void print(int rounds)
{
    printf("%-24s %8s %10s %8s %7s %9s %8s %8s\n", "masker:type", "bytes", "M values/s", "GB/s", "spread",
           "x memcpy", "x HMAC", "x CMAC");
    for (size_t i = 0; i < n_all; i++) {
        const struct one *o = &all[i];
        const double *mine = o->seconds[MASK], s = mine[rounds / 2];
        printf("%-24s %8.1f %10.2f %8.3f %6.0f%% %9.3f", o->name, (double)o->bytes / VALUES,
               VALUES / s * 1e-6, (double)o->bytes / s * 1e-9,
               100 * (mine[rounds * 3 / 4] - mine[rounds / 4]) / s, o->seconds[COPY][rounds / 2] / s);
        for (int w = HMAC; w <= CMAC; w++)
            if (o->batches[w])
                printf(" %8.2f", o->seconds[w][rounds / 2] / s);
            else
                printf(" %8s", "-");
        printf("\n");
    }
}

/* Whether the cost of a value stays the same however many there are. */
static void print_flat(void)
{
    printf("%-24s %10s %10s %10s %10s   ns a value\n", "masker:type", "10^5", "10^6", "10^7", "10^8");
    for (size_t i = 0; i < n_all; i++) {
        printf("%-24s", all[i].name);
        for (double values = 1e5; values < 2e8; values *= 10) {
            const uint64_t batches = (uint64_t)(values / VALUES) + 1;
            const double from = now();
            for (uint64_t k = 0; k < batches; k++)
                run(&all[i], MASK);
            printf(" %10.3f", (now() - from) * 1e9 / ((double)batches * VALUES));
            fflush(stdout);
        }
        printf("\n");
    }
}

int main(int argc, char **argv)
{
    static const uint8_t master[32] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
                                        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
    struct bau_keys *keys;
    struct bau_error err;
    int rounds = 9, at = 1;
    bool flat = false;
    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
        if (strcmp(argv[at], "--flat") == 0)
            flat = true;
        else if (strcmp(argv[at], "--rounds") == 0 && at + 1 < argc)
            rounds = (int)strtol(argv[++at], NULL, 10);
    }
    rounds = rounds < 1 ? 1 : rounds > ROUNDS_MOST ? ROUNDS_MOST : rounds;
    columns = bau_arena_new(1 << 20, BAU_ARENA_PRIVATE);
    batch = bau_arena_new(1 << 20, BAU_ARENA_PLAIN);
    scratch = bau_alloc(bau_project_scratch(NULL));
    copied = bau_alloc((size_t)1024 * VALUES);
    if (!columns || !batch || !scratch || !copied || bau_keys_of(master, &keys, &err) != BAU_OK)
        die("memory", NULL);
    macs[HMAC] = mac_new("HMAC", OSSL_MAC_PARAM_DIGEST, "SHA256", 32);
    macs[CMAC] = mac_new("CMAC", OSSL_MAC_PARAM_CIPHER, "AES-128-CBC", 16);
    for (size_t i = 0; i < bau_n_maskers; i++)
        for (unsigned t = 0; t < BAU_TYPE_COUNT; t++)
            if (bau_maskers[i]->accepts & BAU_TYPE_BIT(t))
                add(bau_maskers[i], (bau_type)t, argv + at, argc - at, keys);
    add_shapes(argv + at, argc - at, keys);
    add_document(argv + at, argc - at, keys);
    owner = make_column(bau_maskers[0], BAU_I32, value_of, 4);
    if (flat) {
        print_flat();
    } else {
        measure(rounds);
        print(rounds);
    }
    for (size_t i = 0; i < n_all; i++)
        bau_single_free(all[i].single);
    EVP_MAC_CTX_free(macs[HMAC]);
    EVP_MAC_CTX_free(macs[CMAC]);
    bau_keys_free(keys);
    bau_free(scratch);
    bau_free(copied);
    bau_arena_free(batch);
    bau_arena_free(columns);
    return 0;
}
