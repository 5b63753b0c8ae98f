"""The readable twin: the same two models three times, on scalars, on NumPy arrays and on torch, and proof of equality.

Read `scalar/value.py` and `scalar/gpt.py` to see how everything works, `array/layers.py` and `array/gpt.py` for every
derivative written by hand, `engines.py` for what the three have in common. The torch engine is the product's own model
code. `docs/concepts/` has one training step and the derivations. Nothing here imports `schemalm.training`.
"""
