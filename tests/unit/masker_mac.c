/* mac and mac_local against the Feistel network written out with OpenSSL's CMAC, spellings, refusals, small
 * domains. */
#include "tests/support/masker.h"
#include "tests/support/slow.h"

static struct bau_arena *arena;
static struct bau_error err;

static void setup(void)
{
    arena = bau_arena_new(1 << 20, 0);
}

static void teardown(void)
{
    bau_arena_free(arena);
}

TestSuite(masker_mac, .init = setup, .fini = teardown);

static struct bound open_with(const char *name, const char *options)
{
    struct bound b = bind_with(bau_masker_find(name), BAU_TEXT, options, NULL, 0);
    cr_assert_eq(b.status, BAU_OK, "%s", b.err.text);
    return b;
}

static const char *mask(struct bound *b, const char *text)
{
    const struct bau_column in = one_text(BAU_TEXT, text, strlen(text), arena);
    struct bau_column out;
    if (run(b, &in, 0, 0, arena, &out, &err) != BAU_OK)
        return NULL;
    return bau_arena_textn(arena, out.data, out.offsets[1]);
}

/* ---- the slow reference: bits in arrays, one CMAC a round ---- */

static unsigned changing_bits(unsigned width, bool vendor_stays, unsigned place[64])
{
    unsigned n = 0;
    for (unsigned d = 0; d < width; d++)
        if (vendor_stays ? d >= 24 : d != 6 && d != 7)
            place[n++] = d;
    return n;
}

static uint64_t number(const bool *bits, unsigned from, unsigned n)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < n; i++)
        v = 2 * v + bits[from + i];
    return v;
}

static void slow_mac(const uint8_t key[16], uint8_t *address, unsigned width, bool vendor_stays)
{
    unsigned place[64];
    bool bits[64];
    const unsigned n = changing_bits(width, vendor_stays, place), h = n / 2;
    for (unsigned i = 0; i < n; i++)
        bits[i] = address[place[i] / 8] >> (7 - place[i] % 8) & 1;
    uint64_t left = number(bits, 0, h), right = number(bits, h, h);
    for (unsigned round = 0; round < 10; round++) {
        uint8_t message[16] = { 0 }, digest[16];
        for (unsigned b = 0; b < 8; b++)
            message[b] = (uint8_t)(right >> (8 * b));
        message[8] = (uint8_t)round;
        message[9] = (uint8_t)width;
        if (vendor_stays)
            memcpy(message + 10, address, 3);
        slow_cmac(key, message, 16, digest);
        uint64_t f = 0;
        for (unsigned b = 8; b-- > 0;)
            f = f << 8 | digest[b];
        const uint64_t mixed = left ^ (f % (UINT64_C(1) << h));
        left = right;
        right = mixed;
    }
    for (unsigned i = 0; i < n; i++) {
        const bool on = i < h ? left >> (h - 1 - i) & 1 : right >> (n - 1 - i) & 1;
        uint8_t *byte = &address[place[i] / 8];
        *byte = (uint8_t)((*byte & ~(0x80 >> place[i] % 8)) | on << (7 - place[i] % 8));
    }
}

static void spell(const uint8_t *address, unsigned bytes, char out[32])
{
    for (unsigned i = 0; i < bytes; i++)
        snprintf(out + 3 * i, 4, "%02x%s", address[i], i + 1 < bytes ? ":" : "");
}

Test(masker_mac, agrees_with_the_reference)
{
    static const struct {
        const char *name, *options;
        bool vendor_stays, local;
    } cases[] = { { "mac", "", false, false },
                  { "mac", "vendor=keep", true, false },
                  { "mac_local", "", false, true } };
    for (size_t k = 0; k < BAU_COUNT(cases); k++) {
        struct bound b = open_with(cases[k].name, cases[k].options);
        uint8_t subkey[32];
        cr_assert_eq(bau_mask_subkey(b.key, "mac", subkey, &err), BAU_OK);
        for (unsigned i = 0; i < 200; i++) {
            const unsigned bytes = i % 3 ? 6 : 8;
            uint8_t address[8];
            char in[32], want[32];
            for (unsigned d = 0; d < 8; d++)
                address[d] = (uint8_t)(i * 37 + d * d * 91 + (i >> 3));
            spell(address, bytes, in);
            slow_mac(subkey, address, 8 * bytes, cases[k].vendor_stays);
            address[0] |= cases[k].local ? 2 : 0;
            spell(address, bytes, want);
            cr_assert_str_eq(mask(&b, in), want, "%s", in);
        }
        release(&b);
    }
}

