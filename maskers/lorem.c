/* lorem: a text of the same number of characters that says nothing: words of one language in sentences, drawn by the
 * PRF of the whole text. Its length is all that stays; line breaks, markup and script go.
 *
 * Construction (frozen, M2). Numbers of 16 bits come from the stream of stream.h under the subkey "lorem", each draw
 * below n is floor(number * n / 65536). Sentences have 4 to 12 words; a word is drawn from all words of at most 11
 * characters, behind each but the last two of a sentence stands a comma with a chance of 1 in 12. When what is left
 * holds one word of at most 12 characters and a full stop, a word of exactly that length ends the text. One character
 * alone is a word of one. Equal texts agree. */
#include "maskers/stream.h"
#include "maskers/utf8.h"

enum { LETTERS = 12, WORDS_MOST = 160, WORD_BYTES = 28 };

struct config {
    uint32_t language;
    const struct bau_mask_key *key;
    struct bau_prf prf;
    uint32_t n, by_length[LETTERS + 2]; /* words of length l: from by_length[l] to by_length[l + 1] */
    struct word {
        uint8_t text[WORD_BYTES], capital[WORD_BYTES], bytes, chars;
    } word[WORDS_MOST]; /* in order of length */
};

static const struct bau_option options[] = {
    { "language", BAU_OPTION_CHOICE, offsetof(struct config, language), "la", 0, 0,
      "Where the words come from.", 0, "la|en|de|fr|es|ru", NULL, 0 },
    { 0 },
};

/* Common words of each language, at least two of each length from 1 to 12. */
static const char *const words[] = {
    "a e o et in ad ex ut de si ab ac an at id se te tu me nec sed non est qui cum per pro aut nam sit nos "
    "vos vel "
    "mea sub rem via quod quae quam ante atque enim esse modo ergo inde nunc quid sine tota vero vita idem "
    "inter ipsum "
    "dolor lorem magna causa terra locus verba annus semper populi natura tempus magnum nullam virtus "
    "civitas "
    "omnibus oratio hominum quidem fortuna publica videtur sapientia consilia tempora gloriam quaedam "
    "militibus "
    "imperium auctoritas voluntatem philosophia disciplina exercitatio constituere necessitate magistratus "
    "sententiarum consuetudine commemoratio",
    "a o e of to in is it on at by an as or if we so up the and for are but not you all can out day way new "
    "one now "
    "see two who its that with have this from they word time some what when your said each which their would "
    "about "
    "there other water after first never where place small every again still people number little before "
    "should "
    "around between another through picture example morning weather general together children mountain "
    "question "
    "important different following beginning direction afternoon everything government understand themselves "
    "temperature information development imagination considering relationship architecture neighborhood",
    "a o e zu in um an im am so es er da ob wo ja der die das und ist von mit auf für ein bei wie nur vor "
    "tag hut weg "
    "rot auch nach über oder aber sich wird haus wald baum zeit mehr noch kann hier kalt immer unter gegen "
    "jetzt "
    "kleine große fluss stadt blume apfel lampe ohne wasser morgen himmel fenster garten straße sommer "
    "winter "
    "zwischen während sprache anfang bereits bericht gestern arbeiten brücke abend gebirge landschaft "
    "gemeinsam "
    "geschichte verstehen zusammen beispiele vergleich nachmittag beschreiben erinnerung wirklichkeit "
    "besprechung verständnis entscheidung gelegenheit möglichkeiten wissenschaft aufmerksamkeit "
    "landschaften unterschiede",
    "a y o de la le et un en il ne je se du au ou sur qui que une est pas par son mer jour vent dans avec "
    "pour plus "
    "tout mais bien sous deux petit entre après leurs avant cette route livre arbre table grand maison "
    "toujours "
    "chemin matin fleur soleil jardin encore souvent fenêtre lumière quelque journée lentement montagne "
    "pendant "
    "histoire ensemble question plusieurs aussitôt printemps important différent rencontrer maintenant "
    "changement découverte température commencement information littérature développement architecture "
    "connaissance représenter",
    "a y o de la el en un se no lo su al es ya que los por una con las del más era mar sol día para como "
    "pero este "
    "cada todo agua casa vida hoja otro entre sobre desde hasta donde árbol noche libro mundo mucho tiempo "
    "camino "
    "siempre ciudad jardín cuando todavía palabra ventana mañana montaña pequeño durante después historia "
    "verano "
    "pregunta conjunto distinto diferente primavera principio recuerdos importante movimiento encuentros "
    "naturaleza información experiencia temperatura conocimiento arquitectura inteligencia sentimientos",
    "и в о с к на не он по из за до но от же то бы что как это для или мир дом лес год сад весь было если "
    "даже "
    "день вода река море зима лето книга город слово улица время дождь осень после очень между ветер дерево "
    "вечер "
    "дорога солнце страна всегда вопрос письмо теперь история большой человек погода утренний маленький "
    "сегодня "
    "природа площадь движение интересно несколько расстояние понедельник возможность путешествие "
    "разнообразие направление температура пространство литературный архитектура воображение представление "
    "знакомство воспоминание исследование",
};

static uint32_t chars_of(const char *text, size_t len)
{
    return (uint32_t)bau_utf8_count((const uint8_t *)text, len);
}

