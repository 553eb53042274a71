/* The table of rules/suggestions.txt, compiled by rules/mksuggestions.py: which rule suits a column of a name and a type. */
#ifndef BAU_PLAN_SUGGESTIONS_H
#define BAU_PLAN_SUGGESTIONS_H

#include "bauta/type.h"

struct bau_suggestion {
    const char *kind;  /* "e-mail address" */
    const char *rule;  /* YAML of a treatment; {KEY} and {ABOVE} stand for columns, see bau_guess */
    const char *words; /* lower case, a blank before and behind each; " * ": any name */
    uint32_t types;    /* BAU_TYPE_BIT set */
    uint32_t chars;    /* narrower columns are left to later rows */
    bool sure;         /* a wrong guess costs realism, never privacy */
};
extern const struct bau_suggestion bau_suggestions[]; /* the first that fires wins */
extern const size_t bau_n_suggestions;

#endif
