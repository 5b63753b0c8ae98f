"""Prepared data: the token store, windows cut from it when read, and preparation."""
