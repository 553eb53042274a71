/* The fields of a template's dataset, from a sample of its keys and from what rules name. A name out of the store becomes a
 * field only when it looks like a word of a program and several hashes share it: other names may be somebody's. */
#include "redis.h"

#include <stdio.h>
#include <string.h>

enum { SAMPLE = 100, NAMES_MOST = 256, NAME_BYTES_MOST = 64, LEAST = 2, SHARE = 10, DIGITS_MOST = 2 };

static const struct {
    const char *name;
    redis_type type; /* a type whose keys have the field */
} own_words[] = {
    { "value", REDIS_STRING }, { "member", REDIS_LIST }, { "score", REDIS_ZSET },
    { "fields", REDIS_HASH },  { "values", REDIS_HASH }, { "opaque", REDIS_OTHER },
};

struct sample {
    struct bau_side *side;
    struct redis_set *set;
    struct bau_arena *arena;
    struct bau_slice keys[SAMPLE];
    struct redis_place places[SAMPLE]; /* out of a file */
    redis_type types[SAMPLE];
    uint32_t n;
    const char *names[NAMES_MOST]; /* seen or named */
    uint32_t counts[NAMES_MOST], n_names, n_hashes;
};

static void choose(struct sample *s)
{
    const struct redis_set *set = s->set;
    const uint64_t step = set->n_keys > SAMPLE ? set->n_keys / SAMPLE : 1;
    size_t at = 0;
    for (uint64_t k = 0; k < set->n_keys && s->n < SAMPLE; k++) {
        struct redis_place place = { 0 };
        const struct bau_slice key = redis_key_at(set, at, &at, &place);
        if (k % step != 0)
            continue;
        s->places[s->n] = place;
        s->keys[s->n++] = key;
    }
}

redis_type redis_type_named(const char *name)
{
    static const char *const words[] = {
        [REDIS_STRING] = "string", [REDIS_LIST] = "list", [REDIS_SET] = "set",
        [REDIS_ZSET] = "zset",     [REDIS_HASH] = "hash", [REDIS_STREAM] = "stream"
    };
    for (size_t i = 0; i < BAU_COUNT(words); i++)
        if (strcmp(name, words[i]) == 0)
            return (redis_type)i;
    return strcmp(name, "none") == 0 ? REDIS_TYPES : REDIS_OTHER;
}

static bau_status ask_types(struct sample *s, struct bau_error *err)
{
    struct redis_client *c = s->side->main;
    for (uint32_t i = 0; i < s->n; i++)
        redis_add(c, 2, (const struct bau_slice[]){ redis_slice("TYPE", 4), s->keys[i] });
    BAU_TRY(redis_send(c, err));
    bau_status status = BAU_OK;
    for (uint32_t i = 0; i < s->n; i++) {
        REDIS_AUTO_REPLY *reply = NULL;
        BAU_TRY(redis_next(c, &reply, err));
        if (reply->type != REDIS_REPLY_STATUS) {
            status = reply->type == REDIS_REPLY_ERROR ? redis_refused(c, "TYPE", reply, err)
                                                      : bau_error_set(err, BAU_E_SOURCE, "TYPE gave no word");
            continue;
        }
        s->types[i] = redis_type_named(reply->str);
        if (s->types[i] != REDIS_TYPES)
            s->set->types |= 1u << s->types[i];
    }
    return status;
}

/* ── names ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool program_word(const char *text, size_t n)
{
    uint32_t digits = 0;
    if (n == 0 || n > NAME_BYTES_MOST)
        return false;
    for (size_t i = 0; i < n; i++) {
        const char c = text[i], low = (char)(c | 0x20);
        const bool letter = (low >= 'a' && low <= 'z') || c == '_', digit = c >= '0' && c <= '9';
        if (!letter && !(i > 0 && (digit || c == '-' || c == '.')))
            return false;
        digits += digit;
    }
    return digits <= DIGITS_MOST;
}

static void count_name(struct sample *s, const char *text, size_t n, uint32_t by)
{
    for (uint32_t i = 0; i < s->n_names; i++)
        if (strlen(s->names[i]) == n && memcmp(s->names[i], text, n) == 0) {
            s->counts[i] += by;
            return;
        }
    if (s->n_names == NAMES_MOST)
        return;
    s->names[s->n_names] = bau_arena_textn(s->arena, text, n);
    s->counts[s->n_names] = by;
    s->n_names += s->names[s->n_names] != NULL;
}

static void count_pairs(struct sample *s, const redisReply *pairs)
{
    for (size_t i = 0; pairs->type == REDIS_REPLY_ARRAY && i + 1 < pairs->elements; i += 2)
        if (program_word(pairs->element[i]->str, pairs->element[i]->len))
            count_name(s, pairs->element[i]->str, pairs->element[i]->len, 1);
}

/* HSCAN: [cursor, pairs]; XREVRANGE: [[id, pairs] …]. */
static void count_names(struct sample *s, redis_type type, const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ARRAY)
        return;
    if (type == REDIS_HASH) {
        if (reply->elements == 2)
            count_pairs(s, reply->element[1]);
        s->n_hashes++;
        return;
    }
    for (size_t i = 0; i < reply->elements; i++)
        if (reply->element[i]->type == REDIS_REPLY_ARRAY && reply->element[i]->elements == 2) {
            count_pairs(s, reply->element[i]->element[1]);
            s->n_hashes++;
        }
}