/* Latin-1 and Cyrillic letters have their capitals 32 code points before them. */
static void capitalise(struct word *w)
{
    memcpy(w->capital, w->text, sizeof w->capital);
    uint8_t *p = w->capital;
    if (p[0] < 0x80)
        p[0] -= 0x20;
    else if (p[0] == 0xC3)
        p[1] -= 0x20;
    else if (p[0] == 0xD0) /* а to п lie behind 0xD0 */
        p[1] -= 0x20;
    else if (p[0] == 0xD1) { /* р to я */
        p[0] = 0xD0;
        p[1] += 0x20;
    }
}

static bau_status split(struct config *c, const char *list, struct bau_error *err)
{
    for (uint32_t length = 1; length <= LETTERS; length++) {
        c->by_length[length] = c->n;
        for (const char *p = list; *p;) {
            const size_t bytes = strcspn(p, " ");
            if (chars_of(p, bytes) == length) {
                if (c->n == WORDS_MOST || bytes >= WORD_BYTES)
                    return bau_error_set(err, BAU_E_BUG, "more words than there is room for");
                struct word *w = &c->word[c->n++];
                memset(w, 0, sizeof *w);
                memcpy(w->text, p, bytes);
                w->bytes = (uint8_t)bytes;
                w->chars = (uint8_t)length;
                capitalise(w);
            }
            p += bytes + (p[bytes] == ' ');
        }
        if (c->n < c->by_length[length] + 2)
            return bau_error_set(err, BAU_E_BUG, "fewer than two words of %u characters", length);
    }
    c->by_length[LETTERS + 1] = c->n;
    return BAU_OK;
}

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    uint8_t subkey[32];
    c->key = with->key;
    BAU_TRY(split(c, words[c->language], err));
    BAU_TRY(bau_mask_subkey(with->key, "lorem", subkey, err));
    const bool made = bau_prf_init(&c->prf, subkey);
    bau_wipe(subkey, sizeof subkey);
    return made ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "AES");
}

static void unbind(void *config)
{
    struct config *c = config;
    bau_prf_release(&c->prf);
}

struct text { /* one being written */
    const struct config *c;
    struct bau_stream *stream;
    uint32_t value, drawn;
    uint8_t *dst;
    bool capital; /* the next word starts a sentence */
};

static uint32_t draw(struct text *t, uint32_t n)
{
    return (bau_stream_u16(t->stream, t->value, t->drawn++) * n) >> 16;
}

static void put_word(struct text *t, uint32_t i)
{
    const struct word *w = &t->c->word[i];
    memcpy(t->dst, t->capital ? w->capital : w->text, WORD_BYTES); /* there is room behind the text */
    t->dst += w->bytes;
    t->capital = false;
}

static uint32_t word_of_length(struct text *t, uint32_t length)
{
    const uint32_t from = t->c->by_length[length];
    return from + draw(t, t->c->by_length[length + 1] - from);
}

/* Exactly `room` characters. */
static void put_text(struct text *t, size_t room)
{
    uint32_t left = 4 + draw(t, 9); /* words of this sentence */
    if (room == 1) {
        put_word(t, word_of_length(t, 1));
        return;
    }
    while (room >
           LETTERS + 1) { /* a word, a full stop or comma, a blank; at least a letter and a full stop stay */
        const uint32_t i = draw(t, t->c->by_length[LETTERS]);
        const bool ends = left == 1, comma = left > 2 && draw(t, 12) == 0;
        put_word(t, i);
        room -= t->c->word[i].chars;
        if (room > 3 && (ends || comma)) {
            *t->dst++ = ends ? '.' : ',';
            room--;
            t->capital = ends;
            left = ends ? 5 + draw(t, 9) : left;
        }
        *t->dst++ = ' ';
        room--;
        left -= left > 1;
    }
    if (room > 1)
        put_word(t, word_of_length(t, (uint32_t)room - 1));
    *t->dst++ = '.';
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    uint8_t(*digest)[16];
    const uint64_t bytes =
        2 * (uint64_t)in->offsets[in->n_values] + BAU_TEXT_SLACK; /* no letter takes more */
    if (bytes > INT32_MAX)
        return bau_error_set(err, BAU_E_LIMIT, "the texts of a batch grow past 2 GiB");
    BAU_TRY(bau_mask_digest(c->key, ctx->arena, in, &digest, err));
    BAU_TRY(bau_column_make(out, in, BAU_TEXT, (size_t)bytes, ctx->arena, err));
    uint8_t *const start = out->data;
    struct text t = { .c = c, .stream = ctx->scratch, .dst = start };
    bau_stream_start(t.stream, &c->prf, (const uint8_t(*)[16])digest, in, 40);
    for (uint32_t i = 0; i < in->n_values; i++) {
        const struct bau_slice v = bau_column_value(in, i);
        const uint8_t *from = t.dst;
        t.value = i;
        t.drawn = 0;
        bool same = v.len > 0;
        for (unsigned round = 0; same && round < 64;
             round++) { /* it says the same: the next words of its stream */
            t.dst = start + out->offsets[i];
            t.capital = true;
            put_text(&t, bau_utf8_count(v.data, v.len));
            same = (size_t)(t.dst - from) == v.len && memcmp(from, v.data, v.len) == 0;
        }
        out->offsets[i + 1] = (uint32_t)(t.dst - start);
    }
    return BAU_OK;
}

const struct bau_masker bau_masker_lorem = {
    .name = "lorem",
    .summary = "Replaces a text by meaningless sentences of the same number of characters.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_KEYED,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_LENGTH,
    .options = options,
    .config_bytes = sizeof(struct config),
    .scratch_bytes = sizeof(struct bau_stream),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .unbind = unbind,
    .example_in = "The patient called on 12 March and asked for an earlier date.",
    .example_options = "",
};
