#!/bin/sh
# torch 2.13.0 (PyPI, CPU): attention of a query that is NaN gives zeros while there are few keys, instead of NaN.
#
# `scaled_dot_product_attention` takes its flash kernel on a CPU. With fewer keys than a vector register has lanes (16 for
# float32 with AVX-512), scores that are all NaN give an output of zeros; from then on, and with the kernel MATH at any
# length, the output is NaN. So a model whose queries are broken decodes its first tokens with finite logits, and a check
# of the logits does not see it.
#
# Output: for some numbers of keys, whether the output holds a NaN, by the default kernel and by MATH; "as described".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
cat > "$folder/example.py" <<'PYTHON'
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention as attention

torch.manual_seed(0)
query = torch.full((1, 1, 1, 16), float("nan"))
for num_keys in (1, 3, 64):
    key, value = torch.randn(2, 1, 1, num_keys, 16).unbind()
    default = attention(query, key, value)
    with sdpa_kernel(SDPBackend.MATH):
        plain = attention(query, key, value)
    print(f"{num_keys} keys: default {bool(default.isnan().any())}, MATH {bool(plain.isnan().any())}")
    assert plain.isnan().all(), "the behaviour has changed"
    if num_keys < 4:
        assert (default == 0).all(), "the behaviour has changed"
    else:
        assert default.isnan().all(), "the behaviour has changed"
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/example.py"
