#!/bin/sh
# torch 2.13.0 (PyPI, CPU): `scatter_add_` on a bfloat16 tensor copies the whole tensor, twice, however few numbers it adds.
#
# In float32 it touches only the places that are named. In bfloat16, all numbers of the tensor are copied there and back. Adding
# ten numbers to each row of 8,192 logits then costs as much as several passes over all logits. `index_put_` with
# `accumulate=True` adds the same numbers in place, in both types.
#
# Output: for both functions and both types, the numbers that torch's profiler saw copied; then "as described". The tensor has
# 2,097,152 numbers.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6 setuptools==84.2.1
cat > "$folder/example.py" <<'PYTHON'
import math

import torch
from torch.profiler import ProfilerActivity, profile

NUM_ROWS, WIDTH, NUM_NAMED = 256, 8192, 10
places = torch.randint(WIDTH, (NUM_ROWS, NUM_NAMED))
rows = torch.arange(NUM_ROWS)[:, None]


def num_copied(add) -> int:
    """Return how many numbers `aten::copy_` copied into the largest tensors."""
    add()
    with profile(activities=[ProfilerActivity.CPU], record_shapes=True) as found:
        add()
    events = [event for event in found.events() if event.name == "aten::copy_" and event.input_shapes]
    sizes = [math.prod(event.input_shapes[0]) for event in events]
    return sum(size for size in sizes if size == NUM_ROWS * WIDTH)


for dtype in (torch.float32, torch.bfloat16):
    logits = torch.zeros(NUM_ROWS, WIDTH, dtype=dtype)
    added = torch.ones(NUM_ROWS, NUM_NAMED, dtype=dtype)
    scattered = num_copied(lambda: logits.scatter_add_(1, places, added))
    put = num_copied(lambda: logits.index_put_((rows, places), added, accumulate=True))
    print(str(dtype).removeprefix("torch."), scattered, put)
PYTHON
"$folder/venv/bin/python" "$folder/example.py" 2> /dev/null > "$folder/output"
cat "$folder/output"
expected="float32 0 0
bfloat16 4194304 0"
[ "$(cat "$folder/output")" = "$expected" ] || { echo "the behaviour has changed"; exit 1; }
echo "as described"
