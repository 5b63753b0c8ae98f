"""Finds the faults of values: of formulas that must be true, and of formulas that must be false."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

from schemalm.schema.assertions import Assertion, Is, KindIs, Reference, kind_of
from schemalm.schema.explanation.conditions import facts, why_ruled_out, why_too_many
from schemalm.schema.explanation.evaluator import Evaluator, item_shape
from schemalm.schema.explanation.faults import (
    COST,
    MAX_COST,
    TYPO_COST,
    Alternative,
    Fault,
    changes_of,
    combined,
    inside,
    nearest,
    restated,
)
from schemalm.schema.explanation.guesses import other_spellings, similar_constants, similar_keys
from schemalm.schema.explanation.locations import HOLE, Add, Change, Location, Remove, Rename
from schemalm.schema.explanation.tasks import Task
from schemalm.schema.explanation.wording import (
    MAX_LISTED,
    distinct_numbers,
    joined,
    json_text,
    listed,
    message,
    named,
    not_one_of,
    pattern,
    shown,
    wrong_kind,
)
from schemalm.schema.formula import FALSE, TRUE, And, Constant, ExactlyOne, Formula, Not, children
from schemalm.schema.keywords.arrays import Contains, Items, MaxItems, MinItems, Unique
from schemalm.schema.keywords.numbers import NumberIn
from schemalm.schema.keywords.objects import Has, MaxProperties, Members, MinProperties, PropertyNames
from schemalm.schema.keywords.strings import InLanguage, Pattern, StringIn

MAX_FAULTS = 101  # counted per object or array
UNITS = 8  # of work, for a fault


class Finder:
    """Finds faults with the results of an evaluator; every task raises the errors of `Allowance.work`.

    reasons: what patterns are for, in words. max_faults: how many faults of one object or array are found.
    """

    def __init__(self, evaluator: Evaluator, reasons: Mapping[str, str], max_faults: int = MAX_FAULTS) -> None:
        self._evaluator = evaluator
        self._reasons = reasons
        self._allowance = evaluator.allowance
        self._max_faults = max_faults
        self._faults: dict[tuple[Location, Formula, bool], Fault] = {}

    def fault(self, formula: Formula, location: Location, wanted: bool = True) -> Task[Fault]:
        """What keeps a false formula from being true of a value; if not `wanted`, a true formula from being false."""
        key = (location, formula, wanted)
        if key not in self._faults:
            self._allowance.work(UNITS)
            find = self._unfulfilled if wanted else self._unwanted
            self._faults[key] = yield from find(formula, location)
        return self._faults[key]

    def _failing(
        self, parts: Sequence[Formula], location: Location, wanted: bool = True
    ) -> Task[list[tuple[Formula, Fault]]]:
        """The parts whose value is not `wanted`, each with its fault."""
        found = []
        for part in parts:
            if (yield self._evaluator.holds(part, location)) != wanted:
                found.append((part, (yield self.fault(part, location, wanted))))
        return found

    # Formulas that must be true.

    def _unfulfilled(self, formula: Formula, location: Location) -> Task[Fault]:
        if isinstance(formula, Constant):
            return Fault(location, "false schema", lambda: "nothing is allowed here", MAX_COST)
        if isinstance(formula, Reference):
            found: Fault = yield self.fault(self._evaluator.resolve(formula.location), location)
            return found
        if isinstance(formula, Assertion):
            return (yield from self._assertion(formula, location))
        return (yield from self._connective(formula, location))

    def _connective(self, formula: Formula, location: Location) -> Task[Fault]:
        parts = children(formula)
        if isinstance(formula, Not):
            return (yield from self._ruled_out(parts[0], location))
        failing = yield from self._failing(parts, location)
        if isinstance(formula, And):
            return combined(self._with_renamings(formula, [fault for _, fault in failing], location))
        if isinstance(formula, ExactlyOne) and len(failing) < len(parts):
            failed = {part for part, _ in failing}
            return (yield from self._too_many([part for part in parts if part not in failed], location))
        return self._no_alternative(formula, failing, location)

    def _no_alternative(self, formula: Formula, failing: list[tuple[Formula, Fault]], location: Location) -> Fault:
        """The fault of alternatives that are all false; negations among them are conditions of the others."""
        self._allowance.work(UNITS * len(failing))
        conditions = [(part, fault) for part, fault in failing if isinstance(part, Not)]
        asked = [(part, fault) for part, fault in failing if not isinstance(part, Not)] or failing
        keyword = "oneOf" if isinstance(formula, ExactlyOne) else "anyOf"
        found = nearest(location, [self._alternative(part, fault, location.value) for part, fault in asked], keyword)
        if asked is failing or not conditions:
            return found
        changes = changes_of([found, *(fault for _, fault in conditions)])
        known = [fact for part, _ in conditions for fact in facts(children(part)[0], location.value) or ()]
        if not known or location not in (found.location, found.location.parent):
            return restated(found, changes=changes)
        reason = joined(known, "and")
        return restated(found, changes=changes, message=lambda: f"because {reason}, {found.message()}")

    def _alternative(self, part: Formula, fault: Fault, value: Any) -> Alternative:
        if not isinstance(value, dict):
            return Alternative(fault)
        keys = value.keys()
        return Alternative(fault, len(self._evaluator.names(part) & keys), self._evaluator.tags(part) & keys)

    def _too_many(self, parts: Sequence[Formula], location: Location) -> Task[Fault]:
        """The fault of alternatives that are true together although only one may be."""
        faults = []
        for part in parts:
            faults.append((yield self.fault(part, location, False)))
        costs = sorted(fault.cost for fault in faults)
        words = partial(why_too_many, parts, self._evaluator.resolve)
        return Fault(location, "oneOf", words, min(MAX_COST, sum(costs[:-1])), changes_of(faults))

    def _ruled_out(self, formula: Formula, location: Location) -> Task[Fault]:
        fault = yield self.fault(formula, location, False)
        words = self._by_reason(formula, location.value) or partial(why_ruled_out, formula, location.value)
        return Fault(location, "not", words, fault.cost, fault.changes)

    def _with_renamings(self, formula: Formula, faults: list[Fault], location: Location) -> list[Fault]:
        """The faults of an object; if a missing key may have a wrong name, renaming it is one of the changes."""
        missing = [fault for fault in faults if fault.missing is not None and fault.location is location]
        if not missing:
            return faults
        known = self._evaluator.names(formula)
        self._allowance.work(len(location.value))
        unknown = [name for name in location.value if isinstance(name, str) and name not in known]
        return [self._with_renaming(fault, unknown, location) if fault in missing else fault for fault in faults]

    def _with_renaming(self, fault: Fault, unknown: Sequence[str], location: Location) -> Fault:
        name = str(fault.missing)
        meant = tuple(Rename(location, other, name) for other in similar_keys(name, unknown, self._allowance))
        return restated(fault, changes=(*fault.changes, *meant))

    def _assertion(self, atom: Assertion, location: Location) -> Task[Fault]:
        if atom.kind is None and not isinstance(atom, KindIs | Is):
            return (yield from self._of_its_kind(atom, location))
        inside = _INSIDE.get(type(atom))
        if inside is not None:
            return (yield from inside(self, atom, location))
        return self._at_once(atom, location)

    def _of_its_kind(self, atom: Assertion, location: Location) -> Task[Fault]:
        """The fault of an assertion that means something else for each kind of value."""
        found: Fault = yield self.fault(self._evaluator.of_kind(atom, location.value), location)
        return found

    def _at_once(self, atom: Assertion, location: Location) -> Fault:
        """The fault of a value itself, without the values in it."""
        value = location.value
        if isinstance(atom, KindIs):
            kinds = atom.kinds
            changes = other_spellings(location, kinds)
            return Fault(location, "type", lambda: wrong_kind(value, kinds), COST, changes, kinds=kinds)
        if isinstance(atom, Is):
            return self._not_the_constant(atom, location)
        if isinstance(atom, Has):
            name = atom.name
            return Fault(
                location,
                "required",
                lambda: f"the key {named(name)} is missing",
                COST,
                (Add(location, name),),
                missing=name,
            )
        if isinstance(atom, StringIn | NumberIn):
            return self._none_of(atom, location)
        if isinstance(atom, Unique):
            return self._repeated(location)
        return self._not_in_language(atom, location) if isinstance(atom, InLanguage) else self._other(atom, location)

    def _other(self, atom: Assertion, location: Location) -> Fault:
        value = location.value
        words = self._by_reason(atom, value) or partial(message, atom, value)
        return Fault(location, atom.keyword, words, self._lacking(atom, value))

    def _by_reason(self, formula: Formula, value: Any) -> Callable[[], str] | None:
        """The message by the reason of a pattern; None if it has none."""
        reason = self._reasons.get(formula.source) if isinstance(formula, Pattern) else None
        return (lambda: f"{shown(value)} is not allowed here: {reason}") if reason else None

    def _not_in_language(self, atom: InLanguage, location: Location) -> Fault:
        offset, words = atom.problem(location.value)
        changes = other_spellings(location, ("number", "boolean", "array"))
        return Fault(location, atom.keyword, lambda: words, COST, changes, offset=offset)

    def _lacking(self, atom: Assertion, value: Any) -> int:
        if isinstance(atom, MinItems | MinProperties | MaxItems | MaxProperties):
            return COST * abs(int(atom.parts[0]) - len(value))
        return COST

    def _not_the_constant(self, atom: Is, location: Location) -> Fault:
        kind = "null" if atom.name == "null" else "boolean"
        kinds = () if kind_of(location.value) == kind else (kind,)
        changes = other_spellings(location, (kind,))
        return Fault(
            location, "const", lambda: not_one_of(location.value, [atom.name]), COST, changes,
            kinds=kinds, constants=(atom.name,),
        )  # fmt: skip

    def _constants(self, atom: StringIn | NumberIn, location: Location) -> tuple[tuple[str, ...], tuple[Change, ...]]:
        """The first allowed constants as JSON text, and changes to those that may have been meant."""
        if isinstance(atom, NumberIn):
            return tuple(distinct_numbers(atom)), ()
        return tuple(map(json_text, atom.texts[: MAX_LISTED + 1])), similar_constants(
            location, atom.texts, self._allowance
        )

    def _none_of(self, atom: StringIn | NumberIn, location: Location) -> Fault:
        constants, changes = self._constants(atom, location)
        cost = TYPO_COST if changes else COST
        return Fault(location, "enum", lambda: message(atom, location.value), cost, changes, constants=constants)

    def _repeated(self, location: Location) -> Fault:
        found = islice(self._evaluator.repetitions(location.value), self._max_faults)
        return combined([self._repetition(index, location) for index in found])

    def _repetition(self, index: int, location: Location) -> Fault:
        item = location.child(index)
        words = f"the item {shown(item.value)} repeats an earlier one"
        return Fault(item, "uniqueItems", lambda: words, COST, (Remove(location, index),))

    def _members(self, atom: Members, location: Location) -> Task[Fault]:
        found: list[Fault] = []
        allowed: list[str] | None = None
        for name in islice(location.value, location.first_failing.get(atom, 0), None):
            shape = self._evaluator.member_shape(atom, name)
            if shape == FALSE:
                allowed = self._allowed_keys(atom, location) if allowed is None else allowed
                found.append(self._unknown_key(atom, name, location, allowed))
            elif not (yield from self._evaluator.holds_inside(shape, location, name)):
                found.append(inside((yield self.fault(shape, location.child(name)))))
            if len(found) == self._max_faults:
                break
        return combined(found)

    def _allowed_keys(self, atom: Members, location: Location) -> list[str]:
        """The keys that may be added."""
        self._allowance.work(len(atom.names))
        free = (name for name in atom.names if name not in location.value)
        return [name for name in free if self._evaluator.member_shape(atom, name) != FALSE]

    def _unknown_key(self, atom: Members, name: str, location: Location, allowed: Sequence[str]) -> Fault:
        meant = similar_keys(str(name), allowed, self._allowance)
        changes = (*(Rename(location, name, other, is_guess=True) for other in meant), Remove(location, name))
        patterns = [f"keys like {pattern(key.source)}" for key in atom.key_formulas() if isinstance(key, Pattern)]

        def words() -> str:
            others = [*map(named, allowed[: MAX_LISTED + 1]), *patterns] if not meant else []
            listing = f"; allowed: {listed(others)}" if others else ""
            return f"the key {named(name)} is not allowed here{listing}"

        return Fault(location.child(name), "additionalProperties", words, COST, changes, similar=tuple(meant))

    def _names(self, atom: PropertyNames, location: Location) -> Task[Fault]:
        found = []
        for name in location.value:
            if not self._evaluator.allows_name(atom, name):
                found.append((yield from self._wrong_name(atom, name, location)))
                if len(found) == self._max_faults:
                    break
        return combined(found)

    def _wrong_name(self, atom: PropertyNames, name: str, location: Location) -> Task[Fault]:
        key = Location(str(name))
        fault: Fault | None = None
        if not (yield self._evaluator.holds(atom.parts[0], key)):
            fault = yield self.fault(atom.parts[0], key)
        changes = [
            Rename(location, name, str(change.apply(name)), is_guess=True)
            for change in (fault.changes if fault else ())
            if change.location is key and change.apply(name) not in location.value
        ]

        def words() -> str:
            return f"the key {named(name)}: {fault.message() if fault else 'its form is not allowed'}"

        return Fault(location.child(name), "propertyNames", words, COST, (*changes, Remove(location, name)))

    def _items(self, atom: Items, location: Location) -> Task[Fault]:
        found = []
        for index in range(location.first_failing.get(atom, 0), len(location.value)):
            shape = item_shape(atom, index)
            if not (yield from self._evaluator.holds_inside(shape, location, index)):
                found.append(inside((yield self.fault(shape, location.child(index)))))
                if len(found) == self._max_faults:
                    break
        return combined(found)

    def _contains(self, atom: Contains, location: Location) -> Task[Fault]:
        shape, least, most = atom.parts
        num_found = yield self._evaluator.num_matching(atom, location)
        if most is not None and num_found > most:
            words = f"has more than {most} items of the required form"
            return Fault(location, "contains", lambda: f"{shown(location.value)} {words}", COST)
        words = f"has {num_found} items of the required form, fewer than {least}"
        if not num_found:
            words = "has no item of the required form"
        reason = yield from self._of_the_nearest(shape, location)
        lacking = (least - num_found) * COST
        return Fault(location, "contains", lambda: f"{shown(location.value)} {words}{reason()}", lacking)

    def _of_the_nearest(self, shape: Formula, location: Location) -> Task[Callable[[], str]]:
        """A suffix about the item that is closest to the required form."""
        failing: list[tuple[int, Fault]] = []
        for index in range(min(len(location.value), self._max_faults)):
            if not (yield from self._evaluator.holds_inside(shape, location, index)):
                failing.append((index, (yield self.fault(shape, location.child(index)))))
        if not failing:
            return lambda: ""
        index, fault = min(failing, key=lambda pair: pair[1].cost)
        return lambda: f"; item {index} is the closest: {fault.message()}"

    # Formulas that must be false.

    def _unwanted(self, formula: Formula, location: Location) -> Task[Fault]:
        found: Fault
        if location.value is HOLE or isinstance(formula, Constant):
            return _kept(location, MAX_COST)
        if isinstance(formula, Reference):
            found = yield self.fault(self._evaluator.resolve(formula.location), location, False)
            return found
        if isinstance(formula, Assertion):
            return (yield from self._unwanted_assertion(formula, location))
        if isinstance(formula, Not):
            found = yield self.fault(children(formula)[0], location)
            return found
        holding = [fault for _, fault in (yield from self._failing(children(formula), location, False))]
        if isinstance(formula, And):
            return _cheapest(location, holding)
        return combined(holding)

    def _unwanted_assertion(self, atom: Assertion, location: Location) -> Task[Fault]:
        if isinstance(atom, Has) and isinstance(location.value, dict):
            return Fault(location, "not", lambda: "", COST, (Remove(location, atom.name),))
        if isinstance(atom, Members) and isinstance(location.value, dict):
            return (yield from self._unwanted_members(atom, location))
        if isinstance(atom, KindIs) or atom.kind == kind_of(location.value):
            return _kept(location, COST)
        return _kept(location, COST if isinstance(atom, Is) else MAX_COST)

    def _unwanted_members(self, atom: Members, location: Location) -> Task[Fault]:
        found = []
        for name in location.value:
            shape = self._evaluator.member_shape(atom, name)
            if shape != TRUE:
                found.append((yield self.fault(shape, location.child(name), False)))
                if len(found) == self._max_faults:
                    break
        return _cheapest(location, found)


def _kept(location: Location, cost: int) -> Fault:
    """The fault of a true formula without known changes."""
    return Fault(location, "not", lambda: "", cost)


def _cheapest(location: Location, faults: Sequence[Fault]) -> Fault:
    """One fault for several, of which only one needs repair; it has the changes of all."""
    cost = min((fault.cost for fault in faults), default=MAX_COST)
    return Fault(location, "not", lambda: "", cost, changes_of(faults))


_INSIDE: dict[type[Assertion], Callable[[Finder, Any, Location], Task[Fault]]] = {
    Members: Finder._members,
    PropertyNames: Finder._names,
    Items: Finder._items,
    Contains: Finder._contains,
}
