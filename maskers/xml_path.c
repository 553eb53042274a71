/* See xml_path.h. */
#include <stdlib.h>
#include <string.h>

#include "maskers/xml_path.h"

/* ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status misfit(const char *path, const char *why, struct bau_error *err)
{
    return bau_error_set(err, BAU_E_USAGE, "path %.100s: %s", path, why);
}

static bool is(const char *p, size_t n, const char *word)
{
    return strlen(word) == n && memcmp(p, word, n) == 0;
}

static bau_status add(struct bau_xml_path *path, enum bau_xml_step step, const char *name, size_t n,
                      struct bau_error *err)
{
    if (path->n == BAU_XML_SEGMENTS)
        return misfit(path->text, "it has too many steps", err);
    path->at[path->n].step = step;
    path->at[path->n++].name = (struct bau_slice){ (const uint8_t *)name, n };
    return BAU_OK;
}

/* One step, `n` bytes from p on; `last` when the path ends behind it. */
static bau_status read_step(struct bau_xml_path *path, const char *p, size_t n, bool last,
                            struct bau_error *err)
{
    if (n == 0)
        return misfit(path->text, "a name is missing", err);
    if (is(p, n, "comment()") || is(p, n, "processing-instruction()")) {
        path->leaf = *p == 'c' ? BAU_XML_COMMENT : BAU_XML_INSTRUCTION;
        return last ? BAU_OK : misfit(path->text, "nothing can follow a comment or an instruction", err);
    }
    if (*p == '@') {
        if (!last || n == 1)
            return misfit(path->text, "an attribute needs a name and stands at the end", err);
        path->leaf = BAU_XML_ATTRIBUTE;
        p++;
        n--;
    }
    if (is(p, n, "**")) {
        path->leaf = BAU_XML_ANY;
        return last && p[-1] != '@'
                   ? add(path, BAU_XML_DEEP, p, n, err)
                   : misfit(path->text, "** stands at the end; // reaches down in between", err);
    }
    if (is(p, n, "*"))
        return add(path, BAU_XML_STAR, p, n, err);
    if (memchr(p, '*', n) || memchr(p, '[', n) || memchr(p, '@', n) || memchr(p, ' ', n))
        return misfit(path->text, "a step is a name or *", err);
    return add(path, BAU_XML_NAME, p, n, err);
}

static bau_status read_path(struct bau_xml_path *path, struct bau_error *err)
{
    const char *p = path->text;
    path->leaf = BAU_XML_ELEMENT;
    if (strcmp(p, "**") == 0) {
        path->leaf = BAU_XML_ANY;
        return add(path, BAU_XML_DEEP, p, 2, err);
    }
    if (*p != '/')
        return misfit(p, "a path starts with / or //, or is **", err);
    while (*p) {
        p++;
        if (*p == '/') {
            BAU_TRY(add(path, BAU_XML_DEEP, p, 0, err));
            p++;
        }
        const size_t n = strcspn(p, "/");
        BAU_TRY(read_step(path, p, n, p[n] == '\0', err));
        p += n;
    }
    return BAU_OK;
}

/* ── order ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static int by_rank(const void *a, const void *b)
{
    const struct bau_xml_path *x = a, *y = b;
    for (uint32_t i = 0; i < x->n && i < y->n; i++)
        if (x->at[i].step != y->at[i].step)
            return x->at[i].step > y->at[i].step ? -1 : 1;
    if (x->n != y->n)
        return x->n > y->n ? -1 : 1;
    if (x->keep != y->keep)
        return x->keep ? 1 : -1;
    return x->sub < y->sub ? -1 : 1;
}

static bool same_step(const struct bau_xml_path *x, const struct bau_xml_path *y, uint32_t i)
{
    return x->at[i].step == y->at[i].step && x->at[i].name.len == y->at[i].name.len &&
           (x->at[i].step != BAU_XML_NAME ||
            memcmp(x->at[i].name.data, y->at[i].name.data, x->at[i].name.len) == 0);
}

static bool same_path(const struct bau_xml_path *x, const struct bau_xml_path *y)
{
    bool same = x->n == y->n && x->leaf == y->leaf;
    for (uint32_t i = 0; same && i < x->n; i++)
        same = same_step(x, y, i);
    return same;
}

/* A keep of every child of an element outranks `//email: email`, so an e-mail address right below it would pass. */
static bool shadows(const struct bau_xml_path *keep, const struct bau_xml_path *mask)
{
    uint32_t deep = 0;
    while (deep < mask->n && mask->at[deep].step != BAU_XML_DEEP)
        deep++;
    if (deep + 1 >= mask->n || keep->n <= deep || keep->at[deep].step == BAU_XML_DEEP ||
        keep->at[keep->n - 1].step == BAU_XML_NAME)
        return false;
    for (uint32_t i = 0; i < deep; i++)
        if (!same_step(keep, mask, i))
            return false;
    return keep->leaf == mask->leaf || keep->leaf == BAU_XML_ANY;
}

