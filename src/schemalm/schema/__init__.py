"""From a JSON Schema to formulas: what is asked of a value, in one form for all drafts and keywords.

In goes a JSON Schema; out come formulas over assertions, and explanations of what is wrong with a value.

A schema goes through these files in this order:

    sources.py           reads it: a value, a file, or a built-in name
    dialects.py          which draft each part of it is read by
    references.py        where its references lead
    nodes.py             its objects, and which of their keywords bind
    translator.py        the walk through them
    keywords/            what each keyword asserts, a file for each kind of value
    formula.py           and, or, not, exactly one, over assertions
    translation.py       `translate`: all of it, and what comes out
    shapes.py            what is left of a formula once the kind of the value is known
    string_languages.py  the strings that satisfy one; numbers in `number_languages.py`

The grammar is made of what `translate` gives. `explanation/` says why a value breaks a formula; `plain.py` writes a
schema for programs that would misread it; `prompt.py` has the assertions of a prompt.
"""
