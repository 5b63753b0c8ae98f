"""Rules that go beyond a schema: changes of the schema itself, expressions in texts, and names that must be declared.

In goes a rules file; out come amendments, languages of texts and kinds of names, which grammar and machine enforce.
"""