static bau_status check(const struct bau_xml_paths *paths, struct bau_error *err)
{
    for (uint32_t i = 0; i < paths->n; i++)
        for (uint32_t k = 0; k < paths->n; k++) {
            const struct bau_xml_path *x = &paths->at[i], *y = &paths->at[k];
            if (k < i && same_path(x, y))
                return misfit(x->text, "it stands twice", err);
            if (x->keep && !y->keep && shadows(x, y))
                return bau_error_set(
                    err, BAU_E_USAGE,
                    "path %.80s: this keep would win over the mask of %.80s where both match; "
                    "write it with // or **",
                    x->text, y->text);
        }
    return BAU_OK;
}

bau_status bau_xml_paths_make(const struct bau_subs *subs, struct bau_arena *arena, struct bau_xml_paths *out,
                              struct bau_error *err)
{
    struct bau_xml_path *paths = bau_arena_zero(arena, ((size_t)subs->n + 1) * sizeof *paths);
    if (!paths)
        return bau_error_set(err, BAU_E_NOMEM, "paths");
    for (uint32_t i = 0; i < subs->n; i++) {
        paths[i].text = subs->at[i].label;
        paths[i].sub = i;
        paths[i].keep = !subs->at[i].masker;
        BAU_TRY(read_path(&paths[i], err));
    }
    qsort(paths, subs->n, sizeof *paths, by_rank);
    *out = (struct bau_xml_paths){ subs->n, paths };
    return check(out, err);
}

/* ── matching ────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool fits(const struct bau_xml_path *path, uint32_t i, struct bau_slice name)
{
    const struct bau_slice want = path->at[i].name;
    return path->at[i].step == BAU_XML_STAR ||
           (want.len == name.len && memcmp(want.data, name.data, name.len) == 0);
}

/* As a text against a pattern with one wildcard: the last DEEP is the only one worth coming back to. */
static bool matches(const struct bau_xml_path *path, const struct bau_slice *names, uint32_t depth)
{
    uint32_t p = 0, t = 0, back_p = UINT32_MAX, back_t = 0;
    while (t < depth) {
        if (p < path->n && path->at[p].step == BAU_XML_DEEP) {
            back_p = ++p;
            back_t = t;
        } else if (p < path->n && fits(path, p, names[t])) {
            p++;
            t++;
        } else if (back_p != UINT32_MAX) {
            p = back_p;
            t = ++back_t;
        } else {
            return false;
        }
    }
    while (p < path->n && path->at[p].step == BAU_XML_DEEP)
        p++;
    return p == path->n;
}

const struct bau_xml_path *bau_xml_paths_find(const struct bau_xml_paths *paths, enum bau_xml_leaf leaf,
                                              const struct bau_slice *names, uint32_t depth)
{
    for (uint32_t i = 0; i < paths->n; i++) {
        const struct bau_xml_path *path = &paths->at[i];
        if ((path->leaf == leaf || path->leaf == BAU_XML_ANY) && matches(path, names, depth))
            return path;
    }
    return NULL;
}

bool bau_xml_paths_spell(const struct bau_xml_paths *paths, struct bau_slice name)
{
    for (uint32_t i = 0; i < paths->n; i++)
        for (uint32_t k = 0; k < paths->at[i].n; k++)
            if (paths->at[i].at[k].step == BAU_XML_NAME && fits(&paths->at[i], k, name))
                return true;
    return false;
}
