/* What a column most likely holds, from its name, type, comment and keys; never from values.
 *
 * A row of the table fires when one of its words is a token of the field's name (tokens are split at '_', '-', spaces
 * and at camelCase humps) or two neighbouring tokens joined. The first row that fires and suits the type wins, so the
 * table goes from the specific to the general. `sure` means that a wrong guess costs realism, never privacy: the guess
 * masks. Keeping is only sure where the type or a key says that the value is technical. */
#include <ctype.h>
#include <string.h>

#include "src/plan/plan.h"

#define TEXTS (BAU_TYPE_BIT(BAU_TEXT))
#define INSTANTS BAU_TYPES_INSTANT

static const struct clue {
    const char *words; /* separated by blanks, lower case */
    uint32_t types;
    const char *kind, *rule;
    bool sure;
} clues[] = {
    { "password passwd pwd passwordhash pwhash hashedpassword", TEXTS, "password",
      "{ mask: constant, value: '!' }", true },
    { "token secret apikey accesskey privatekey sessionid refreshtoken otp totp", TEXTS, "credential",
      "hash_token", true },
    { "email mail emailaddress mailaddress correo courriel", TEXTS, "e-mail address", "email", true },
    { "firstname givenname forename vorname prenom nombre", TEXTS, "given name", "first_name", true },
    { "first given", TEXTS, "given name", "first_name", false },
    { "lastname surname familyname nachname apellido", TEXTS, "family name", "last_name", true },
    { "last family", TEXTS, "family name", "last_name", false },
    { "fullname personname contactname customername displayname employeename holdername recipientname", TEXTS,
      "person's name", "person_name", true },
    { "phone mobile telephone tel fax msisdn phonenumber cellphone handy telefon", TEXTS, "telephone number",
      "phone", true },
    { "username login nickname screenname userid", TEXTS, "user name", "hash_token", true },
    { "ssn nin taxid vat passport nationalid socialsecurity cpf dni nif bsn pesel", TEXTS,
      "national identifier", "hash_token", true },
    { "iban bic accountnumber bankaccount creditcard cardnumber pan ccnumber", TEXTS, "bank or card number",
      "redact", true },
    { "street address addressline address1 address2 line1 line2 housenumber strasse", TEXTS, "postal address",
      "redact", true },
    { "birthdate birthday dob dateofbirth birth geburtsdatum", INSTANTS, "date of birth", "date_shift",
      true },
    { "birthdate birthday dob dateofbirth", TEXTS, "date of birth", "redact", true },
    { "salary wage income balance credit amountdue",
      BAU_TYPE_BIT(BAU_NUMERIC) | BAU_TYPES_INT | BAU_TYPES_FLOAT, "amount of a person",
      "{ mask: noise, relative: 0.1 }", false },
    { "ip ipaddress remoteaddr clientip useragent latitude longitude lat lng lon geo", BAU_TYPES_ALL,
      "trace of a person", "'null'", false },
    { "comment comments note notes remark message body description bio about text review feedback", TEXTS,
      "free text", "redact", false },
    { "city zip zipcode postcode postalcode district state province region county", TEXTS, "place", "redact",
      false },
    { "name names", TEXTS, "name of something", "person_name", false },
};

/* Lower-case tokens of a name, each followed by a blank, and neighbouring tokens joined. */
static void tokens(const char *name, char *out, size_t room)
{
    char plain[160];
    size_t n = 0;
    for (size_t i = 0; name[i] && n < sizeof plain - 3; i++) {
        const unsigned char c = (unsigned char)name[i];
        const bool hump = i && isupper(c) && islower((unsigned char)name[i - 1]);
        if (hump && n && plain[n - 1] != ' ')
            plain[n++] = ' ';
        if (isalnum(c) || c >= 0x80)
            plain[n++] = (char)tolower(c);
        else if (n && plain[n - 1] != ' ')
            plain[n++] = ' ';
    }
    plain[n] = '\0';
    size_t used = 0;
    out[used++] = ' ';
    for (size_t i = 0; i < n && used < room - 2; i++)
        out[used++] = plain[i];
    out[used++] = ' ';
    const char *previous = NULL;
    size_t previous_len = 0;
    for (size_t at = 0; at < n;) {
        const size_t len = strcspn(plain + at, " ");
        if (previous && used + previous_len + len + 2 < room) {
            memcpy(out + used, previous, previous_len);
            memcpy(out + used + previous_len, plain + at, len);
            used += previous_len + len;
            out[used++] = ' ';
        }
        previous = plain + at;
        previous_len = len;
        at += len + 1;
    }
    out[used] = '\0';
}

