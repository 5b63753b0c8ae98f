"""Rules: what a format demands and a JSON Schema cannot say, such as names that must be declared.

In goes a rules file; out comes what the grammar and the machine build in, and a checker of whole values.
"""
