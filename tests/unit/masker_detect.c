/* The detectors, kind by kind, on published examples of each format and on texts that look alike but are none; and
 * that they are linear. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "maskers/detect.h"

static const char *const words[BAU_FINDS] = { "email", "url",     "ip",     "phone", "card", "iban",
                                              "id",    "date",    "uuid",   "jwt",   "pem",  "key",
                                              "cred",  "entropy", "handle", "name" };

static struct bau_arena *arena;
static const struct bau_name_set *names;

static void set_up(void)
{
    struct bau_error err;
    arena = bau_arena_new(1 << 16, 0);
    cr_assert_eq(bau_name_set_make(arena, &names, &err), BAU_OK);
}

static void tear_down(void)
{
    bau_arena_free(arena);
}

/* "kind:text kind:text …" of a text, with | between. */
static void found(const char *text, char *out, size_t room)
{
    struct bau_scan scan = { .text = (const void *)text,
                             .len = strlen(text),
                             .wanted = UINT32_MAX,
                             .entropy_least = 24,
                             .names = names };
    struct bau_hit hit;
    size_t at = 0;
    out[0] = '\0';
    while (bau_scan_next(&scan, &hit))
        at += (size_t)snprintf(out + at, room - at, "%s%s:%.*s", at ? "|" : "", words[hit.find], (int)hit.len,
                               text + hit.at);
}

