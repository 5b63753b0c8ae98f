#!/bin/sh
# jsonschema-rs 0.60.3 (Python), default pattern engine: in X+Y?X+ one X is enough.
#
# `^\d+\.?\d+$` requires at least two digits, but "1" is valid. The same happens with `*` instead of `?`, with classes and
# with groups: ^[a-z]+-?[a-z]+$ accepts "a". With `pattern_options=RegexOptions()` the verdicts are right, and so are
# those of 0.61.2. Node's /^\d+\.?\d+$/.test("1") is false.
#
# Output: one line for each pattern, its verdict by the default engine and by RegexOptions; then "as described".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check jsonschema-rs==0.60.3
"$folder/venv/bin/python" - <<'PYTHON'
import jsonschema_rs

CASES = ((r"^\d+\.?\d+$", "1"), ("^[a-z]+-?[a-z]+$", "a"), ("^a+b*a+$", "a"), (r"^\w+ ?\w+$", "a"))
for pattern, text in CASES:
    default = jsonschema_rs.Draft202012Validator({"pattern": pattern}).is_valid(text)
    options = jsonschema_rs.RegexOptions()
    linear = jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=options).is_valid(text)
    print(f"{pattern} of {text!r}: default {default}, RegexOptions {linear}")
    assert (default, linear) == (True, False), "the behaviour has changed"
print("as described")
PYTHON
