"""The GPT, its configurations, and its loss.

In go tensors of tokens and of side features; out come logits, or the loss.
"""
