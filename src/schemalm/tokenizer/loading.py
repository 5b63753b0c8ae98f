"""Reading a tokenizer file of whatever kind."""

from __future__ import annotations

from pathlib import Path

from schemalm.errors import DataError
from schemalm.tokenizer.byte_bpe import ByteBPETokenizer
from schemalm.tokenizer.character import CharacterTokenizer
from schemalm.tokenizer.text_tokenizer import TextTokenizer, read_content
from schemalm.tokenizer.tokenizer import Tokenizer

AnyTokenizer = Tokenizer | TextTokenizer

_KINDS: dict[str, type[Tokenizer | ByteBPETokenizer | CharacterTokenizer]] = {
    "typed": Tokenizer,
    ByteBPETokenizer.kind: ByteBPETokenizer,
    CharacterTokenizer.kind: CharacterTokenizer,
}


def load_tokenizer(path: str | Path) -> AnyTokenizer:
    """Reads a tokenizer file by the kind that it names; raises DataError where it is none."""
    kind = str(read_content(path).get("kind", ""))
    if kind not in _KINDS:
        found = f"its kind is {kind!r}" if kind else "it names no kind"
        raise DataError(
            f"{path} is no tokenizer file: {found}, expected one of {', '.join(_KINDS)}; `schemalm tokenizer train` "
            "makes one"
        )
    return _KINDS[kind].load(path)
