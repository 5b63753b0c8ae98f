#!/bin/sh
# xgrammar 0.2.9: keywords that stand beside `anyOf` or `oneOf` are dropped, and the branches alone bind.
#
# By JSON Schema (2020-12, core 10.2.1 and 7.6.1) every keyword of a schema object applies, so `type`, `properties` and
# `additionalProperties` bind whatever `anyOf` stands beside them. A common form of schemas has branches that only
# require keys: `anyOf: [{required: [a]}, {required: [b]}]`. With it, values of wrong types, unknown keys and values that
# are no objects are admitted. There is no error and, for `anyOf`, no warning.
#
# Output: for each value whether it is admitted without branches and beside each kind of branches; then "as described".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'torch<=2.13.0' xgrammar==0.2.9
"$folder/venv/bin/python" - <<'PYTHON'
import json

import xgrammar

PLAIN = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}, "additionalProperties": False}
BRANCHES = [{"required": ["a"]}, {"required": ["b"]}]
VALID, INVALID = [{"a": "x"}, {"b": 1}], [{"a": 1}, {"c": 1}]

characters = [bytes([byte]) for byte in range(256)]
tokenizer = xgrammar.TokenizerInfo([*characters, b""], xgrammar.VocabType.RAW, stop_token_ids=[256])
compiler = xgrammar.GrammarCompiler(tokenizer, max_threads=1)


def admits(schema, value):
    compiled = compiler.compile_json_schema(json.dumps(schema), any_whitespace=False, separators=(",", ":"))
    matcher = xgrammar.GrammarMatcher(compiled, terminate_without_stop_token=True)
    return matcher.accept_string(json.dumps(value, separators=(",", ":"))) and matcher.is_terminated()


for value in VALID + INVALID:
    verdicts = [admits(schema, value) for schema in (PLAIN, {**PLAIN, "anyOf": BRANCHES}, {**PLAIN, "oneOf": BRANCHES})]
    print(f"{json.dumps(value)}: alone {verdicts[0]}, beside anyOf {verdicts[1]}, beside oneOf {verdicts[2]}")
    assert verdicts == [value in VALID, True, True], "the behaviour has changed"
beside = [admits({**PLAIN, "anyOf": BRANCHES}, value) for value in (3, "text")]
print(f"3 and a text, beside anyOf: {beside}")
assert beside == [True, True], "the behaviour has changed"
print("as described")
PYTHON
