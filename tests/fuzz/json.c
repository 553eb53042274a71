/* Paths of JSON documents: the first line is a path, what follows a document. Neither may crash path reader or scanner, and a document
 * whose strings and numbers were masked is one again. */
#include "src/plan/document.h"
#include "tests/fuzz/inside.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
    if (!line || size > 65536)
        return 0;
    const char *blank[] = { "" }, *unknown[] = { "value=un\"kn\\own" };
    struct bau_arena *arena = bau_arena_new(4096, BAU_ARENA_PLAIN);
    struct bau_single *text = fuzz_bind("constant", unknown, 1, BAU_TEXT),
                      *number = fuzz_bind("noise", blank, 0, BAU_NUMERIC);
    struct bau_document *document = NULL;
    struct bau_error err;
    struct bau_column in, once, twice;
    if (!arena || !text || !number)
        abort();
    const struct bau_document_path paths[] = {
        { .path = bau_arena_textn(arena, (const char *)data, (size_t)(line - data)),
          .mask = { text->bound, number->bound } },
        { .path = "$.**", .keep = true },
    };
    if (paths[0].path && bau_document_new(paths, 2, arena, &document, &err) == BAU_OK) {
        uint8_t scratch[256];
        fuzz_column((struct bau_slice){ line + 1, size - (size_t)(line + 1 - data) }, arena, &in);
        if (bau_document_apply(document, arena, scratch, NULL, NULL, 0, &in, &once, &err) == BAU_OK &&
            (bau_column_validate(&once, 1, BAU_VALIDATE_CONTENTS, &err) != BAU_OK ||
             bau_document_apply(document, arena, scratch, NULL, NULL, 0, &once, &twice, &err) != BAU_OK))
            abort();
    }
    bau_single_free(text);
    bau_single_free(number);
    bau_arena_free(arena);
    return 0;
}
