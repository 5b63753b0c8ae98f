"""The reference implementation: the same two models three times, on scalars, NumPy arrays and torch.

In go texts and a small configuration; out come trained weights, samples, and proof that all three agree.

Read `scalar/value.py` and `scalar/gpt.py` to see how everything works, `array/layers.py` and `array/gpt.py` for every
derivative written by hand, `engine.py` for what the three have in common. The torch engine is the product's own model
code. `docs/concepts/` has one training step and the derivations. Nothing here imports `schemalm.training`.
"""
