"""Mask and advance, token by token: this project's machine, llguidance and xgrammar.

The other engines read byte BPE tokens of the same documents under the same schema, as far as they support it. The
`setting` of each says how it was configured and what it ignores. If an engine refuses a document half-way, the tokens
before count. Every token is measured in CPU time, minus the cost of reading the clock. There are two passes: "first"
begins right after the set-up, which is timed separately; "warm" follows it, on other documents.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from itertools import takewhile
from statistics import median
from typing import Any

import numpy as np

from schemalm.baselines import ByteBPETokenizer
from schemalm.experiments.text_masks import llguidance_tokenizer, with_escaped_line_breaks, xgrammar_tokenizer
from schemalm.tokenizer import Tokenizer
from tokenizer_comparison.corpus import Document

PERCENTILES = (50, 99, 99.9)


class RefusedError(Exception):
    """The engine refuses the schema."""


class Engine(ABC):
    """A program that says which tokens may come next."""

    setting = ""

    @abstractmethod
    def tokens(self, document: Document) -> Sequence[int]:
        """Returns the document as tokens of this engine's vocabulary, with keys in an order that it accepts."""

    def num_admitted(self, tokens: Sequence[int]) -> int:
        """Returns how many of a document's tokens are admitted, without affecting the measurement."""
        return len(tokens)

    @abstractmethod
    def begin(self) -> tuple[Callable[[], object], Callable[[int], object]]:
        """Starts a document; returns a function that computes the mask, and one that consumes a token."""


class TypedEngine(Engine):
    """The machine of a typed tokenizer."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        tokenizer.warm()

    def tokens(self, document: Document) -> Sequence[int]:
        return self._tokenizer.encode(document.value)

    def begin(self) -> tuple[Callable[[], object], Callable[[int], object]]:
        machine = self._tokenizer.machine()
        return machine.mask, machine.advance


class LLGuidanceEngine(Engine):
    """llguidance over byte BPE; `lenient`, since otherwise it refuses the schema because of `not`."""

    setting = "lenient: `not` and `dependencies` ignored, `oneOf` read as `anyOf`; no white space; keys in schema order"

    def __init__(self, tokenizer: ByteBPETokenizer, typed: Tokenizer) -> None:
        from llguidance import LLMatcher  # noqa: PLC0415
        from llguidance.numpy import allocate_token_bitmask, fill_next_token_bitmask  # noqa: PLC0415

        self._tokenizer = tokenizer
        self._in_schema_order = in_schema_order(typed)
        engine = llguidance_tokenizer(tokenizer)
        options = {"whitespace_flexible": False, "lenient": True}
        grammar = LLMatcher.grammar_from_json_schema(typed.grammar.schema, overrides=options)
        self.vocab_size = engine.vocab_size
        self.new_matcher = lambda: LLMatcher(engine, grammar)
        self._matcher, self._judge = self.new_matcher(), self.new_matcher()
        if self._matcher.is_error():
            raise RefusedError(self._matcher.get_error())
        bits = allocate_token_bitmask(1, engine.vocab_size)
        self._fill = lambda: fill_next_token_bitmask(self._matcher, bits, 0)

    def tokens(self, document: Document) -> Sequence[int]:
        return self.text_tokens(document.value)

    def text_tokens(self, value: Any) -> list[int]:
        """Returns the tokens of a value's JSON."""
        return self._tokenizer.encode(self._in_schema_order(value))

    def num_admitted(self, tokens: Sequence[int]) -> int:
        # A matcher that has refused a token refuses everything afterwards, so the measured one must never see one.
        return self._judge.validate_tokens(list(tokens))

    def begin(self) -> tuple[Callable[[], object], Callable[[int], object]]:
        self._matcher.reset()
        return self._fill, self._matcher.consume_token


