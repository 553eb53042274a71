/* ip against Crypto-PAn written out one AES call a bit (itself held to published outputs), the properties it
 * promises, addresses that people spell in many ways; ip_reserved against the blocks of the RFCs. */
#include <arpa/inet.h>
#include <openssl/evp.h>

#include "tests/support/masker.h"

enum { ADDRESS = 16 };

/* ---- the slow reference ---- */

struct slow {
    EVP_CIPHER_CTX *aes;
    uint8_t pad[16];
};

static void slow_aes(struct slow *s, const uint8_t in[16], uint8_t out[16])
{
    int n = 0;
    cr_assert_eq(EVP_EncryptUpdate(s->aes, out, &n, in, 16), 1);
}

static struct slow slow_open(const uint8_t key[32])
{
    struct slow s = { .aes = EVP_CIPHER_CTX_new() };
    cr_assert_eq(EVP_EncryptInit_ex(s.aes, EVP_aes_128_ecb(), NULL, key, NULL), 1);
    EVP_CIPHER_CTX_set_padding(s.aes, 0);
    slow_aes(&s, key + 16, s.pad);
    return s;
}

static bool bit(const uint8_t *p, unsigned d)
{
    return p[d / 8] >> (7 - d % 8) & 1;
}

static void slow_flip(struct slow *s, const uint8_t *address, unsigned width, unsigned kept, uint8_t *out)
{
    memcpy(out, address, width / 8);
    for (unsigned d = kept; d < width; d++) {
        uint8_t in[16], code[16];
        memcpy(in, s->pad, 16);
        for (unsigned b = 0; b < d; b++)
            in[b / 8] = (uint8_t)((in[b / 8] & ~(0x80 >> b % 8)) | bit(address, b) << (7 - b % 8));
        slow_aes(s, in, code);
        out[d / 8] ^= (uint8_t)((code[0] >> 7) << (7 - d % 8));
    }
}

static const char *slow_text(struct slow *s, const char *text, unsigned kept, char out[64])
{
    const int family = strchr(text, ':') ? AF_INET6 : AF_INET;
    uint8_t from[ADDRESS], to[ADDRESS];
    cr_assert_eq(inet_pton(family, text, from), 1, "%s", text);
    slow_flip(s, from, family == AF_INET ? 32 : 128, kept, to);
    return inet_ntop(family, to, out, 64);
}

/* From the sample trace of the Crypto-PAn distribution; the IPv6 ones from yacryptopan 1.0.2 under the same
 * key. */
Test(masker_ip, the_reference_gives_published_outputs)
{
    static const uint8_t key[32] = {
        21,  34,  23,  141, 51,  164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16,
        216, 152, 143, 131, 121, 121, 101, 39,  98, 87, 76, 45, 42, 132, 34,  2
    };
    static const char *const pairs[][2] = {
        { "128.11.68.132", "135.242.180.132" },
        { "129.118.74.4", "134.136.186.123" },
        { "192.102.249.13", "252.138.62.131" },
        { "2001:db8::1", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1e" },
        { "2001:db8::2", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1c" },
        { "2a02:8388:1:2:3:4:5:6", "4a32:38d:8001:3e01:27c:8ff5:16f2:c1e7" },
    };
    struct slow s = slow_open(key);
    char out[64];
    for (size_t i = 0; i < BAU_COUNT(pairs); i++)
        cr_expect_str_eq(slow_text(&s, pairs[i][0], 0, out), pairs[i][1]);
    EVP_CIPHER_CTX_free(s.aes);
}

/* ---- the masker ---- */

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

TestSuite(masker_ip, .init = setup, .fini = teardown);

static const char *mask(struct bound *b, const char *text)
{
    const struct bau_column in = one_text(BAU_TEXT, text, strlen(text), arena);
    struct bau_column out;
    if (run(b, &in, 0, 0, arena, &out, &err) != BAU_OK)
        return NULL;
    return bau_arena_textn(arena, out.data, out.offsets[1]);
}

static struct bound open_with(const char *name, const char *options)
{
    struct bound b = bind_with(bau_masker_find(name), BAU_TEXT, options, NULL, 0);
    cr_assert_eq(b.status, BAU_OK, "%s", b.err.text);
    return b;
}

static struct slow slow_of(const struct bound *b, const char *label)
{
    uint8_t subkey[32];
    cr_assert_eq(bau_mask_subkey(b->key, label, subkey, &err), BAU_OK);
    return slow_open(subkey);
}

static uint32_t next(uint64_t *state) /* a plain generator for test data */
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 32);
}

