"""What `init` suggests: every row of rules/suggestions.txt binds on every type and width it is for, on a real server, and
names in several languages get the rule that suits them."""
import os
import re
import unittest

import case
import kit

NATIVE = {"boolean": ["boolean"], "int2": ["smallint"], "int4": ["integer"], "int8": ["bigint"], "float4": ["real"],
          "float8": ["double precision"], "numeric": ["numeric(14,4)"], "date": ["date"], "timestamp": ["timestamp"],
          "timestamptz": ["timestamptz"], "uuid": ["uuid"], "bytes": ["bytea"], "other": ["box"]}
GROUPS = {"integer": "int2 int4 int8", "number": "int2 int4 int8 float4 float8 numeric", "instant": "date timestamp timestamptz"}

# name of a column, its type, what the suggested rule must contain, whether it stands there ready (else it is to decide)
NAMES = [
    ("email", "text", "email", True), ("userEmail", "varchar(80)", "email", True), ("E-Mail", "varchar(80)", "email", True),
    ("email_short", "varchar(12)", "redact", False), ("customer_mobile", "text", "phone_reserved", True),
    ("Vorname", "text", "first_name", True), ("geburtsname", "text", "last_name", True), ("prenom", "text", "first_name", True),
    ("apellidos", "text", "last_name", True), ("телефон", "text", "phone_reserved", True), ("фамилия", "text", "last_name", True),
    ("氏名", "text", "person_name", True), ("nazwisko", "text", "last_name", True), ("soyad", "text", "last_name", True),
    ("date_of_birth", "date", "date_shift", True), ("data_nascimento", "timestamp", "date_shift", True),
    ("ssn", "text", "country: us", True), ("social_security_number", "bigint", "country: us", True),
    ("pesel", "char(11)", "country: pl", True), ("cpf", "varchar(14)", "country: br", True), ("codice_fiscale", "text", "country: it", True),
    ("tax_id", "text", "hash_token", True), ("iban", "varchar(34)", "iban", True), ("swift_code", "text", "bic_reserved", False),
    ("credit_card_number", "text", "pan", True), ("cvv", "varchar(4)", "redact", True), ("VIN", "char(17)", "vin", True),
    ("licensePlate", "text", "scramble", True), ("imei", "bigint", "imei", True), ("mac_address", "macaddr", "mac_local", True),
    ("last_login_ip", "inet", "ip_reserved", True), ("user_agent", "text", "user_agent", True), ("avatar_url", "text", "url", False),
    ("latitude", "double precision", "axis: lat", True), ("lng", "numeric(9,6)", "axis: lon", True),
    ("company_name", "text", "company", True), ("street", "text", "part: line", True), ("city", "text", "part: city", False),
    ("PLZ", "varchar(10)", "postal_code", False), ("external_id", "uuid", "uuid", False), ("age", "smallint", "age_topcode", True),
    ("salary", "numeric(12,2)", "noise", False), ("notes", "text", "lorem", False), ("avatar", "bytea", "image_placeholder", False),
    ("password_hash", "varchar(120)", "password", True), ("password_short", "varchar(60)", "constant", True),
    ("api_key", "text", "hash_token", True), ("device_id", "text", "device_id", False), ("religion", "text", "redact", False),
    ("is_active", "boolean", "keep", True), ("quantity", "integer", "keep: REASON", False),
]


def suggestions():
    with open(os.path.join(case.ROOT, "rules", "suggestions.txt"), encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            if line.strip() and not line.startswith("#"):
                yield [number] + [field.strip() for field in line.split("|")]


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def columns_of(types, chars):
    for name in types.split():
        for one in GROUPS.get(name, name).split():
            for native in (["text", f"varchar({max(int(chars), 1)})"] if one == "text" else NATIVE[one]):
                yield native


class Suggestions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        case.needs_postgres()

    def test_every_row_binds_on_its_types_and_widths(self):
        columns, rules = ["id integer primary key"], ["- at: db.public.every", "  set:", "    id: { keep: key }"]
        for number, _, types, _, chars, rule, _ in suggestions():
            latitude = next((c.split()[0] for c in columns if c.startswith(f"c{number - 1}_")), "")  # the first: float4
            for native in columns_of(types, chars):
                columns.append(f"c{number}_{len(columns)} {native}")
                rules.append(f"    {columns[-1].split()[0]}: " + rule.replace("{KEY}", "id").replace("{ABOVE}", latitude))
        job = kit.Job(rules=rules)
        self.addCleanup(job.drop)
        job.make(f"create table every ({', '.join(columns)})")
        done = job.run("check")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_names_in_several_languages(self):
        job = kit.Job()
        self.addCleanup(job.drop)
        job.make('create table people ("the key" integer primary key, unique_mail text unique, '
                 + ", ".join(f"{quoted(name)} {native}" for name, native, _, _ in NAMES) + ")")
        os.remove(job.file)
        done = case.bauta("init", "env:SOURCE_URL", "-o", job.file, env=job.environment(), cwd=job.folder)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        with open(job.file, encoding="utf-8") as f:
            made = f.read()
        for name, _, rule, ready in NAMES:
            line = next((line for line in made.splitlines() if re.search(rf"^[\s#]*['\"]*{re.escape(name)}['\"]*: ", line)), None)
            self.assertIsNotNone(line, f"{name}: no line in\n{made}")
            self.assertIn(rule, line.rsplit("   # ", 1)[0])
            self.assertEqual(not line.lstrip().startswith("#"), ready, line)
        self.assertIn("by: 'the key'", made)
        self.assertRegex(made, r"# *unique_mail: ")