class XGrammarEngine(Engine):
    """xgrammar over byte BPE; also measured with `any_order`, since otherwise it accepts few whole workflows."""

    def __init__(self, tokenizer: ByteBPETokenizer, typed: Tokenizer, *, any_order: bool = False) -> None:
        import xgrammar  # noqa: PLC0415

        order = "any order (so neither `required` nor repeated keys are checked)" if any_order else "schema order"
        self.setting = (
            f"not strict, with white space, keys in {order}; `oneOf` read as `anyOf`; line breaks in patterns spelled "
            "as escapes, which it refuses otherwise"
        )
        self._tokenizer = tokenizer
        self._in_schema_order = in_schema_order(typed)
        info = xgrammar_tokenizer(tokenizer)
        compiler = xgrammar.GrammarCompiler(info, max_threads=1)
        try:
            compiled = compiler.compile_json_schema(
                with_escaped_line_breaks(typed.grammar.schema), strict_mode=False, any_order=any_order
            )
        except RuntimeError as error:
            raise RefusedError(str(error)) from None
        self._matcher, self._judge = xgrammar.GrammarMatcher(compiled), xgrammar.GrammarMatcher(compiled)
        bits = xgrammar.allocate_token_bitmask(1, info.vocab_size)
        self._fill = lambda: self._matcher.fill_next_token_bitmask(bits)

    def tokens(self, document: Document) -> Sequence[int]:
        return self._tokenizer.encode(self._in_schema_order(document.value))

    def num_admitted(self, tokens: Sequence[int]) -> int:
        self._judge.reset()
        return sum(1 for _ in takewhile(self._judge.accept_token, tokens))

    def begin(self) -> tuple[Callable[[], object], Callable[[int], object]]:
        self._matcher.reset()
        return self._fill, self._matcher.accept_token


def in_schema_order(typed: Tokenizer) -> Callable[[Any], Any]:
    """Returns a function that writes a value with its keys in the order of the schema."""
    plain = Tokenizer.from_grammar(typed.grammar.with_key_orders({}))
    return lambda value: plain.decode(plain.encode(value))


def measure_masks(
    typed: dict[str, Tokenizer], peer: ByteBPETokenizer, first: Sequence[Document], warm: Sequence[Document]
) -> dict[str, Any]:
    """Returns microseconds per token by engine, or the reason why there are none."""
    found: dict[str, Any] = {
        name: _measure(lambda tokenizer=tokenizer: TypedEngine(tokenizer), first, warm)
        for name, tokenizer in typed.items()
    }
    model = next(iter(typed.values()))
    peers: dict[str, Callable[[], Engine]] = {
        "llguidance": lambda: LLGuidanceEngine(peer, model),
        "xgrammar": lambda: XGrammarEngine(peer, model),
        "xgrammar, any order": lambda: XGrammarEngine(peer, model, any_order=True),
    }
    for name, make in peers.items():
        package = name.partition(",")[0]
        if find_spec(package) is None:
            found[name] = {"skipped": f"{package} is not installed; pip install 'schemalm[compare]'"}
        else:
            import_module(package)  # importing does not count as set-up
            found[name] = _measure(make, first, warm)
    return found


def _measure(make: Callable[[], Engine], first: Sequence[Document], warm: Sequence[Document]) -> dict[str, Any]:
    started = time.process_time()
    try:
        engine = make()
    except RefusedError as error:
        return {"skipped": f"refuses the schema: {error}"}
    setup = time.process_time() - started
    passes = {"first": _time_documents(engine, first), "warm": _time_documents(engine, warm)}
    return {"setting": engine.setting, "setup_seconds": setup, **passes}


def _time_documents(engine: Engine, documents: Sequence[Document]) -> dict[str, Any]:
    """Returns percentiles over all tokens, and the number of documents that were accepted whole."""
    clock = _clock_nanoseconds()
    nanoseconds: list[int] = []
    num_whole = 0
    for document in documents:
        tokens = engine.tokens(document)
        num_admitted = engine.num_admitted(tokens)
        nanoseconds += _time_tokens(engine, tokens[:num_admitted])
        num_whole += num_admitted == len(tokens)
    microseconds = np.maximum(np.array(nanoseconds) - clock, 0) / 1000
    return {
        "num_tokens": len(nanoseconds),
        "num_documents": len(documents),
        "num_whole_documents": num_whole,
        "microseconds": {f"p{p:g}": float(np.percentile(microseconds, p)) for p in PERCENTILES},
        "mean_microseconds": float(microseconds.mean()),
    }


def _time_tokens(engine: Engine, tokens: Sequence[int]) -> Iterator[int]:
    """Returns nanoseconds for the mask before each token and the step over it."""
    mask, advance = engine.begin()
    clock = time.thread_time_ns
    for token in tokens:
        started = clock()
        mask()
        advance(token)
        yield clock() - started


def _clock_nanoseconds() -> float:
    """Returns the cost of two readings of the clock."""
    clock = time.thread_time_ns
    return median(-(clock() - clock()) for _ in range(10_000))
