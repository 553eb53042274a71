/* Maskers from outside the tree: shared objects that `plugins:` names. They run in this process with its rights, so the file
 * belongs to those who may change the rules; its SHA-256 is part of the plan's digest. */
#include <dlfcn.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "src/rule/load.h"

#define BUILT_IN_MOST 512u

const struct bau_masker *bau_project_masker(const struct bau_project *project, const char *name)
{
    const struct bau_masker *built_in = bau_masker_find(name);
    for (uint32_t p = 0; !built_in && project && p < project->n_plugins; p++)
        for (uint32_t m = 0; m < project->plugins[p].plugin->n_maskers; m++)
            if (strcmp(project->plugins[p].plugin->maskers[m]->name, name) == 0)
                return project->plugins[p].plugin->maskers[m];
    return built_in;
}

const char *bau_project_nearest_masker(const struct bau_project *project, const char *name)
{
    const char *names[BUILT_IN_MOST];
    size_t n = 0;
    for (size_t m = 0; m < bau_n_maskers && n < BAU_COUNT(names); m++)
        names[n++] = bau_maskers[m]->name;
    for (uint32_t p = 0; project && p < project->n_plugins; p++)
        for (uint32_t m = 0; m < project->plugins[p].plugin->n_maskers && n < BAU_COUNT(names); m++)
            names[n++] = project->plugins[p].plugin->maskers[m]->name;
    return bau_nearest(name, names, n);
}

size_t bau_project_scratch(const struct bau_project *project)
{
    size_t most = 64;
    for (size_t m = 0; m < bau_n_maskers; m++)
        most = bau_maskers[m]->scratch_bytes > most ? bau_maskers[m]->scratch_bytes : most;
    for (uint32_t p = 0; project && p < project->n_plugins; p++)
        for (uint32_t m = 0; m < project->plugins[p].plugin->n_maskers; m++) {
            const size_t bytes = project->plugins[p].plugin->maskers[m]->scratch_bytes;
            most = bytes > most ? bytes : most;
        }
    return most;
}

static bau_status hash_file(const struct bau_load *l, struct bau_at at, const char *path, uint8_t out[32])
{
    FILE *file = fopen(path, "rb");
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = file && ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1;
    char piece[65536];
    for (size_t n; good && (n = fread(piece, 1, sizeof piece, file)) > 0;)
        good = EVP_DigestUpdate(ctx, piece, n) == 1;
    good = good && !ferror(file) && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    if (file)
        fclose(file);
    return good ? BAU_OK : bau_load_fail(l, at, "plugins: %.200s cannot be read", path);
}

/* What the loader says names files and symbols, nothing of a row. */
static bau_status open_plugin(const struct bau_load *l, struct bau_at at, const char *path,
                              struct bau_loaded_plugin *out)
{
    BAU_TRY(hash_file(l, at, path, out->sha256));
    const char *full = strchr(path, '/') ? path : bau_arena_printf(l->arena, "./%s", path);
    if (!full)
        return bau_load_memory(l);
    out->path = path;
    out->handle = dlopen(full, RTLD_NOW | RTLD_LOCAL);
    if (!out->handle)
        return bau_load_fail(l, at, "plugins: %.300s", dlerror());
    out->plugin = dlsym(out->handle, "bauta_plugin");
    return out->plugin ? BAU_OK
                       : bau_load_fail(
                             l, at, "plugins: %.200s has no symbol bauta_plugin (see bauta/plugin.h)", path);
}

