#!/bin/sh
# Hypothesis 6.170.17: with `derandomize=True`, the examples of a test depend on which other modules are loaded.
#
# Hypothesis mixes constants into its examples: its own, and those in the source of all modules that are loaded at the time
# and belong neither to the standard library nor to site-packages nor to tests. So one and the same test has other examples
# after an import that it does not use, and after a change of any number in the source of the project. Under pytest-xdist,
# the modules that a process has loaded depend on which tests it got before, and so do the examples. A test that passes
# on one machine can fail on another with the same code and versions, though each alone repeats.
#
# Output: digests of 200 examples without the import, twice, with it, and with one that has no constants; then "as
# described".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check hypothesis==6.170.17
mkdir "$folder/project"
echo 'LIMIT, NAME = 123_457, "sesame"' > "$folder/project/limits.py"
echo 'pass' > "$folder/project/nothing.py"
cat > "$folder/project/example.py" <<'PYTHON'
import hashlib
import importlib
import sys

from hypothesis import given, settings
from hypothesis import strategies as st

drawn = []


@settings(derandomize=True, max_examples=200, database=None)
@given(st.integers(0, 10**9), st.text())
def collect(number: int, text: str) -> None:
    drawn.append((number, text))


importlib.import_module(sys.argv[1])
collect()
print(hashlib.sha256(repr(drawn).encode()).hexdigest()[:12])
PYTHON
cd "$folder/project"
without=$("$folder/venv/bin/python" example.py json)
again=$("$folder/venv/bin/python" example.py json)
with=$("$folder/venv/bin/python" example.py limits)
empty=$("$folder/venv/bin/python" example.py nothing)
echo "without the import: $without, again: $again"
echo "with the import: $with"
echo "with an import that has no constants: $empty"
[ "$without" = "$again" ] && [ "$without" != "$with" ] && [ "$without" = "$empty" ] || {
  echo "the behaviour has changed"
  exit 1
}
echo "as described"
