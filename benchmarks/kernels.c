/* What one core does in the hot loops: millions of values a second of every kernel table this CPU has.
 *
 * The two ratios say how it compares with the floor (memcpy of the same bytes, in the same pieces for the
 * PRF) and with the plain way (one EVP call a value on a context that is kept). Medians of ROUNDS interleaved
 * rounds; spread is the interquartile range over the median. Run it alone on a quiet machine: ./kernels
 */
#include "src/kernel/ff1.h"
#include "src/kernel/json.h"
#include "src/kernel/kernels.h"
#include "src/kernel/names.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS 15
#define N 16384u
#define WIDTH 24u
#define MAX_CASES 24

struct one {
    char name[40];
    void (*run)(void *with);
    void *with;
    double units, bytes; /* values and bytes a run */
    double seconds[ROUNDS];
};

static struct one all[MAX_CASES];
static size_t n_all;
static uint8_t data[N * WIDTH], copy[N * WIDTH], out[N * 16];
static uint32_t offsets[N + 1], mixed[N + 1], picks[N];
static uint64_t values[N], ff1_left[N], ff1_right[N];
static struct bau_prf prf;
static struct bau_perm perm;
static struct bau_cipher cipher;
static struct bau_ff1 ff1;
static const struct bau_kernels *tables[8];
static EVP_CIPHER_CTX *evp, *evp256;
static struct bau_json_paths paths;
static struct bau_json_scratch scratch;
static char document[1024];
static uint64_t leaves;
static volatile uint8_t sink;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void run_memcpy(void *with)
{
    (void)with;
    for (uint32_t i = 0; i < N; i++)
        memcpy(copy + i * WIDTH, data + i * WIDTH, WIDTH);
    sink = copy[sink];
}

static void run_prf(void *with)
{
    const struct bau_kernels *k = with;
    k->prf(&prf, data, offsets, N, out);
    sink = out[sink];
}

static void run_prf_mixed(void *with)
{
    const struct bau_kernels *k = with;
    k->prf(&prf, data, mixed, N, out);
    sink = out[sink];
}

/* The plain way: chain the two blocks of each 24-byte value through one kept EVP context. */
static void run_prf_evp(void *with)
{
    (void)with;
    for (uint32_t i = 0; i < N; i++) {
        uint8_t state[16], block[16];
        int n;
        EVP_EncryptUpdate(evp, state, &n, data + i * WIDTH, 16);
        for (size_t b = 0; b < 16; b++)
            block[b] = (uint8_t)(state[b] ^ prf.last[WIDTH - 16][b] ^
                                 (b < WIDTH - 16 ? data[i * WIDTH + 16 + b] : 0));
        EVP_EncryptUpdate(evp, out + 16 * (size_t)i, &n, block, 16);
    }
    sink = out[sink];
}

static void run_feistel(void *with)
{
    const struct bau_kernels *k = with;
    k->feistel(&perm, values, N);
}

/* The plain way: eight EVP calls a value. */
static void run_feistel_evp(void *with)
{
    (void)with;
    for (uint32_t i = 0; i < N; i++) {
        uint8_t block[16] = { 0 };
        int n;
        for (int round = 0; round < 8; round++) {
            memcpy(block, &values[i], 8);
            EVP_EncryptUpdate(evp, out, &n, block, 16);
            memcpy(&values[i], out, 8);
        }
        values[i] %= perm.n;
    }
}

/* Sixteen decimal digits as two halves, AES-256. */
static void run_ff1(void *with)
{
    const struct bau_kernels *k = with;
    k->ff1(&ff1, ff1_left, ff1_right, N, false);
}

/* The plain way: ten EVP calls a value. */
static void run_ff1_evp(void *with)
{
    (void)with;
    for (uint32_t i = 0; i < N; i++) {
        uint8_t block[16] = { 0 };
        int n;
        for (int round = 0; round < 10; round++) {
            uint64_t y;
            memcpy(block, &ff1_right[i], 8);
            EVP_EncryptUpdate(evp256, out, &n, block, 16);
            memcpy(&y, out, 8);
            const uint64_t sum = (ff1_left[i] + y) % 100000000u;
            ff1_left[i] = ff1_right[i];
            ff1_right[i] = sum;
        }
    }
}

static void run_pick(void *with)
{
    bau_dict_pick_batch(with, values, N, picks);
    sink = (uint8_t)picks[sink];
}

static enum bau_json_verdict count_leaf(void *context, const struct bau_json_event *event)
{
    *(uint64_t *)context += (uint64_t)(event->path + 2);
    return BAU_JSON_GO;
}

static void run_json(void *with)
{
    (void)with;
    size_t at;
    for (uint32_t i = 0; i < N / 16; i++) {
        if (bau_json_scan(&paths, &scratch, (const void *)document, strlen(document), count_leaf, &leaves,
                          &at) != BAU_JSON_OK)
            exit(1);
    }
}

static void add(const char *what, const char *which, void (*run)(void *), const void *with, double units,
                double bytes)
{
    struct one *o = &all[n_all++];
    snprintf(o->name, sizeof o->name, "%s %s", what, which);
    o->run = run;
    memcpy(&o->with, &with, sizeof with);
    o->units = units;
    o->bytes = bytes;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const char *name)
{
    for (size_t i = 0; i < n_all; i++) {
        if (strcmp(all[i].name, name) == 0)
            return all[i].seconds[ROUNDS / 2] / all[i].units;
    }
    return 0;
}

