"""Regular languages over UTF-8 bytes, for strings, keys and numbers; this package does not know schemas.

In go patterns, formats, bounds and sets of texts; out come automata over bytes.
"""
