#!/bin/sh
# Pygments 2.21.0 (Python): the lexer for YAML marks tabs between tokens, and the escape \/, as errors.
#
# In YAML 1.2.2, tokens on a line are separated by spaces or tabs (section 6.2), and \/ is an escape in double quotes
# (section 5.7). The lexer accepts only spaces there: in `foo:<tab> bar`, from Example 6.3 of the specification, it marks
# the colon and the tab, and takes the key for a text. It also marks the \ of {"a": "\/"}, unlike Pygments' lexer for JSON.
# ryaml reads all of these texts.
#
# Output: for each text, its value and the parts that are marked as errors; then "as described".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pygments==2.21.0 ryaml==0.5.1
"$folder/venv/bin/python" - <<'PYTHON'
import ryaml
from pygments import lex
from pygments.lexers import JsonLexer, YamlLexer
from pygments.token import Error, Name


def errors(lexer, text):
    return [part for kind, part in lex(text, lexer) if kind is Error]


KEY = "foo:\t bar\n"
JSON = '{"a": "\\/"}\n'
EXPECTED = {KEY: [":", "\t"], "a: b\t# c\n": ["\t"], JSON: ["\\"]}
for text, expected in EXPECTED.items():
    found = errors(YamlLexer(), text)
    print(f"{text!r}: {ryaml.loads(text)}, errors {found}")
    assert found == expected, "the behaviour has changed"
assert (Name.Tag, "foo") not in lex(KEY, YamlLexer()), "the behaviour has changed"
assert (Name.Tag, "foo") in lex(KEY.replace("\t", " "), YamlLexer())
assert errors(JsonLexer(), JSON) == []
print("as described")
PYTHON
