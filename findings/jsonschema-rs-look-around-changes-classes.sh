#!/bin/sh
# jsonschema-rs 0.60.3 (Python): \d and \w mean other characters in patterns with a look-around.
#
# `^\w$` refuses "é" and `^\d$` refuses U+0661 (an Arabic digit), as ECMA-262 requires. With a look-ahead anywhere in the
# pattern, as in `^(?!x)\w$` and `^(?!x)\d$`, both are accepted: the classes are then those of Unicode. 0.61.2 does the
# same. Node's RegExp refuses all four.
#
# Output: one line for each pattern with its verdict; then "as described".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check jsonschema-rs==0.60.3
"$folder/venv/bin/python" - <<'PYTHON'
import jsonschema_rs

CASES = ((r"^\w$", "\u00e9", False), (r"^(?!x)\w$", "\u00e9", True), (r"^\d$", "\u0661", False), (r"^(?!x)\d$", "\u0661", True))
for pattern, text, expected in CASES:
    verdict = jsonschema_rs.Draft202012Validator({"pattern": pattern}).is_valid(text)
    print(f"{pattern} of {ascii(text)}: {verdict}")
    assert verdict == expected, "the behaviour has changed"
print("as described")
PYTHON
