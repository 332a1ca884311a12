#!/usr/bin/env bash
# One JSON Schema, one JSON document, four validators: valid for some of them, invalid for the others.
#
# - `pattern`: JSON Schema recommends ECMA-262's regular expressions. There `$` is the end of the text and `\d` is 0 to 9.
#   Python's jsonschema gives the pattern to `re`, where `$` also matches before a last line break and `\d` also
#   matches the digits of other scripts. fastjsonschema rewrites the `$`, not the `\d`. ajv and jsonschema-rs do as ECMA-262.
# - `multipleOf`: 19.99 is a multiple of 0.01 for a person, and for fastjsonschema and jsonschema-rs; jsonschema and ajv
#   divide binary floats, where it is not (1.1 is). A price that the browser's check refuses passes at the server.
# A schema that is to mean the same on both sides says `[0-9]`, keeps line breaks out by other means (`(?!\n)` at the
# end), and counts in integers.
#
# Seen on 2026-11-29 with jsonschema 4.26.0, fastjsonschema 2.22.3, jsonschema-rs 0.61.2 and ajv 8.20.0: the lines of
# `expected` below. Exit status 1 if they change. Requires npm and node.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  jsonschema==4.26.0 fastjsonschema==2.22.3 jsonschema-rs==0.61.2
npm install --silent --no-audit --no-fund --prefix "$work" ajv@8.20.0

cat >"$work/cases.json" <<'JSON'
[
  ["version", {"type": "string", "pattern": "^v[0-9]+$"}, "v1"],
  ["version, then a line break", {"type": "string", "pattern": "^v[0-9]+$"}, "v1\n"],
  ["the same, kept out", {"type": "string", "pattern": "^v[0-9]+(?!\\n)$"}, "v1\n"],
  ["Devanagari digits for \\d", {"type": "string", "pattern": "^\\d+$"}, "\u0967\u0968"],
  ["1.1 as a multiple of 0.01", {"type": "number", "multipleOf": 0.01}, 1.1],
  ["19.99 as a multiple of 0.01", {"type": "number", "multipleOf": 0.01}, 19.99]
]
JSON

cat >"$work/python.py" <<'PYTHON'
import json
import sys
from importlib.metadata import version

import fastjsonschema
import jsonschema
import jsonschema_rs


def fast(schema: dict, document: object) -> bool:
    try:
        fastjsonschema.compile(schema)(document)
    except fastjsonschema.JsonSchemaValueException:
        return False
    return True


validators = {
    "jsonschema": lambda schema, document: jsonschema.Draft7Validator(schema).is_valid(document),
    "fastjsonschema": fast,
    "jsonschema-rs": lambda schema, document: jsonschema_rs.Draft7Validator(schema).is_valid(document),
}
with open(sys.argv[1]) as file:
    cases = json.load(file)
for name, check in validators.items():
    print(name, version(name))
    for title, schema, document in cases:
        print(f"  {title}:", "valid" if check(schema, document) else "invalid")
PYTHON

cat >"$work/node.js" <<'JS'
const Ajv = require("ajv").default;
console.log("ajv " + require("ajv/package.json").version);
for (const [title, schema, document] of require("./cases.json")) {
  console.log(`  ${title}: ${new Ajv().validate(schema, document) ? "valid" : "invalid"}`);
}
JS

{ "$work/venv/bin/python" "$work/python.py" "$work/cases.json"; node "$work/node.js"; } | tee "$work/seen"
cat >"$work/expected" <<'TEXT'
jsonschema 4.26.0
  version: valid
  version, then a line break: valid
  the same, kept out: invalid
  Devanagari digits for \d: valid
  1.1 as a multiple of 0.01: valid
  19.99 as a multiple of 0.01: invalid
fastjsonschema 2.22.3
  version: valid
  version, then a line break: invalid
  the same, kept out: invalid
  Devanagari digits for \d: valid
  1.1 as a multiple of 0.01: valid
  19.99 as a multiple of 0.01: valid
jsonschema-rs 0.61.2
  version: valid
  version, then a line break: invalid
  the same, kept out: invalid
  Devanagari digits for \d: invalid
  1.1 as a multiple of 0.01: valid
  19.99 as a multiple of 0.01: valid
ajv 8.20.0
  version: valid
  version, then a line break: invalid
  the same, kept out: invalid
  Devanagari digits for \d: invalid
  1.1 as a multiple of 0.01: valid
  19.99 as a multiple of 0.01: invalid
TEXT
diff "$work/expected" "$work/seen"
