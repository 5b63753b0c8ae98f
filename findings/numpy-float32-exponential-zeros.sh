#!/bin/sh
# numpy 2.4.6 (PyPI): exponential times in float32 are exactly 0 about once in 6 million draws; in float64 they are not.
#
# `Generator.standard_exponential(dtype=float32)` draws from 2^23 or so values, and one of them is 0. An exponential race
# chooses the index with the least time divided by its weight, which is a draw in proportion to the weights. A time of 0
# wins whatever the weight is: in a vocabulary of 8,192 tokens that is one choice of about 740 by chance alone, so rare
# tokens come far too often. The other method, `inv`, gives zeros as well.
#
# Output: the zeros among 40 million float32 draws by each method, among as many float64 draws, and "as described".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6
cat > "$folder/example.py" <<'PYTHON'
import numpy as np


def zeros(dtype, method):
    generator = np.random.Generator(np.random.SFC64(1))
    draws = (generator.standard_exponential(4_000_000, dtype=dtype, method=method) for _ in range(10))
    return sum(int((times == 0).sum()) for times in draws)


for method in ("zig", "inv"):
    found = zeros(np.float32, method)
    print(f"float32, {method}: {found}")
    assert 1 <= found <= 30, "the behaviour has changed"
found = zeros(np.float64, "zig")
print(f"float64, zig: {found}")
assert found == 0, "the behaviour has changed"
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/example.py"