static const char *some_address(uint64_t *state, bool six)
{
    uint8_t bytes[ADDRESS];
    char text[64];
    for (unsigned i = 0; i < ADDRESS; i++)
        bytes[i] = (uint8_t)next(state);
    inet_ntop(six ? AF_INET6 : AF_INET, bytes, text, sizeof text);
    return bau_arena_text(arena, text);
}

Test(masker_ip, mix_is_crypto_pan)
{
    struct bound b = open_with("ip", "scope=mix");
    struct slow four = slow_of(&b, "ip4"), six = slow_of(&b, "ip6");
    uint64_t state = 1;
    char want[64];
    for (unsigned i = 0; i < 3000; i++) {
        const char *text = some_address(&state, false);
        cr_assert_str_eq(mask(&b, text), slow_text(&four, text, 0, want), "%s", text);
    }
    for (unsigned i = 0; i < 300; i++) { /* bits on the way to ::ffff:0:0/96 stay */
        const char *text = some_address(&state, true);
        uint8_t bytes[ADDRESS];
        inet_pton(AF_INET6, text, bytes);
        unsigned zeros = 0;
        while (!bit(bytes, zeros))
            zeros++;
        cr_assert_str_eq(mask(&b, text), slow_text(&six, text, zeros + 1, want), "%s", text);
    }
    EVP_CIPHER_CTX_free(four.aes);
    EVP_CIPHER_CTX_free(six.aes);
    release(&b);
}

static unsigned common_bits(const char *a, const char *b, int family)
{
    uint8_t x[ADDRESS] = { 0 }, y[ADDRESS] = { 0 };
    cr_assert_eq(inet_pton(family, a, x), 1, "%s", a);
    cr_assert_eq(inet_pton(family, b, y), 1, "%s", b);
    unsigned d = 0;
    while (d < 128 && bit(x, d) == bit(y, d))
        d++;
    return d;
}

Test(masker_ip, common_prefixes_stay_as_long_as_they_were)
{
    static const char *const scopes[] = { "scope=keep", "scope=mix" };
    for (size_t s = 0; s < BAU_COUNT(scopes); s++) {
        struct bound b = open_with("ip", scopes[s]);
        uint64_t state = 5;
        for (unsigned i = 0; i < 4000; i++) {
            const bool six = i % 4 == 0;
            const int family = six ? AF_INET6 : AF_INET;
            uint8_t x[ADDRESS], y[ADDRESS];
            char one[64], two[64];
            for (unsigned k = 0; k < ADDRESS; k++)
                x[k] = (uint8_t)next(&state);
            memcpy(y, x, sizeof y);
            const unsigned from = next(&state) % (six ? 128 : 32);
            y[from / 8] ^= (uint8_t)(0x80 >> from % 8);
            for (unsigned k = from / 8 + 1; k < ADDRESS; k++)
                y[k] = (uint8_t)next(&state);
            inet_ntop(family, x, one, sizeof one);
            inet_ntop(family, y, two, sizeof two);
            const unsigned before = common_bits(one, two, family);
            cr_assert_eq(before, common_bits(mask(&b, one), mask(&b, two), family), "%s %s", one, two);
        }
        release(&b);
    }
}

static bool inside(const char *address, const char *block, unsigned len)
{
    return common_bits(address, block, strchr(block, ':') ? AF_INET6 : AF_INET) >= len;
}

Test(masker_ip, special_blocks_keep_their_addresses_and_take_no_others)
{
    static const struct {
        const char *block;
        unsigned len;
    } blocks[] = {
        { "0.0.0.0", 8 },      { "10.0.0.0", 8 },        { "100.64.0.0", 10 },  { "127.0.0.0", 8 },
        { "169.254.0.0", 16 }, { "172.16.0.0", 12 },     { "192.168.0.0", 16 }, { "224.0.0.0", 4 },
        { "240.0.0.0", 4 },    { "fe80::", 10 },         { "fc00::", 7 },       { "ff00::", 8 },
        { "2000::", 3 },       { "::ffff:0.0.0.0", 96 }, { "64:ff9b::", 96 },
    };
    struct bound b = open_with("ip", "");
    uint64_t state = 9;
    for (size_t k = 0; k < BAU_COUNT(blocks); k++) {
        const bool six = strchr(blocks[k].block, ':') != NULL;
        for (unsigned i = 0; i < 300; i++) {
            uint8_t bytes[ADDRESS], net[ADDRESS] = { 0 };
            char text[64];
            inet_pton(six ? AF_INET6 : AF_INET, blocks[k].block, net);
            for (unsigned d = 0; d < 128; d++) {
                const bool on = d < blocks[k].len ? bit(net, d) : next(&state) & 1;
                bytes[d / 8] = (uint8_t)((bytes[d / 8] & ~(0x80 >> d % 8)) | on << (7 - d % 8));
            }
            if (i % 3 == 0) /* just outside: the last bit of the block differs */
                bytes[(blocks[k].len - 1) / 8] ^= (uint8_t)(0x80 >> (blocks[k].len - 1) % 8);
            inet_ntop(six ? AF_INET6 : AF_INET, bytes, text, sizeof text);
            cr_assert_eq(inside(mask(&b, text), blocks[k].block, blocks[k].len), i % 3 != 0, "%s", text);
        }
    }
    release(&b);
}

