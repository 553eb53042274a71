/* lua: a masker written in the rule file. The script is run once a value, with the value as `value` (a string), and returns the
 * masked one.
 *
 *     { mask: lua, script: "return value:sub(1, 1) .. token(value):sub(1, 8)" }
 *
 * `token(text)` is a keyed pseudonym of 32 hex digits. There is no input, output, loading, clock or randomness, and what a
 * script changes is gone with the value: globals live in a table made anew for each run, the libraries cannot be written to.
 * So the output depends on value and key alone (M1, M3). Instructions and memory are counted; a script that passes a limit,
 * or fails, ends the run. What a script says of an error can hold a value, so only its line is told.
 *
 * A Lua state lives for one batch: the config is shared by threads, a state must not be. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <utf8proc.h>

#include "maskers/common.h"

enum { HOOK_EVERY = 1000, LONGEST = 1 << 20 };

struct config {
    const char *script;
    uint32_t steps;
    uint64_t memory;
    uint32_t max_chars;
    const struct bau_mask_key *key;
    struct bau_slice code; /* compiled */
};

static const struct bau_option options[] = {
    { "script", BAU_OPTION_TEXT, offsetof(struct config, script), NULL, 0, 0,
      "Lua 5.4; gets `value`, returns the masked text; token(text) is a keyed pseudonym.",
      BAU_OPTION_REQUIRED, NULL, "LUA", 0 },
    { "steps", BAU_OPTION_U32, offsetof(struct config, steps), "1000000", 1000, 2000000000,
      "Instructions that the script may take for one value.", 0, NULL, NULL, 0 },
    { "memory", BAU_OPTION_BYTES, offsetof(struct config, memory), "16MiB", 1 << 20, INT64_C(1) << 30,
      "Memory that the script may hold.", 0, NULL, NULL, 0 },
    { 0 },
};

struct run { /* one batch */
    const struct config *config;
    struct bau_mask_ctx *ctx;
    uint64_t held, left;                       /* bytes; instructions of this value */
    bool out_of_steps, out_of_memory, refused; /* refused: the machine had no memory */
    int line;
};

/* ---- limits ---- */

static void *allocate(void *of_run, void *old, size_t old_bytes, size_t bytes)
{
    struct run *r = of_run;
    if (!old)
        old_bytes = 0; /* then it tells the kind of the object */
    if (bytes == 0) {
        bau_free(old);
        r->held -= old_bytes;
        return NULL;
    }
    if (bytes > old_bytes && r->held + (bytes - old_bytes) > r->config->memory) {
        r->out_of_memory = true;
        return NULL;
    }
    void *fresh = bau_realloc(old, bytes);
    if (fresh)
        r->held = r->held - old_bytes + bytes;
    r->refused = r->refused || !fresh;
    return fresh;
}

static struct run *run_of(lua_State *lua)
{
    void *r;
    (void)lua_getallocf(lua, &r);
    return r;
}

static void count(lua_State *lua, lua_Debug *unused)
{
    struct run *r = run_of(lua);
    (void)unused;
    if (r->left > HOOK_EVERY) {
        r->left -= HOOK_EVERY;
        return;
    }
    r->left = 0;
    r->out_of_steps = true;
    (void)luaL_error(lua, "too many instructions");
}

/* Notes the line; the words are dropped. */
static int note_error(lua_State *lua)
{
    struct run *r = run_of(lua);
    lua_Debug where;
    for (int level = 0; r->line == 0 && lua_getstack(lua, level, &where); level++)
        if (lua_getinfo(lua, "l", &where) && where.currentline > 0)
            r->line = where.currentline;
    return 1;
}

/* ---- what a script sees ---- */

