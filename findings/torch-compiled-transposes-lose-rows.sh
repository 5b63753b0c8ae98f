#!/bin/sh
# torch 2.13.0 (PyPI, CPU), compiled by g++ 11.3 and 12.2 (Debian 12) for AVX-512: a kernel that reads two parts of a
# transposed bfloat16 or float16 tensor gets most of them wrong.
#
# From such a function, torch.compile makes C++ that transposes tiles of 32 x 32 numbers. The last row alone of each tile
# is right; the others are whatever was in memory. The C++ is correct, but g++ with -O3 loses 31 of 32 stores: with -O2, or
# with -fno-tree-slp-vectorize, all are there. torch turns g++'s vectorizer of loops off, and leaves this one on. In float32,
# and with vectors of 256 bits (`options={"cpp.simdlen": 256}`), results are right.
#
# It happens in the backward pass of rotary embeddings: the gradient of the keys is transposed, and both halves of it are
# read. Gradients are then wrong, or no numbers.
#
# Needs g++ and a processor with AVX-512. Output: for each number type and option, how many of 64 rows are wrong, and which are
# right; then "as described".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6 setuptools==84.2.1
cat > "$folder/example.py" <<'PYTHON'
import torch


def scaled_halves(values, factors):
    """Return the transposed values times factors, computed half by half."""
    turned = values.transpose(0, 1)
    left, right = turned[:, :32].float() * factors[:, :32], turned[:, 32:].float() * factors[:, 32:]
    return torch.cat([left.to(values.dtype), right.to(values.dtype)], 1)


if torch.backends.cpu.get_cpu_capability() != "AVX512":
    raise SystemExit("this needs a processor with AVX-512")
torch.manual_seed(0)
for dtype in (torch.float32, torch.bfloat16, torch.float16):
    values, factors = torch.randn(64, 64).to(dtype), torch.randn(64, 64)
    for name, options in (("default", {}), ("256 bits", {"cpp.simdlen": 256})):
        torch.compiler.reset()
        found = torch.compile(scaled_halves, options=options)(values, factors)
        is_wrong = ~torch.isclose(found, scaled_halves(values, factors), rtol=0.05, atol=0.05)
        wrong_rows = [row for row in range(64) if is_wrong[row].sum() > 16]
        right_rows = [row for row in range(64) if not is_wrong[row].any()]
        print(f"{str(dtype).removeprefix('torch.')}, {name}: {len(wrong_rows)} rows wrong", end="")
        print(f"; right: {right_rows}" if wrong_rows else "")
PYTHON
OMP_NUM_THREADS=1 "$folder/venv/bin/python" "$folder/example.py" 2> "$folder/errors" > "$folder/output" || {
    tail -n 1 "$folder/errors"
    exit 1
}
cat "$folder/output"
expected="float32, default: 0 rows wrong
float32, 256 bits: 0 rows wrong
bfloat16, default: 62 rows wrong; right: [31, 63]
bfloat16, 256 bits: 0 rows wrong
float16, default: 62 rows wrong; right: [31, 63]
float16, 256 bits: 0 rows wrong"
[ "$(cat "$folder/output")" = "$expected" ] || { echo "the behaviour has changed"; exit 1; }
echo "as described"
