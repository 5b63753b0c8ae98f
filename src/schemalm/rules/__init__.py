"""Rules that go beyond a schema: changes of the schema itself, expressions in texts, and names that must be declared.

In: a rules file. Out: the languages, names and amendments that the grammar and the machine enforce.
"""
