"""Names in the letters a to z, the way people spell them in addresses and user names.

Greek, Cyrillic, Hangul, Arabic and Devanagari go letter by letter (close to the passport rules, without diacritics; Arabic
without its unwritten short vowels); Latin letters lose their marks, German umlauts become ae, oe, ue. Chinese and Japanese
names need a reading, which the name lists bring along: without one the result is empty.
"""
import unicodedata

COMMON = dict(zip('łøđðıßæœþəŋ', 'l o d d i ss ae oe th e n'.split()))
BY_LOCALE = {'de': {'ä': 'ae', 'ö': 'oe', 'ü': 'ue'}, 'sv': {}, 'uk': {'г': 'h', 'и': 'y', 'х': 'kh', 'щ': 'shch'}}
LETTERS = dict(zip('абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґў',
                   'a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch - y - e yu ya i i ye g u'.split()))
LETTERS.update(zip('αβγδεζηθικλμνξοπρσςτυφχψω', 'a v g d e z i th i k l m n x o p r s s t y f ch ps o'.split()))
LETTERS.update(zip('ابتثجحخدذرزسشصضطظعغفقكلمنهوي', 'a b t th j h kh d dh r z s sh s d t z a gh f q k l m n h w y'.split()))
LETTERS.update({'أ': 'a', 'إ': 'i', 'آ': 'a', 'ى': 'a', 'ة': 'a', 'ؤ': 'w', 'ئ': 'y', 'ء': '-'})
LETTERS.update(zip('אבגדהוזחטיכךלמםנןסעפףצץקרשת', 'a b g d h v z h t i k k l m m n n s a p f ts ts k r sh t'.split()))
GREEK_PAIRS = {'ου': 'ou', 'αυ': 'av', 'ευ': 'ev', 'μπ': 'mp', 'ντ': 'nt', 'γγ': 'ng', 'γκ': 'gk', 'γξ': 'nx', 'γχ': 'nch'}
CONSONANTS = dict(zip('कखगघङचछजझञटठडढणतथदधनपफबभमयरलवशषसह',
                      'k kh g gh n ch chh j jh n t th d dh n t th d dh n p ph b bh m y r l v sh sh s h'.split()))
VOWELS = dict(zip('अआइईउऊऋएऐओऔ', 'a a i i u u ri e ai o au'.split()))
SIGNS = dict(zip('ािीुूृेैोौ', 'a i i u u ri e ai o au'.split()))
INITIALS = 'g kk n d tt r m b pp s ss - j jj ch k t p h'.split()
MEDIALS = 'a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i'.split()
FINALS = '- k k k n n n t l k m l l l p l m p p t t ng t t k t p t'.split()


def hangul(c):
    index = ord(c) - 0xAC00
    parts = INITIALS[index // 588], MEDIALS[index % 588 // 28], FINALS[index % 28]
    return ''.join(parts).replace('-', '')


def devanagari(word):
    out, vowel = '', False  # vowel: a consonant waits for its vowel
    for c in word:
        if c in CONSONANTS:
            out += ('a' if vowel else '') + CONSONANTS[c]
            vowel = True
        elif c in SIGNS:
            out, vowel = out + SIGNS[c], False
        elif c in VOWELS:
            out, vowel = out + ('a' if vowel else '') + VOWELS[c], False
        elif c in 'ंँ':
            out, vowel = out + ('a' if vowel else '') + 'n', False
        elif c == '्':
            vowel = False
        elif c == 'ः':
            out, vowel = out + ('a' if vowel else ''), False
    return out


def spell(name, locale):
    word = name.lower()
    if any('ऀ' <= c <= 'ॿ' for c in word):
        return devanagari(word.replace('़', ''))
    if any('α' <= c <= 'ω' or 'ά' <= c <= 'ώ' for c in word):
        word = ''.join(c for c in unicodedata.normalize('NFD', word) if not unicodedata.combining(c))
        for pair, spelled in GREEK_PAIRS.items():
            word = word.replace(pair, spelled)
    own, out = BY_LOCALE.get(locale, {}), ''
    for c in word:
        if '가' <= c <= '힣':
            out += hangul(c)
        elif c in own or c in LETTERS or c in COMMON:
            out += own.get(c) or LETTERS.get(c) or COMMON[c]
        else:
            out += unicodedata.normalize('NFD', c)[0]
    return ''.join(c for c in out if 'a' <= c <= 'z')