static bau_status token_of(struct run *r, const char *text, size_t len, uint8_t out[32],
                           struct bau_error *err)
{
    const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = BAU_TEXT, .n_values = 1 };
    struct bau_column in;
    uint8_t(*digest)[16];
    BAU_TRY(bau_column_make(&in, &shape, BAU_TEXT, len, r->ctx->arena, err));
    memcpy(in.data, text, len);
    in.offsets[1] = (uint32_t)len;
    BAU_TRY(bau_mask_digest(r->config->key, r->ctx->arena, &in, &digest, err));
    for (unsigned i = 0; i < 4; i++)
        bau_hex(out + 8 * i, digest[0] + 4 * i);
    return BAU_OK;
}

static int token(lua_State *lua)
{
    size_t len;
    const char *text = luaL_checklstring(lua, 1, &len);
    uint8_t hex[32];
    struct bau_error unused;
    const bau_status status = len > LONGEST ? BAU_E_LIMIT : token_of(run_of(lua), text, len, hex, &unused);
    run_of(lua)->refused = run_of(lua)->refused || status == BAU_E_NOMEM;
    if (status != BAU_OK)
        return luaL_error(lua, "no token");
    lua_pushlstring(lua, (const char *)hex, sizeof hex);
    return 1;
}

/* A table or function is spelled by its address, which differs from run to run: only plain values are spelled. */
static void check_plain(lua_State *lua, int from)
{
    for (int i = from; i <= lua_gettop(lua); i++)
        if (!lua_isnoneornil(lua, i) && !lua_isboolean(lua, i) && !lua_isstring(lua, i))
            (void)luaL_error(lua, "only texts, numbers and booleans can be spelled");
}

/* The library's own function, the first upvalue of what stands before it. */
static int call_guarded(lua_State *lua)
{
    lua_pushvalue(lua, lua_upvalueindex(1));
    lua_insert(lua, 1);
    lua_call(lua, lua_gettop(lua) - 1, LUA_MULTRET);
    return lua_gettop(lua);
}

static int spell(lua_State *lua)
{
    check_plain(lua, 1);
    return call_guarded(lua);
}

/* Puts `with` around the function `name` of the table on top. */
static void guard(lua_State *lua, const char *name, lua_CFunction with)
{
    lua_getfield(lua, -1, name);
    lua_pushcclosure(lua, with, 1);
    lua_setfield(lua, -2, name);
}

/* Beyond the character class or set at p, which ends before `end`. */
static const char *after_item(const char *p, const char *end)
{
    if (*p == '%')
        return p + 1 < end ? p + 2 : end;
    if (*p++ != '[')
        return p;
    p += p < end && *p == '^';
    for (bool first = true; p < end && (first || *p != ']'); first = false)
        p += *p == '%' && p + 1 < end ? 2 : 1;
    return p < end ? p + 1 : end;
}

/* Most steps that matching may take by trying again: every start, and every length of what repeats unless nothing stands
 * behind it. A sum that gets too large stays at the largest. */
static uint64_t search_work(const char *p, const char *end, size_t len)
{
    const bool anchored = p < end && *p == '^';
    const double each = (double)len + 1;
    double work = anchored ? 1 : each;
    for (p += anchored; p < end;) {
        if (end - p > 3 && p[0] == '%' && p[1] == 'b')
            work *= each;
        p = after_item(p, end);
        if (p == end)
            break;
        const char *rest = p + 1;
        while (rest < end && *rest == ')')
            rest++;
        if (*p == '?')
            work *= 2;
        else if (*p == '-' || ((*p == '*' || *p == '+') && rest < end))
            work *= each;
    }
    return work < 1e18 ? (uint64_t)work : UINT64_C(1000000000000000000);
}

/* One instruction to Lua, so what the pattern may cost is taken off the steps before. */
static int search(lua_State *lua)
{
    enum { A_STEP = 64 }; /* tries that take about as long as an instruction with its share of the hook */
    size_t len, n;
    const char *text = lua_tolstring(lua, 1, &len), *pattern = lua_tolstring(lua, 2, &n);
    struct run *r = run_of(lua);
    const uint64_t cost = text && pattern ? search_work(pattern, pattern + n, len) / A_STEP : 0;
    if (cost >= r->left) {
        r->left = 0;
        r->out_of_steps = true;
        return luaL_error(lua, "a pattern that may take too long");
    }
    r->left -= cost;
    return call_guarded(lua);
}

