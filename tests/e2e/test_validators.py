"""Validators that are not ours agree with what the maskers make: stdnum, phonenumbers, email-validator, uuid.

One row a masker and options: a generator of inputs, a validator of outputs. 20,000 values each, 10^6 under --long.
"""
import collections
import datetime
import json
import random
import subprocess
import sys
import unittest
import uuid

import case
from case import long

# Debian's packages, whichever python3 runs this.
sys.path.append("/usr/lib/python3/dist-packages")
import email_validator  # noqa: E402
import phonenumbers  # noqa: E402
from stdnum import bic, ean, iban, imei, isin, luhn, verhoeff  # noqa: E402
from stdnum.iso7064 import mod_11_10  # noqa: E402
from stdnum.util import get_cc_module  # noqa: E402

SHORT_EXCHANGES = {"BQ", "FM", "KI", "NF", "NU"}  # islands where the last four digits are not free
SOME, MANY = 20_000, 1_000_000
NINO_UNUSED = ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ")
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def stdnum(country, name):
    return get_cc_module(country, name)


# ---- inputs: each generator gives one candidate; None or an invalid one is drawn again ----

def digits(r, n):
    return f"{r.randrange(10 ** n):0{n}}"


def between(r, low, high):
    return str(r.randint(low, high))


def born(r, first="1900-01-01", last="2019-12-31"):
    first, last = (datetime.date.fromisoformat(day).toordinal() for day in (first, last))
    return datetime.date.fromordinal(r.randint(first, last))


def with_luhn(text):
    return text + luhn.calc_check_digit(text)


def with_last(module, text):
    return text + module.calc_check_digit(text)


def weighted(text, weights):
    return sum(int(c) * w for c, w in zip(text, weights))


def try_last(module, text, alphabet="0123456789"):
    """The text with the check character that the validator wants; None when it wants none."""
    return next((text + c for c in alphabet if module.is_valid(text + c)), None)


def nino(r):
    while True:
        prefix = r.choice("ABCEGHJKLMNOPRSTWXYZ") + r.choice("ABCEGHJKLMNPRSTWXYZ")
        if prefix not in NINO_UNUSED:
            return f"{prefix} {digits(r, 2)} {digits(r, 2)} {digits(r, 2)} {r.choice('ABCD')}"


def is_nino(text):
    text = text.replace(" ", "")
    return (len(text) == 9 and text[0] in "ABCEGHJKLMNOPRSTWXYZ" and text[1] in "ABCEGHJKLMNPRSTWXYZ"
            and text[:2] not in NINO_UNUSED and text[2:8].isdigit() and text[8] in "ABCD")


def nhs(r, low=1, high=998_999_999):
    nine = f"{r.randint(low, high):09}"
    check = -weighted(nine, range(10, 1, -1)) % 11
    return f"{nine[:3]} {nine[3:6]} {nine[6:]}{check}" if check < 10 else None


def nir(r):
    place = r.choice(["2A", "2B"] + [f"{d:02}" for d in range(1, 100)])
    front = f"{r.randint(1, 2)}{digits(r, 2)}{r.randint(1, 12):02}{place}{r.randint(1, 999):03}{r.randint(1, 999):03}"
    return front + stdnum("fr", "nir").calc_check_digits(front)


def nie(r):
    return with_last(stdnum("es", "nie"), r.choice("XYZ") + digits(r, 7))


def bsn(r):
    eight = f"{r.randint(1, 99_999_999):08}"
    check = weighted(eight, range(9, 1, -1)) % 11
    return eight + str(check) if check < 10 else None


def pesel(r):
    day = born(r)
    front = f"{day.year % 100:02}{day.month + (20 if day.year >= 2000 else 0):02}{day.day:02}{digits(r, 4)}"
    return with_last(stdnum("pl", "pesel"), front)


def br_two(weights, dashes, branch=False):
    def make(r):
        text = digits(r, 8) + f"{r.randint(1, 9999):04}" if branch else digits(r, 9)
        for _ in range(2):
            text += str(-weighted(text, weights[-len(text):]) % 11 % 10)
        return dashes.format(*text)
    return make


def aadhaar(r):
    text = r.choice("23456789") + digits(r, 10)
    text += verhoeff.calc_check_digit(text)
    return f"{text[:4]} {text[4:8]} {text[8:]}" if text != text[::-1] else None


