/* The project file: no bytes may crash the loader, what loads is whole, and what does not comes with its place. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "src/rule/rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

static void check_treat(const struct bau_treat *t)
{
    switch (t->kind) {
    case BAU_DO_MASK:
        check(t->masker || t->domain);
        check(!t->masker || bau_masker_find(t->masker));
        break;
    case BAU_DO_KEEP: check(t->reason && strlen(t->reason) >= 3); break;
    case BAU_DO_PATHS:
        check(t->n_paths > 0);
        for (uint32_t i = 0; i < t->n_paths; i++)
            check_treat(&t->paths[i].treat);
        break;
    }
    check(t->at.line > 0 && t->at.column > 0);
}

static void check_project(const struct bau_project *p)
{
    check(p->n_stores > 0 && (p->key_from || p->key_mode == BAU_KEY_EPHEMERAL));
    for (uint32_t i = 0; i < p->n_stores; i++)
        check(!strstr(p->stores[i].source, "://") || strncmp(p->stores[i].source, "command:", 8) == 0 ||
              strncmp(p->stores[i].source, "file:", 5) == 0 || strncmp(p->stores[i].source, "env:", 4) == 0);
    for (uint32_t r = 0; r < p->n_rules; r++)
        for (uint32_t f = 0; f < p->rules[r].n_fields; f++)
            check_treat(&p->rules[r].fields[f].treat);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[40];
    struct bau_project *project = NULL;
    struct bau_error err = { 0 };
    const int fd = memfd_create("project", MFD_CLOEXEC);
    if (fd < 0 || (size && write(fd, data, size) != (ssize_t)size))
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    const bau_status status = bau_project_load(path, &project, &err);
    if (status == BAU_OK)
        check_project(project);
    else
        check((status == BAU_E_USAGE || status == BAU_E_POLICY) && strchr(err.text, ':') && !project);
    bau_project_free(project);
    close(fd);
    return 0;
}
