"""The reference implementation: the same two models three times, on scalars, NumPy arrays and torch.

In go texts and a small configuration; out come trained weights, samples, and a check that all three agree.

Read `scalar/value.py` and `scalar/gpt.py` to see how everything works, `array/layers.py` and `array/gpt.py` for
derivatives written by hand, and `engine.py` for the common interface. The torch engine uses SchemaLM's own model code.
`docs/concepts/` explains one training step and the derivations. Nothing here imports `schemalm.training`.
"""