def codice_fiscale(r):
    day = born(r, "1930-01-01")
    text = ("".join(r.choice(UPPER) for _ in range(6)) + f"{day.year % 100:02}" + "ABCDEHLMPRST"[day.month - 1]
            + f"{day.day + r.choice((0, 40)):02}" + r.choice("ABCDEFGHILMZ") + digits(r, 3))
    return with_last(stdnum("it", "codicefiscale"), text)


def steuer_id(r):
    few = r.sample("0123456789", r.choice((8, 9)))
    text = few + [few[0]] * (10 - len(few))
    r.shuffle(text)
    text = "".join(text)
    if text[0] == "0" or few[0] * 3 in text:
        return None
    return text + mod_11_10.calc_check_digit(text)


def is_steuer_id(text):
    return stdnum("de", "idnr").is_valid(text) and not any(d * 3 in text[:10] for d in "0123456789")


def personnummer(r):
    day = born(r)
    return f"{day:%y%m%d}-" + with_luhn(f"{day:%y%m%d}{r.randint(1, 999):03}")[6:]


def personnummer12(r):
    day = born(r)
    return f"{day:%Y%m%d}" + with_luhn(f"{day:%y%m%d}{r.randint(1, 999):03}")[6:]


def fodselsnummer(r):
    day = born(r)
    module = stdnum("no", "fodselsnummer")
    text = f"{day:%d%m%y}" + (f"{r.randint(0, 499):03}" if day.year < 2000 else f"{r.randint(500, 999)}")
    text += module.calc_check_digit1(text)
    text += module.calc_check_digit2(text)
    return text if len(text) == 11 else None


def is_synthetic(text):
    """A fødselsnummer of somebody whose month of birth is 80 too high."""
    module = stdnum("no", "fodselsnummer")
    real = text[:2] + f"{int(text[2:4]) - 80:02}" + text[4:]
    return (81 <= int(text[2:4]) <= 92 and module.get_birth_date(real) <= datetime.date(2019, 12, 31)
            and text[9] == module.calc_check_digit1(text) and text[10] == module.calc_check_digit2(text))


def cpr(r):
    day = born(r)
    return f"{day:%d%m%y}-{r.choice('0123' if day.year < 2000 else '5678')}{digits(r, 3)}" if day.year < 2058 else None


def hetu(r, low=2, high=899):
    day, number = born(r), f"{r.randint(low, high):03}"
    check = "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(f"{day:%d%m%y}{number}") % 31]
    return f"{day:%d%m%y}{'-' if day.year < 2000 else 'A'}{number}{check}"


def is_temporary_hetu(text):
    module = stdnum("fi", "hetu")
    return module.is_valid(text, allow_temporary=True) and not module.is_valid(text)


def rijksregister(r):
    day = born(r)
    front = f"{day:%y%m%d}{r.randint(1, 998):03}"
    check = 97 - int(("2" if day.year >= 2000 else "") + front) % 97
    return f"{day:%y.%m.%d}-{front[6:]}.{check:02}"


def is_rijksregister(text):
    module = stdnum("be", "nn")
    return module.is_valid(text) and module.get_birth_date(text) is not None


def nif(r):
    return with_last(stdnum("pt", "nif"), between(r, 10_000_000, 99_999_999))


def svnr(r):
    day, number = born(r), between(r, 100, 999)
    check = stdnum("at", "vnr").calc_check_digit(f"{number}0{day:%d%m%y}")
    return f"{number}{check} {day:%d%m%y}" if len(check) == 1 else None


def ahv(r):
    text = "756" + digits(r, 9)
    text += ean.calc_check_digit(text)
    return f"{text[:3]}.{text[3:7]}.{text[7:11]}.{text[11:]}"


def tfn(r):
    eight = between(r, 10_000_000, 99_999_999)
    check = weighted(eight, (1, 4, 3, 7, 5, 8, 6, 9)) % 11
    return eight + str(check) if check < 10 else None


def medicare_check(text):
    return str(weighted(text, (1, 3, 7, 9, 1, 3, 7, 9)) % 10)


def medicare(r):
    eight = between(r, 20_000_000, 69_999_999)
    return eight + medicare_check(eight) + between(r, 1, 9)


def is_medicare(text):
    return (len(text) == 10 and text.isdigit() and text[0] in "23456" and text[8] == medicare_check(text)
            and text[9] != "0")


