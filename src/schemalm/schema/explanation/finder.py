"""Finds the faults of values against formulas: of formulas that should hold, and under a negation of those that do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

from schemalm.schema.assertions import Assertion, Is, KindIs, Reference, kind_of
from schemalm.schema.explanation.conditions import facts, holding_together, why_ruled_out
from schemalm.schema.explanation.faults import (
    COST,
    MAX_COST,
    SLIP_COST,
    Alternative,
    Fault,
    changes_of,
    inside,
    nearest,
    together,
)
from schemalm.schema.explanation.guesses import constants_meant, keys_meant, other_spellings
from schemalm.schema.explanation.judge import Judge, item_shape
from schemalm.schema.explanation.places import HOLE, Add, Change, Place, Remove, Rename
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
from schemalm.schema.keywords.strings import Pattern, StringIn

MAX_FAULTS = 32  # of one object or array, that are counted
UNITS = 8  # of work: a fault


class Finder:
    """Finds faults, by what a judge says; every task raises what `Allowance.work` raises.

    max_faults: of one object or array, that are looked at.
    """

    def __init__(self, judge: Judge, max_faults: int = MAX_FAULTS) -> None:
        self._judge = judge
        self._allowance = judge.allowance
        self._max_faults = max_faults
        self._faults: dict[tuple[Place, Formula, bool], Fault] = {}

    def fault(self, formula: Formula, place: Place, wanted: bool = True) -> Task[Fault]:
        """What keeps a formula from being true of a value, of which it is not; unless wanted, from being false."""
        key = (place, formula, wanted)
        if key not in self._faults:
            self._allowance.work(UNITS)
            find = self._unfulfilled if wanted else self._unwanted
            self._faults[key] = yield from find(formula, place)
        return self._faults[key]

    def _failing(
        self, parts: Sequence[Formula], place: Place, wanted: bool = True
    ) -> Task[list[tuple[Formula, Fault]]]:
        """The parts that are not as wanted, each with its fault."""
        found = []
        for part in parts:
            if (yield self._judge.holds(part, place)) != wanted:
                found.append((part, (yield self.fault(part, place, wanted))))
        return found

    # Formulas that should hold.

    def _unfulfilled(self, formula: Formula, place: Place) -> Task[Fault]:
        if isinstance(formula, Constant):
            return Fault(place, "false schema", lambda: "nothing is allowed here", MAX_COST)
        if isinstance(formula, Reference):
            found: Fault = yield self.fault(self._judge.resolve(formula.location), place)
            return found
        if isinstance(formula, Assertion):
            return (yield from self._assertion(formula, place))
        return (yield from self._connective(formula, place))

    def _connective(self, formula: Formula, place: Place) -> Task[Fault]:
        parts = children(formula)
        if isinstance(formula, Not):
            return (yield from self._ruled_out(parts[0], place))
        failing = yield from self._failing(parts, place)
        if isinstance(formula, And):
            return together(self._with_renamings(formula, [fault for _, fault in failing], place))
        if isinstance(formula, ExactlyOne) and len(failing) < len(parts):
            failed = {part for part, _ in failing}
            return (yield from self._too_many([part for part in parts if part not in failed], place))
        return self._no_alternative(formula, failing, place)

    def _no_alternative(self, formula: Formula, failing: list[tuple[Formula, Fault]], place: Place) -> Fault:
        """The fault of alternatives of which none holds; negations among them are conditions of the others."""
        self._allowance.work(UNITS * len(failing))
        conditions = [(part, fault) for part, fault in failing if isinstance(part, Not)]
        asked = [(part, fault) for part, fault in failing if not isinstance(part, Not)] or failing
        keyword = "oneOf" if isinstance(formula, ExactlyOne) else "anyOf"
        found = nearest(place, [self._alternative(part, fault, place.value) for part, fault in asked], keyword)
        if asked is failing or not conditions:
            return found
        changes = changes_of([found, *(fault for _, fault in conditions)])
        known = [fact for part, _ in conditions for fact in facts(children(part)[0], place.value) or ()]
        if not known or place not in (found.place, found.place.parent):
            return replace(found, changes=changes)
        reason = joined(known, "and")
        return replace(found, changes=changes, message=lambda: f"because {reason}, {found.message()}")

    def _alternative(self, part: Formula, fault: Fault, value: Any) -> Alternative:
        if not isinstance(value, dict):
            return Alternative(fault)
        keys = value.keys()
        return Alternative(fault, len(self._judge.names(part) & keys), self._judge.tags(part) & keys)

    def _too_many(self, parts: Sequence[Formula], place: Place) -> Task[Fault]:
        """The fault of alternatives that hold together, though one of them is enough."""
        faults = []
        for part in parts:
            faults.append((yield self.fault(part, place, False)))
        costs = sorted(fault.cost for fault in faults)
        words = partial(holding_together, parts, self._judge.resolve)
        return Fault(place, "oneOf", words, min(MAX_COST, sum(costs[:-1])), changes_of(faults))

    def _ruled_out(self, formula: Formula, place: Place) -> Task[Fault]:
        fault = yield self.fault(formula, place, False)
        words = partial(why_ruled_out, formula, place.value)
        return Fault(place, "not", words, fault.cost, fault.changes)

    def _with_renamings(self, formula: Formula, faults: list[Fault], place: Place) -> list[Fault]:
        """The faults of an object; where a missing key may be there under a wrong name, that is a way to mend it."""
        missing = [fault for fault in faults if fault.missing is not None and fault.place is place]
        if not missing:
            return faults
        known = self._judge.names(formula)
        self._allowance.work(len(place.value))
        unknown = [name for name in place.value if isinstance(name, str) and name not in known]
        return [self._with_renaming(fault, unknown, place) if fault in missing else fault for fault in faults]

    def _with_renaming(self, fault: Fault, unknown: Sequence[str], place: Place) -> Fault:
        name = str(fault.missing)
        meant = tuple(Rename(place, other, name) for other in keys_meant(name, unknown, self._allowance))
        return replace(fault, changes=(*fault.changes, *meant))

    def _assertion(self, atom: Assertion, place: Place) -> Task[Fault]:
        inside = _INSIDE.get(type(atom))
        if inside is not None:
            return (yield from inside(self, atom, place))
        return self._at_once(atom, place)

    def _at_once(self, atom: Assertion, place: Place) -> Fault:
        """The fault of a value itself, whatever lies in it."""
        value = place.value
        if isinstance(atom, KindIs):
            kinds = atom.kinds
            changes = other_spellings(place, kinds)
            return Fault(place, "type", lambda: wrong_kind(value, kinds), COST, changes, kinds=kinds)
        if isinstance(atom, Is):
            return self._not_the_constant(atom, place)
        if isinstance(atom, Has):
            name = atom.name
            return Fault(
                place,
                "required",
                lambda: f"the key {named(name)} is missing",
                COST,
                (Add(place, name),),
                missing=name,
            )
        if isinstance(atom, StringIn | NumberIn):
            return self._none_of(atom, place)
        if isinstance(atom, Unique):
            return self._repeated(place)
        return Fault(place, atom.keyword, lambda: message(atom, value), self._lacking(atom, value))

    def _lacking(self, atom: Assertion, value: Any) -> int:
        if isinstance(atom, MinItems | MinProperties | MaxItems | MaxProperties):
            return COST * abs(int(atom.parts[0]) - len(value))
        return COST

    def _not_the_constant(self, atom: Is, place: Place) -> Fault:
        kind = "null" if atom.name == "null" else "boolean"
        kinds = () if kind_of(place.value) == kind else (kind,)
        changes = other_spellings(place, (kind,))
        return Fault(
            place, "const", lambda: not_one_of(place.value, [atom.name]), COST, changes,
            kinds=kinds, constants=(atom.name,),
        )  # fmt: skip

    def _constants(self, atom: StringIn | NumberIn, place: Place) -> tuple[tuple[str, ...], tuple[Change, ...]]:
        """The first constants that are admitted, as JSON text, and the changes to those that may have been meant."""
        if isinstance(atom, NumberIn):
            return tuple(distinct_numbers(atom)), ()
        return tuple(map(json_text, atom.texts[: MAX_LISTED + 1])), constants_meant(place, atom.texts, self._allowance)

    def _none_of(self, atom: StringIn | NumberIn, place: Place) -> Fault:
        constants, changes = self._constants(atom, place)
        cost = SLIP_COST if changes else COST
        return Fault(place, "enum", lambda: message(atom, place.value), cost, changes, constants=constants)

    def _repeated(self, place: Place) -> Fault:
        index = self._judge.repetition(place.value)
        assert index is not None, "an array that was refused for it has a repetition"
        item = place.inside(index)
        words = f"the item {shown(item.value)} repeats an earlier one"
        return Fault(item, "uniqueItems", lambda: words, COST, (Remove(place, index),))

    def _members(self, atom: Members, place: Place) -> Task[Fault]:
        found: list[Fault] = []
        allowed: list[str] | None = None
        for name in islice(place.value, place.first_failing.get(atom, 0), None):
            shape = self._judge.member_shape(atom, name)
            if shape == FALSE:
                allowed = self._allowed_keys(atom, place) if allowed is None else allowed
                found.append(self._unknown_key(atom, name, place, allowed))
            elif not (yield from self._judge.holds_inside(shape, place, name)):
                found.append(inside((yield self.fault(shape, place.inside(name)))))
            if len(found) == self._max_faults:
                break
        return together(found)

    def _allowed_keys(self, atom: Members, place: Place) -> list[str]:
        """The keys that may be added."""
        self._allowance.work(len(atom.names))
        free = (name for name in atom.names if name not in place.value)
        return [name for name in free if self._judge.member_shape(atom, name) != FALSE]

    def _unknown_key(self, atom: Members, name: str, place: Place, allowed: Sequence[str]) -> Fault:
        meant = keys_meant(str(name), allowed, self._allowance)
        changes = (*(Rename(place, name, other, is_guess=True) for other in meant), Remove(place, name))
        patterns = [f"keys like {pattern(key.source)}" for key in atom.key_formulas() if isinstance(key, Pattern)]

        def words() -> str:
            others = [*map(named, allowed[: MAX_LISTED + 1]), *patterns] if not meant else []
            listing = f"; allowed: {listed(others)}" if others else ""
            return f"the key {named(name)} is not allowed here{listing}"

        return Fault(place.inside(name), "additionalProperties", words, COST, changes)

    def _names(self, atom: PropertyNames, place: Place) -> Task[Fault]:
        found = []
        for name in place.value:
            if not self._judge.allows_name(atom, name):
                found.append((yield from self._wrong_name(atom, name, place)))
                if len(found) == self._max_faults:
                    break
        return together(found)

    def _wrong_name(self, atom: PropertyNames, name: str, place: Place) -> Task[Fault]:
        key = Place(str(name))
        fault: Fault | None = None
        if not (yield self._judge.holds(atom.parts[0], key)):
            fault = yield self.fault(atom.parts[0], key)
        changes = [
            Rename(place, name, str(change.apply(name)), is_guess=True)
            for change in (fault.changes if fault else ())
            if change.place is key and change.apply(name) not in place.value
        ]

        def words() -> str:
            return f"the key {named(name)}: {fault.message() if fault else 'its form is not allowed'}"

        return Fault(place.inside(name), "propertyNames", words, COST, (*changes, Remove(place, name)))

    def _items(self, atom: Items, place: Place) -> Task[Fault]:
        found = []
        for index in range(place.first_failing.get(atom, 0), len(place.value)):
            shape = item_shape(atom, index)
            if not (yield from self._judge.holds_inside(shape, place, index)):
                found.append(inside((yield self.fault(shape, place.inside(index)))))
                if len(found) == self._max_faults:
                    break
        return together(found)

    def _contains(self, atom: Contains, place: Place) -> Task[Fault]:
        shape, least, most = atom.parts
        num_found = yield self._judge.num_of_form(atom, place)
        if most is not None and num_found > most:
            words = f"has more than {most} items of the form that is asked for"
            return Fault(place, "contains", lambda: f"{shown(place.value)} {words}", COST)
        words = f"has {num_found} items of the form that is asked for, fewer than {least}"
        if not num_found:
            words = "has no item of the form that is asked for"
        reason = yield from self._of_the_nearest(shape, place)
        lacking = (least - num_found) * COST
        return Fault(place, "contains", lambda: f"{shown(place.value)} {words}{reason()}", lacking)

    def _of_the_nearest(self, shape: Formula, place: Place) -> Task[Callable[[], str]]:
        """What the item lacks that comes nearest to the form asked for."""
        failing: list[tuple[int, Fault]] = []
        for index in range(min(len(place.value), self._max_faults)):
            if not (yield from self._judge.holds_inside(shape, place, index)):
                failing.append((index, (yield self.fault(shape, place.inside(index)))))
        if not failing:
            return lambda: ""
        index, fault = min(failing, key=lambda pair: pair[1].cost)
        return lambda: f"; item {index} comes nearest: {fault.message()}"

    # Formulas that hold and should not.

    def _unwanted(self, formula: Formula, place: Place) -> Task[Fault]:
        found: Fault
        if place.value is HOLE or isinstance(formula, Constant):
            return _kept(place, MAX_COST)
        if isinstance(formula, Reference):
            found = yield self.fault(self._judge.resolve(formula.location), place, False)
            return found
        if isinstance(formula, Assertion):
            return (yield from self._unwanted_assertion(formula, place))
        if isinstance(formula, Not):
            found = yield self.fault(children(formula)[0], place)
            return found
        holding = [fault for _, fault in (yield from self._failing(children(formula), place, False))]
        if isinstance(formula, And):
            return _cheapest(place, holding)
        return together(holding)

    def _unwanted_assertion(self, atom: Assertion, place: Place) -> Task[Fault]:
        if isinstance(atom, Has) and isinstance(place.value, dict):
            return Fault(place, "not", lambda: "", COST, (Remove(place, atom.name),))
        if isinstance(atom, Members) and isinstance(place.value, dict):
            return (yield from self._unwanted_members(atom, place))
        if isinstance(atom, KindIs) or atom.kind == kind_of(place.value):
            return _kept(place, COST)
        return _kept(place, COST if isinstance(atom, Is) else MAX_COST)

    def _unwanted_members(self, atom: Members, place: Place) -> Task[Fault]:
        found = []
        for name in place.value:
            shape = self._judge.member_shape(atom, name)
            if shape != TRUE:
                found.append((yield self.fault(shape, place.inside(name), False)))
                if len(found) == self._max_faults:
                    break
        return _cheapest(place, found)


def _kept(place: Place, cost: int) -> Fault:
    """The fault of a formula that holds, for which no change is known."""
    return Fault(place, "not", lambda: "", cost)


def _cheapest(place: Place, faults: Sequence[Fault]) -> Fault:
    """One fault for several of which one may be mended: with the changes of all."""
    cost = min((fault.cost for fault in faults), default=MAX_COST)
    return Fault(place, "not", lambda: "", cost, changes_of(faults))


_INSIDE: dict[type[Assertion], Callable[[Finder, Any, Place], Task[Fault]]] = {
    Members: Finder._members,
    PropertyNames: Finder._names,
    Items: Finder._items,
    Contains: Finder._contains,
}
