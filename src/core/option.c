/* Option tables: defaults, parsing, what is expected. See include/bauta/option.h. */
#include "bauta/option.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static char *at(void *config, const struct bau_option *option)
{
    return (char *)config + option->offset;
}

#define STORE(type, value)                                                                                   \
    do {                                                                                                     \
        const type stored = (value);                                                                         \
        memcpy(at(config, option), &stored, sizeof stored);                                                  \
    } while (0)

const struct bau_option *bau_option_find(const struct bau_option *table, const char *name)
{
    for (const struct bau_option *o = table; o && o->name; o++)
        if (strcmp(o->name, name) == 0)
            return o;
    return NULL;
}

struct unit {
    const char *name;
    uint64_t times;
};
static const struct unit byte_units[] = { { "", 1 },
                                          { "B", 1 },
                                          { "kB", 1000 },
                                          { "KB", 1000 },
                                          { "MB", 1000 * 1000 },
                                          { "GB", 1000 * 1000 * 1000 },
                                          { "TB", UINT64_C(1000) * 1000 * 1000 * 1000 },
                                          { "KiB", 1024 },
                                          { "MiB", 1024 * 1024 },
                                          { "GiB", 1024 * 1024 * 1024 },
                                          { "TiB", UINT64_C(1024) * 1024 * 1024 * 1024 } };
static const struct unit time_units[] = { { "ms", 1 },      { "s", 1000 },    { "m", 60000 },
                                          { "min", 60000 }, { "h", 3600000 }, { "d", 86400000 } };

/* "20GB", "1.5h": a decimal number and a unit, nothing between or behind. */
static bool parse_units(const char *text, const struct unit *units, size_t n, uint64_t *out)
{
    char *end;
    errno = 0;
    if (!((*text >= '0' && *text <= '9') || *text == '.'))
        return false;
    const double number = strtod(text, &end);
    if (errno || end == text || !isfinite(number))
        return false;
    while (*end == ' ')
        end++;
    for (size_t i = 0; i < n; i++)
        if (strcmp(end, units[i].name) == 0 && number * (double)units[i].times < 9e18) {
            *out = (uint64_t)llround(number * (double)units[i].times);
            return true;
        }
    return number == 0 && *end == '\0' ? (*out = 0, true) : false;
}

static bool parse_integer(const char *text, int64_t *out)
{
    char *end;
    errno = 0;
    const long long number = strtoll(text, &end, 10);
    *out = number;
    return errno == 0 && end != text && *end == '\0' && *text != ' ' && *text != '\t';
}

static bool parse_bool(const char *text, bool *out)
{
    *out = strcmp(text, "true") == 0;
    return *out || strcmp(text, "false") == 0;
}

static bool parse_choice(const char *choices, const char *text, uint32_t *out)
{
    uint32_t index = 0;
    for (const char *c = choices; c; c = strchr(c, '|') ? strchr(c, '|') + 1 : NULL, index++) {
        const size_t len = strcspn(c, "|");
        if (strlen(text) == len && strncmp(c, text, len) == 0) {
            *out = index;
            return true;
        }
    }
    return false;
}

static bool within(const struct bau_option *option, double number)
{
    return (option->min == 0 && option->max == 0) ||
           (number >= (double)option->min && number <= (double)option->max);
}

static bool set_number(const struct bau_option *option, void *config, const char *text)
{
    int64_t integer;
    uint64_t amount;
    char *end;
    if (option->kind == BAU_OPTION_U32) {
        if (!parse_integer(text, &integer) || integer < 0 || integer > UINT32_MAX ||
            !within(option, (double)integer))
            return false;
        STORE(uint32_t, (uint32_t)integer);
    } else if (option->kind == BAU_OPTION_I64) {
        if (!parse_integer(text, &integer) ||
            ((option->min || option->max) && (integer < option->min || integer > option->max)))
            return false;
        STORE(int64_t, integer);
    } else if (option->kind == BAU_OPTION_F64) {
        const double real = strtod(text, &end);
        if (end == text || *end || !isfinite(real) || !within(option, real))
            return false;
        STORE(double, real);
    } else {
        const bool bytes = option->kind == BAU_OPTION_BYTES;
        if (!parse_units(text, bytes ? byte_units : time_units,
                         bytes ? BAU_COUNT(byte_units) : BAU_COUNT(time_units), &amount) ||
            !within(option, (double)amount))
            return false;
        STORE(uint64_t, amount);
    }
    return true;
}