static const struct {
    const char *text, *want;
} cases[] = {
    /* e-mail */
    { "Write to ada@example.com.", "email:ada@example.com" },
    { "<ADA.L+tag@mail.example.co.uk>, or x_y@a-b.io!",
      "email:ADA.L+tag@mail.example.co.uk|email:x_y@a-b.io" },
    { "m\xC3\xBCller@b\xC3\xBC"
      "cher.example",
      "email:m\xC3\xBCller@b\xC3\xBC"
      "cher.example" },
    { "root@[192.0.2.1]", "email:root@[192.0.2.1]" },
    { "a@b", "" },
    { "5 @ 3.50", "" },
    { "mail=ada@example.com;", "email:ada@example.com" },
    /* URL */
    { "see https://example.com/a?b=c#d, or www.example.org/x.",
      "url:https://example.com/a?b=c#d|url:www.example.org/x" },
    { "(s3://bucket/key)", "url:s3://bucket/key" },
    { "postgres://u:secret@db.example.com:5432/x", "cred:postgres://u:secret@db.example.com:5432/x" },
    { "https://example.com/a:b@c", "url:https://example.com/a:b@c" },
    { "and/or :// none", "" },
    /* IP: RFC 5952, RFC 4291 */
    { "from 192.0.2.17, port 80", "ip:192.0.2.17" },
    { "256.1.1.1 and 1.2.3.4.5", "" },
    { "[2001:db8::1]:80 ::ffff:192.0.2.1 fe80::1ff:fe23:4567:890a",
      "ip:2001:db8::1|ip:::ffff:192.0.2.1|ip:fe80::1ff:fe23:4567:890a" },
    { "2001:db8:85a3:8d3:1319:8a2e:370:7348", "ip:2001:db8:85a3:8d3:1319:8a2e:370:7348" },
    { "std::vector at 12:34:56, a::b", "" },
    /* telephone: blocks reserved for fiction */
    { "+49 30 23125 123 or (212) 555-0187", "phone:+49 30 23125 123|phone:(212) 555-0187" },
    { "020 7946 0018; 030/23125-123; 06 39 98 12 34",
      "phone:020 7946 0018|phone:030/23125-123|phone:06 39 98 12 34" },
    { "0171 / 39200 12", "phone:0171 / 39200 12" },
    { "0049 30 23125123", "phone:0049 30 23125123" },
    { "call 212-555-0187 or 2125550187.", "phone:212-555-0187|phone:2125550187" },
    { "8 (495) 555-01-23", "phone:8 (495) 555-01-23" },
    { "612 34 56 78", "phone:612 34 56 78" },
    { "\xE7\x94\xB5\xE8\xAF\x9D"
      "13912345678\xE3\x80\x82",
      "phone:13912345678" },
    { "order 12345678, 3.1415926535, 1,234,567.89 EUR, 1700000000, 2024", "" },
    { "version 0.12345678 and 1 000 000", "" },
    /* cards: the brands' test numbers */
    { "4111 1111 1111 1111 / 4111111111111111", "card:4111 1111 1111 1111|card:4111111111111111" },
    { "5555-5555-5555-4444 378282246310005 6011111111111117",
      "card:5555-5555-5555-4444|card:378282246310005|card:6011111111111117" },
    { "4111111111111112", "" },
    { "12 4111 1111 1111 1111", "card:4111 1111 1111 1111" },
    /* IBAN: the register's examples */
    { "GB82WEST12345698765432 DE89 3704 0044 0532 0130 00.",
      "iban:GB82WEST12345698765432|iban:DE89 3704 0044 0532 0130 00" },
    { "FR1420041010050500013M02606", "iban:FR1420041010050500013M02606" },
    { "DE88370400440532013000", "" },
    /* national ids: the issuers' examples */
    { "SSN 078-05-1120", "id:078-05-1120" },
    { "000-12-3456 666-12-3456 123-00-4567", "" },
    { "CPF 111.444.777-35, PESEL 44051401359", "id:111.444.777-35|id:44051401359" },
    { "86095742719", "id:86095742719" },
    { "756.9217.0769.85", "id:756.9217.0769.85" },
    { "12345678Z X1234567L", "id:12345678Z|id:X1234567L" },
    { "12345678A", "" },
    { "QQ123456C AB 12 34 56 C", "id:AB 12 34 56 C" },
    { "RSSMRA85T10A562S", "id:RSSMRA85T10A562S" },
    { "131052-308T", "id:131052-308T" },
    { "130 692 544", "id:130 692 544" },
    { "2 55 08 14 168 025 38", "id:2 55 08 14 168 025 38" },
    { "2341 2341 2346", "id:2341 2341 2346" },
    /* dates */
    { "on 2024-02-29, 29.2.2024 or 2/29/24", "date:2024-02-29|date:29.2.2024|date:2/29/24" },
    { "2024-02-29T12:00:01.5Z, 2024-02-29 12:00", "date:2024-02-29T12:00:01.5Z|date:2024-02-29 12:00" },
    { "2024-13-41 99.99.2024 1.2.3.4", "ip:1.2.3.4" },
    /* secrets: the issuers' documentation */
    { "8f14e45f-ceea-467f-a0e6-b5a1b4b5c6d7", "uuid:8f14e45f-ceea-467f-a0e6-b5a1b4b5c6d7" },
    { "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk ok",
      "jwt:eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" },
    { "AKIAIOSFODNN7EXAMPLE, AKIAIOSFODNN7EXAMPLEX", "key:AKIAIOSFODNN7EXAMPLE" },
    { "ghp_0123456789abcdefghijABCDEFGHIJ012345", "key:ghp_0123456789abcdefghijABCDEFGHIJ012345" },
    { "xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOHcbrzqgy.",
      "key:xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOHcbrzqgy" },
    { "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nok",
      "pem:-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----" },
    { "-----BEGIN EC PRIVATE KEY-----\nMIIE", "pem:-----BEGIN EC PRIVATE KEY-----\nMIIE" },
    { "-----BEGINNING----- -- ---", "" },
    { "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY1", "entropy:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY1" },
    { "internationalization-of-everything-2024", "" },
    /* handles */
    { "ping @ada_l, not a@ or @1", "handle:@ada_l" },
    /* names */
    { "Mr. Smith met Mary Johnson.", "name:Smith|name:Mary Johnson" },
    { "Frau Dr. M\xC3\xBCller-L\xC3\xBC"
      "denscheidt kam.",
      "name:M\xC3\xBCller-L\xC3\xBC"
      "denscheidt" },
    { "Thomas von der Heide und Anna Maria Krause", "name:Thomas von der Heide|name:Anna Maria Krause" },
    { "MARY JOHNSON wrote; Mary J. Johnson's car", "name:MARY JOHNSON|name:Mary J. Johnson" },
    { "by J. Smith and A.B. Johnson, Fig. A. Then", "name:J. Smith|name:A.B. Johnson" },
    { "M. Dupont et Mme Martin", "name:Dupont|name:Martin" },
    { "\xD0\xB3-\xD0\xBD \xD0\x98\xD0\xB2\xD0\xB0\xD0\xBD\xD0\xBE\xD0\xB2 "
      "\xD0\xB7\xD0\xB2\xD0\xBE\xD0\xBD\xD0\xB8\xD0\xBB",
      "name:\xD0\x98\xD0\xB2\xD0\xB0\xD0\xBD\xD0\xBE\xD0\xB2" },
    { "\xD0\x90\xD0\xBD\xD0\xBD\xD0\xB0 \xD0\x98\xD0\xB2\xD0\xB0\xD0\xBD\xD0\xBE\xD0\xB2\xD0\xB0 "
      "\xD0\xB7\xD0\xB4\xD0\xB5\xD1\x81\xD1\x8C",
      "name:\xD0\x90\xD0\xBD\xD0\xBD\xD0\xB0 \xD0\x98\xD0\xB2\xD0\xB0\xD0\xBD\xD0\xBE\xD0\xB2\xD0\xB0" },
    { "\xE6\x88\x91\xE5\x8F\xAB\xE7\x8E\x8B\xE7\xA7\x80\xE8\x8B\xB1\xE3\x80\x82",
      "name:\xE7\x8E\x8B\xE7\xA7\x80\xE8\x8B\xB1" },
    { "The weather in Paris is fine. mary had a lamb.", "" },
    { "", "" },
};

