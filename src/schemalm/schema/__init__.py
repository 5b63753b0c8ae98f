"""A JSON Schema becomes formulas over assertions: read, resolved, translated; and why a value breaks one.

In goes a JSON Schema; out come formulas over assertions, and explanations of what is wrong with a value.
"""