def resident_id(r):
    front = f"{r.choice(('110101', '310104', '440106', '510104'))}{born(r):%Y%m%d}{digits(r, 3)}"
    return front + stdnum("cn", "ric").calc_check_digit(front + "0")


def rrn(r):
    day = born(r)
    front = f"{day:%y%m%d}{r.choice('12' if day.year < 2000 else '34')}{r.randint(0, 96):02}{digits(r, 3)}"
    return f"{front[:6]}-{with_last(stdnum('kr', 'rrn'), front)[6:]}"


def my_number_check(eleven):
    """The formula of the ordinance: P(n) from the right, Q(n) = n + 1 up to 6, n - 5 from 7 on."""
    total = sum(int(eleven[-n]) * (n + 1 if n <= 6 else n - 5) for n in range(1, 12)) % 11
    return "0" if total <= 1 else str(11 - total)


def my_number(r):
    text = digits(r, 11)
    return text + my_number_check(text)


def is_my_number(text):
    return len(text) == 12 and text[11] == my_number_check(text[:11])


def za_id(r):
    return with_luhn(f"{born(r):%y%m%d}{digits(r, 4)}{r.choice('01')}8")


def tckimlik(r):
    text = between(r, 100_000_000, 999_999_999)
    return text + stdnum("tr", "tckimlik").calc_check_digits(text)


def curp(r):
    day, module = born(r), stdnum("mx", "curp")
    text = (r.choice(UPPER) + r.choice("AEIOUX") + r.choice(UPPER) + r.choice(UPPER) + f"{day:%y%m%d}" + r.choice("HM")
            + r.choice(("DF", "JC", "NL", "YN", "NE")) + "".join(r.choice("BCDFGHJKLMNPQRSTVWXYZ") for _ in range(3))
            + r.choice("0123456789" if day.year < 2000 else UPPER))
    text += module.calc_check_digit(text)
    return text if module.is_valid(text) else None


def rut(r):
    text = between(r, *r.choice(((1_000_000, 9_999_999), (10_000_000, 49_999_999), (50_000_000, 99_999_999))))
    return text + "-" + stdnum("cl", "rut").calc_check_digit(text)


def cuit(r):
    return with_last(stdnum("ar", "cuit"), r.choice(("20", "23", "24", "27", "30")) + digits(r, 8))


def nric_check(text):
    """Singapore: S 1234567 D, T 1234567 J, F 1234567 N, G 1234567 X, M 1234567 K."""
    total = weighted(text[1:], (2, 7, 6, 5, 4, 3, 2)) + {"T": 4, "G": 4, "M": 3}.get(text[0], 0)
    return {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "M": "XWUTRQPNJLK"}.get(text[0], "XWUTRQPNMLK")[total % 11]


def nric(r):
    text = r.choice("STFGM") + digits(r, 7)
    return text + nric_check(text)


def is_nric(text):
    return text[8] == nric_check(text[:8])


def isikukood(r):
    day = born(r)
    front = f"{r.choice('34' if day.year < 2000 else '56')}{day:%y%m%d}{digits(r, 3)}"
    return front + stdnum("ee", "ik").calc_check_digit(front + "0")


def egn(r):
    day = born(r)
    front = f"{day.year % 100:02}{day.month + (40 if day.year >= 2000 else 0):02}{day.day:02}{digits(r, 3)}"
    return with_last(stdnum("bg", "egn"), front)


def cnp(r):
    day = born(r)
    front = f"{r.choice('12' if day.year < 2000 else '56')}{day:%y%m%d}{r.randint(1, 46):02}{r.randint(1, 999):03}"
    return with_last(stdnum("ro", "cnp"), front)


def rodne_cislo(r):
    day = born(r, "1954-01-01")
    front = f"{day.year % 100:02}{day.month + r.choice((0, 50)):02}{day.day:02}{digits(r, 3)}"
    check = int(front) % 11
    if check == 10 and day.year >= 1985:
        return None
    return f"{front[:6]}/{front[6:]}{check % 10}"


def oib(r):
    text = digits(r, 10)
    return text + mod_11_10.calc_check_digit(text)


def pps(r):
    return try_last(stdnum("ie", "pps"), digits(r, 7), UPPER)


