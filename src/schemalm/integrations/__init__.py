"""Drop-in replacements for parts of other projects. No other package imports this one.

They accept calls with the other project's names and conventions, and return what that project expects.
"""
