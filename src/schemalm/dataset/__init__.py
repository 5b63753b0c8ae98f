"""Prepared data: collecting and preparing documents, the token store, and windows cut from it on reading.

In go documents and a tokenizer; out come data folders, and batches of training rows read from them.
"""
