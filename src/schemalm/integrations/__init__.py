"""Drop-in replacements for, and parts of, other projects. No other package imports this one.

In go calls with the other project's names and conventions; out come the results that project expects.
"""
