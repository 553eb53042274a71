/* url: an absolute URL whose host nobody answers for. Scheme, port, depth of the path and names of the query
 * stay.
 *
 *   host         a name as by host_name.h, an address as by ip_reserved
 *   path         each segment a token in its shape (shape.h); a usual file name ending (.html, .png) stays
 *   query        name=value: the value a token in its shape; a part without '=' is a token whole
 *   user, password, fragment   tokens in their shape
 *
 * Equal parts give equal tokens anywhere. Two short parts of one shape may become one: distinct URLs can
 * meet. */
#include "maskers/host_name.h"
#include "maskers/ip_address.h"
#include "maskers/shape.h"

enum { MASK, KEEP, DROP };
enum { MOST_BYTES = 16384, WIDEST = MOST_BYTES + BAU_HOST_CHARS, LEAST_ROOM = 64 };

struct config {
    uint32_t path, query;
    uint32_t room;
    struct bau_prf prf;
};

static const struct bau_option options[] = {
    { "path", BAU_OPTION_CHOICE, offsetof(struct config, path), "mask", 0, 0,
      "mask: segments become tokens; keep: the path stays; drop: it goes.", 0, "mask|keep|drop", NULL, 0 },
    { "query", BAU_OPTION_CHOICE, offsetof(struct config, query), "mask", 0, 0,
      "mask: values become tokens, names stay; keep: the query stays; drop: it goes, and the fragment.", 0,
      "mask|keep|drop", NULL, 0 },
    { 0 },
};

struct part {
    uint32_t at, len;
};

/* Parts of one value; `at` counts from its first byte. The marks between them are not in them. */
struct url {
    struct part scheme, user, host, port, path, query, fragment;
    bool has_user, has_port, has_query, has_fragment, bracket;
    bool is_ip;
    struct bau_ip ip;
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    c->room = with->max_chars && with->max_chars < WIDEST ? with->max_chars : WIDEST;
    if (c->room < LEAST_ROOM)
        return bau_error_set(err, BAU_E_USAGE,
                             "a URL wants %d characters, the narrowest column of the domain has %u",
                             LEAST_ROOM, c->room);
    return bau_shape_key(&c->prf, with->key, "url", err);
}

static void unbind(void *config)
{
    struct config *c = config;
    bau_prf_release(&c->prf);
}

/* ---- reading: RFC 3986, appendix B ---- */

/* Where the first of three marks stands, or `to`. */
static uint32_t find(const uint8_t *p, uint32_t from, uint32_t to, char a, char b, char c)
{
    while (from < to && p[from] != (uint8_t)a && p[from] != (uint8_t)b && p[from] != (uint8_t)c)
        from++;
    return from;
}

static bool read_scheme(const uint8_t *p, uint32_t len, struct url *u)
{
    uint32_t n = 0;
    for (; n < len && p[n] != ':'; n++) {
        const uint8_t low = p[n] | 0x20;
        const bool letter = low >= 'a' && low <= 'z';
        if (!letter && (n == 0 || !(bau_is_digit(p[n]) || p[n] == '+' || p[n] == '-' || p[n] == '.')))
            return false;
    }
    u->scheme = (struct part){ 0, n };
    return n > 0 && len - n >= 3 && memcmp(p + n, "://", 3) == 0;
}

static bool read_authority(const uint8_t *p, uint32_t from, uint32_t to, struct url *u)
{
    for (uint32_t i = from; i < to; i++)
        if (p[i] == '@') { /* the last one */
            u->has_user = true;
            u->user = (struct part){ u->scheme.len + 3, i - u->scheme.len - 3 };
            from = i + 1;
        }
    u->bracket = from < to && p[from] == '[';
    const char stop = u->bracket ? ']' : ':';
    uint32_t end = find(p, from, to, stop, stop, stop);
    if (u->bracket && end == to)
        return false;
    u->host = (struct part){ from + u->bracket, end - from - u->bracket };
    end += u->bracket;
    u->has_port = end < to;
    if (u->has_port && p[end] != ':')
        return false;
    u->port = (struct part){ end + u->has_port, to - end - u->has_port };
    for (uint32_t i = 0; i < u->port.len; i++)
        if (!bau_is_digit(p[u->port.at + i]))
            return false;
    u->is_ip = bau_ip_read(p + u->host.at, u->host.len, &u->ip) && u->ip.suffix == BAU_IP_NO_SUFFIX;
    return u->host.len > 0 && u->port.len <= 5 && u->bracket == (u->is_ip && u->ip.width == 128);
}