static int find(lua_State *lua)
{
    return lua_toboolean(lua, 4) ? call_guarded(lua) : search(lua); /* plain: no pattern */
}

static int read_only(lua_State *lua)
{
    return luaL_error(lua, "libraries cannot be written to");
}

/* Replaces the table on top by an empty one that shows it and takes nothing. */
static void seal(lua_State *lua)
{
    lua_newtable(lua);
    lua_newtable(lua);
    lua_pushvalue(lua, -3);
    lua_setfield(lua, -2, "__index");
    lua_pushcfunction(lua, read_only);
    lua_setfield(lua, -2, "__newindex");
    lua_pushboolean(lua, 0);
    lua_setfield(lua, -2, "__metatable");
    lua_setmetatable(lua, -2);
    lua_remove(lua, -2);
}

/* Library `name`, opened by `open`, without the functions that would undo the sandbox, sealed, as a field of the table on
 * top. */
static void add_library(lua_State *lua, const char *name, lua_CFunction open, const char *const *without)
{
    luaL_requiref(lua, name, open, 0);
    for (; *without; without++) {
        lua_pushnil(lua);
        lua_setfield(lua, -2, *without);
    }
    if (open == luaopen_string) {
        static const char *const searching[] = { "match", "gmatch", "gsub" };
        guard(lua, "find", find);
        guard(lua, "format", spell);
        for (size_t i = 0; i < BAU_COUNT(searching); i++)
            guard(lua, searching[i], search);
    }
    seal(lua);
    lua_setfield(lua, -2, name);
}

/* `("x"):upper()` goes through the metatable of strings: that too shows the sealed library. */
static void seal_strings(lua_State *lua)
{
    lua_pushliteral(lua, "");
    if (lua_getmetatable(lua, -1)) {
        lua_getfield(lua, -3, "string");
        lua_setfield(lua, -2, "__index");
        lua_pushboolean(lua, 0);
        lua_setfield(lua, -2, "__metatable");
        lua_pop(lua, 1);
    }
    lua_pop(lua, 1);
}

/* The table of all that a script may call, sealed, on top of the stack. */
static void push_sandbox(lua_State *lua)
{
    static const char *const none[] = { NULL };
    static const char *const no_string[] = { "dump", "rep",
                                             NULL }; /* rep: one instruction, any amount of work */
    static const char *const no_math[] = { "random", "randomseed", NULL };
    /* no pairs: its order differs from run to run; no pcall: it would swallow the limits */
    static const char *const plain[] = {
        "assert", "error", "ipairs", "select", "tonumber", "tostring", "type"
    };
    luaL_requiref(lua, "_G", luaopen_base, 0);
    lua_newtable(lua);
    for (size_t i = 0; i < BAU_COUNT(plain); i++) {
        lua_getfield(lua, -2, plain[i]);
        lua_setfield(lua, -2, plain[i]);
    }
    guard(lua, "tostring", spell);
    lua_pushcfunction(lua, token);
    lua_setfield(lua, -2, "token");
    add_library(lua, "string", luaopen_string, no_string);
    add_library(lua, "table", luaopen_table, none);
    add_library(lua, "math", luaopen_math, no_math);
    add_library(lua, "utf8", luaopen_utf8, none);
    seal_strings(lua);
    seal(lua);
    lua_remove(lua, -2);
}

/* ---- one value ---- */

