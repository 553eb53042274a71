/* Facts of the value types, from the one list in include/bauta/type.h. */
#include "bauta/type.h"

static const struct {
    uint32_t width;
    const char *word;
} types[] = {
#define BAU_TYPE_ROW(name, width, word, meaning) [name] = {width, word},
    BAU_TYPE_LIST(BAU_TYPE_ROW)
#undef BAU_TYPE_ROW
};

uint32_t bau_type_width(bau_type type)
{
    return types[type].width;
}

const char *bau_type_word(bau_type type)
{
    return types[type].word;
}
