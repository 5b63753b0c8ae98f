"""One document token by token: the symbols of each token, its position in the text, and the nonterminal it expands.

In go a value and a tokenizer; out comes an `Inspection`: the document's text and its tokens with their spans. For a
typed tokenizer the text is the YAML of the decoded value, so its keys are in canonical order; for a text tokenizer it
is the encoded text. `runs` splits the text by token for display, without losing or changing any of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from typing import Any

from schemalm.baselines import AnyTokenizer, TextTokenizer
from schemalm.documents import dump_document
from schemalm.errors import DecodeError
from schemalm.inspection.alignment import NEWLINE_MARK, Span, align
from schemalm.messages.visible import visible
from schemalm.tokenizer import Tokenizer


@dataclass(frozen=True)
class InspectedToken:
    """A token of a document: its id, its symbols in readable form, and the spans of its symbols or characters.

    path, nonterminal (a label) and num_admitted (the number of tokens in the mask) describe what it expands; they are
    None for a text tokenizer, which has no grammar.
    """

    id: int
    symbols: str
    spans: tuple[Span, ...]
    path: str | None = None
    nonterminal: str | None = None
    num_admitted: int | None = None

    @property
    def shown_spans(self) -> tuple[Span, ...]:
        """The spans to show: the visible ones, or all of them with their marks if none is visible."""
        return tuple(span for span in self.spans if span.is_shown) or self.spans


@dataclass(frozen=True)
class TextRun:
    """A part of the text in one colour, or a mark for something invisible.

    token: the index of its token, or None if it belongs to no token.
    """

    text: str
    token: int | None
    is_mark: bool = False


@dataclass(frozen=True)
class Inspection:
    """A document's text and its tokens."""

    text: str
    tokens: tuple[InspectedToken, ...]

    @property
    def num_forced(self) -> int:
        """The number of tokens that were the only one in their mask."""
        return sum(token.num_admitted == 1 for token in self.tokens)

    def runs(self) -> list[TextRun]:
        """Return the text in parts with the marks between them, safe to show (see `visible`)."""
        pieces = (piece for piece in self._pieces() if piece.text)
        return [
            TextRun(visible("".join(piece.text for piece in together)), token, is_mark)
            for (token, is_mark), together in groupby(pieces, key=lambda piece: (piece.token, piece.is_mark))
        ]

    def lines(self) -> list[list[TextRun]]:
        """Return the runs of each line of the text, without line feeds."""
        lines: list[list[TextRun]] = [[]]
        for run in self.runs():
            first, *others = run.text.split("\n")
            lines[-1].append(TextRun(first, run.token, run.is_mark))
            lines += [[TextRun(other, run.token, run.is_mark)] for other in others]
        return [[run for run in line if run.text] for line in lines]

    def _pieces(self) -> Iterator[TextRun]:
        at = 0
        for index, token in enumerate(self.tokens):
            for number, span in enumerate(token.shown_spans):
                gap = self.text[at : span.start]
                # A gap inside a token on one line belongs to the token: the space after a key, an opening quote.
                yield TextRun(gap, index if number and "\n" not in gap else None)
                is_mark = span.start == span.end
                yield TextRun(span.mark if is_mark else self.text[span.start : span.end], index, is_mark)
                at = span.end
        yield TextRun(self.text[at:].removesuffix("\n"), None)


def inspect_value(tokenizer: AnyTokenizer, value: Any) -> Inspection:
    """Return the tokens of a value; raises InvalidDocument if the tokenizer's schema refuses the value."""
    if isinstance(tokenizer, Tokenizer):
        return inspect_tokens(tokenizer, tokenizer.encode(value))
    return _inspect_text(tokenizer, value)


def inspect_tokens(tokenizer: Tokenizer, ids: Sequence[int]) -> Inspection:
    """Return the tokens of a document that they spell, whether or not `encode` chooses these; raises DecodeError.

    Raises DocumentError if the value is nested too deeply for YAML.
    """
    text = dump_document(tokenizer.decode(ids))
    spelled = [tokenizer.vocabulary.symbols[token] for token in ids]
    spans = iter(align(text, chain.from_iterable(spelled), tokenizer.grammar.symbols))
    machine = tokenizer.machine()
    tokens = []
    for token, symbols in zip(ids, spelled, strict=True):
        inspected = InspectedToken(
            id=token,
            symbols=visible(tokenizer.describe(token)),
            spans=tuple(next(spans) for _ in symbols),
            path=visible(machine.path),
            nonterminal=machine.tables.label(machine.nonterminal),
            num_admitted=int(machine.mask().sum()),
        )
        tokens.append(inspected)
        machine.advance(token)
    return Inspection(text, tuple(tokens))


def _inspect_text(tokenizer: TextTokenizer, value: Any) -> Inspection:
    ids = tokenizer.encode(value)
    tokens: list[InspectedToken] = []
    at = 0
    for token, text in zip(ids, _texts(tokenizer, ids), strict=True):
        spans = tuple(_text_spans(at, text))
        tokens.append(InspectedToken(token, visible(tokenizer.describe(token)), spans))
        at += len(text)
    return Inspection(tokenizer.decode_text(ids), tuple(tokens))


def _texts(tokenizer: TextTokenizer, ids: Iterable[int]) -> Iterator[str]:
    """Yield the text of each token; a character whose bytes are in several tokens belongs to the first of them."""
    pending: list[int] = []
    for token in ids:
        pending.append(token)
        try:
            text = tokenizer.decode_text(pending)
        except DecodeError:
            continue
        yield text
        yield from [""] * (len(pending) - 1)
        pending.clear()


def _text_spans(start: int, text: str) -> Iterator[Span]:
    """Yield the spans of a token's characters; a line feed has an empty span at the end of its line."""
    if not text:
        yield Span(start, start)
    for character in text:
        is_newline = character == "\n"
        yield Span(start, start, NEWLINE_MARK) if is_newline else Span(start, start + 1)
        start += 1
