"""The schema and the documents of the tests of typed tokenizers."""

from tests.tokenizer.conftest import documents, grammar

__all__ = ["documents", "grammar"]
