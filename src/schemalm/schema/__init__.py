"""Translates a JSON Schema into formulas, one form for all drafts and keywords.

In goes a JSON Schema; out come formulas over assertions, and explanations of what is wrong with a value.

A schema passes through these files in this order:

    sources.py           reads it from a value, a file, or a built-in name
    dialects.py          finds the draft of each part
    references.py        resolves its references
    nodes.py             finds its objects, and which of their keywords apply
    translator.py        walks through them
    keywords/            defines what each keyword asserts, one file for each kind of value
    formula.py           and, or, not, exactly one, over assertions
    translation.py       `translate` combines these steps
    shapes.py            restricts a formula to one kind of value
    string_languages.py  translates formulas about strings; `number_languages.py` those about numbers

The grammar is built from the result of `translate`. `explanation/` explains why a value breaks a formula, `portable.py`
rewrites a schema for programs that would misread it, and `prompt.py` defines the assertions of a prompt.
"""
