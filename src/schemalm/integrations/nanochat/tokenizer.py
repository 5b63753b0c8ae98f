"""The typed tokenizer under the names that nanochat's tokenizer has.

A `str` is always a document's text, YAML or JSON, and never a path; a `list` is always a batch, as in nanochat. What is
neither is a value. A document that is a JSON array is given as its text, or as the one item of a batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import index
from pathlib import Path
from typing import Any

from schemalm.dataset.store import TOKENIZER_FILE
from schemalm.documents import canonical_json, parse_document
from schemalm.errors import ConfigurationError, DataError, DecodeError, DocumentError, InvalidDocument, LimitError
from schemalm.integrations.nanochat.packaged import packaged_tokenizer
from schemalm.schema.merge_keys import uses_merge_keys
from schemalm.tokenizer import Tokenizer

BOS, PAD = "<|bos|>", "<|pad|>"


class TCTTokenizer:
    """Documents to token ids and back; without a path, with the tokenizer of 8,192 entries that the package carries.

    path: a tokenizer file, a folder with a `tokenizer.json` such as prepared data or a run, or a tokenizer that is
    loaded already. Raises `DataError` where there is none.
    """

    def __init__(self, path: str | Path | Tokenizer | None = None) -> None:
        self.tokenizer = _load(path)
        self._special = {BOS: self.tokenizer.bos_id, PAD: self.tokenizer.pad_id}

    def get_vocab_size(self) -> int:
        """How many token ids there are."""
        return self.tokenizer.vocab_size

    def get_bos_token_id(self) -> int:
        """The id that may stand before a document; windows begin with a position token in its place."""
        return self.tokenizer.bos_id

    def get_special_tokens(self) -> set[str]:
        """The names of the tokens that no document contains."""
        return set(self._special)

    def encode_special(self, name: str) -> int:
        """The id of a special token; raises `ConfigurationError` for a name that there is not."""
        if name not in self._special:
            raise ConfigurationError(
                f"there is no special token {name!r}; expected one of {', '.join(self._special)}: structure has tokens "
                "of its own here, and conversations have none"
            )
        return self._special[name]

    def id_to_token(self, id: int) -> str:
        """What a token stands for, for people: `KEY:uses 'actions/checkout@v4' END`; raises `ConfigurationError`."""
        token = self._id_of("id", id)
        names = {special: name for name, special in self._special.items()}
        return names.get(token) or self.tokenizer.describe(token)

    def encode(
        self,
        text_or_value: Any,
        prepend: int | str | None = None,
        append: int | str | None = None,
        num_threads: int = 8,
    ) -> Any:
        """The token ids of a document, given as text or as a value; of each document of a list of such.

        prepend, append: an id or a special token's name, put before and after each document. num_threads is accepted
        for nanochat's scripts: work is done in this thread. Raises `DocumentError` for text that is no document and
        `InvalidDocument` for a value that breaks the schema, and as `Tokenizer.encode` does; in a batch the message
        says which document it is.
        """
        before, after = self._put("prepend", prepend), self._put("append", append)
        if isinstance(text_or_value, list):
            members = map(self._encode_member, range(len(text_or_value)), text_or_value)
            return [[*before, *ids, *after] for ids in members]
        return [*before, *self._encode(text_or_value), *after]

    def __call__(self, *arguments: Any, **settings: Any) -> Any:
        """What `encode` gives."""
        return self.encode(*arguments, **settings)

    def decode(self, ids: Iterable[int]) -> str:
        """The JSON text of one whole document; special tokens around it are passed over.

        Raises `DecodeError` for ids that are cut off, or that are no document.
        """
        text, consumed, total = self.decode_first(ids)
        if consumed < total:
            raise DecodeError(
                "the document ends before this token: decode one document at a time; the first id of a window is its "
                "position token, which belongs to no document",
                position=consumed,
            )
        return text

    def decode_first(self, ids: Iterable[int]) -> tuple[str, int, int]:
        """The JSON text of the document that `ids` begin with, how many of them it takes, and how many there are.

        Special tokens around the document count as its own. Raises `DecodeError` as `decode` does.
        """
        given = plain_ids(ids)
        begin, end = self._without_specials(given)
        content = given[begin:end]
        try:
            return _json(self.tokenizer.decode(content)), len(given), len(given)
        except DecodeError as error:
            length = self._first_length(content)
            if length is None:
                raise _advised(error, begin, is_cut=error.position == len(content)) from None
        consumed = begin + length
        while consumed < len(given) and given[consumed] in self._special.values():
            consumed += 1
        return _json(self.tokenizer.decode(content[:length])), consumed, len(given)

    def decode_prefix(self, ids: Iterable[int]) -> str:
        """The JSON text of a document's beginning, ended in the cheapest way that the schema allows.

        Raises `DecodeError` where no document begins so.
        """
        given = plain_ids(ids)
        begin, end = self._without_specials(given)
        try:
            return _json(self.tokenizer.decode_prefix(given[begin:end]))
        except DecodeError as error:
            raise _advised(error, begin) from None

    def _encode_member(self, index: int, document: Any) -> list[int]:
        try:
            return self._encode(document)
        except (DocumentError, InvalidDocument, LimitError) as error:
            error.args = (f"document {index} of the batch: {error}",)
            raise

    def _encode(self, document: Any) -> list[int]:
        if isinstance(document, str):
            return self._encode_text(document)
        if isinstance(document, bytes | tuple | Path):
            raise ConfigurationError(
                "a document is a text (str) or a JSON value, and a batch is a list of them: pass path.read_text(), "
                f"data.decode() or list(documents), not {type(document).__name__}"
            )
        return self.tokenizer.encode(document)

    def _encode_text(self, text: str) -> list[int]:
        value = parse_document(text, merge_keys=uses_merge_keys(self.tokenizer.grammar.schema))
        try:
            return self.tokenizer.encode(value)
        except InvalidDocument as error:
            if value == text.strip() and not error.pointer:
                error.args = (f"{error}; a text is a document and never a path: pass Path(...).read_text() for a file",)
            raise

    def _put(self, setting: str, special: int | str | None) -> list[int]:
        if special is None:
            return []
        return [self.encode_special(special) if isinstance(special, str) else self._id_of(setting, special)]

    def _id_of(self, setting: str, id: int) -> int:
        """The id as Python's integer, also where it is one of an array or a tensor."""
        found = index(id) if hasattr(id, "__index__") and not isinstance(id, bool) else -1
        if not 0 <= found < self.get_vocab_size():
            raise ConfigurationError(f"{setting} must be a token id from 0 to {self.get_vocab_size() - 1}, got {id!r}")
        return found

    def _without_specials(self, ids: Sequence[int]) -> tuple[int, int]:
        """Where the ids between the special tokens at both ends begin and end."""
        specials = set(self._special.values())
        begin, end = 0, len(ids)
        while begin < end and ids[begin] in specials:
            begin += 1
        while begin < end and ids[end - 1] in specials:
            end -= 1
        return begin, end

    def _first_length(self, ids: Sequence[int]) -> int | None:
        """How many ids the document takes that they begin with; None where they begin with no whole one."""
        machine = self.tokenizer.machine()
        for length, token in enumerate(ids):
            if machine.is_complete:
                return length
            try:
                machine.advance(token)
            except ValueError:
                return None
        return None


