"""Prepared data: collecting and preparing documents, the token store, and windows cut from it on reading.

Input: documents and a tokenizer. Output: data folders, and batches of training rows read from them.
"""
