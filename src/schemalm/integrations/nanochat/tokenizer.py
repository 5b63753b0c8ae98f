"""The typed tokenizer with the methods of nanochat's tokenizer.

A `str` is always the text of a document, YAML or JSON, and never a path. A `list` is always a batch, as in nanochat.
Anything else is a value. To encode a document that is a JSON array, pass its text, or a batch with the array as its
only item.
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
    """Encodes documents to token ids and decodes them.

    path: a tokenizer file, a folder with a `tokenizer.json` such as prepared data or a run, or a loaded tokenizer; by
    default the packaged tokenizer with 8,192 entries.
    Raises `DataError` if there is no tokenizer.
    """

    def __init__(self, path: str | Path | Tokenizer | None = None) -> None:
        self.tokenizer = _load(path)
        self._special = {BOS: self.tokenizer.bos_id, PAD: self.tokenizer.pad_id}

    def get_vocab_size(self) -> int:
        """Return the number of token ids."""
        return self.tokenizer.vocab_size

    def get_bos_token_id(self) -> int:
        """Return the id that may precede a document; windows begin with a position token instead."""
        return self.tokenizer.bos_id

    def get_special_tokens(self) -> set[str]:
        """Return the names of the tokens that no document contains."""
        return set(self._special)

    def encode_special(self, name: str) -> int:
        """Return the id of a special token; raises `ConfigurationError` for an unknown name."""
        if name not in self._special:
            raise ConfigurationError(
                f"there is no special token {name!r}; expected one of {', '.join(self._special)}: this tokenizer has "
                "typed tokens for structure, and no tokens for conversations"
            )
        return self._special[name]

    def id_to_token(self, id: int) -> str:
        """Return a readable description of a token, such as `KEY:uses 'actions/checkout@v4' END`.

        Raises `ConfigurationError` for an id outside the vocabulary.
        """
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
        """Return the token ids of a document, given as text or as a value, or a list of ids for a list of documents.

        prepend, append: an id or the name of a special token to add before and after each document.
        num_threads: accepted for nanochat's scripts, but not used.
        Raises `DocumentError` for text that is not a document, `InvalidDocument` for a value that breaks the schema,
        and the other errors of `Tokenizer.encode`; in a batch, the message contains the index of the document.
        """
        before, after = self._put("prepend", prepend), self._put("append", append)
        if isinstance(text_or_value, list):
            members = map(self._encode_member, range(len(text_or_value)), text_or_value)
            return [[*before, *ids, *after] for ids in members]
        return [*before, *self._encode(text_or_value), *after]

    def __call__(self, *arguments: Any, **settings: Any) -> Any:
        """Return the same as `encode`."""
        return self.encode(*arguments, **settings)

    def decode(self, ids: Iterable[int]) -> str:
        """Return the JSON text of one complete document; special tokens around it are ignored.

        Raises `DecodeError` for ids that are incomplete or not a document.
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
        """Return the JSON text of the document at the start of `ids`, the number of its ids, and the number of all ids.

        Special tokens around the document count as part of it. Raises `DecodeError` as `decode` does.
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
        """Return the JSON text of an incomplete document, completed in the cheapest way that the schema allows.

        Raises `DecodeError` if no document begins with these ids.
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
        """Return the id as a Python int, also if it is an element of an array or a tensor."""
        found = index(id) if hasattr(id, "__index__") and not isinstance(id, bool) else -1
        if not 0 <= found < self.get_vocab_size():
            raise ConfigurationError(f"{setting} must be a token id from 0 to {self.get_vocab_size() - 1}, got {id!r}")
        return found

    def _without_specials(self, ids: Sequence[int]) -> tuple[int, int]:
        """Return the start and the end of the ids between the special tokens at both ends."""
        specials = set(self._special.values())
        begin, end = 0, len(ids)
        while begin < end and ids[begin] in specials:
            begin += 1
        while begin < end and ids[end - 1] in specials:
            end -= 1
        return begin, end

    def _first_length(self, ids: Sequence[int]) -> int | None:
        """Return the number of ids of the document at their start; None if they do not start with a complete one."""
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
            f"{error}; path must be a file that `schemalm tokenizer train` wrote, or a folder with a {TOKENIZER_FILE}; "
            "without a path, the packaged tokenizer is used"
        ) from None


def plain_ids(ids: Iterable[int]) -> list[int]:
    """Return ids as a list of Python ints, also from an array or a tensor of one dimension."""
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
    """Return the error with the position counted from the first given id."""
    advice = "; decode_prefix completes a document that is cut off" if is_cut else ""
    return DecodeError(error.message + advice, position=error.position + begin)
