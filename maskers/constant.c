/* constant: one value for every row, read at bind as the type of the column. Spellings: true, false; decimal
 * numbers;
 * 2024-02-29; 13:45:00; 2024-02-29 13:45:00.5 (with time zone: and Z or +01:00); UUIDs; JSON; bytes as
 * hexadecimal
 * digits, also after \x; infinity and -infinity for dates and timestamps. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "maskers/calendar.h"
#include "maskers/common.h"
#include "src/kernel/json.h"

struct config {
    const char *value;
    const uint8_t *bytes; /* what every value becomes */
    uint32_t len, chars;
    uint8_t fixed[16];
};

static const struct bau_option options[] = {
    { "value", BAU_OPTION_TEXT, offsetof(struct config, value), NULL, 0, 0,
      "The value, spelled as the column's type.", BAU_OPTION_REQUIRED, NULL, NULL, 0 },
    { 0 },
};

static void set_fixed(struct config *c, const void *bytes, size_t n)
{
    memcpy(c->fixed, bytes, n);
    c->bytes = c->fixed;
    c->len = (uint32_t)n;
}

static bool read_integer(struct config *c, int64_t least, int64_t most, size_t width)
{
    char *end;
    errno = 0;
    const long long v = strtoll(c->value, &end, 10);
    if (errno || end == c->value || *end || v < least || v > most)
        return false;
    const int16_t v16 = (int16_t)v;
    const int32_t v32 = (int32_t)v;
    const int64_t v64 = v;
    set_fixed(c,
              width == 2   ? (const void *)&v16
              : width == 4 ? (const void *)&v32
                           : (const void *)&v64,
              width);
    return true;
}

static bool read_float(struct config *c, size_t width)
{
    char *end;
    const double v = strtod(c->value, &end);
    const float narrow = (float)v;
    if (end == c->value || *end || (width == 4 && isinf(narrow) && !isinf(v)))
        return false;
    set_fixed(c, width == 4 ? (const void *)&narrow : (const void *)&v, width);
    return true;
}

static bool read_instant(struct config *c, bau_type type)
{
    int64_t v;
    if (!bau_read_instant(c->value, strlen(c->value), type, &v))
        return false;
    const int32_t day = (int32_t)v;
    set_fixed(c, type == BAU_DATE ? (const void *)&day : (const void *)&v, bau_type_width(type));
    return true;
}