/* A fresh table of globals that falls back to the sandbox. Stack: sandbox, chunk → sandbox, chunk. */
static void fresh_globals(lua_State *lua, const char *value, size_t len)
{
    lua_newtable(lua);
    lua_pushlstring(lua, value, len);
    lua_setfield(lua, -2, "value");
    lua_newtable(lua);
    lua_pushvalue(lua, 2);
    lua_setfield(lua, -2, "__index");
    lua_pushboolean(lua, 0);
    lua_setfield(lua, -2, "__metatable");
    lua_setmetatable(lua, -2);
    (void)lua_setupvalue(lua, 3, 1);
}

struct values {
    struct run *run;
    const struct bau_column *in;
    struct bau_text *out;
    uint32_t *ends; /* n_values + 1 */
    uint32_t at;    /* value in work */
    bool no_text;
};

/* All that may raise runs in here, so that no error leaves Lua. Stack: note_error, (later) sandbox, chunk. */
static int mask_values(lua_State *lua)
{
    struct values *v = lua_touserdata(lua, 1);
    const struct config *c = v->run->config;
    lua_settop(lua, 0);
    lua_pushnil(lua);
    push_sandbox(lua);
    if (luaL_loadbufferx(lua, (const char *)c->code.data, c->code.len, "script", "b") != LUA_OK)
        return lua_error(lua);
    for (; v->at < v->in->n_values; v->at++) {
        if (bau_column_present(v->in, v->at)) {
            const struct bau_slice value = bau_column_value(v->in, v->at);
            size_t len;
            v->run->left = c->steps;
            fresh_globals(lua, (const char *)value.data, value.len);
            lua_pushvalue(lua, 3);
            lua_call(lua, 0, 1);
            const char *text = lua_type(lua, -1) == LUA_TSTRING || lua_type(lua, -1) == LUA_TNUMBER
                                   ? lua_tolstring(lua, -1, &len)
                                   : NULL;
            v->no_text = !text;
            if (!text)
                return luaL_error(lua, "no text");
            bau_text_addn(v->out, text, len);
            lua_settop(lua, 3);
        }
        v->ends[v->at + 1] = (uint32_t)v->out->len;
        if (v->out->len > INT32_MAX)
            return luaL_error(lua, "too much text");
    }
    return 0;
}

static bau_status explain(const struct values *v, struct bau_error *err)
{
    const struct run *r = v->run;
    const uint64_t row = bau_mask_row(r->ctx, v->at);
    if (r->out_of_steps)
        return bau_error_set(err, BAU_E_LIMIT,
                             "row %" PRIu64 ": the script took more than %u instructions (line %d)", row,
                             r->config->steps, r->line);
    if (r->out_of_memory)
        return bau_error_set(err, BAU_E_LIMIT,
                             "row %" PRIu64 ": the script wanted more than %" PRIu64
                             " bytes of memory (line %d)",
                             row, r->config->memory, r->line);
    if (r->refused)
        return bau_error_set(err, BAU_E_NOMEM, "script");
    if (v->no_text)
        return bau_error_set(err, BAU_E_DATA, "row %" PRIu64 ": the script gave back no text", row);
    return bau_error_set(err, BAU_E_DATA, "row %" PRIu64 ": the script failed in line %d", row, r->line);
}

static bool fits(const struct config *c, struct bau_slice v)
{
    uint32_t chars = 0;
    for (size_t i = 0; i < v.len; i++)
        chars += (v.data[i] & 0xC0u) != 0x80u;
    return c->max_chars == 0 || chars <= c->max_chars;
}

