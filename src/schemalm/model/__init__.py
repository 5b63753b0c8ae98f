"""The GPT, its configurations, and its loss.

Input: tensors of tokens and of side features. Output: logits, or the loss.
"""
