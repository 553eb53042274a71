/* hostname and url: tokens against CMAC and base32 written out with OpenSSL, reserved names, what stays of a
 * URL, refusals. */
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

TestSuite(masker_host, .init = setup, .fini = teardown);

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
    err = (struct bau_error){ 0 };
    if (run(b, &in, 0, 0, arena, &out, &err) != BAU_OK)
        return NULL;
    return bau_arena_textn(arena, out.data, out.offsets[1]);
}

/* `text` in lower case; `top` is what the last label becomes. */
static const char *slow_host(const struct bound *b, const char *label, const char *text, const char *top)
{
    uint8_t subkey[32], digest[16];
    char token[32];
    BAU_AUTO_TEXT out = { 0 };
    cr_assert_eq(bau_mask_subkey(b->key, label, subkey, &err), BAU_OK);
    for (const char *p = text;;) {
        const char *point = strchr(p, '.');
        slow_cmac(subkey, (const uint8_t *)p, strlen(p), digest);
        slow_base32(digest, 10, token);
        if (!point && p != text) {
            bau_text_addf(&out, ".%s", top);
            break;
        }
        bau_text_addf(&out, "%s%s", p == text ? "" : ".", token);
        if (!point)
            break;
        p = point + 1;
    }
    return bau_arena_text(arena, out.data);
}

Test(masker_host, names_agree_with_the_reference)
{
    static const char *const cases[][3] = {
        { "www.example.com", "www.example.com", "example" },
        { "WWW.Example.COM", "www.example.com", "example" },
        { "db1.prod.acme.co.uk", "db1.prod.acme.co.uk", "invalid" },
        { "acme.de", "acme.de", "invalid" },
        { "printer.local", "printer.local", "test" },
        { "api.lan", "api.lan", "test" },
        { "bücher.example", "bücher.example", "example" },
        { "_dmarc.acme.com", "_dmarc.acme.com", "example" },
        { "localhost", "localhost", "" },
        { "xn--bcher-kva.shop", "xn--bcher-kva.shop", "example" },
    };
    struct bound b = open_with("hostname", "");
    for (size_t i = 0; i < BAU_COUNT(cases); i++)
        cr_expect_str_eq(mask(&b, cases[i][0]), slow_host(&b, "hostname", cases[i][1], cases[i][2]));
    char want[300];
    snprintf(want, sizeof want, "%s.", slow_host(&b, "hostname", "a.b.net", "example"));
    cr_expect_str_eq(mask(&b, "a.b.net."), want);
    snprintf(want, sizeof want, "*.%s", slow_host(&b, "hostname", "acme.com", "example"));
    cr_expect_str_eq(mask(&b, "*.acme.com"), want);
    release(&b);
}

Test(masker_host, what_is_no_host_name_is_refused)
{
    static const char *const wrong[] = { "",
                                         ".",
                                         "..",
                                         ".com",
                                         "a..b",
                                         "10.1.2.3",
                                         "::1",
                                         "a b.com",
                                         "a/b",
                                         "http://a.b",
                                         "a.b:80",
                                         "*.com",
                                         "a.*.com",
                                         "*",
                                         "user@host",
                                         "1.2.3.4.5",
                                         "a.b..",
                                         "a,b",
                                         "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p" };
    struct bound b = open_with("hostname", "");
    char label[128];
    memset(label, 'a', 64);
    strcpy(label + 64, ".com");
    cr_expect(mask(&b, label) == NULL, "a label of 64 bytes");
    cr_expect(mask(&b, label + 1) != NULL);
    for (size_t i = 0; i < BAU_COUNT(wrong); i++) {
        cr_expect(mask(&b, wrong[i]) == NULL, "'%s' passed", wrong[i]);
        cr_expect_eq(err.code, BAU_E_DATA);
    }
    release(&b);
}

Test(masker_host, a_narrow_column)
{
    struct bound none = bind_with(bau_masker_find("hostname"), BAU_TEXT, "", NULL, 23);
    cr_expect_eq(none.status, BAU_E_USAGE);
    release(&none);
    struct bound b = bind_with(bau_masker_find("hostname"), BAU_TEXT, "", NULL, 24);
    cr_expect(mask(&b, "acme.com") != NULL);
    cr_expect(mask(&b, "www.acme.com") == NULL && err.code == BAU_E_DATA);
    cr_expect_eq(b.masker->widest(b.config, BAU_TEXT), 24u);
    release(&b);
}

/* ---- url ---- */

/* The same kind of character: digits, lower, upper, or itself; "%41" reads as three lower-case letters. */
static void same_shape(const char *from, const char *to, const char *what)
{
    for (; *from; from++, to++) {
        const bool digit = *from >= '0' && *from <= '9', lower = *from >= 'a' && *from <= 'z',
                   upper = *from >= 'A' && *from <= 'Z';
        const bool fits = digit   ? *to >= '0' && *to <= '9'
                          : lower ? *to >= 'a' && *to <= 'z'
                          : upper ? *to >= 'A' && *to <= 'Z'
                                  : *to == *from;
        cr_assert(fits, "%s", what);
    }
    cr_assert_eq(*to, '\0', "%s", what);
}

