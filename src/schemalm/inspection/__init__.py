"""Inspecting a tokenizer: one document token by token, the vocabulary, and its use in a corpus.

In go a tokenizer and documents; out come tables and a page that show the text and the meaning of each token.
"""

from schemalm.inspection.counting import UnitCount, count_units
from schemalm.inspection.page import describe_token, render_page
from schemalm.inspection.tokens import InspectedToken, Inspection, TextRun, inspect_value
from schemalm.inspection.usage import CONTEXT_SIZES, Usage, measure_usage
from schemalm.inspection.vocabulary import TokenKind, count_kinds, kinds_of_tokens, longest_tokens, spelled_length
from schemalm.messages.visible import visible

__all__ = [
    "CONTEXT_SIZES",
    "InspectedToken",
    "Inspection",
    "TextRun",
    "TokenKind",
    "UnitCount",
    "Usage",
    "count_kinds",
    "count_units",
    "describe_token",
    "inspect_value",
    "kinds_of_tokens",
    "longest_tokens",
    "measure_usage",
    "render_page",
    "spelled_length",
    "visible",
]