static bool read_time(struct config *c)
{
    struct bau_scan s = { c->value, c->value + strlen(c->value) };
    int64_t us;
    if (!bau_scan_time(&s, &us) || s.at != s.end)
        return false;
    set_fixed(c, &us, sizeof us);
    return true;
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    const int low = c | 0x20;
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

/* Hexadecimal digits; dashes are passed over for UUIDs. */
static bool read_hex(const char *text, bool dashes, uint8_t *out, uint32_t room, uint32_t *out_len)
{
    uint32_t n = 0;
    for (; *text; text++) {
        if (dashes && *text == '-')
            continue;
        const int v = nibble(*text);
        if (v < 0 || n / 2 >= room)
            return false;
        out[n / 2] = (uint8_t)(n % 2 ? out[n / 2] | v : v << 4);
        n++;
    }
    *out_len = n / 2;
    return n % 2 == 0;
}

static bool read_bytes(struct config *c, struct bau_arena *arena, bool *memory)
{
    const char *hex = strncmp(c->value, "\\x", 2) == 0 ? c->value + 2 : c->value;
    const size_t room = strlen(hex) / 2;
    uint8_t *bytes = bau_arena_zero(arena, room + 1);
    c->bytes = bytes;
    *memory = bytes != NULL;
    return bytes && read_hex(hex, false, bytes, (uint32_t)room, &c->len);
}

static bool read_uuid(struct config *c)
{
    uint8_t uuid[16] = { 0 };
    uint32_t n = 0;
    if (!read_hex(c->value, true, uuid, 16, &n) || n != 16)
        return false;
    set_fixed(c, uuid, 16);
    return true;
}

static enum bau_json_verdict ignore(void *context, const struct bau_json_event *event)
{
    (void)context;
    (void)event;
    return BAU_JSON_GO;
}

static void set_text(struct config *c)
{
    c->bytes = (const void *)c->value;
    c->len = (uint32_t)strlen(c->value);
}

static bool read_json(struct config *c, struct bau_arena *arena, bool *memory)
{
    struct bau_json_paths paths;
    struct bau_json_path_error ignored;
    struct bau_json_scratch *scratch = bau_arena_take(arena, sizeof *scratch);
    void *nodes = bau_arena_take(arena, bau_json_paths_bytes(NULL, 0));
    size_t at;
    set_text(c);
    *memory = scratch && nodes;
    return *memory && bau_json_paths_init(&paths, NULL, 0, nodes, &ignored) &&
           bau_json_scan(&paths, scratch, c->bytes, c->len, ignore, NULL, &at) == BAU_JSON_OK;
}

static bool read_numeric(struct config *c, const struct bau_field *field)
{
    const char *p = c->value + (c->value[0] == '-');
    uint32_t whole = 0, scale = 0;
    set_text(c);
    for (; bau_is_digit((uint8_t)*p); p++)
        whole += whole > 0 || *p != '0';
    if (p == c->value + (c->value[0] == '-'))
        return false;
    if (*p == '.') {
        for (p++; bau_is_digit((uint8_t)*p); p++)
            scale++;
        if (scale == 0)
            return false;
    }
    const uint32_t room = field ? field->max_digits : 0,
                   behind = field && field->scale > 0 ? (uint32_t)field->scale : 0;
    return *p == '\0' && (room == 0 || (whole + behind <= room && scale <= behind));
}

static bool read_text(struct config *c, const struct bau_mask_bind *with)
{
    set_text(c);
    for (uint32_t i = 0; i < c->len; i++)
        c->chars += (c->bytes[i] & 0xC0u) != 0x80u;
    bool label = !with->field || with->field->n_labels == 0;
    for (uint32_t i = 0; !label && i < with->field->n_labels; i++)
        label = strcmp(with->field->labels[i], c->value) == 0;
    return label && (with->max_chars == 0 || c->chars <= with->max_chars);
}

static bool read_bool(struct config *c)
{
    const uint8_t v = strcmp(c->value, "true") == 0;
    set_fixed(c, &v, 1);
    return v || strcmp(c->value, "false") == 0;
}

/* false: the type has no such value, or `memory`, which the caller sets, was made false. */
static bool read_value(struct config *c, const struct bau_mask_bind *with, bool *memory)
{
    switch (with->type) {
    case BAU_BOOL: return read_bool(c);
    case BAU_I16: return read_integer(c, INT16_MIN, INT16_MAX, 2);
    case BAU_I32: return read_integer(c, INT32_MIN, INT32_MAX, 4);
    case BAU_I64: return read_integer(c, INT64_MIN, INT64_MAX, 8);
    case BAU_F32: return read_float(c, 4);
    case BAU_F64: return read_float(c, 8);
    case BAU_DATE:
    case BAU_TIMESTAMP:
    case BAU_TIMESTAMPTZ: return read_instant(c, with->type);
    case BAU_TIME: return read_time(c);
    case BAU_UUID: return read_uuid(c);
    case BAU_TEXT: return read_text(c, with);
    case BAU_NUMERIC: return read_numeric(c, with->field);
    case BAU_JSON: return read_json(c, with->arena, memory);
    case BAU_BYTES: return read_bytes(c, with->arena, memory);
    case BAU_OTHER:
    case BAU_TYPE_COUNT: break;
    }
    return false;
}

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    if (!c->value)
        return bau_error_set(err, BAU_E_USAGE, "constant needs the option 'value'");
    bool memory = true;
    const bool good = read_value(c, with, &memory);
    if (!memory)
        return bau_error_set(err, BAU_E_NOMEM, "constant");
    if (!good)
        return bau_error_set(err, BAU_E_USAGE, "'%.60s' is no value that %.80s can hold", c->value,
                             with->field ? with->field->native : bau_type_word(with->type));
    return BAU_OK;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    const bool variable = bau_type_width(in->type) == 0;
    if (variable)
        BAU_TRY(bau_mask_text_out(out, in, in->type, c->len, ctx->arena, err));
    else
        BAU_TRY(bau_column_make(out, in, in->type, 0, ctx->arena, err));
    uint8_t *dst = out->data, *start = dst;
    for (uint32_t i = 0; i < in->n_values; i++) {
        if (bau_column_present(in, i)) {
            memcpy(dst, c->bytes, c->len);
            dst += c->len;
        } else if (!variable) {
            memset(dst, 0, c->len);
            dst += c->len;
        }
        if (variable)
            out->offsets[i + 1] = (uint32_t)(dst - start);
    }
    return BAU_OK;
}

static uint32_t widest(const void *config, bau_type type)
{
    const struct config *c = config;
    return type == BAU_TEXT ? c->chars : 0;
}

const struct bau_masker bau_masker_constant = {
    .name = "constant",
    .summary = "Replaces every value by one that the rule states.",
    .accepts = BAU_TYPES_ALL & ~BAU_TYPE_BIT(BAU_OTHER),
    .traits = BAU_DETERMINISTIC | BAU_CONSTANT | BAU_KEEPS_LABELS,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .example_in = "+49 30 1234567",
    .example_options = "value=unknown",
};
