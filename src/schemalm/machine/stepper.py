"""The stepper: what one symbol does to a stack of nonterminals. This is the only place that says so.

A stack holds what is still to be expanded, the next nonterminal last. A symbol replaces the top by what it opens:

| arity | the top becomes |
|---|---|
| 2 | the rest of the object or array and, above it, the child |
| 1 | the rest of a text, the text of a free key, or the value of a chosen kind |
| 0 | nothing: it ends with an outcome, which settles the object or array below |

Everything that consumes symbols or tokens goes through `replace_top`: derivations, masks, transitions, machines and
traces. Encoder and decoder keep what it gave for each nonterminal, and property tests hold them to it. Source: section
2 of the design, "From value to symbols".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from schemalm.grammar.grammar import ANY_ITEM, Grammar
from schemalm.grammar.nonterminals import Step

# What lies on a stack: a nonterminal, or one with more that is known of it.
Entry = TypeVar("Entry")
# Paths do not grow beyond this many characters: deep derivations would need memory in the square of their depth.
MAX_PATH_LENGTH = 2_000


def replace_top(
    stack: list[Entry], opened: Sequence[Entry], outcome: int, settle: Callable[[Entry, int], Entry]
) -> None:
    """Replaces the top of a stack by what it opens, the next one last; else its outcome settles below.

    Where `settle` raises, the stack stays as it was.
    """
    if opened:
        stack.pop()
        stack += opened
        return
    if len(stack) > 1:
        stack[-2] = settle(stack[-2], outcome)
    stack.pop()


def advance(grammar: Grammar, stack: list[int], symbol: int) -> Step | None:
    """Consumes one symbol; None, and the stack as it was, where its top does not admit the symbol."""
    step = grammar.step(stack[-1], symbol) if stack else None
    if step is not None:
        replace_top(stack, step.opened[::-1], step.outcome, grammar.settle)
    return step


def stack_after(grammar: Grammar, stack: Sequence[int], symbols: Sequence[int]) -> tuple[int, ...] | None:
    """The stack after some symbols; None where they are not admitted."""
    after = list(stack)
    admitted = all(advance(grammar, after, symbol) is not None for symbol in symbols)
    return tuple(after) if admitted else None


def successors(grammar: Grammar, nonterminal: int, symbol: int) -> Iterator[int]:
    """What can come to the top once a symbol has replaced a nonterminal there: what it opens, each in its turn."""
    step = grammar.step(nonterminal, symbol)
    if step is None:
        return
    yield from step.opened[:1]
    for rest in step.opened[1:]:
        yield from (grammar.settle(rest, outcome) for outcome in grammar.nonterminals[step.opened[0]].accepts)


def advance_paths(paths: list[str], arity: int, element: str) -> None:
    """Moves the paths of a stack on by one symbol; `element`: the key or item that a symbol of arity 2 opens."""
    path = paths.pop()
    paths += [path, extended_path(path, element)] if arity == 2 else [path] * arity


def extended_path(path: str, element: str) -> str:
    """The path with one more element: `jobs.*.steps[].uses`."""
    if len(path) > MAX_PATH_LENGTH:
        return path
    return path + element if element == ANY_ITEM or not path else f"{path}.{element}"
