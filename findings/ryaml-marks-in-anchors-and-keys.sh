#!/bin/sh
# ryaml 0.5.1 (Python, YAML 1.2): characters that are text in YAML 1.2 are read as syntax, and values change silently.
#
# The name of an anchor may contain any character except white space and ,[]{} (section 6.9.2), but `a: &x:y z` has the
# value ":y z". In a flow collection, `?` before text is text (section 7.3.3), but `{?a: b}` has the key "a" and `[?a]` is
# a list with a mapping. npm's yaml reads "z", the key "?a" and the text "?a".
#
# Output: the value of each text; then "as described".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ryaml==0.5.1
"$folder/venv/bin/python" - <<'PYTHON'
import ryaml

CASES = (("a: &x:y z", {"a": ":y z"}), ("{?a: b}", {"a": "b"}), ("[?a]", [{"a": None}]))
for text, expected in CASES:
    found = ryaml.loads(text)
    print(f"{text}  ->  {found}")
    assert found == expected, "the behaviour has changed"
print("as described")
PYTHON
