"""Reading a tokenizer file of any kind."""

from __future__ import annotations

from pathlib import Path

from schemalm.baselines.byte_bpe import ByteBPETokenizer
from schemalm.baselines.character import CharacterTokenizer
from schemalm.baselines.text_tokenizer import TextTokenizer
from schemalm.errors import DataError
from schemalm.messages.visible import visible_name
from schemalm.tokenizer.tokenizer import Tokenizer
from schemalm.tokenizer.tokenizer_file import read_tokenizer_file, tokenizer_file

AnyTokenizer = Tokenizer | TextTokenizer

_KINDS: dict[str, type[Tokenizer | ByteBPETokenizer | CharacterTokenizer]] = {
    "typed": Tokenizer,
    ByteBPETokenizer.kind: ByteBPETokenizer,
    CharacterTokenizer.kind: CharacterTokenizer,
}


def load_tokenizer(path: str | Path) -> AnyTokenizer:
    """Read a tokenizer file of any kind; raises DataError if it is not a tokenizer file."""
    return parse_tokenizer(read_tokenizer_file(path), str(path))


def parse_tokenizer(text: bytes, name: str = "the text") -> AnyTokenizer:
    """Return the tokenizer in a file's content, like `load_tokenizer`; errors call the file `name`."""
    file = tokenizer_file(name)
    kind = file.load(text).get("kind", "")
    if not isinstance(kind, str) or kind not in _KINDS:
        found = f"its kind is {visible_name(repr(kind))}" if kind else "it names no kind"
        raise DataError(
            f"{file.shown} is not a tokenizer file: {found}, expected one of {', '.join(_KINDS)}; "
            "`schemalm tokenizer train` makes one"
        )
    return _KINDS[kind].from_json(text, name)
