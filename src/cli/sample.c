/* Single values through a masker: what `bauta try` and the examples of the reference page run.
 *
 * Order: open (options from name=value words), mask as often as wanted, close. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "src/cli/cli.h"
#include "src/core/canon.h"
#include "src/plan/plan.h"

/* What a person types most: text, else a number, a date, whatever is left. */
static bool choose_type(const struct bau_masker *masker, bau_type *out)
{
    static const bau_type order[] = { BAU_TEXT, BAU_NUMERIC, BAU_I64,  BAU_I32,  BAU_I16,  BAU_F64,
                                      BAU_F32,  BAU_DATE,    BAU_UUID, BAU_JSON, BAU_BOOL, BAU_BYTES };
    for (size_t i = 0; i < BAU_COUNT(order); i++)
        if (masker->accepts & BAU_TYPE_BIT(order[i])) {
            *out = order[i];
            return true;
        }
    return false;
}

bau_status bau_sampler_open(struct bau_sampler *s, const struct bau_project *project,
                            const struct bau_masker *masker, const struct bau_texts *settings,
                            const struct bau_keys *keys, struct bau_error *err)
{
    *s = (struct bau_sampler){ 0 };
    if (!choose_type(masker, &s->type))
        return bau_error_set(err, BAU_E_USAGE, "masker %s takes no value that can be typed", masker->name);
    s->batch = bau_arena_new(65536, BAU_ARENA_PRIVATE);
    s->scratch = bau_alloc(bau_project_scratch(project)); /* the maskers inside use it too */
    if (!s->batch || !s->scratch)
        return bau_error_set(err, BAU_E_NOMEM, "masker %s", masker->name);
    const struct bau_single_with with = { .project = project,
                                          .masker = masker->name,
                                          .words = settings,
                                          .keys = keys,
                                          .type = s->type,
                                          .by_type = BAU_I64 };
    return bau_single_new(&with, &s->single, err);
}

void bau_sampler_close(struct bau_sampler *s)
{
    bau_single_free(s->single);
    bau_free(s->scratch);
    bau_arena_free(s->batch);
    *s = (struct bau_sampler){ 0 };
}

/* ── one value in ────────────────────────────────────────────────────────────────────────────────────────────────── */

static const char *example_of(bau_type type)
{
    switch (type) {
    case BAU_BOOL: return "true or false";
    case BAU_I16:
    case BAU_I32:
    case BAU_I64: return "a whole number";
    case BAU_F32:
    case BAU_F64:
    case BAU_NUMERIC: return "a number";
    case BAU_DATE:
    case BAU_TIME:
    case BAU_TIMESTAMP:
    case BAU_TIMESTAMPTZ: return "a date such as 2024-02-29";
    case BAU_UUID: return "a uuid";
    case BAU_TEXT:
    case BAU_JSON:
    case BAU_BYTES:
    case BAU_OTHER:
    case BAU_TYPE_COUNT: break;
    }
    return "UTF-8 text";
}

static bool is_utf8(const char *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        utf8proc_int32_t c;
        const utf8proc_ssize_t n =
            utf8proc_iterate((const utf8proc_uint8_t *)text + at, (utf8proc_ssize_t)(len - at), &c);
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

static bool is_decimal(const char *text, size_t len)
{
    size_t digits = 0, points = 0;
    for (size_t i = len && *text == '-' ? 1 : 0; i < len; i++) {
        digits += isdigit((unsigned char)text[i]) != 0;
        points += text[i] == '.' && digits > 0 && i + 1 < len;
        if (!isdigit((unsigned char)text[i]) && text[i] != '.')
            return false;
    }
    return digits > 0 && points <= 1 && text[len - 1] != '.';
}

/* Days since 1970-01-01 of a date of the Gregorian calendar. Source: Howard Hinnant, chrono dates. */
static bool parse_date(const char *text, size_t len, int32_t *out)
{
    static const char shape[] = "dddd-dd-dd";
    static const unsigned days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    unsigned part[3] = { 0 }, p = 0;
    if (len != sizeof shape - 1)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (shape[i] == 'd' ? !isdigit((unsigned char)text[i]) : text[i] != shape[i])
            return false;
        if (shape[i] == 'd')
            part[p] = part[p] * 10 + (unsigned)(text[i] - '0');
        else
            p++;
    }
    const unsigned year = part[0], month = part[1], day = part[2];
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (year == 0 || month < 1 || month > 12 || day < 1 || day > days[month - 1] ||
        (month == 2 && day == 29 && !leap))
        return false;
    const int y = (int)year - (month <= 2), era = y / 400, of_era = y - era * 400;
    const int of_year = (153 * ((int)month + (month > 2 ? -3 : 9)) + 2) / 5 + (int)day - 1;
    *out = (int32_t)(era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468);
    return true;
}

static bool parse_uuid(const char *text, size_t len, uint8_t out[16])
{
    size_t n = 0;
    if (len != 36)
        return false;
    for (size_t i = 0; i < len; i++) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        const char *hex = "0123456789abcdef",
                   *at = dash ? NULL : strchr(hex, tolower((unsigned char)text[i]));
        if (dash ? text[i] != '-' : !at || !*at)
            return false;
        if (dash)
            continue;
        out[n / 2] = (uint8_t)((n % 2 ? out[n / 2] << 4 : 0) | (at - hex));
        n++;
    }
    return true;
}