static bau_status add_text(const struct bau_option *option, void *config, const char *text,
                           struct bau_arena *arena, struct bau_error *err)
{
    struct bau_texts texts;
    memcpy(&texts, at(config, option), sizeof texts);
    const char **grown = bau_arena_take(arena, (texts.n + 1u) * sizeof *grown);
    char *copy = bau_arena_text(arena, text);
    if (!grown || !copy)
        return bau_error_set(err, BAU_E_NOMEM, "option %s", option->name);
    if (texts.n)
        memcpy(grown, texts.at, texts.n * sizeof *grown);
    grown[texts.n] = copy;
    STORE(struct bau_texts, ((struct bau_texts){ texts.n + 1, grown }));
    return BAU_OK;
}

bau_status bau_option_set(const struct bau_option *option, void *config, const char *text,
                          struct bau_arena *arena, struct bau_error *err)
{
    bool good = true, flag;
    uint32_t index;
    char *copy;
    switch (option->kind) {
    case BAU_OPTION_BOOL:
        good = parse_bool(text, &flag);
        if (good)
            STORE(bool, flag);
        break;
    case BAU_OPTION_CHOICE:
        good = parse_choice(option->choices, text, &index);
        if (good)
            STORE(uint32_t, index);
        break;
    case BAU_OPTION_U32:
    case BAU_OPTION_I64:
    case BAU_OPTION_F64:
    case BAU_OPTION_BYTES:
    case BAU_OPTION_DURATION: good = set_number(option, config, text); break;
    case BAU_OPTION_TEXT:
        copy = bau_arena_text(arena, text);
        if (!copy)
            return bau_error_set(err, BAU_E_NOMEM, "option %s", option->name);
        STORE(char *, copy);
        break;
    case BAU_OPTION_TEXTS: return add_text(option, config, text, arena, err);
    case BAU_OPTION_MASKERS: good = false; break; /* src/rule reads treatments */
    }
    if (good)
        return BAU_OK;
    BAU_AUTO_TEXT expects = { 0 };
    bau_option_expects(option, &expects);
    return bau_error_set(err, BAU_E_USAGE, "%s: expected %s", option->name,
                         expects.data ? expects.data : "another value");
}

bau_status bau_options_default(const struct bau_option *table, void *config, struct bau_arena *arena,
                               struct bau_error *err)
{
    for (const struct bau_option *o = table; o->name; o++)
        if (o->fallback)
            BAU_TRY_NOTE(bau_option_set(o, config, o->fallback, arena, err), err, "default");
    return BAU_OK;
}

void bau_option_expects(const struct bau_option *option, struct bau_text *out)
{
    const bool bounded = option->min != 0 || option->max != 0;
    switch (option->kind) {
    case BAU_OPTION_BOOL: bau_text_add(out, "true or false"); break;
    case BAU_OPTION_U32:
    case BAU_OPTION_I64:
        bau_text_add(out, "a whole number");
        if (bounded)
            bau_text_addf(out, " from %" PRId64 " to %" PRId64, option->min, option->max);
        break;
    case BAU_OPTION_F64:
        bau_text_add(out, "a number");
        if (bounded)
            bau_text_addf(out, " from %" PRId64 " to %" PRId64, option->min, option->max);
        break;
    case BAU_OPTION_BYTES: bau_text_add(out, "an amount of bytes such as 512KiB, 64MiB or 20GB"); break;
    case BAU_OPTION_DURATION: bau_text_add(out, "a duration such as 250ms, 90s, 5m or 4h"); break;
    case BAU_OPTION_TEXT:
    case BAU_OPTION_TEXTS: bau_text_add(out, "text"); break;
    case BAU_OPTION_MASKERS: bau_text_add(out, "a masker, a list of maskers, or maskers by name"); break;
    case BAU_OPTION_CHOICE:
        bau_text_add(out, "one of ");
        for (const char *c = option->choices; *c; c++)
            bau_text_add(out, *c == '|' ? ", " : (const char[]){ *c, '\0' });
        break;
    }
}
