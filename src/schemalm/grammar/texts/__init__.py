"""Strings and numbers as regular languages of bytes: expressions, automata, patterns, formats, decimal texts."""
