#!/bin/sh
# setuptools 84.2.1 on Python 3.11: after a look for pip, importing setuptools fails.
#
# setuptools replaces the distutils of the standard library by its own, and asserts that it did. But a hook that it installs
# into every environment gives this up as soon as anybody imports pip, or only asks whether it is installed
# (`importlib.util.find_spec("pip")`), in the same process and for good. So a library that checks for pip breaks whatever
# imports setuptools later, such as `torch.compile` on a CPU, with an AssertionError that has only a path as its message.
# Python 3.12 has no distutils to fall back to.
#
# Output: how the import of setuptools ends without the look, and after it; then "as described".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check setuptools==84.2.1
cat > "$folder/example.py" <<'PYTHON'
import importlib.util
import sys

if sys.argv[1] == "after":
    assert importlib.util.find_spec("pip") is not None
try:
    import setuptools  # noqa: F401
except AssertionError as error:
    print("AssertionError:", "distutils/core.py" if str(error).endswith("distutils/core.py") else error)
else:
    print("imported")
PYTHON
without=$("$folder/venv/bin/python" "$folder/example.py" without)
after=$("$folder/venv/bin/python" "$folder/example.py" after)
echo "without a look for pip: $without"
echo "after a look for pip: $after"
[ "$without" = "imported" ] && [ "$after" = "AssertionError: distutils/core.py" ] || {
  echo "the behaviour has changed"
  exit 1
}
echo "as described"