def _load(path: str | Path | Tokenizer | None) -> Tokenizer:
    if path is None:
        return packaged_tokenizer()
    if isinstance(path, Tokenizer):
        return path
    file = Path(path) / TOKENIZER_FILE if Path(path).is_dir() else Path(path)
    try:
        return Tokenizer.load(file)
    except DataError as error:
        raise DataError(
            f"{error}; path must be a file that `schemalm tokenizer train` wrote, or a folder with a {TOKENIZER_FILE}: "
            "without a path the packaged tokenizer serves"
        ) from None


def plain_ids(ids: Iterable[int]) -> list[int]:
    """Ids as a list of Python's integers, also where they are, or come from, an array or a tensor of one dimension."""
    as_list = getattr(ids, "tolist", None)
    found = as_list() if as_list is not None else ids
    return [_plain_id(position, id) for position, id in enumerate(found)]


def _plain_id(position: int, id: Any) -> int:
    try:
        return index(id)
    except TypeError:
        raise DecodeError(f"expected a token id, got {id!r}: pass one document's ids", position=position) from None


def _json(value: Any) -> str:
    return canonical_json(value).decode()


def _advised(error: DecodeError, begin: int, *, is_cut: bool = False) -> DecodeError:
    """The error, with positions counted from the first id that was given."""
    advice = "; decode_prefix ends a document that is cut off" if is_cut else ""
    return DecodeError(error.message + advice, position=error.position + begin)