static bool is_utf8(struct bau_slice v)
{
    for (size_t at = 0; at < v.len;) {
        utf8proc_int32_t c;
        const utf8proc_ssize_t n = utf8proc_iterate(v.data + at, (utf8proc_ssize_t)(v.len - at), &c);
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

static bau_status take_out(const struct values *v, struct bau_column *out, struct bau_error *err)
{
    struct run *r = v->run;
    BAU_TRY(bau_column_make(out, v->in, v->in->type, v->out->len, r->ctx->arena, err));
    if (v->out->len)
        memcpy(out->data, v->out->data, v->out->len);
    for (uint32_t i = 0; i < v->in->n_values; i++) {
        out->offsets[i + 1] = v->ends[i + 1];
        const struct bau_slice value = bau_column_value(out, i);
        if (!is_utf8(value))
            return bau_error_set(err, BAU_E_DATA,
                                 "row %" PRIu64 ": the script gave back %zu bytes that are no UTF-8",
                                 bau_mask_row(r->ctx, i), value.len);
        if (!fits(r->config, value))
            return bau_error_set(err, BAU_E_DATA,
                                 "row %" PRIu64
                                 ": the script gave back %zu bytes, the column holds %u characters",
                                 bau_mask_row(r->ctx, i), value.len, r->config->max_chars);
    }
    return BAU_OK;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    struct run r = { .config = config, .ctx = ctx, .left = UINT64_MAX };
    BAU_AUTO_TEXT text = { 0 };
    const struct bau_column from = *in;
    struct values v = { .run = &r, .in = &from, .out = &text };
    v.ends = bau_arena_buffer(ctx->arena, ((size_t)from.n_values + 1) * sizeof *v.ends);
    lua_State *lua = v.ends ? lua_newstate(allocate, &r) : NULL;
    if (!lua)
        return bau_error_set(err, BAU_E_NOMEM, "script");
    lua_sethook(lua, count, LUA_MASKCOUNT, HOOK_EVERY);
    lua_pushcfunction(lua, note_error);
    lua_pushcfunction(lua, mask_values);
    lua_pushlightuserdata(lua, &v);
    const bool good = lua_pcall(lua, 1, 0, 1) == LUA_OK;
    lua_close(lua);
    if (!good)
        return explain(&v, err);
    return text.failed ? bau_error_set(err, BAU_E_NOMEM, "script") : take_out(&v, out, err);
}

/* ---- compile ---- */

static int write_code(lua_State *lua, const void *bytes, size_t n, void *of_text)
{
    (void)lua;
    bau_text_addn(of_text, bytes, n);
    return 0;
}

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    struct run r = { .config = c, .left = UINT64_MAX };
    BAU_AUTO_TEXT code = { 0 };
    c->key = with->key;
    c->max_chars = with->max_chars;
    lua_State *lua = lua_newstate(allocate, &r);
    if (!lua)
        return bau_error_set(err, BAU_E_NOMEM, "script");
    bau_status status = BAU_OK;
    const int loaded = luaL_loadbufferx(lua, c->script, strlen(c->script), "=script", "t");
    if (loaded != LUA_OK && loaded != LUA_ERRMEM)
        status =
            bau_error_set(err, BAU_E_USAGE, "%.200s", lua_tostring(lua, -1)); /* no value was there yet */
    else if (loaded == LUA_ERRMEM)
        status = bau_error_set(err, BAU_E_NOMEM, "script");
    else if (lua_dump(lua, write_code, &code, 0) != 0 || code.failed)
        status = bau_error_set(err, BAU_E_NOMEM, "script");
    lua_close(lua);
    BAU_TRY(status);
    uint8_t *copy = bau_arena_take(with->arena, code.len);
    if (!copy)
        return bau_error_set(err, BAU_E_NOMEM, "script");
    memcpy(copy, code.data, code.len);
    c->code = (struct bau_slice){ copy, code.len };
    return BAU_OK;
}

/* Nobody can know; what is too long for the column is refused as it comes. */
static uint32_t widest(const void *config, bau_type type)
{
    const struct config *c = config;
    (void)type;
    return c->max_chars ? c->max_chars : UINT32_MAX;
}

const struct bau_masker bau_masker_lua = {
    .name = "lua",
    .summary = "Masks by a script of your own, without input, output, clock or chance.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_KEYED | BAU_KEEPS_SOME,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_VALUE,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .example_in = "ada.lovelace",
    .example_options = "script=return[[user-]]..token(value):sub(1,12)",
};
