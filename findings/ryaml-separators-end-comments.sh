#!/bin/sh
# ryaml 0.5.1 (Python, YAML 1.2): a comment ends at U+0085, U+2028 and U+2029, so the rest of it becomes content.
#
# In YAML 1.2 (section 5.4) these characters are content, so a comment continues after them to the end of its line. ryaml
# silently reads `# note<U+2028>b: 2` as the key `b`. Inside a scalar, the blanks around them are lost, and so is U+0085
# itself. npm's yaml and js-yaml follow YAML 1.2.
#
# Output: for each character, the values of two texts; then "as described".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ryaml==0.5.1
"$folder/venv/bin/python" - <<'PYTHON'
import ryaml

for mark in ("\x85", "\u2028", "\u2029"):
    comment = ryaml.loads(f"# note {mark}b: 2\na: 1\n")
    scalar = ryaml.loads(f"a: 'x {mark} y'\n")
    print(f"U+{ord(mark):04X}: {comment}, {scalar}")
    assert comment == {"b": 2, "a": 1}, "the behaviour has changed"
    assert scalar != {"a": f"x {mark} y"}, "the behaviour has changed"
print("as described")
PYTHON
