/* Facts of the value types, from the one list in include/bauta/type.h. */
#include "bauta/type.h"

static const char *const words[] = {
#define BAU_TYPE_ROW(name, width, word, meaning) [name] = word,
    BAU_TYPE_LIST(BAU_TYPE_ROW)
#undef BAU_TYPE_ROW
};

const char *bau_type_word(bau_type type)
{
    return words[type];
}
