#!/bin/sh
# torch 2.13.0 (PyPI, CPU): where DeprecationWarning is an error, as in many test suites, `torch.compile` fails.
#
# The first call of `torch.compile` imports inductor, which imports a module of torch that still uses `torch.jit`. That warns
# of its deprecation, and as an error it ends the import: not one function can be compiled in such a process. The message is
# about `torch.jit.script_method`, which the caller does not use, and its advice is "Please switch to `torch.compile`".
# Once inductor was imported with warnings ignored, compiling works under the same filter.
#
# Output: how compiling ends with the warning as an error, and after an import with warnings ignored; "as described".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6 setuptools==84.2.1
cat > "$folder/example.py" <<'PYTHON'
import sys
import warnings

import torch

if sys.argv[1] == "imported":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.compile(torch.square, backend="inductor")
warnings.simplefilter("error", DeprecationWarning)
try:
    torch.compile(torch.square, backend="inductor")
except DeprecationWarning as error:
    print("DeprecationWarning:", str(error).partition(" is")[0])
else:
    print("works")
PYTHON
fresh=$("$folder/venv/bin/python" "$folder/example.py" fresh)
imported=$("$folder/venv/bin/python" "$folder/example.py" imported)
echo "as an error: $fresh"
echo "after an import with warnings ignored: $imported"
case "$fresh" in DeprecationWarning*torch.jit*) ;; *) echo "the behaviour has changed"; exit 1 ;; esac
[ "$imported" = "works" ] || { echo "the behaviour has changed"; exit 1; }
echo "as described"
