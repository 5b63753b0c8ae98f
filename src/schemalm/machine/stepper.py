"""The stepper: what one symbol does to a stack of nonterminals. No other module implements this rule.

A value is written as a leftmost derivation. The stack contains the nonterminals that are still to be expanded, the next
one last. Every symbol expands the top nonterminal, and its arity says how many nonterminals replace the top:

| arity | symbols | the top becomes |
|---|---|---|
| 2 | `KEY:name`, `KEY_END`, `ITEM` | the rest of the object or array and, above it, the child |
| 1 | `AS:kind`, `FREE_KEY`, bytes | the value of the chosen kind, the text of the key, or the rest of the text |
| 0 | `END`, `OBJECT_END`, `ARRAY_END`, `CONST:json`, `TRUE`, `FALSE`, `NULL` | nothing: it ends with an outcome |

An outcome says which formulas a finished value satisfies. The rest below may still be undecided about these formulas.
So when the top ends, its outcome settles the nonterminal below it: that rest is replaced by the rest for this outcome.

Derivations, masks, transitions, machines and traces all call `replace_top`. The encoder and the decoder cache its
results by nonterminal, and property tests compare them with it. Source: section 2 of the design, "From value to
symbols".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from schemalm.grammar.grammar import ANY_ITEM, Grammar
from schemalm.grammar.nonterminals import Step

# The type of a stack entry: the number of a nonterminal, or an object that also stores what is known about it.
Entry = TypeVar("Entry")
# Paths stop growing at this many characters. Otherwise the memory for a deep derivation would be quadratic in its
# depth.
MAX_PATH_LENGTH = 2_000


def replace_top(
    stack: list[Entry], opened: Sequence[Entry], outcome: int, settle: Callable[[Entry, int], Entry]
) -> None:
    """Replaces the top of a stack by what it opens, the next one last. If it opens nothing, settles the entry below.

    If `settle` raises an error, the stack stays unchanged.
    """
    if opened:
        stack.pop()
        stack += opened
        return
    if len(stack) > 1:
        stack[-2] = settle(stack[-2], outcome)
    stack.pop()


def advance(grammar: Grammar, stack: list[int], symbol: int) -> Step | None:
    """Consumes one symbol. If the top does not admit it, returns None and leaves the stack unchanged."""
    step = grammar.step(stack[-1], symbol) if stack else None
    if step is not None:
        replace_top(stack, step.opened[::-1], step.outcome, grammar.settle)
    return step


def stack_after(grammar: Grammar, stack: Sequence[int], symbols: Sequence[int]) -> tuple[int, ...] | None:
    """Returns the stack after some symbols, or None if one of them is not admitted."""
    after = list(stack)
    admitted = all(advance(grammar, after, symbol) is not None for symbol in symbols)
    return tuple(after) if admitted else None


def successors(grammar: Grammar, nonterminal: int, symbol: int) -> Iterator[int]:
    """Yields what can reach the top after the symbol: the first nonterminal that it opens, and each settled rest."""
    step = grammar.step(nonterminal, symbol)
    if step is None:
        return
    yield from step.opened[:1]
    for rest in step.opened[1:]:
        yield from (grammar.settle(rest, outcome) for outcome in grammar.nonterminals[step.opened[0]].accepts)


def advance_paths(paths: list[str], arity: int, element: str) -> None:
    """Advances the paths of a stack by one symbol. `element`: the key or item that a symbol of arity 2 opens."""
    path = paths.pop()
    paths += [path, extended_path(path, element)] if arity == 2 else [path] * arity


def extended_path(path: str, element: str) -> str:
    """Returns the path with one more element, such as `jobs.*.steps[].uses`."""
    if len(path) > MAX_PATH_LENGTH:
        return path
    return path + element if element == ANY_ITEM or not path else f"{path}.{element}"