static bau_status check_plugin(const struct bau_load *l, struct bau_at at, const struct bau_loaded_plugin *p)
{
    const struct bau_plugin *plugin = p->plugin;
    if (plugin->abi != BAU_PLUGIN_ABI || plugin->masker_bytes != sizeof(struct bau_masker))
        return bau_load_fail(
            l, at, "plugins: %.200s was built for another bauta; build it again with this one's headers",
            p->path);
    for (uint32_t m = 0; m < plugin->n_maskers; m++) {
        const struct bau_masker *masker = plugin->maskers[m];
        if (!masker || !masker->name || !masker->summary || !masker->apply || !masker->accepts)
            return bau_load_fail(l, at,
                                 "plugins: masker %u of %.200s lacks a name, a summary, types or apply",
                                 m + 1, p->path);
        if (masker->traits & BAU_KEEPS_ALL)
            return bau_load_fail(
                l, at, "plugins: masker %.60s says it keeps every value; only `keep`, with a reason, may",
                masker->name);
        if (bau_project_masker(l->project, masker->name))
            return bau_load_fail(l, at, "plugins: there is a masker %.60s already", masker->name);
    }
    return BAU_OK;
}

/* Into the next free place of the project's list. */
static bau_status load_plugin(const struct bau_load *l, struct bau_at at, const char *path,
                              struct bau_loaded_plugin *plugins)
{
    struct bau_loaded_plugin *p = &plugins[l->project->n_plugins];
    BAU_TRY(open_plugin(l, at, path, p));
    BAU_TRY(check_plugin(l, at, p));
    l->project->n_plugins++;
    return BAU_OK;
}

bau_status bau_load_plugins(const struct bau_load *l, const struct bau_yaml_pair *pair,
                            const char *project_path)
{
    const struct bau_yaml *v = pair->value;
    const uint32_t n = v->kind == BAU_YAML_SCALAR ? 1 : v->n;
    if (v->kind == BAU_YAML_MAP)
        return bau_load_fail(l, pair->at, "plugins: expected a path or a list of paths");
    struct bau_loaded_plugin *plugins = bau_arena_zero(l->arena, ((size_t)n + 1) * sizeof *plugins);
    if (!plugins)
        return bau_load_memory(l);
    l->project->plugins = plugins;
    for (uint32_t i = 0; i < n; i++) {
        const struct bau_yaml *item = v->kind == BAU_YAML_SCALAR ? v : v->pairs[i].value;
        if (item->kind != BAU_YAML_SCALAR || !*item->text)
            return bau_load_fail(l, item->at, "plugins: expected a path");
        const char *slash = strrchr(project_path, '/');
        const int folder = item->text[0] == '/' || !slash ? 0 : (int)(slash - project_path) + 1;
        const char *full = bau_arena_printf(l->arena, "%.*s%s", folder, project_path, item->text);
        if (!full)
            return bau_load_memory(l);
        BAU_TRY(load_plugin(l, item->at, full, plugins));
    }
    return BAU_OK;
}

static bau_status open_all(const struct bau_load *l, const struct bau_texts *paths)
{
    const struct bau_at at = { "words", 1, 1 };
    struct bau_loaded_plugin *plugins = bau_arena_zero(l->arena, ((size_t)paths->n + 1) * sizeof *plugins);
    if (!plugins)
        return bau_load_memory(l);
    l->project->plugins = plugins;
    for (uint32_t i = 0; i < paths->n; i++) {
        const char *path = bau_arena_text(l->arena, paths->at[i]);
        if (!path)
            return bau_load_memory(l);
        BAU_TRY(load_plugin(l, at, path, plugins));
    }
    return BAU_OK;
}

bau_status bau_plugins_open(const struct bau_texts *paths, struct bau_project **out, struct bau_error *err)
{
    struct bau_arena *arena = bau_arena_new(4096, BAU_ARENA_PLAIN);
    struct bau_project *project = arena ? bau_arena_zero(arena, sizeof *project) : NULL;
    if (!project) {
        bau_arena_free(arena);
        return bau_error_set(err, BAU_E_NOMEM, "plugins");
    }
    *project = (struct bau_project){ .path = "", .arena = arena };
    const struct bau_load l = { .project = project, .arena = arena, .err = err };
    const bau_status status = bau_load_without_position(open_all(&l, paths), err);
    if (status == BAU_OK)
        *out = project;
    else
        bau_project_free(project);
    return status;
}

void bau_plugins_close(const struct bau_project *project)
{
    for (uint32_t i = 0; project->plugins && project->plugins[i].handle; i++)
        (void)dlclose(project->plugins[i].handle);
}
