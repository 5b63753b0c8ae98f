"""The GPT, its configurations, and its loss.

In go tensors of tokens and of what is known before each; out come logits, or the loss.
"""
