/* Paths into XML: `/order/customer/name` the text of an element, `//email` of that element at any depth, `/order/@id` and `//@id`
 * attributes, `*` any name, `//comment()` and `//processing-instruction()`, and `**` at the end everything below: texts, attributes,
 * comments, instructions. Names are compared as written, prefix and all.
 *
 * Of several paths that match, the most specific wins, as in selectors: from the left a name beats `*`, which beats `//` and
 * `**`; then a masker beats a keep, then the order of writing decides. */
#ifndef BAU_MASKERS_XML_PATH_H
#define BAU_MASKERS_XML_PATH_H

#include "bauta/masker.h"

#define BAU_XML_SEGMENTS 32u
#define BAU_XML_DEPTH 256u

enum bau_xml_leaf {
    BAU_XML_ELEMENT, /* its text */
    BAU_XML_ATTRIBUTE,
    BAU_XML_COMMENT,
    BAU_XML_INSTRUCTION,
    BAU_XML_ANY, /* of paths: all of these */
};

enum bau_xml_step { BAU_XML_DEEP, BAU_XML_STAR, BAU_XML_NAME };

struct bau_xml_path {
    const char *text;
    uint32_t sub; /* which of the subs */
    bool keep;
    enum bau_xml_leaf leaf;
    uint32_t n; /* an attribute's name is the last one */
    struct {
        enum bau_xml_step step;
        struct bau_slice name;
    } at[BAU_XML_SEGMENTS];
};

struct bau_xml_paths { /* most specific first */
    uint32_t n;
    struct bau_xml_path *at;
};

/* One path a sub, from its label. BAU_E_USAGE: not a path, one that stands twice, a keep that would outrank a mask by chance. */
bau_status bau_xml_paths_make(const struct bau_subs *subs, struct bau_arena *arena, struct bau_xml_paths *out,
                              struct bau_error *err) BAU_MUST_CHECK;
/* The first that matches, NULL when none does. `names`: of the `depth` open elements, outermost first, then an attribute's. */
const struct bau_xml_path *bau_xml_paths_find(const struct bau_xml_paths *paths, enum bau_xml_leaf leaf,
                                              const struct bau_slice *names, uint32_t depth);
/* Whether some path spells this name. */
bool bau_xml_paths_spell(const struct bau_xml_paths *paths, struct bau_slice name);

#endif