static bool read_url(const uint8_t *p, size_t bytes, struct url *u)
{
    const uint32_t len = (uint32_t)bytes;
    *u = (struct url){ 0 };
    if (bytes > MOST_BYTES || !read_scheme(p, len, u))
        return false;
    for (uint32_t i = 0; i < len; i++)
        if (p[i] <= ' ' || p[i] == 0x7F)
            return false;
    const uint32_t from = u->scheme.len + 3, path = find(p, from, len, '/', '?', '#'),
                   query = find(p, path, len, '?', '#', '?'), fragment = find(p, query, len, '#', '#', '#');
    u->path = (struct part){ path, query - path };
    u->has_query = query < fragment;
    u->query = (struct part){ query + u->has_query, fragment - query - u->has_query };
    u->has_fragment = fragment < len;
    u->fragment = (struct part){ fragment + u->has_fragment, len - fragment - u->has_fragment };
    return read_authority(p, from, path, u);
}

/* ---- writing ---- */

struct writer {
    uint8_t *data;
    uint32_t at, n_pieces;
    struct bau_piece *pieces;
};

static void put(struct writer *w, const uint8_t *p, uint32_t len)
{
    if (len)
        memcpy(w->data + w->at, p, len);
    w->at += len;
}

static void put_mark(struct writer *w, uint8_t mark)
{
    w->data[w->at++] = mark;
}

static void put_token(struct writer *w, const uint8_t *p, uint32_t len)
{
    if (len)
        w->pieces[w->n_pieces++] = (struct bau_piece){ .at = w->at, .len = len };
    put(w, p, len);
}

/* Bytes of a usual file name ending at the end of a segment, with its point. */
static uint32_t ending(const uint8_t *p, uint32_t len)
{
    static const char *const known[] = { ".html", ".htm", ".php",  ".asp", ".aspx", ".jsp", ".js",  ".css",
                                         ".json", ".xml", ".txt",  ".csv", ".pdf",  ".png", ".jpg", ".jpeg",
                                         ".gif",  ".svg", ".webp", ".ico", ".mp3",  ".mp4", ".zip", ".gz" };
    for (size_t i = 0; i < BAU_COUNT(known); i++) {
        const uint32_t n = (uint32_t)strlen(known[i]);
        if (len > n && memcmp(p + len - n, known[i], n) == 0)
            return n;
    }
    return 0;
}

static void put_path(struct writer *w, const uint8_t *p, struct part path)
{
    const uint32_t end = path.at + path.len;
    for (uint32_t i = path.at; i < end;) {
        if (p[i] == '/') {
            put_mark(w, p[i++]);
            continue;
        }
        const uint32_t to = find(p, i, end, '/', '/', '/'), keeps = to == end ? ending(p + i, to - i) : 0;
        put_token(w, p + i, to - i - keeps);
        put(w, p + to - keeps, keeps);
        i = to;
    }
}

static void put_query(struct writer *w, const uint8_t *p, struct part query)
{
    const uint32_t end = query.at + query.len;
    for (uint32_t i = query.at; i < end;) {
        if (p[i] == '&' || p[i] == ';') {
            put_mark(w, p[i++]);
            continue;
        }
        const uint32_t to = find(p, i, end, '&', ';', '&'), equals = find(p, i, to, '=', '=', '=');
        const uint32_t value = equals < to ? equals + 1 : i;
        put(w, p + i, value - i);
        put_token(w, p + value, to - value);
        i = to;
    }
}

static void put_user(struct writer *w, const uint8_t *p, struct part user)
{
    const uint32_t end = user.at + user.len, colon = find(p, user.at, end, ':', ':', ':');
    put_token(w, p + user.at, colon - user.at);
    if (colon < end) {
        put_mark(w, ':');
        put_token(w, p + colon + 1, end - colon - 1);
    }
    put_mark(w, '@');
}

static void put_host(struct writer *w, const struct url *u, struct bau_slice name, const uint8_t digest[16])
{
    if (u->bracket)
        put_mark(w, '[');
    if (u->is_ip) {
        struct bau_ip ip = u->ip;
        bau_ip_reserve(&ip, digest);
        w->at = (uint32_t)(bau_ip_write(w->data + w->at, &ip) - w->data);
    } else {
        put(w, name.data, (uint32_t)name.len);
    }
    if (u->bracket)
        put_mark(w, ']');
}

static void put_url(struct writer *w, const struct config *c, const uint8_t *p, const struct url *u,
                    struct bau_slice name, const uint8_t digest[16])
{
    put(w, p, u->scheme.len + 3);
    if (u->has_user)
        put_user(w, p, u->user);
    put_host(w, u, name, digest);
    if (u->has_port)
        put_mark(w, ':');
    put(w, p + u->port.at, u->port.len);
    if (c->path == KEEP)
        put(w, p + u->path.at, u->path.len);
    else if (c->path == MASK)
        put_path(w, p, u->path);
    if (c->query == DROP)
        return;
    if (u->has_query)
        put_mark(w, '?');
    if (c->query == KEEP)
        put(w, p + u->query.at, u->query.len);
    else
        put_query(w, p, u->query);
    if (u->has_fragment)
        put_mark(w, '#');
    put_token(w, p + u->fragment.at, u->fragment.len);
}

