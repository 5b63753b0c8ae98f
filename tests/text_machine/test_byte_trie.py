"""The trie finds every token, and the tokens below every node."""

from __future__ import annotations

import random

from schemalm.text_machine.byte_trie import MAX_TOKEN_BYTES, NO_NODE, ByteTrie


def random_tokens() -> list[bytes]:
    rng = random.Random(0)
    texts = [bytes(rng.choices(b"abc\xff", k=rng.randint(1, 6))) for _ in range(300)]
    return [b"", *texts, b"a" * MAX_TOKEN_BYTES, b"a" * (MAX_TOKEN_BYTES + 1)]


def test_every_prefix_of_a_token_is_a_node_above_the_tokens_that_begin_so() -> None:
    tokens = random_tokens()
    trie = ByteTrie(tokens)
    for text in tokens[:-1]:
        for length in range(len(text) + 1):
            prefix = text[:length]
            below = {token for token, other in enumerate(tokens[:-1]) if other and other.startswith(prefix)}
            assert {*trie.below(trie.find(prefix)).tolist()} == below


def test_equal_tokens_share_a_node() -> None:
    trie = ByteTrie([b"ab", b"b", b"ab"])
    node = trie.find(b"ab")
    assert sorted(trie.sorted_tokens[trie.begins[node] : trie.own_ends[node]].tolist()) == [0, 2]


def test_texts_that_no_token_begins_with_have_no_node() -> None:
    trie = ByteTrie([b"ab", b"b"])
    assert trie.find(b"ac") == NO_NODE
    assert trie.find(b"c") == NO_NODE


def test_a_vocabulary_without_text_has_only_the_root() -> None:
    trie = ByteTrie([b"", b""])
    assert len(trie.bytes) == 1