Test(masker_host, what_stays_of_a_url)
{
    static const struct {
        const char *options, *in, *shape; /* the shape behind the host */
    } cases[] = {
        { "", "https://acme.com", "" },
        { "", "https://acme.com/", "/" },
        { "", "https://acme.com:8443/Users/42/Ada-L.html", ":8443/Users/42/Ada-L.html" },
        { "", "https://acme.com/a//b/?x=1&name=Ada;y=&flag#Top-1", "/a//b/?x=1&name=Ada;y=&flag#Top-1" },
        { "", "https://acme.com/%41b/c%2", "/aaab/c%2" },
        { "", "https://acme.com?q=%C3%A9t%C3%A9", "?q=aaaaaataaaaaa" },
        { "path=drop", "https://acme.com/secret?x=1#f", "?x=1#f" },
        { "query=drop", "https://acme.com/a/b?x=1#f", "/a/b" },
    };
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        struct bound b = open_with("url", cases[i].options);
        const char *host = slow_host(&b, "url", "acme.com", "example"), *got = mask(&b, cases[i].in);
        char start[64];
        snprintf(start, sizeof start, "https://%s", host);
        cr_assert(strncmp(got, start, strlen(start)) == 0, "%s", got);
        same_shape(cases[i].shape, got + strlen(start), got);
        release(&b);
    }
}

Test(masker_host, kept_parts_of_a_url_are_kept_exactly)
{
    struct bound b = open_with("url", "path=keep query=keep");
    char want[128];
    snprintf(want, sizeof want, "ftp://%s/A/b.txt?x=%%41", slow_host(&b, "url", "ftp.acme.de", "invalid"));
    cr_expect_str_eq(mask(&b, "ftp://FTP.acme.de/A/b.txt?x=%41"), want);
    release(&b);
    b = open_with("url", "");
    const char *page = mask(&b, "https://acme.com/x/start.html"),
               *names = mask(&b, "https://acme.com/?from=1&to=2");
    cr_expect(strcmp(page + strlen(page) - 5, ".html") == 0, "%s", page);
    cr_expect(strstr(names, "/?from=") && strstr(names, "&to="), "%s", names);
    release(&b);
}

Test(masker_host, tokens_are_the_documented_stream)
{
    struct bound b = open_with("url", "");
    static const char segment[] = "Abc123defGHI456jklmno789PQRstu012vwxyz345abcdefg";
    uint8_t subkey[32], stream[48], message[20] = { 0 };
    char url[128], want[64] = "";
    cr_assert_eq(bau_mask_subkey(b.key, "url", subkey, &err), BAU_OK);
    slow_cmac(subkey, (const uint8_t *)segment, 48, stream);
    for (uint8_t k = 1; k < 3; k++) {
        memcpy(message, stream, 16);
        message[16] = k;
        slow_cmac(subkey, message, 20, stream + 16 * k);
    }
    for (size_t i = 0; i < 48; i++) {
        const char c = segment[i];
        want[i] =
            (char)(c <= '9' ? '0' + stream[i] * 10 / 256 : (c <= 'Z' ? 'A' : 'a') + stream[i] * 26 / 256);
    }
    snprintf(url, sizeof url, "https://acme.com/%s", segment);
    cr_expect_str_eq(strrchr(mask(&b, url), '/') + 1, want);
    release(&b);
}

Test(masker_host, credentials_and_addresses_in_a_url)
{
    struct bound b = open_with("url", "");
    const char *got = mask(&b, "postgres://Bob:S3cr@t@db.acme.com/x");
    cr_expect(strncmp(got, "postgres://", 11) == 0 && !strstr(got, "Bob") && !strstr(got, "S3cr"), "%s", got);
    cr_expect(strstr(got, slow_host(&b, "url", "db.acme.com", "example")) != NULL, "%s", got);
    cr_expect(got[14] == ':' && got[21] == '@' && strlen(got) == 22 + 41 + 2, "%s", got);
    got = mask(&b, "http://10.1.2.3:80/");
    cr_expect(strstr(got, "://198.1") || strstr(got, "://192.0.2.") || strstr(got, "://203.0.113."), "%s",
              got);
    cr_expect(strcmp(got + strlen(got) - 4, ":80/") == 0, "%s", got);
    got = mask(&b, "http://[2a02::1]/");
    cr_expect(strncmp(got, "http://[2001:db8:", 17) == 0 && strcmp(got + strlen(got) - 2, "]/") == 0, "%s",
              got);
    release(&b);
}

Test(masker_host, what_is_no_url_is_refused)
{
    static const char *const wrong[] = { "",
                                         "/users/1",
                                         "acme.com",
                                         "mailto:ada@acme.com",
                                         "https:/acme.com",
                                         "https://",
                                         "https:///x",
                                         "https://user@/x",
                                         "https://a b/",
                                         "https://acme.com:http/",
                                         "https://acme.com:123456/",
                                         "https://[::1/",
                                         "https://[acme.com]/",
                                         "https://[10.1.2.3]/",
                                         "https://::1/",
                                         "https://[::1]x/",
                                         "https://a..b/",
                                         "1https://acme.com",
                                         "ht tp://acme.com",
                                         "https://10.0.0.1.5/",
                                         "https://%41cme.com/",
                                         "https://acme.com/\n" };
    struct bound b = open_with("url", "");
    for (size_t i = 0; i < BAU_COUNT(wrong); i++) {
        cr_expect(mask(&b, wrong[i]) == NULL, "'%s' passed", wrong[i]);
        cr_expect_eq(err.code, BAU_E_DATA);
    }
    release(&b);
    struct bound none = bind_with(bau_masker_find("url"), BAU_TEXT, "", NULL, 63);
    cr_expect_eq(none.status, BAU_E_USAGE);
    release(&none);
    struct bound some = bind_with(bau_masker_find("url"), BAU_TEXT, "", NULL, 64);
    cr_expect(mask(&some, "https://www.acme.com/a/b/c") != NULL);
    cr_expect(mask(&some, "https://www.acme.com/a/b/cccccccccccccccc") == NULL && err.code == BAU_E_DATA);
    release(&some);
}