Test(masker_mac, spelling_stays)
{
    struct bound b = open_with("mac", "vendor=keep");
    const char *plain = mask(&b, "3c22fb81900a"), *upper = mask(&b, "3C-22-FB-81-90-0A"),
               *points = mask(&b, "3c22.fb81.900a");
    cr_expect(strncmp(plain, "3c22fb", 6) == 0 && strlen(plain) == 12, "%s", plain);
    cr_expect(strncmp(upper, "3C-22-FB-", 9) == 0 && strlen(upper) == 17, "%s", upper);
    cr_expect(strncmp(points, "3c22.fb", 7) == 0 && points[9] == '.', "%s", points);
    char joined[16] = "", lower[16] = "";
    size_t j = 0, l = 0;
    for (const char *p = points; *p; p++)
        if (*p != '.')
            joined[j++] = *p;
    for (const char *p = upper; *p; p++)
        if (*p != '-')
            lower[l++] = (char)(*p >= 'A' ? *p | 0x20 : *p);
    cr_expect_str_eq(joined, plain);
    cr_expect_str_eq(lower, plain);
    release(&b);
}

Test(masker_mac, one_vendor_is_permuted_whole)
{
    enum { N = 1 << 24 };
    struct bound b = open_with("mac", "vendor=keep");
    uint8_t *seen = calloc(N / 8, 1);
    char text[32];
    for (uint32_t from = 0; from < N; from += 65536) {
        const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = BAU_TEXT, .n_values = 65536 };
        struct bau_column in;
        bau_arena_reset(arena);
        cr_assert_eq(bau_column_make(&in, &shape, BAU_TEXT, 65536 * 12, arena, &err), BAU_OK);
        for (uint32_t i = 0; i < 65536; i++) {
            snprintf(text, sizeof text, "001a2b%06x", from + i);
            memcpy((uint8_t *)in.data + 12 * (size_t)i, text, 12);
            in.offsets[i + 1] = 12 * (i + 1);
        }
        const struct bau_column out = run_fine(&b, &in, 0, arena);
        for (uint32_t i = 0; i < 65536; i++) {
            memcpy(text, (const uint8_t *)out.data + 12 * (size_t)i + 6, 6);
            text[6] = '\0';
            const unsigned long v = strtoul(text, NULL, 16);
            cr_assert(!(seen[v / 8] >> v % 8 & 1), "%06lx twice", v);
            seen[v / 8] |= (uint8_t)(1u << v % 8);
        }
    }
    free(seen);
    release(&b);
}

Test(masker_mac, what_is_no_mac_address_is_refused)
{
    static const char *const wrong[] = { "",
                                         "3c22fb81900",
                                         "3c22fb81900ag",
                                         "3c22fb81900a0",
                                         "3c:22:fb:81:90:0a:",
                                         ":3c:22:fb:81:90:0a",
                                         "3c:22:fb:81:90:0a:01",
                                         "3c:22-fb:81:90:0a",
                                         "3c2:2fb:819:00a",
                                         "3c22.fb81900a",
                                         "3c22fb.81900a",
                                         "3c.22.fb.81.90.0a",
                                         "3c 22 fb 81 90 0a",
                                         "3c22fb:81900a",
                                         "zz:22:fb:81:90:0a" };
    static const char *const names[] = { "mac", "mac_local" };
    for (size_t m = 0; m < BAU_COUNT(names); m++) {
        struct bound b = open_with(names[m], "");
        for (size_t i = 0; i < BAU_COUNT(wrong); i++) {
            err = (struct bau_error){ 0 };
            cr_expect(mask(&b, wrong[i]) == NULL, "'%s' passed", wrong[i]);
            cr_expect_eq(err.code, BAU_E_DATA);
        }
        release(&b);
    }
}

Test(masker_mac, the_group_bit_stays_and_the_local_bit_is_set)
{
    struct bound all = open_with("mac", ""), local = open_with("mac_local", "");
    for (unsigned first = 0; first < 256; first++) {
        char text[32];
        unsigned a = 0, l = 0;
        snprintf(text, sizeof text, "%02x:22:fb:81:90:0a", first);
        cr_assert_eq(sscanf(mask(&all, text), "%2x", &a), 1);
        cr_assert_eq(sscanf(mask(&local, text), "%2x", &l), 1);
        cr_expect_eq(a & 3, first & 3);
        cr_expect_eq(l & 3, (first & 1) | 2);
    }
    release(&all);
    release(&local);
}