Test(detect, finds, .init = set_up, .fini = tear_down)
{
    char got[1024];
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        found(cases[i].text, got, sizeof got);
        cr_expect_str_eq(got, cases[i].want, "%s\n  got  %s\n  want %s", cases[i].text, got, cases[i].want);
    }
}

/* Hits are in order, inside the text and apart; whatever the bytes. */
Test(detect, any_bytes, .init = set_up, .fini = tear_down)
{
    static const char pieces[] = "@.:-+()/ 0123456789abcdefABCDEFxyzJ_eyw=\xC3\xA9\xE7\x8E\xFF\n\"";
    uint8_t text[96];
    uint64_t state = 88172645463325252u;
    for (unsigned round = 0; round < 20000; round++) {
        for (size_t i = 0; i < sizeof text; i++) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            text[i] = (uint8_t)pieces[state % (sizeof pieces - 1)];
        }
        uint8_t *exact = malloc(round % 96 + 1); /* a sanitizer sees what is read past it */
        memcpy(exact, text, round % 96);
        struct bau_scan scan = { .text = exact,
                                 .len = round % 96,
                                 .wanted = UINT32_MAX,
                                 .entropy_least = 8,
                                 .lone_names = true,
                                 .names = names };
        struct bau_hit hit;
        size_t end = 0;
        while (bau_scan_next(&scan, &hit)) {
            cr_assert(hit.len > 0 && hit.at >= end && hit.at + hit.len <= scan.len);
            end = hit.at + hit.len;
        }
        free(exact);
    }
}

static void scan_many(const char *unit, size_t bytes)
{
    const size_t n = strlen(unit);
    uint8_t *text = malloc(bytes + n);
    for (size_t i = 0; i < bytes; i += n)
        memcpy(text + i, unit, n);
    struct bau_scan scan = { .text = text, .len = bytes, .wanted = 0, .entropy_least = 24, .names = names };
    struct bau_hit hit;
    while (bau_scan_next(&scan, &hit))
        ;
    free(text);
}

/* Starts without an end, the worst case of each detector. One that went back over the text for each start would take the
 * square of a million steps, and the test's time limit would end it. */
Test(detect, linear, .init = set_up, .fini = tear_down)
{
    static const char *const units[] = {
        "eyJ-", "eyJhbGciOi.",  "-----BEGIN", "-----BEGIN ", "a.",    "a@",  "aaaa",  "1 ",   "(1",
        "12-",  "ab:",          "1:",         "http://",     "x://@", "A1/", "xoxb-", "Mr. ", "Mary ",
        "A'",   "\xE7\x8E\x8B", "\xD0\x98",   "GB82 ",       "1.",    "::",  "+1",    "de ",  "Dr. de "
    };
    for (size_t i = 0; i < BAU_COUNT(units); i++)
        scan_many(units[i], 1 << 20);
}
