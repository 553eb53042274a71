/* Conforming identifiers by number, for tests/support/samples.h: the check digits by the plainest means. */
#ifndef BAU_TESTS_SAMPLES_IDS_H
#define BAU_TESTS_SAMPLES_IDS_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Digits d[0..n): the one to append so that the sum of cross sums, every second doubled from the right, ends
 * in 0. */
static inline int slow_luhn(const char *digits, size_t n)
{
    for (int check = 0; check < 10; check++) {
        int sum = check;
        for (size_t i = 0; i < n; i++) {
            const int d = digits[n - 1 - i] - '0', twice = i % 2 == 0 ? 2 * d : d;
            sum += twice / 10 + twice % 10;
        }
        if (sum % 10 == 0)
            return check;
    }
    return -1;
}

/* ISO 13616: true when the whole, its first four symbols behind the others, is 1 modulo 97. */
static inline int slow_mod97(const char *iban)
{
    char turned[256];
    int rest = 0;
    snprintf(turned, sizeof turned, "%s%.4s", iban + 4, iban);
    for (const char *p = turned; *p; p++) {
        const int v = *p >= 'A' ? *p - 'A' + 10 : *p - '0';
        rest = (rest * (v > 9 ? 100 : 10) + v) % 97;
    }
    return rest;
}

static inline size_t sample_pan(uint64_t i, uint8_t out[64])
{
    static const char *const bin[] = { "411111", "540001", "371449", "601100", "353011", "222300", "670312" };
    char text[64];
    const int wide = i % 7 == 2 ? 8 : 9;
    snprintf(text, sizeof text, "%s%0*llu", bin[i % 7], wide, (unsigned long long)i);
    const size_t n = strlen(text);
    text[n] = (char)('0' + slow_luhn(text, n));
    memcpy(out, text, n + 1);
    return n + 1;
}

static inline size_t sample_iban(uint64_t i, uint8_t out[64])
{
    char text[64];
    for (int check = 2; check < 99; check++) {
        snprintf(text, sizeof text, i % 2 ? "DE%02d37040044%010llu" : "GB%02dWEST123456%08llu", check,
                 (unsigned long long)i);
        if (slow_mod97(text) == 1)
            break;
    }
    memcpy(out, text, strlen(text));
    return strlen(text);
}

static inline size_t sample_routing(uint64_t i, uint8_t out[64])
{
    static const int first[38] = {
        0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 21, 22, 23, 24, 25, 26,
        27, 28, 29, 30, 31, 32, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 80
    };
    char text[64];
    for (int check = 0; check < 10; check++) {
        snprintf(text, sizeof text, "%02d%06llu%d", first[i % 38], (unsigned long long)(i / 38 % 1000000),
                 check);
        int sum = 0;
        for (int k = 0; k < 9; k++)
            sum += (text[k] - '0') * (k % 3 == 0 ? 3 : k % 3 == 1 ? 7 : 1);
        if (sum % 10 == 0)
            break;
    }
    memcpy(out, text, 9);
    return 9;
}

static inline size_t sample_vin(uint64_t i, uint8_t out[64])
{
    static const char letters[] = "12345678.12345.7.923456789", map[] = "0123456789X"; /* 49 CFR 565.15 */
    static const int weights[17] = { 8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2 };
    char text[64];
    int sum = 0;
    snprintf(text, sizeof text, "1HGCM826%c3A%06llu", '0', (unsigned long long)(i % 1000000));
    text[5] = (char)('0' + i / 1000000 % 10);
    for (int k = 0; k < 17; k++)
        sum += weights[k] * (text[k] <= '9' ? text[k] - '0' : letters[text[k] - 'A'] - '0');
    text[8] = map[sum % 11];
    memcpy(out, text, 17);
    return 17;
}

static inline size_t sample_imei(uint64_t i, uint8_t out[64])
{
    char text[64];
    snprintf(text, sizeof text, "%08llu%06llu", (unsigned long long)(35693803 + i / 1000000),
             (unsigned long long)(i % 1000000));
    text[14] = (char)('0' + slow_luhn(text, 14));
    memcpy(out, text, 15);
    return 15;
}

static inline size_t sample_ean(uint64_t i, uint8_t out[64])
{
    char text[64];
    snprintf(text, sizeof text, "400%09llu", (unsigned long long)i);
    int sum = 0;
    for (int k = 0; k < 12; k++)
        sum += (text[k] - '0') * (k % 2 ? 3 : 1);
    text[12] = (char)('0' + (10 - sum % 10) % 10);
    memcpy(out, text, 13);
    return 13;
}

static inline size_t sample_isin(uint64_t i, uint8_t out[64])
{
    char text[64], digits[64];
    size_t n = 0;
    snprintf(text, sizeof text, "%s%09llu", i % 2 ? "US" : "DE", (unsigned long long)i);
    if (i % 3 == 0)
        text[2] = 'K';
    for (int k = 0; k < 11; k++)
        n += (size_t)snprintf(digits + n, sizeof digits - n, "%d",
                              text[k] >= 'A' ? text[k] - 'A' + 10 : text[k] - '0');
    text[11] = (char)('0' + slow_luhn(digits, n));
    memcpy(out, text, 12);
    return 12;
}

static inline size_t sample_bic(uint64_t i, uint8_t out[64])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    char text[64];
    const uint64_t l = i / 1000;
    snprintf(text, sizeof text, "%c%c%c%cDEFF%03llu", letters[l / 17576 % 26], letters[l / 676 % 26],
             letters[l / 26 % 26], letters[l % 26], (unsigned long long)(i % 1000));
    memcpy(out, text, 11);
    return 11;
}

static inline size_t sample_objectid(uint64_t i, uint8_t out[64])
{
    char text[64];
    snprintf(text, sizeof text, "%08llx7b3e9d%010llx", 0x65a1f0c2ULL + (unsigned long long)(i % 5000) * 60,
             (unsigned long long)i);
    memcpy(out, text, 24);
    return 24;
}

static inline size_t sample_objectid_bytes(uint64_t i, uint8_t out[64])
{
    memcpy(out, "\x65\xa1\xf0\xc2\x7b\x3e\x9d\x00", 8);
    for (int k = 0; k < 4; k++)
        out[8 + k] = (uint8_t)(i >> (24 - 8 * k));
    return 12;
}

#endif