static void set_up(void)
{
    static const uint8_t key[16] = "sixteen key byte";
    static const char *const texts[] = { "$.email", "$.address.street", "$.phones[*].number" };
    static _Alignas(16) uint8_t memory[1 << 15];
    struct bau_json_path_error err;
    uint64_t x = 88172645463325252ull;
    for (uint32_t i = 0; i < N; i++) {
        offsets[i + 1] = offsets[i] + WIDTH;
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        mixed[i + 1] = mixed[i] + (uint32_t)(x % 33u) % (N * WIDTH - mixed[i] > 64 ? 33u : 1u);
        values[i] = x % 9999999967u;
        ff1_left[i] = x % 100000000u;
        ff1_right[i] = (x >> 32) % 100000000u;
        memcpy(data + i * WIDTH, &x, sizeof x);
    }
    evp = EVP_CIPHER_CTX_new();
    evp256 = EVP_CIPHER_CTX_new();
    if (!evp || EVP_EncryptInit_ex(evp, EVP_aes_128_ecb(), NULL, key, NULL) != 1 ||
        !bau_prf_init(&prf, key) || !bau_perm_init(&perm, key, 9999999967u, NULL) ||
        !bau_json_paths_init(&paths, texts, 3, memory, &err))
        exit(1);
    if (!evp256 || EVP_EncryptInit_ex(evp256, EVP_aes_256_ecb(), NULL, data, NULL) != 1 ||
        !bau_cipher_init(&cipher, data, 32) || !bau_ff1_init(&ff1, &cipher, 10, 16, data, 8))
        exit(1);
    EVP_CIPHER_CTX_set_padding(evp, 0);
    EVP_CIPHER_CTX_set_padding(evp256, 0);
    snprintf(document, sizeof document,
             "{\"id\":123456,\"email\":\"someone@example.com\",\"name\":\"Some "
             "One\",\"active\":true,\"address\":{\"street\":\""
             "Long Street "
             "12\",\"city\":\"Springfield\",\"zip\":\"12345\",\"country\":\"DE\"},\"phones\":[{\"kind\":"
             "\"home\",\"number\":"
             "\"+49 30 123456\"},{\"kind\":\"work\",\"number\":\"+49 30 "
             "654321\"}],\"score\":12.75,\"visits\":42,\"last\":"
             "\"2024-05-06T07:08:09Z\",\"note\":\"a text of some length, as people write "
             "them\",\"tags\":[\"a\",\"b\"],\"vip\":false,"
             "\"ref\":null}");
}

int main(void)
{
    set_up();
    const size_t n_tables = bau_kernels_list(tables, BAU_COUNT(tables));
    const double bytes = (double)N * WIDTH;
    add("memcpy", "24-byte pieces", run_memcpy, NULL, N, bytes);
    add("prf", "EVP a value", run_prf_evp, NULL, N, bytes);
    add("permute", "EVP a round", run_feistel_evp, NULL, N, (double)N * 8);
    add("ff1 16 digits", "EVP a round", run_ff1_evp, NULL, N, (double)N * 16);
    for (size_t t = 0; t < n_tables; t++) {
        add("prf", tables[t]->name, run_prf, tables[t], N, bytes);
        add("prf 0-32 bytes", tables[t]->name, run_prf_mixed, tables[t], N, (double)mixed[N]);
        add("permute", tables[t]->name, run_feistel, tables[t], N, (double)N * 8);
        add("ff1 16 digits", tables[t]->name, run_ff1, tables[t], N, (double)N * 16);
    }
    add("dictionary", "pick", run_pick, bau_names_find("en", BAU_NAMES_SURNAME), N, (double)N * 8);
    add("json", "3 paths of 20 fields", run_json, NULL, N / 16, (double)(N / 16) * (double)strlen(document));
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < n_all; i++) {
            const double from = now();
            for (int again = 0; again < 4; again++)
                all[i].run(all[i].with);
            all[i].seconds[round] = (now() - from) / 4;
        }
    }
    for (size_t i = 0; i < n_all; i++)
        qsort(all[i].seconds, ROUNDS, sizeof all[i].seconds[0], by_value);
    printf("%-28s %10s %8s %8s %11s %11s\n", "kernel", "M values/s", "GB/s", "spread", "x memcpy", "x EVP");
    for (size_t i = 0; i < n_all; i++) {
        const struct one *o = &all[i];
        const double s = o->seconds[ROUNDS / 2], each = s / o->units;
        const double spread = (o->seconds[ROUNDS * 3 / 4] - o->seconds[ROUNDS / 4]) / s;
        const char *plain = strncmp(o->name, "prf", 3) == 0       ? "prf EVP a value"
                            : strncmp(o->name, "permute", 7) == 0 ? "permute EVP a round"
                            : strncmp(o->name, "ff1", 3) == 0     ? "ff1 16 digits EVP a round"
                                                                  : NULL;
        const double copied = median("memcpy 24-byte pieces") / WIDTH * o->bytes / o->units;
        printf("%-28s %10.2f %8.2f %7.0f%% %11.3f", o->name, 1e-6 / each, o->bytes / s * 1e-9, 100 * spread,
               copied / each);
        if (plain)
            printf(" %11.2f", median(plain) / each);
        printf("\n");
    }
    bau_prf_release(&prf);
    bau_perm_release(&perm);
    bau_cipher_release(&cipher);
    EVP_CIPHER_CTX_free(evp);
    EVP_CIPHER_CTX_free(evp256);
    return leaves == 0;
}
