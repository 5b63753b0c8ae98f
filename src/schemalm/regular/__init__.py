"""Regular languages over UTF-8 bytes, for strings, keys and numbers; nothing here knows of schemas.

In go patterns, formats, bounds and sets of texts; out come finite automata over bytes.
"""
