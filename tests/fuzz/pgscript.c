/* pg_dump's text: no bytes may crash the cutter, and the entries it gives hold nothing but bytes of the text. */
#include "connectors/postgres/target.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static pg_role_do decide(void *self, const char *role, const char **out_name)
{
    (void)self;
    *out_name = role;
    return strlen(role) % 3 == 0 ? PG_ROLE_DROP : strlen(role) % 3 == 1 ? PG_ROLE_RENAME : PG_ROLE_KEEP;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bau_arena *arena = bau_arena_new(4096, BAU_ARENA_PLAIN);
    struct bau_error err;
    struct pg_script script = { .n = 0 };
    size_t total = 0;
    if (!arena)
        return 0;
    if (pg_script_parse((const char *)data, size, arena, &script, &err) == BAU_OK) {
        for (uint32_t i = 0; i < script.n; i++) {
            const char *out = NULL;
            const bau_status status = pg_roles_rewrite(script.entries[i].sql,
                                                       &(struct pg_roles){ NULL, decide }, arena, &out, &err);
            total += strlen(script.entries[i].sql);
            (void)status; /* a NUL in the text may cut a quote in two */
        }
        if (total > 2 * size + 2)
            abort();
    }
    bau_arena_free(arena);
    return 0;
}