Test(masker_ip, a_mapped_address_changes_as_the_plain_one)
{
    static const char *const scopes[] = { "scope=keep", "scope=mix" };
    for (size_t s = 0; s < BAU_COUNT(scopes); s++) {
        struct bound b = open_with("ip", scopes[s]);
        char want[64];
        snprintf(want, sizeof want, "::ffff:%s", mask(&b, "203.0.113.77"));
        cr_expect_str_eq(mask(&b, "::ffff:203.0.113.77"), want);
        cr_expect_str_eq(mask(&b, "::FFFF:cb00:714d"), want);
        cr_expect_str_eq(mask(&b, "0:0:0:0:0:ffff:203.0.113.77"), want);
        release(&b);
    }
}

Test(masker_ip, one_address_in_all_its_spellings)
{
    struct bound b = open_with("ip", "");
    const char *want = mask(&b, "2001:db8:0:1::a");
    cr_expect_str_eq(mask(&b, "2001:0DB8:0000:0001:0000:0000:0000:000A"), want);
    cr_expect_str_eq(mask(&b, "2001:db8:0:1:0:0:0:a"), want);
    cr_expect_str_eq(mask(&b, "2001:db8:0:1:0:0:0.0.0.10"), want);
    release(&b);
}

Test(masker_ip, networks_stay_networks_and_all_hosts_stay_distinct)
{
    struct bound b = open_with("ip", "");
    bool seen[256] = { 0 };
    char network[64] = "";
    for (unsigned host = 0; host < 256; host++) {
        char text[64];
        snprintf(text, sizeof text, "203.0.113.%u/24", host);
        const char *got = mask(&b, text), *last = strrchr(got, '.') + 1;
        unsigned h = 0;
        cr_assert_eq(sscanf(last, "%u/24", &h), 1);
        cr_assert(strlen(last) >= 4 && strcmp(last + strlen(last) - 3, "/24") == 0, "%s", got);
        cr_assert(!seen[h], "%s twice", got);
        seen[h] = true;
        if (host == 0)
            snprintf(network, sizeof network, "%.*s", (int)(last - got), got);
        cr_assert(strncmp(got, network, strlen(network)) == 0, "%s is not in %s", got, network);
        cr_assert(host != 0 || h == 0);
    }
    const char *six = mask(&b, "2001:db8:5::/48");
    cr_expect(strcmp(six + strlen(six) - 5, "::/48") == 0, "%s", six);
    cr_expect_str_eq(mask(&b, "0.0.0.0/0"), "0.0.0.0/0");
    release(&b);
}

Test(masker_ip, what_is_no_address_is_refused)
{
    static const char *const wrong[] = {
        "",
        " ",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.256",
        "01.2.3.4",
        "1.2.3.4 ",
        " 1.2.3.4",
        "1.2.3.4/",
        "1.2.3.4/33",
        "1.2.3.4/024",
        "1.2.3.4/-1",
        "1.2.3.4:80",
        "1..2.3",
        ".1.2.3.4",
        "::1%eth0",
        "[::1]",
        ":",
        ":::",
        "::1::",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7:8::",
        "::12345",
        "g::",
        "1:2:3:4:5:6:7:1.2.3.4",
        "::1.2.3",
        "::1.2.3.4:5",
        ":1::",
        "1:",
        "::/129",
        "fe80::/1000",
        "host.example.com",
    };
    static const char *const names[] = { "ip", "ip_reserved" };
    for (size_t m = 0; m < BAU_COUNT(names); m++) {
        struct bound b = open_with(names[m], "");
        for (size_t i = 0; i < BAU_COUNT(wrong); i++) {
            err = (struct bau_error){ 0 };
            cr_expect(mask(&b, wrong[i]) == NULL, "%s passed '%s'", names[m], wrong[i]);
            cr_expect_eq(err.code, BAU_E_DATA);
        }
        cr_expect(mask(&b, "::") && mask(&b, "1:2:3:4:5:6:7::") && mask(&b, "::2:3:4:5:6:7:8"));
        release(&b);
    }
}

