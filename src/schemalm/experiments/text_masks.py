"""Masks for a text model: which tokens of byte BPE may come next, by an engine that knows the schema, or none.

In go a tokenizer and a schema; out comes a `TextMask`, which begins any number of documents. An engine gets the schema
without the parts that it refuses (`schema_cuts.py`), which `cuts` names. Keys come in the schema's order in both
engines, so the schema is first put into the order of the documents. Documents are compact JSON, so no white space is
admitted between tokens of JSON. llguidance also says which tokens are forced; xgrammar's forced tokens may differ from
how the model writes that text, so they are not used. Needs the packages llguidance and xgrammar (extra `compare`).
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from schemalm.baselines import ByteBPETokenizer
from schemalm.baselines.byte_bpe import FIRST_TOKEN_ID, SPLIT_PATTERNS
from schemalm.errors import ConfigurationError
from schemalm.experiments.schema_cuts import LEFT_OUT, Cut, fit_schema
from schemalm.json_pointer import pointer_to
from schemalm.machine.masks import unpack_mask
from schemalm.machine.vocabulary import BOS_ID, PAD_ID

Mask = NDArray[np.bool_]
_LLGUIDANCE_OPTIONS: Any = {"whitespace_flexible": False}
_XGRAMMAR_OPTIONS: Any = {"any_whitespace": False, "separators": (",", ":"), "strict_mode": False}


class Matcher(Protocol):
    """A document in progress, as an engine sees it."""

    def mask(self) -> Mask:
        """Return which tokens may come next; an array that nobody changes [vocab_size]."""

    def forced(self) -> int | None:
        """Return the next token if the engine knows that it is the only spelling of what must come."""

    def advance(self, token: int) -> None:
        """Consume a token; raises ValueError if the engine refuses it."""

    def copy(self) -> Self:
        """Return an independent copy."""


class TextMask(Protocol):
    """An engine with a tokenizer and a schema.

    title: names its version. cuts: what it does not get of the schema. warnings: what it says that it does not enforce.
    """

    title: str
    cuts: Sequence[Cut]
    warnings: Sequence[str]

    def begin(self) -> Matcher:
        """Begin a document."""


class NoMask:
    """Admits every token of text, always."""

    title = "no mask"
    cuts: Sequence[Cut] = ()
    warnings: Sequence[str] = ()

    def __init__(self, tokenizer: ByteBPETokenizer, schema: Any) -> None:
        self._mask = np.ones(tokenizer.vocab_size, dtype=np.bool_)
        self._mask[:FIRST_TOKEN_ID] = False
        self._mask.flags.writeable = False

    def begin(self) -> NoMask:
        """Return itself: nothing changes along a document."""
        return self

    def mask(self) -> Mask:
        """Return the mask of all tokens of text."""
        return self._mask

    def forced(self) -> None:
        """Return None: nothing is forced."""

    def advance(self, token: int) -> None:
        """Do nothing."""

    def copy(self) -> NoMask:
        """Return itself."""
        return self


def llguidance_tokenizer(tokenizer: ByteBPETokenizer) -> Any:
    """Return a tokenizer as llguidance sees it."""
    import llguidance  # noqa: PLC0415

    return llguidance.LLTokenizer.from_tiktoken(
        encoder={token: token_id for token_id, token in enumerate(tokenizer.tokens, start=FIRST_TOKEN_ID)},
        special_tokens={"<pad>": PAD_ID, "<bos>": BOS_ID},
        pattern=SPLIT_PATTERNS[tokenizer.split],
        eos_token=BOS_ID,
        n_vocab=None,
        slices=None,
    )


class LlguidanceMask:
    """The masks of llguidance."""

    def __init__(self, tokenizer: ByteBPETokenizer, schema: Any) -> None:
        self.title = f"llguidance {version('llguidance')}"
        self._engine = llguidance_tokenizer(tokenizer)
        fitted, self.cuts = fit_schema(schema, self._refusal)
        self._matcher = self._compile(fitted)
        self.warnings: Sequence[str] = self._matcher.get_grammar_warnings()

    def _refusal(self, schema: Any) -> str:
        return str(self._compile(schema).get_error()).partition("\n")[0]

    def _compile(self, schema: Any) -> Any:
        import llguidance  # noqa: PLC0415

        grammar = llguidance.LLMatcher.grammar_from_json_schema(schema, overrides=_LLGUIDANCE_OPTIONS)
        return llguidance.LLMatcher(self._engine, grammar, log_level=0)

    def begin(self) -> _LlguidanceMatcher:
        """Begin a document."""
        return _LlguidanceMatcher(self._matcher.deep_copy(), self._engine.vocab_size)


class _LlguidanceMatcher:
    def __init__(self, matcher: Any, vocab_size: int) -> None:
        self._matcher, self._vocab_size = matcher, vocab_size

    def mask(self) -> Mask:
        bits = np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8)
        return _without_special(unpack_mask(bits, self._vocab_size))

    def forced(self) -> int | None:
        return next(iter(self._matcher.compute_ff_tokens()), None)

    def advance(self, token: int) -> None:
        if not self._matcher.consume_token(token):
            raise ValueError(f"llguidance refuses the token {token}: {self._matcher.get_error()}")

    def copy(self) -> _LlguidanceMatcher:
        return _LlguidanceMatcher(self._matcher.deep_copy(), self._vocab_size)


def xgrammar_tokenizer(tokenizer: ByteBPETokenizer) -> Any:
    """Return a tokenizer as xgrammar sees it."""
    import xgrammar  # noqa: PLC0415

    # Empty spellings mark ids that no text uses.
    spellings = [*[b""] * FIRST_TOKEN_ID, *tokenizer.tokens]
    return xgrammar.TokenizerInfo(spellings, xgrammar.VocabType.RAW, stop_token_ids=[BOS_ID])


class XGrammarMask:
    """The masks of xgrammar."""

    def __init__(self, tokenizer: ByteBPETokenizer, schema: Any) -> None:
        import xgrammar  # noqa: PLC0415

        self.title = f"xgrammar {version('xgrammar')}"
        self._compiler = xgrammar.GrammarCompiler(xgrammar_tokenizer(tokenizer), max_threads=1, cache_enabled=False)
        self._vocab_size = tokenizer.vocab_size
        readable, misread = cut_branches_beside_properties(with_escaped_line_breaks(schema))
        with _native_messages():
            fitted, refused = fit_schema(readable, self._refusal)
        self.cuts = [*misread, *refused]
        with _native_messages() as messages:
            compiled = self._compile(fitted)
        self.warnings = [*dict.fromkeys(map(_without_place, messages))]
        self._matcher = xgrammar.GrammarMatcher(compiled, terminate_without_stop_token=True)

    def _refusal(self, schema: Any) -> str:
        try:
            self._compile(schema)
        except RuntimeError as error:
            return _without_place(str(error).strip().splitlines()[-1])
        return ""

    def _compile(self, schema: Any) -> Any:
        return self._compiler.compile_json_schema(json.dumps(schema), **_XGRAMMAR_OPTIONS)

    def begin(self) -> _XGrammarMatcher:
        """Begin a document."""
        return _XGrammarMatcher(self._matcher.fork(), self._vocab_size)


class _XGrammarMatcher:
    def __init__(self, matcher: Any, vocab_size: int) -> None:
        import xgrammar  # noqa: PLC0415

        self._matcher, self._vocab_size = matcher, vocab_size
        self._bits = xgrammar.allocate_token_bitmask(1, vocab_size)

    def mask(self) -> Mask:
        self._matcher.fill_next_token_bitmask(self._bits)
        return _without_special(unpack_mask(self._bits.numpy()[0].view(np.uint8), self._vocab_size))

    def forced(self) -> None:
        return None

    def advance(self, token: int) -> None:
        if not self._matcher.accept_token(token):
            raise ValueError(f"xgrammar refuses the token {token}")

    def copy(self) -> _XGrammarMatcher:
        return _XGrammarMatcher(self._matcher.fork(), self._vocab_size)


@contextmanager
def _native_messages() -> Iterator[list[str]]:
    """Collect the lines that a library writes to the standard error of the process, instead of showing them."""
    lines: list[str] = []
    sys.stderr.flush()
    shown = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield lines
        finally:
            os.dup2(shown, 2)
            os.close(shown)
            file.seek(0)
            lines += file.read().decode(errors="replace").splitlines()


def _without_place(message: str) -> str:
    """Return a message of xgrammar without the time and the line of its source."""
    return re.sub(r"^\[[\d:]+\] \S+ (?:Warning: )?", "", message)


def cut_branches_beside_properties(schema: Any) -> tuple[Any, list[Cut]]:
    """Return a schema without `oneOf` and `anyOf` beside `properties`, and what was cut.

    xgrammar reads such branches alone and forgets the properties, so it would forbid most of what documents have there.
    """
    cuts: list[Cut] = []

    def without(node: Any, path: tuple[str | int, ...]) -> Any:
        if isinstance(node, list):
            return [without(part, (*path, index)) for index, part in enumerate(node)]
        if not isinstance(node, dict):
            return node
        misread = {"oneOf", "anyOf"} & {*node} if isinstance(node.get("properties"), dict) else set()
        reason = "xgrammar would read the branches alone, without the properties beside them"
        cuts.extend(Cut(pointer_to((*path, name)), LEFT_OUT, reason) for name in sorted(misread))
        return {name: without(part, (*path, name)) for name, part in node.items() if name not in misread}

    return without(schema, ()), cuts


def with_escaped_line_breaks(schema: Any) -> Any:
    """Return an equal schema whose patterns have escapes for line breaks, which xgrammar does not read in brackets."""
    if isinstance(schema, list):
        return [with_escaped_line_breaks(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: part.replace("\n", "\\n").replace("\r", "\\r")
        if name == "pattern" and isinstance(part, str)
        else with_escaped_line_breaks(part)
        for name, part in schema.items()
    }


def _without_special(mask: Mask) -> Mask:
    """Return a mask without padding and the beginning, which also marks the end for engines."""
    mask = mask.copy()
    mask[:FIRST_TOKEN_ID] = False
    return mask


NO_MASK = "none"
_ENGINES: dict[str, Any] = {"llguidance": LlguidanceMask, "xgrammar": XGrammarMask}
TEXT_MASKS: dict[str, Any] = {NO_MASK: NoMask, **_ENGINES}


def check_installed(masks: Sequence[str]) -> None:
    """Raise `ConfigurationError` if the package of a mask is not installed."""
    for name in masks:
        if name in _ENGINES and find_spec(name) is None:
            raise ConfigurationError(
                f"masks of {name} need the package {name}: install schemalm[compare], or choose other arms with --arm"
            )


def make_text_mask(name: str, tokenizer: ByteBPETokenizer, schema: Any, key_orders: KeyOrders) -> TextMask:
    """Return the mask of that name for documents whose keys have these orders."""
    mask: TextMask = TEXT_MASKS[name](tokenizer, in_canonical_order(schema, key_orders))
    return mask


KeyOrders = Mapping[frozenset[str], tuple[str, ...]]


def in_canonical_order(node: Any, key_orders: KeyOrders) -> Any:
    """Return the schema with its properties in the canonical order of their objects, as far as that is known."""
    if isinstance(node, list):
        return [in_canonical_order(item, key_orders) for item in node]
    if not isinstance(node, dict):
        return node
    ordered = {name: in_canonical_order(child, key_orders) for name, child in node.items()}
    if isinstance(properties := ordered.get("properties"), dict):
        ordered["properties"] = {name: properties[name] for name in _order(list(properties), key_orders)}
    return ordered


def _order(names: Sequence[str], key_orders: KeyOrders) -> list[str]:
    """Return the names in the order of the set that has most of them, and of these the smallest.

    Objects combine branches, and rules add and remove names. Names that the set does not have come last.
    """
    wanted = {*names}
    order = max(key_orders.values(), key=lambda order: (len(wanted & {*order}), -len(order)), default=())
    known = [name for name in order if name in wanted]
    return known + [name for name in names if name not in order]