/* ---- columns ---- */

struct work {
    struct url *url;
    struct bau_column names, masked, addresses;
    uint8_t (*digest)[16]; /* of the addresses */
};

/* Host names in lower case, and addresses in one spelling; a value has one of them. */
static void split_hosts(const struct bau_column *in, struct work *w)
{
    uint8_t *name = w->names.data, *address = w->addresses.data;
    for (uint32_t i = 0; i < in->n_values; i++) {
        const struct url *u = &w->url[i];
        const uint8_t *p = bau_column_value(in, i).data;
        if (u->is_ip) {
            const struct bau_ip plain = bau_ip_plain(&u->ip);
            address = bau_ip_write(address, &plain);
        }
        for (uint32_t k = 0; k < u->host.len && !u->is_ip; k++) {
            const uint8_t byte = p[u->host.at + k];
            *name++ = byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
        }
        w->names.offsets[i + 1] = (uint32_t)(name - (uint8_t *)w->names.data);
        w->addresses.offsets[i + 1] = (uint32_t)(address - (uint8_t *)w->addresses.data);
    }
}

static bau_status read_column(const struct config *c, struct bau_mask_ctx *ctx, const struct bau_column *in,
                              struct work *w, struct bau_error *err)
{
    w->url = bau_arena_zero(ctx->arena, ((size_t)in->n_values + 1) * sizeof *w->url);
    w->digest = bau_arena_buffer(ctx->arena, (size_t)in->n_values * 16);
    if (!w->url || !w->digest)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    for (uint32_t i = 0; i < in->n_values; i++) {
        const struct bau_slice v = bau_column_value(in, i);
        if (bau_column_present(in, i) && !read_url(v.data, v.len, &w->url[i]))
            return bau_mask_refuse(ctx, in, i, "is no absolute URL with a host", err);
    }
    BAU_TRY(bau_column_make(&w->names, in, BAU_TEXT, in->offsets[in->n_values], ctx->arena, err));
    BAU_TRY(bau_mask_text_out(&w->addresses, in, BAU_TEXT, BAU_IP_CHARS, ctx->arena, err));
    split_hosts(in, w);
    bau_prf_batch(&c->prf, w->addresses.data, w->addresses.offsets, in->n_values, w->digest[0]);
    return bau_host_mask(&c->prf, ctx, in, &w->names, &w->masked, err);
}

/* No more pieces than marks and four a value. */
static size_t count_pieces(const struct bau_column *in)
{
    const uint8_t *p = in->data;
    size_t n = 4 * (size_t)in->n_values;
    for (uint32_t i = 0; i < in->offsets[in->n_values]; i++)
        n += p[i] == '/' || p[i] == '&' || p[i] == ';';
    return n;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    struct work w;
    BAU_TRY(read_column(c, ctx, in, &w, err));
    const uint64_t bytes = (uint64_t)in->offsets[in->n_values] + w.masked.offsets[in->n_values] +
                           (uint64_t)in->n_values * BAU_IP_CHARS;
    struct writer to = { .pieces = bau_arena_take(ctx->arena, count_pieces(in) * sizeof *to.pieces) };
    if (bytes > INT32_MAX)
        return bau_error_set(err, BAU_E_LIMIT, "the URLs of a batch grow past 2 GiB");
    if (!to.pieces)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    BAU_TRY(bau_column_make(out, in, BAU_TEXT, (size_t)bytes, ctx->arena, err));
    to.data = out->data;
    for (uint32_t i = 0; i < in->n_values; i++) {
        if (bau_column_present(in, i))
            put_url(&to, c, bau_column_value(in, i).data, &w.url[i], bau_column_value(&w.masked, i),
                    w.digest[i]);
        out->offsets[i + 1] = to.at;
        if (to.at - out->offsets[i] > c->room)
            return bau_mask_refuse(
                ctx, in, i, "becomes a URL that the narrowest column of the domain has no room for", err);
    }
    return bau_shape_mask(&c->prf, out->data, to.pieces, to.n_pieces, ctx->arena, err);
}

static uint32_t widest(const void *config, bau_type type)
{
    const struct config *c = config;
    (void)type;
    return c->room;
}

const struct bau_masker bau_masker_url = {
    .name = "url",
    .summary = "Replaces a URL by one that leads nowhere; scheme, depth and query names stay.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_KEYED,
    .leaks =
        BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_LENGTH | BAU_LEAKS_PREFIX | BAU_LEAKS_FORMAT,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .unbind = unbind,
    .example_in = "https://shop.acme.com/u/1000001/cart.html?q=Ada%20L&n=7#top",
    .example_options = "",
};
