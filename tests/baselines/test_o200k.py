"""The published vocabulary is read from a file of ranks, and its absence is explained."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import NoReturn

import pytest
import tiktoken

from schemalm.baselines import load_o200k_base
from schemalm.errors import DataError


def ranks_file(folder: Path, tokens: list[bytes]) -> Path:
    path = folder / "o200k_base.tiktoken"
    path.write_bytes(b"".join(b"%s %d\n" % (base64.b64encode(token), rank) for rank, token in enumerate(tokens)))
    return path


def test_a_file_of_ranks_gives_the_tokenizer(tmp_path: Path) -> None:
    tokens = [*(bytes([byte]) for byte in range(256)), b"na", b"me", b"name"]
    tokenizer = load_o200k_base(ranks_file(tmp_path, tokens))
    assert tokenizer.tokens == tuple(tokens)
    assert tokenizer.encode("name") == [ord('"') + 2, 260, ord('"') + 2]
    assert tokenizer.decode(tokenizer.encode({"name": "name"})) == {"name": "name"}


@pytest.mark.parametrize("content", [b"", b"YQ==\n", b"YQ== 0\n", b"?? 0\n", b"YQ== a\n"])
def test_a_file_without_ranks_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ranks"
    path.write_bytes(content)
    with pytest.raises(DataError, match="gpt-tokenizer"):
        load_o200k_base(path)


def test_a_missing_file_is_explained(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="TIKTOKEN_CACHE_DIR"):
        load_o200k_base(tmp_path / "missing")


def test_a_network_out_of_reach_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(name: str) -> NoReturn:
        raise ConnectionError(f"no route to {name}")

    monkeypatch.setattr(tiktoken, "get_encoding", unreachable)
    with pytest.raises(DataError, match="TIKTOKEN_CACHE_DIR"):
        load_o200k_base()


def test_the_file_that_tiktoken_finds_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    ranks = {bytes([byte]): byte for byte in range(256)} | {b"ab": 256}
    found = tiktoken.Encoding("o200k_base", pat_str=r"\w+|\W", mergeable_ranks=ranks, special_tokens={"<end>": 999})
    monkeypatch.setattr(tiktoken, "get_encoding", lambda name: found)
    assert load_o200k_base(text="yaml").tokens == tuple(ranks)