static bool has_names(redis_type type)
{
    return type == REDIS_HASH || type == REDIS_STREAM;
}

static bau_status ask_names(struct sample *s, struct bau_error *err)
{
    struct redis_client *c = s->side->main;
    const struct bau_slice hscan = redis_slice("HSCAN", 5), zero = redis_slice("0", 1),
                           count = redis_slice("COUNT", 5), hundred = redis_slice("100", 3),
                           range = redis_slice("XREVRANGE", 9), last = redis_slice("+", 1),
                           first = redis_slice("-", 1), three = redis_slice("3", 1);
    for (uint32_t i = 0; i < s->n; i++)
        if (s->types[i] == REDIS_HASH)
            redis_add(c, 5, (const struct bau_slice[]){ hscan, s->keys[i], zero, count, hundred });
        else if (s->types[i] == REDIS_STREAM)
            redis_add(c, 6, (const struct bau_slice[]){ range, s->keys[i], last, first, count, three });
    BAU_TRY(redis_send(c, err));
    for (uint32_t i = 0; i < s->n; i++) {
        REDIS_AUTO_REPLY *reply = NULL;
        if (!has_names(s->types[i]))
            continue;
        BAU_TRY(redis_next(c, &reply, err));
        count_names(s, s->types[i], reply);
    }
    return BAU_OK;
}

/* A sample out of a file. */
static bau_status on_item(void *self, redis_item item, struct bau_slice bytes, struct bau_error *err)
{
    (void)err;
    if (item == REDIS_ITEM_FIELD && program_word((const char *)bytes.data, bytes.len))
        count_name(self, (const char *)bytes.data, bytes.len, 1);
    return BAU_OK;
}

static bau_status look_into(struct sample *s, struct bau_error *err)
{
    const struct redis_file *file = &s->side->file;
    const struct redis_sink sink = { s, on_item };
    for (uint32_t i = 0; i < s->n; i++) {
        struct redis_cursor c = { file->bytes + s->places[i].at,
                                  file->bytes + s->places[i].at + s->places[i].len };
        s->set->types |= 1u << redis_rdb_type_of(s->places[i].type);
        s->n_hashes += has_names(redis_rdb_type_of(s->places[i].type));
        BAU_TRY(redis_rdb_value(&c, s->places[i].type, &sink, err));
    }
    return BAU_OK;
}

