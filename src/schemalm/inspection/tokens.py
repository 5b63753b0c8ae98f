"""One document token by token: what each token spells, where it stands in the text, and what it expands.

In go a value and a tokenizer; out comes an `Inspection`: the document's text and its tokens with their spans of it. A
typed tokenizer's text is the YAML of the decoded value, so its keys are in canonical order; a text tokenizer's is the
text that it encodes. `runs` cuts the text along the tokens for showing: nothing of it is lost or changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
    """A token of a document: its id, its symbols for people, and the spans of its symbols (or pieces of text).

    path, nonterminal (a label) and num_admitted (tokens that could have come) say what it expands; they are None
    where there is no grammar.
    """

    id: int
    symbols: str
    spans: tuple[Span, ...]
    path: str | None = None
    nonterminal: str | None = None
    num_admitted: int | None = None

    @property
    def shown_spans(self) -> tuple[Span, ...]:
        """The spans to show: those that are seen, else all of them with their marks."""
        return tuple(span for span in self.spans if span.is_shown) or self.spans


@dataclass(frozen=True)
class Run:
    """A piece of the text in one colour, or a mark that stands for what is not seen.

    token: the index of the token that spells it, None where none does.
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
        """How many tokens were the only ones admitted there."""
        return sum(token.num_admitted == 1 for token in self.tokens)

    def runs(self) -> list[Run]:
        """The text in pieces with the marks between them, safe to show: see `visible`."""
        pieces = (piece for piece in self._pieces() if piece.text)
        return [
            Run(visible("".join(piece.text for piece in together)), token, is_mark)
            for (token, is_mark), together in groupby(pieces, key=lambda piece: (piece.token, piece.is_mark))
        ]

    def lines(self) -> list[list[Run]]:
        """The runs by line of the text, without line feeds."""
        lines: list[list[Run]] = [[]]
        for run in self.runs():
            first, *others = run.text.split("\n")
            lines[-1].append(Run(first, run.token, run.is_mark))
            lines += [[Run(other, run.token, run.is_mark)] for other in others]
        return [[run for run in line if run.text] for line in lines]

    def _pieces(self) -> Iterator[Run]:
        at = 0
        for index, token in enumerate(self.tokens):
            for number, span in enumerate(token.shown_spans):
                gap = self.text[at : span.start]
                # What lies within a token on one line is the token's: the space after a key, an opening quote.
                yield Run(gap, index if number and "\n" not in gap else None)
                is_mark = span.start == span.end
                yield Run(span.mark if is_mark else self.text[span.start : span.end], index, is_mark)
                at = span.end
        yield Run(self.text[at:].removesuffix("\n"), None)


def inspect_value(tokenizer: AnyTokenizer, value: Any) -> Inspection:
    """The tokens of a value under a tokenizer; raises InvalidDocument where the schema refuses it."""
    if isinstance(tokenizer, Tokenizer):
        return _inspect_typed(tokenizer, value)
    return _inspect_text(tokenizer, value)


def _inspect_typed(tokenizer: Tokenizer, value: Any) -> Inspection:
    ids = tokenizer.encode(value)
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
            nonterminal=tokenizer.grammar.label(machine.nonterminal),
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
    """The text of each token; a character whose bytes several tokens share belongs to the first of them."""
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
    """The spans of a token's text; a line feed has an empty one at the end of its line."""
    if not text:
        yield Span(start, start)
    for character in text:
        is_newline = character == "\n"
        yield Span(start, start, NEWLINE_MARK) if is_newline else Span(start, start + 1)
        start += 1