static bool fires(const char *words, const char *haystack)
{
    for (const char *w = words; *w;) {
        const size_t len = strcspn(w, " ");
        char needle[40] = " ";
        if (len < sizeof needle - 3) {
            memcpy(needle + 1, w, len);
            memcpy(needle + 1 + len, " ", 2);
            if (strstr(haystack, needle))
                return true;
        }
        w += len + (w[len] == ' ');
    }
    return false;
}

static bool in_key(const struct bau_dataset *d, uint32_t field)
{
    for (uint32_t k = 0; k < d->n_keys; k++)
        for (uint32_t i = 0; d->keys[k].kind == BAU_KEY_PRIMARY && i < d->keys[k].n_fields; i++)
            if (d->keys[k].fields[i] == field)
                return true;
    return false;
}

static const struct bau_reference *reference_of(const struct bau_catalog *catalog,
                                                const struct bau_dataset *d, uint32_t field)
{
    const uint32_t index = (uint32_t)(d - catalog->datasets);
    for (uint32_t r = 0; r < catalog->n_references; r++)
        for (uint32_t i = 0; catalog->references[r].from == index && i < catalog->references[r].n_fields; i++)
            if (catalog->references[r].from_fields[i] == field)
                return &catalog->references[r];
    return NULL;
}

/* date_shift needs an entity: the single-column primary key, when there is one. */
static struct bau_guess shift_guess(const struct bau_dataset *d, const char *kind)
{
    for (uint32_t k = 0; k < d->n_keys; k++)
        if (d->keys[k].kind == BAU_KEY_PRIMARY && d->keys[k].n_fields == 1 &&
            strcmp(d->fields[d->keys[k].fields[0]].name, "id") == 0)
            return (struct bau_guess){ kind, "{ mask: date_shift, days: 30, by: id }", true };
    return (struct bau_guess){ kind, "{ mask: date_shift, days: 30, by: THE_KEY_COLUMN }", false };
}

/* What the type alone says when no word fires. */
static struct bau_guess by_type(const struct bau_field *f, bool key)
{
    if (key && (BAU_TYPE_BIT(f->type) & BAU_TYPES_INT))
        return (struct bau_guess){ "number that a sequence gave", "{ keep: surrogate key }", true };
    if (f->type == BAU_UUID)
        return (struct bau_guess){ "identifier", "uuid", false };
    if (f->type == BAU_BOOL)
        return (struct bau_guess){ "yes or no", "{ keep: a flag }", true };
    if (f->n_labels)
        return (struct bau_guess){ "one of a few labels", "{ keep: enum }", true };
    if (f->document)
        return (struct bau_guess){ "document", "{ $.**: { keep: REASON } }", false };
    return (struct bau_guess){ NULL, "{ keep: REASON }", false };
}

struct bau_guess bau_guess_field(const struct bau_catalog *catalog, const struct bau_dataset *dataset,
                                 uint32_t field)
{
    const struct bau_field *f = &dataset->fields[field];
    if (reference_of(catalog, dataset, field))
        return (struct bau_guess){ "foreign key", "{ keep: references a kept key }", true };
    char haystack[500];
    tokens(f->name, haystack, sizeof haystack);
    for (size_t i = 0; i < BAU_COUNT(clues); i++) {
        const struct clue *c = &clues[i];
        if (!(c->types & BAU_TYPE_BIT(f->type)) || f->n_labels || !fires(c->words, haystack))
            continue;
        if (strcmp(c->rule, "date_shift") == 0)
            return shift_guess(dataset, c->kind);
        return (struct bau_guess){ c->kind, c->rule, c->sure && !in_key(dataset, field) };
    }
    return by_type(f, in_key(dataset, field));
}
