/* The other way: names → selectors and YAML, for suggestions and `bauta init`. */
#include <ctype.h>
#include <string.h>

#include "src/rule/rule.h"

bool bau_spell_plain(const char *s)
{
    static const char *const odd[] = { "y", "n", "yes", "no", "on", "off", "true", "false", "null" };
    for (size_t i = 0; i < BAU_COUNT(odd); i++)
        if (strcasecmp(s, odd[i]) == 0)
            return false;
    if (!isalpha((unsigned char)*s) && *s != '_')
        return false;
    for (; *s; s++)
        if (!isalnum((unsigned char)*s) && *s != '_')
            return false;
    return true;
}

void bau_spell_scalar(struct bau_text *out, const char *text, bool plain)
{
    bool control = false;
    for (const char *c = text; *c; c++)
        control = control || (unsigned char)*c < 0x20;
    if (control) { /* only double quotes can hold a line break; JSON's escapes are YAML's too */
        bau_text_add_json(out, text);
        return;
    }
    bau_text_add(out, plain ? "" : "'");
    for (const char *c = text; *c; c++)
        bau_text_addn(out, *c == '\'' && !plain ? "''" : c, *c == '\'' && !plain ? 2 : 1);
    bau_text_add(out, plain ? "" : "'");
}

void bau_spell_selector(struct bau_text *out, const char *const *segments, uint32_t n)
{
    BAU_AUTO_TEXT selector = { 0 };
    bool plain = true;
    for (uint32_t i = 0; i < n; i++) {
        bau_text_add(&selector, i ? "." : "");
        if (bau_spell_plain(segments[i])) {
            bau_text_add(&selector, segments[i]);
            continue;
        }
        plain = false;
        bau_text_add(&selector, "\"");
        for (const char *c = segments[i]; *c; c++)
            bau_text_addn(&selector, *c == '"' ? "\"\"" : c, *c == '"' ? 2 : 1);
        bau_text_add(&selector, "\"");
    }
    if (selector.failed)
        out->failed = true;
    else
        bau_spell_scalar(out, selector.data ? selector.data : "", plain);
}
