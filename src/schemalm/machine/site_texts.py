"""The texts that the schema allows where a reference stands.

A reference can only be written if the schema allows the text of a declared name there. The texts of a place are those
of one value there, which is reached by the shortest keys: schemas rarely say different things about the values of one
place. Where one does, masks still exclude a value that cannot begin with a name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from schemalm.grammar.grammar import Grammar
from schemalm.grammar.place_values import after, value_at
from schemalm.grammar.states import Key, Text, Value
from schemalm.grammar.symbols import AS_KIND, FREE_KEY
from schemalm.machine.choices import Choice, Rest
from schemalm.machine.name_choices import rest_of
from schemalm.rules.paths import Place


@dataclass(frozen=True, eq=False)
class SiteTexts:
    """The texts of a place: from the beginning of a text on, or constants. A missing rest allows no other text."""

    rest: Rest | None
    constants: tuple[bytes, ...] = ()

    def can_be(self, choice: Choice) -> bool:
        """Whether one of the texts is a name that may be written."""
        if self.rest is not None and choice.has_names(self.rest):
            return True
        return any(choice.allows(text, True) for text in self.constants)


def site_texts(grammar: Grammar, place: Place, *, is_key: bool) -> SiteTexts | None:
    """The texts of a place, or the keys of the object there; None if every text is allowed, or nothing is known."""
    found = value_at(grammar, place)
    if found is None:
        return None
    if is_key:
        key = after(grammar, found, "object", [grammar.symbols.ids[FREE_KEY]])
        return None if key is None else _of_text(grammar, key)
    if not isinstance(grammar.nonterminals[found].state, Value):
        return _of_text(grammar, found)
    symbols = grammar.symbols.symbols
    constants = [
        symbols[number].text.encode() for number in grammar.admitted(found) if symbols[number].label == "CONST"
    ]
    text = grammar.step(found, grammar.symbols.ids[AS_KIND["string"]])
    if text is None:
        return SiteTexts(None, tuple(constants))
    texts = _of_text(grammar, text.opened[0])
    return None if texts is None else replace(texts, constants=tuple(constants))


def _of_text(grammar: Grammar, nonterminal: int) -> SiteTexts | None:
    is_text = isinstance(grammar.nonterminals[nonterminal].state, Text | Key)
    rest = rest_of(grammar, nonterminal) if is_text else None
    return None if rest is None else SiteTexts(rest)