/* ── columns ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct build {
    struct bau_arena *arena;
    struct bau_field *fields;
    uint32_t n;
    bool failed;
};

static uint16_t add(struct build *b, const char *name, const char *native, bau_type type, bool list,
                    bool nullable)
{
    b->fields[b->n] = (struct bau_field){ .name = bau_arena_text(b->arena, name),
                                          .native = native,
                                          .type = type,
                                          .list = list,
                                          .nullable = nullable,
                                          .scale = -1 };
    b->failed = b->failed || !b->fields[b->n].name;
    return (uint16_t)b->n++;
}

static bool taken(const struct build *b, const char *name)
{
    for (size_t i = 0; i < BAU_COUNT(own_words); i++)
        if (strcmp(own_words[i].name, name) == 0)
            return true;
    for (uint32_t i = 0; i < b->n; i++)
        if (strcmp(b->fields[i].name, name) == 0)
            return true;
    return false;
}

static bool has(const struct redis_set *set, redis_type type)
{
    return (set->types >> type & 1u) != 0;
}

static void add_value(struct build *b, struct redis_set *set)
{
    set->value = set->member = set->score = set->fields = set->values = set->opaque = REDIS_NONE;
    if (has(set, REDIS_STRING))
        set->value = add(b, "value", "string", BAU_TEXT, false, true);
    if (has(set, REDIS_LIST) || has(set, REDIS_SET) || has(set, REDIS_ZSET))
        set->member = add(b, "member", "member", BAU_TEXT, true, true);
    if (has(set, REDIS_ZSET))
        set->score = add(b, "score", "score", BAU_F64, true, false);
    if (has(set, REDIS_OTHER))
        set->opaque = add(b, "opaque", "module value", BAU_OTHER, false, true);
}

static bau_status add_named(struct build *b, struct sample *s, struct bau_error *err)
{
    struct redis_set *set = s->set;
    const bool list = has(set, REDIS_STREAM);
    const char **names = bau_arena_take(s->arena, (NAMES_MOST + 1) * sizeof *names);
    if (!names)
        return bau_error_set(err, BAU_E_NOMEM, "catalog");
    set->named = (uint16_t)b->n;
    for (uint32_t i = 0; i < s->n_names; i++) {
        if (s->counts[i] < LEAST || s->counts[i] * SHARE < s->n_hashes)
            continue;
        const char *name =
            taken(b, s->names[i]) ? bau_arena_printf(s->arena, "field:%s", s->names[i]) : s->names[i];
        if (!name)
            return bau_error_set(err, BAU_E_NOMEM, "catalog");
        names[set->n_named++] = s->names[i];
        (void)add(b, name, list ? "stream field" : "hash field", BAU_TEXT, list, true);
    }
    set->names = names;
    set->fields = add(b, "fields", "names of other fields", BAU_TEXT, true, true);
    set->values = add(b, "values", "values of other fields", BAU_TEXT, true, true);
    return BAU_OK;
}

/* What rules name are fields even when today's sample has none of them. */
static void count_rules(struct sample *s)
{
    const struct bau_open *with = &s->side->with;
    for (uint32_t i = 0; i < with->n_named; i++) {
        if (strcmp(with->named[i].dataset, s->set->template.text) != 0)
            continue;
        for (uint32_t f = 0; f < with->named[i].n_fields; f++) {
            const char *name = with->named[i].fields[f];
            const bool spelled = strncmp(name, "field:", 6) == 0;
            bool own = false;
            const struct redis_template *t = &s->set->template;
            for (uint32_t p = 0; p < t->n_parts && !spelled; p++)
                own = own || (t->parts[p].capture && strcmp(t->parts[p].capture, name) == 0);
            for (size_t w = 0; w < BAU_COUNT(own_words) && !spelled && !own; w++)
                if (strcmp(own_words[w].name, name) == 0) {
                    own = true;
                    s->set->types |= 1u << own_words[w].type;
                }
            if (!own)
                count_name(s, name + (spelled ? 6 : 0), strlen(name) - (spelled ? 6 : 0), UINT32_MAX / 64);
        }
    }
}

static bau_status add_key(const struct redis_set *set, struct bau_arena *arena, struct bau_dataset *out,
                          struct bau_error *err)
{
    struct bau_key *key = bau_arena_zero(arena, sizeof *key);
    uint32_t *fields = bau_arena_take(arena, (REDIS_CAPTURES_MOST + 1) * sizeof *fields);
    if (!key || !fields)
        return bau_error_set(err, BAU_E_NOMEM, "catalog");
    for (uint32_t i = 0; i < set->template.n_captures; i++)
        fields[i] = i;
    *key = (struct bau_key){
        .name = "key", .kind = BAU_KEY_PRIMARY, .n_fields = set->template.n_captures, .fields = fields
    };
    out->keys = key;
    out->n_keys = set->template.n_captures ? 1 : 0;
    return BAU_OK;
}

static bau_status build(struct sample *s, struct bau_dataset *out, struct bau_error *err)
{
    struct redis_set *set = s->set;
    struct build b = { .arena = s->arena };
    b.fields = bau_arena_zero(s->arena, (REDIS_CAPTURES_MOST + NAMES_MOST + 8) * sizeof *b.fields);
    if (!b.fields)
        return bau_error_set(err, BAU_E_NOMEM, "catalog");
    for (uint32_t i = 0; i < set->template.n_parts; i++)
        if (set->template.parts[i].capture)
            (void)add(&b, set->template.parts[i].capture, "part of the key", BAU_TEXT, false, false);
    add_value(&b, set);
    if (has(set, REDIS_HASH) || has(set, REDIS_STREAM))
        BAU_TRY(add_named(&b, s, err));
    if (b.failed)
        return bau_error_set(err, BAU_E_NOMEM, "catalog");
    out->fields = b.fields;
    out->n_fields = b.n;
    return add_key(set, s->arena, out, err);
}

bau_status redis_find_fields(struct bau_side *side, struct redis_set *set, struct bau_arena *arena,
                             struct bau_dataset *out, struct bau_error *err)
{
    struct sample s = { .side = side, .set = set, .arena = arena };
    choose(&s);
    count_rules(&s);
    if (side->address.file)
        BAU_TRY(look_into(&s, err));
    else {
        BAU_TRY(ask_types(&s, err));
        BAU_TRY(ask_names(&s, err));
    }
    if (s.n == 0 && s.n_names) /* no key today: what rules name of hashes stays known */
        set->types |= 1u << REDIS_HASH;
    return build(&s, out, err);
}