Test(masker_ip, a_narrow_column_gets_what_fits_or_nothing)
{
    static const struct {
        uint32_t max_chars;
        bool bind, quad, net, six, six_net;
        uint32_t widest;
    } cases[] = { { 14, false, false, false, false, false, 0 }, { 15, true, true, false, false, false, 15 },
                  { 18, true, true, true, false, false, 18 },   { 39, true, true, true, true, false, 39 },
                  { 43, true, true, true, true, true, 43 },     { 0, true, true, true, true, true, 43 } };
    static const char *const names[] = { "ip", "ip_reserved" };
    for (size_t m = 0; m < BAU_COUNT(names); m++)
        for (size_t i = 0; i < BAU_COUNT(cases); i++) {
            struct bound b = bind_with(bau_masker_find(names[m]), BAU_TEXT, "", NULL, cases[i].max_chars);
            cr_expect_eq(b.status == BAU_OK, cases[i].bind, "%u", cases[i].max_chars);
            cr_expect(cases[i].bind || b.err.code == BAU_E_USAGE);
            if (b.status == BAU_OK) {
                cr_expect_eq(mask(&b, "1.2.3.4") != NULL, cases[i].quad);
                cr_expect_eq(mask(&b, "1.2.3.0/24") != NULL, cases[i].net);
                cr_expect_eq(mask(&b, "2001:db8::1") != NULL, cases[i].six);
                cr_expect_eq(mask(&b, "2001:db8::/64") != NULL, cases[i].six_net);
                cr_expect_eq(b.masker->widest(b.config, BAU_TEXT), cases[i].widest);
            }
            release(&b);
        }
}

/* ---- ip_reserved ---- */

static bool reserved_four(const char *a)
{
    return inside(a, "192.0.2.0", 24) || inside(a, "198.51.100.0", 24) || inside(a, "203.0.113.0", 24) ||
           inside(a, "198.18.0.0", 15);
}

Test(masker_ip, reserved_addresses_reach_nobody)
{
    struct bound b = open_with("ip_reserved", "");
    uint64_t state = 3;
    char mapped[64];
    for (unsigned i = 0; i < 2000; i++) {
        const char *four = some_address(&state, false), *got = mask(&b, four);
        cr_assert(reserved_four(got), "%s", got);
        snprintf(mapped, sizeof mapped, "::ffff:%s", four);
        const char *also = mask(&b, mapped);
        cr_assert(strncmp(also, "::ffff:", 7) == 0 && strcmp(also + 7, got) == 0, "%s", also);
        cr_assert(inside(mask(&b, some_address(&state, true)), "2001:db8::", 32));
    }
    release(&b);
}

Test(masker_ip, reserved_networks)
{
    struct bound b = open_with("ip_reserved", "");
    cr_expect_str_eq(mask(&b, "10.0.0.0/8"), "198.18.0.0/15"); /* wider than the block */
    cr_expect_str_eq(mask(&b, "2000::/16"), "2001:db8::/32");
    const char *net = mask(&b, "10.1.2.0/24"), *host = mask(&b, "10.1.2.9/24");
    cr_expect(inside(bau_arena_textn(arena, net, strlen(net) - 3), "198.18.0.0", 15), "%s", net);
    cr_expect(strcmp(net + strlen(net) - 5, ".0/24") == 0, "%s", net);
    cr_expect(strcmp(host + strlen(host) - 3, "/24") == 0, "%s", host);
    const char *six = mask(&b, "2a02:1:2:3::/64");
    cr_expect(strncmp(six, "2001:db8:", 9) == 0 && strcmp(six + strlen(six) - 5, "::/64") == 0, "%s", six);
    const char *mapped = mask(&b, "::ffff:10.1.2.0/120");
    cr_expect(strncmp(mapped, "::ffff:198.1", 12) == 0 && strcmp(mapped + strlen(mapped) - 6, ".0/120") == 0,
              "%s", mapped);
    release(&b);
}
