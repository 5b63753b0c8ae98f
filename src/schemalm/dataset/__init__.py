"""Prepared data: collection, preparation, the token store, and windows cut from it when read.

In go documents and a tokenizer; out come data folders, and batches of training rows read from them.
"""