def kennitala(r):
    day = born(r)
    front = f"{day:%d%m%y}{digits(r, 2)}"
    check = -weighted(front, (3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return f"{front[:6]}-{front[6:]}{check}{'9' if day.year < 2000 else '0'}" if check < 10 else None


def amka(r):
    return with_luhn(f"{born(r):%d%m%y}{digits(r, 4)}")


def thai_pin(r):
    return with_last(stdnum("th", "pin"), r.choice("12345678") + digits(r, 11))


def ssn(r):
    area = r.choice([1, 78, 219, 457, 665, 667, 899] + [r.randint(1, 665), r.randint(667, 899)])
    text = f"{area:03}-{r.randint(1, 99):02}-{r.randint(1, 9999):04}"
    return text if stdnum("us", "ssn").is_valid(text) else None  # three were printed in advertisements


def is_reserved_ssn(text):
    """Neither an SSN nor an ITIN, but of their form."""
    return not stdnum("us", "ssn").is_valid(text) and not stdnum("us", "itin").is_valid(text) and text[0] == "9"


def sin(r):
    return with_luhn(r.choice("12345679") + digits(r, 7))


def israeli(r):
    return with_luhn(f"{r.randint(1, 99_999_999):08}")


def dni(r):
    return with_last(stdnum("es", "dni"), digits(r, 8))


# ---- not national ----

def card(r):
    return with_luhn(r.choice(("4" + digits(r, 14), "5" + r.choice("12345") + digits(r, 13), "37" + digits(r, 12))))


def an_iban(r):
    country, body = r.choice((("DE", digits(r, 18)), ("CH", digits(r, 17)), ("AT", digits(r, 16)),
                              ("GB", "".join(r.choice(UPPER) for _ in range(4)) + digits(r, 14))))
    return country + iban.calc_check_digits(country + "00" + body) + body


def a_bic(r):
    return "".join(r.choice(UPPER) for _ in range(4)) + r.choice(("DE", "FR", "GB", "US", "JP")) + r.choice(UPPER) + \
        r.choice("ABC23456789") + r.choice(("", "XXX", digits(r, 3)))


def routing(r):
    text = f"{r.choice(list(range(1, 13)) + list(range(21, 33))):02}{digits(r, 6)}"
    return text + stdnum("us", "rtn").calc_check_digit(text)


def vin_check(text):
    """49 CFR 565.15(c): letters count, position 9 does not."""
    values = dict(zip("ABCDEFGH" "JKLMN" "P" "R" "STUVWXYZ", [*range(1, 9), *range(1, 6), 7, 9, *range(2, 10)]))
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    left = sum(int(values.get(c, c)) * w for c, w in zip(text, weights)) % 11
    return "X" if left == 10 else str(left)


def a_vin(r):
    text = ("1" + "".join(r.choice("ABCDEFGHJKLMNPRSTUVWXYZ") for _ in range(3)) + digits(r, 4) + "0"
            + r.choice("ABCDEFGHJKLMNPRSTVWXY123456789") + r.choice("ABCDEFGH") + digits(r, 6))
    return text[:8] + vin_check(text) + text[9:]


def is_vin(text):
    return len(text) == 17 and not set(text) - set("ABCDEFGHJKLMNPRSTUVWXYZ0123456789") and text[8] == vin_check(text)


def an_imei(r):
    return with_luhn("35" + digits(r, 12))


def an_ean(r):
    text = digits(r, 12)
    return text + ean.calc_check_digit(text)


def an_isin(r):
    text = r.choice(("US", "DE", "GB", "FR")) + "".join(r.choice(UPPER + "0123456789") for _ in range(9))
    return text + isin.calc_check_digit(text)


def email(r):
    return f"{r.choice(('ada', 'alan', 'grace'))}.{r.randrange(10 ** 9)}@{r.choice(('example.org', 'corp.example'))}"


def is_email(text):
    email_validator.validate_email(text, check_deliverability=False)
    return True


def phone(r):
    return r.choice((f"+49 30 {digits(r, 7)}", f"+1 (212) 5{digits(r, 2)}-{digits(r, 4)}",
                     f"+44 20 7{digits(r, 3)} {digits(r, 4)}",
                     f"+33 1 4{digits(r, 1)} {digits(r, 2)} {digits(r, 2)} {digits(r, 2)}"))


def is_phone(text):
    return phonenumbers.is_possible_number(phonenumbers.parse(text, None))


def any_phone(r):
    """A valid number of some country, landline or mobile: the library's example, with other last digits."""
    region = r.choice(sorted(phonenumbers.SUPPORTED_REGIONS - SHORT_EXCHANGES))
    kind = r.choice((phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE))
    number = phonenumbers.example_number_for_type(region, kind)
    if number is None or number.national_number < 100_000:
        return None
    number.national_number += r.randrange(10_000) - number.national_number % 10_000
    spelled = r.choice((phonenumbers.PhoneNumberFormat.E164, phonenumbers.PhoneNumberFormat.INTERNATIONAL))
    return phonenumbers.format_number(number, spelled) if phonenumbers.is_valid_number(number) else None


def is_valid_phone(text):
    return phonenumbers.is_valid_number(phonenumbers.parse(text, None))


def fiction_country(r):
    return r.choice((f"+49 30 {digits(r, 7)}", f"+33 1 4{digits(r, 7)}", f"+353 1 {digits(r, 7)}", f"+46 8 {digits(r, 7)}",
                     f"+61 2 9{digits(r, 7)}", f"+44 20 7{digits(r, 7)}", f"+1 212 5{digits(r, 6)}"))


def is_fiction(text):
    return is_phone(text) and (text.startswith("+447700900") or text[5:10] == "55501")


def a_uuid(r):
    return str(uuid.UUID(int=r.getrandbits(128), version=4))


def is_uuid4(text):
    u = uuid.UUID(text)
    return str(u) == text and u.version == 4 and u.variant == uuid.RFC_4122


Row = collections.namedtuple("Row", "masker options make valid distinct")


def row(masker, options, make, valid, distinct=True):
    return Row(masker, options.split(), make, valid.is_valid if hasattr(valid, "is_valid") else valid, distinct)


def national(country, make, valid):
    return row("national_id", "country=" + country, make, valid)


def reserved(country, make, valid):
    return row("national_id_reserved", "country=" + country, make, valid, distinct=False)


ROWS = [
    national("us", ssn, stdnum("us", "ssn")),
    national("ca", sin, stdnum("ca", "sin")),
    national("gb", nino, is_nino),
    national("gb_nhs", nhs, stdnum("gb", "nhs")),
    national("fr", nir, stdnum("fr", "nir")),
    national("es", dni, stdnum("es", "dni")),
    national("es", nie, stdnum("es", "nie")),
    national("nl", bsn, stdnum("nl", "bsn")),
    national("pl", pesel, stdnum("pl", "pesel")),
    national("br", br_two([11, 10, 9, 8, 7, 6, 5, 4, 3, 2], "{}{}{}.{}{}{}.{}{}{}-{}{}"), stdnum("br", "cpf")),
    national("br_cnpj", br_two([6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2], "{}{}.{}{}{}.{}{}{}/{}{}{}{}-{}{}", True),
             stdnum("br", "cnpj")),
    national("in", aadhaar, stdnum("in", "aadhaar")),
    national("it", codice_fiscale, stdnum("it", "codicefiscale")),
    national("de", steuer_id, is_steuer_id),
    national("se", personnummer, stdnum("se", "personnummer")),
    national("se", personnummer12, stdnum("se", "personnummer")),
    national("no", fodselsnummer, stdnum("no", "fodselsnummer")),
    national("dk", cpr, stdnum("dk", "cpr")),
    national("fi", hetu, stdnum("fi", "hetu")),
    national("be", rijksregister, is_rijksregister),
    national("pt", nif, stdnum("pt", "nif")),
    national("at", svnr, stdnum("at", "vnr")),
    national("ch", ahv, stdnum("ch", "ssn")),
    national("au", tfn, stdnum("au", "tfn")),
    national("au_medicare", medicare, is_medicare),
    national("cn", resident_id, stdnum("cn", "ric")),
    national("kr", rrn, stdnum("kr", "rrn")),
    national("jp", my_number, is_my_number),
    national("za", za_id, stdnum("za", "idnr")),
    national("tr", tckimlik, stdnum("tr", "tckimlik")),
    national("mx", curp, stdnum("mx", "curp")),
    national("cl", rut, stdnum("cl", "rut")),
    national("ar", cuit, stdnum("ar", "cuit")),
    national("il", israeli, stdnum("il", "idnr")),
    national("sg", nric, is_nric),
    national("ee", isikukood, stdnum("ee", "ik")),
    national("lt", isikukood, stdnum("lt", "asmens")),
    national("bg", egn, stdnum("bg", "egn")),
    national("ro", cnp, stdnum("ro", "cnp")),
    national("cz", rodne_cislo, stdnum("cz", "rc")),
    national("sk", rodne_cislo, stdnum("sk", "rc")),
    national("hr", oib, stdnum("hr", "oib")),
    national("ie", pps, stdnum("ie", "pps")),
    national("is", kennitala, stdnum("is", "kennitala")),
    national("gr", amka, stdnum("gr", "amka")),
    national("th", thai_pin, stdnum("th", "pin")),
    row("national_id", "country=pl birth=keep", pesel, stdnum("pl", "pesel")),
    row("national_id", "country=se birth=keep", personnummer, stdnum("se", "personnummer")),
    reserved("us", ssn, is_reserved_ssn),
    reserved("ca", sin, lambda text: text[0] == "8" and luhn.is_valid(text)),
    reserved("gb", nino, lambda text: text[:2] == "QQ" and text[-1] in "ABCD"),
    reserved("gb_nhs", nhs, lambda text: text[:3] == "999" and stdnum("gb", "nhs").is_valid(text)),
    reserved("no", fodselsnummer, is_synthetic),
    reserved("fi", hetu, is_temporary_hetu),
    reserved("in", aadhaar, lambda text: text[0] in "01" and verhoeff.is_valid(text.replace(" ", ""))),
    row("pan", "", card, luhn),
    row("pan_reserved", "", card, luhn, distinct=False),
    row("iban", "", an_iban, iban),
    row("bic", "", a_bic, bic),
    row("routing", "", routing, stdnum("us", "rtn")),
    row("vin", "", a_vin, is_vin),
    row("imei", "", an_imei, imei),
    row("ean", "", an_ean, ean),
    row("isin", "", an_isin, isin),
    row("email", "", email, is_email),
    row("email", "style=token", email, is_email),
    row("phone", "", phone, is_phone),
    row("phone", "change=last4", any_phone, is_valid_phone),
    row("phone_reserved", "", phone, is_fiction, distinct=False),
    row("phone_reserved", "blocks=national", fiction_country, is_phone, distinct=False),
    row("uuid", "", a_uuid, is_uuid4),
]


def inputs(a_row, n):
    """`n` distinct inputs, the same in every run; fewer where there are not so many."""
    r = random.Random(repr((a_row.masker, a_row.options)))
    made = {}
    for _ in range(2 * n + 1000):
        value = a_row.make(r)
        if value is not None:
            made[value] = None
        if len(made) == n:
            break
    return list(made)


def masked(a_row, values):
    done = subprocess.run([case.BAUTA, "try", a_row.masker, *a_row.options], input="\n".join(values) + "\n",
                          capture_output=True, text=True, env=case.environment(), timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")[:-1]


def is_valid(a_row, text):
    try:
        return bool(a_row.valid(text))
    except Exception:  # validators of others raise what they like
        return False


class Validators(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        done = subprocess.run([case.BAUTA, "maskers", "--json"], capture_output=True, text=True, check=True)
        answer = json.loads(done.stdout)
        cls.maskers = {m["name"] for m in (answer["maskers"] if isinstance(answer, dict) else answer)}

    def check(self, n):
        missing = sorted({a_row.masker for a_row in ROWS} - self.maskers)
        if missing:
            print("    NOT CHECKED, no such masker in this program: " + ", ".join(missing), flush=True)
        for a_row in ROWS:
            if a_row.masker not in self.maskers:
                continue
            with self.subTest(masker=a_row.masker, options=a_row.options):
                self.check_row(a_row, inputs(a_row, n))

    def check_row(self, a_row, values):
        self.assertGreater(len(values), 1000)
        outputs = masked(a_row, values)
        self.assertEqual(len(outputs), len(values))
        wrong = [text for text in outputs if not is_valid(a_row, text)]
        self.assertEqual(wrong[:5], [], f"{len(wrong)} of {len(values)} do not satisfy the validator")
        if a_row.distinct:
            self.assertEqual(len(set(outputs)), len(values), "distinct values became equal")
        same = sum(a == b for a, b in zip(values, outputs))
        self.assertLessEqual(same, len(values) // 500 + 3, "values came out as they went in")

    def test_some(self):
        self.check(SOME)

    @long
    def test_a_million(self):
        self.check(MANY)


if __name__ == "__main__":
    unittest.main()