static bool parse_fixed(bau_type type, const char *text, size_t len, void *data)
{
    char copy[64], *end;
    if (type == BAU_DATE || type == BAU_UUID) {
        int32_t days = 0;
        const bool good = type == BAU_DATE ? parse_date(text, len, &days) : parse_uuid(text, len, data);
        if (good && type == BAU_DATE)
            memcpy(data, &days, sizeof days);
        return good;
    }
    if (len == 0 || len >= sizeof copy)
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    errno = 0;
    if (type == BAU_BOOL) {
        *(uint8_t *)data = strcmp(copy, "true") == 0;
        return *(uint8_t *)data || strcmp(copy, "false") == 0;
    }
    if (type == BAU_F32 || type == BAU_F64) {
        const double real = strtod(copy, &end);
        const float half = (float)real;
        memcpy(data, type == BAU_F64 ? (const void *)&real : &half, bau_type_width(type));
        return *end == '\0' && end != copy;
    }
    const long long integer = strtoll(copy, &end, 10);
    const int64_t most = type == BAU_I16 ? INT16_MAX : type == BAU_I32 ? INT32_MAX : INT64_MAX;
    if (*end || errno || integer > most || integer < -most - 1)
        return false;
    const int16_t i16 = (int16_t)integer;
    const int32_t i32 = (int32_t)integer;
    const int64_t i64 = integer;
    memcpy(data,
           type == BAU_I16   ? (const void *)&i16
           : type == BAU_I32 ? (const void *)&i32
                             : &i64,
           bau_type_width(type));
    return true;
}

static bool parse_value(bau_type type, const char *text, size_t len, void *data)
{
    if (bau_type_width(type))
        return parse_fixed(type, text, len, data);
    memcpy(data, text, len);
    return type == BAU_BYTES || (type == BAU_NUMERIC ? is_decimal(text, len) : is_utf8(text, len));
}

/* A column of one value. */
static bau_status make_column(struct bau_arena *arena, bau_type type, const char *text, size_t len,
                              struct bau_column *out, struct bau_error *err)
{
    const size_t width = bau_type_width(type);
    *out = (struct bau_column){ .form = BAU_FORM_TYPED, .type = type, .n_values = 1 };
    out->data = bau_arena_buffer(arena, width ? width : len);
    if (!width)
        out->offsets = bau_arena_buffer(arena, 2 * sizeof *out->offsets);
    if (!out->data || (!width && !out->offsets))
        return bau_error_set(err, BAU_E_NOMEM, "value");
    if (!width) {
        out->offsets[0] = 0;
        out->offsets[1] = (uint32_t)len;
    }
    if (!parse_value(type, text, len, out->data))
        return bau_error_set(err, BAU_E_DATA, "a value of %zu bytes is not what is expected: %s", len,
                             example_of(type));
    return BAU_OK;
}

bau_status bau_sampler_mask(struct bau_sampler *s, const char *text, size_t len, uint64_t row,
                            struct bau_text *out, struct bau_error *err)
{
    struct bau_column in, subject, number, masked = { 0 }, spelled;
    const struct bau_column *fields[BAU_BY_MOST];
    bau_arena_reset(s->batch);
    BAU_TRY_NOTE(make_column(s->batch, s->type, text, len, &in, err), err, "line %" PRIu64, row + 1);
    BAU_TRY(make_column(s->batch, BAU_I64, "1", 1, &subject, err));
    const char *digits = bau_arena_printf(s->batch, "%" PRIu64, row);
    if (!digits)
        return bau_error_set(err, BAU_E_NOMEM, "value");
    BAU_TRY(make_column(s->batch, BAU_I64, digits, strlen(digits), &number, err));
    for (size_t i = 0; i < BAU_COUNT(fields); i++)
        fields[i] = &subject;
    size_t n = 0;
    for (const struct bau_option *o = s->single->bound.masker->options; o && o->name; o++) {
        const char *field = NULL;
        if (o->flags & BAU_OPTION_FIELD)
            memcpy(&field, (const char *)s->single->bound.config + o->offset, sizeof field);
        if (field && o->value_name && strcmp(o->value_name, BAU_DATE_FIELD) == 0)
            fields[n] = &in; /* a date told from itself */
        if (field && o->value_name && strcmp(o->value_name, BAU_UNIQUE_FIELD) == 0)
            fields[n] = &number;
        n += field && n + 1 < BAU_COUNT(fields);
    }
    struct bau_mask_ctx ctx = {
        .arena = s->batch, .scratch = s->scratch, .fields = fields, .first_row = row
    };
    const struct bau_bound *bound = &s->single->bound;
    if (bound->masker->observe) { /* the values so far are all there are */
        BAU_TRY(bound->masker->observe(bound->config, bound->seen, &ctx, &in, err));
        BAU_TRY(bound->masker->settle(bound->config, bound->seen, err));
    }
    BAU_TRY(bau_sub_apply(&bound->run, &ctx, &in, &masked, err));
    if (!bau_column_present(&masked, 0)) {
        bau_text_add(out, "null");
        return BAU_OK;
    }
    if (bau_type_width(masked.type)) {
        BAU_TRY(bau_canon_column(BAU_CANON_NONE, s->batch, &masked, &spelled, err));
        masked = spelled;
    }
    const struct bau_slice value = bau_column_value(&masked, 0);
    bau_text_addn(out, value.data, value.len);
    return BAU_OK;
}
