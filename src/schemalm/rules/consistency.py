"""Whether a rules file agrees with itself: the names that it uses exist, and its paths lie where they mean something.

In: the record of a file. Out: the first inconsistency, with its JSON pointer in the file, or None.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from schemalm.json_pointer import pointer_to
from schemalm.limits import DEFAULT_LIMITS
from schemalm.messages.suggestions import close_names, did_you_mean
from schemalm.messages.visible import visible_name
from schemalm.regular.pattern import PatternError, pattern_language
from schemalm.rules.structure import Expressions, Function, NameKind, RulesFile, StructuredType, Type
from schemalm.schema.sources import built_in_names

_IDENTIFIER = re.compile("[A-Za-z_][A-Za-z0-9_-]*")
_WORDS = re.compile("[a-z0-9]+(-[a-z0-9]+)*")


class Inconsistency(NamedTuple):
    """What is wrong, and where in the file."""

    problem: str
    pointer: str


def find_inconsistency(rules: RulesFile, num_inherited: int = 0) -> Inconsistency | None:
    """The first inconsistency of complete rules; pointers do not count the first `num_inherited` places."""
    return next(_inconsistencies(rules, num_inherited), None)


def _inconsistencies(rules: RulesFile, num_inherited: int) -> Iterator[Inconsistency]:
    if rules.schema and rules.schema not in built_in_names():
        yield _unknown("built-in schema", rules.schema, built_in_names(), "schema")
    for part, names in (("amend", rules.amend), ("names", rules.names)):
        for name in names:
            if not _WORDS.fullmatch(name):
                shown = visible_name(name)
                yield Inconsistency(f"{shown!r} must be lower-case words with hyphens", pointer_to([part, name]))
    if rules.expressions is not None:
        yield from _in_expressions(rules.expressions, rules, num_inherited)
    for name, kind in rules.names.items():
        yield from _in_kind(kind, rules, ("names", name))
    yield from _in_texts(rules)
    yield from _in_names_with_expressions(rules)
    yield from _in_alike(rules)


def _in_expressions(found: Expressions, rules: RulesFile, num_inherited: int) -> Iterator[Inconsistency]:
    for part, types in (("types", found.types), ("contexts", found.contexts)):
        for name, type_ in types.items():
            yield from _identifier(name, ("expressions", part, name))
            yield from _in_type(type_, rules, ("expressions", part, name))
    yield from _circles(found.types)
    for name, function in found.functions.items():
        yield from _identifier(name, ("expressions", "functions", name))
        yield from _in_function(function, rules, ("expressions", "functions", name))
    yield from _in_places(found, rules, num_inherited)


def _in_places(found: Expressions, rules: RulesFile, num_inherited: int) -> Iterator[Inconsistency]:
    taken: set[str] = set()
    for index, place in enumerate(found.places):
        at = ("expressions", "places", max(0, index - num_inherited))
        for position, path in enumerate(place.at):
            if path in taken:
                yield Inconsistency(
                    f"the value path {visible_name(path)} is in two places", pointer_to([*at, "at", position])
                )
            taken.add(path)
        for field, word, used, known in (
            ("contexts", "context", place.contexts, found.contexts),
            ("functions", "function", place.functions, found.functions),
        ):
            for position, name in enumerate(used):
                if name not in known:
                    yield _unknown(word, name, known, *at, field, position)
        if place.accepts is not None:
            yield from _in_expected(place.accepts, rules, (*at, "accepts"))


def _in_function(function: Function, rules: RulesFile, at: tuple[str | int, ...]) -> Iterator[Inconsistency]:
    for position, parameter in enumerate(function.parameters):
        yield from _in_expected(parameter, rules, (*at, "parameters", position))
    if function.more is not None:
        yield from _in_expected(function.more, rules, (*at, "more"))
    yield from _in_type(function.returns, rules, (*at, "returns"))


def _in_expected(found: Type, rules: RulesFile, at: tuple[str | int, ...]) -> Iterator[Inconsistency]:
    """Inconsistencies of a type that is expected somewhere; only this one may be one of several."""
    several = found.any_of if isinstance(found, StructuredType) else None
    if several is None:
        yield from _in_type(found, rules, at)
    for position, one in enumerate(several or ()):
        yield from _in_type(one, rules, (*at, "any_of", position))


def _in_type(found: Type, rules: RulesFile, at: tuple[str | int, ...]) -> Iterator[Inconsistency]:
    if not isinstance(found, StructuredType):
        return
    if found.any_of is not None:
        yield Inconsistency("`any_of` is only for parameters, and for what a place accepts", pointer_to(at))
    types = {} if rules.expressions is None else rules.expressions.types
    if found.names is not None and found.names not in rules.names:
        yield _unknown("kind of names", found.names, rules.names, *at, "names")
    if found.type is not None and found.type not in types:
        yield _unknown("type", found.type, types, *at, "type")
    for name, inner in (found.properties or {}).items():
        yield from _in_type(inner, rules, (*at, "properties", name))
    for field, part in (("values", found.values), ("items", found.items)):
        if part is not None:
            yield from _in_type(part, rules, (*at, field))


def _circles(types: dict[str, Type]) -> Iterator[Inconsistency]:
    """Types that are only another name of themselves."""
    for name, type_ in types.items():
        seen = [name]
        found = type_
        while isinstance(found, StructuredType) and found.type in types and found.type not in seen:
            seen.append(found.type)
            found = types[found.type]
        if isinstance(found, StructuredType) and found.type == name:
            problem = f"this type is only another name of itself: {' -> '.join([*seen, name])}"
            yield Inconsistency(problem, pointer_to(["expressions", "types", name]))


def _in_kind(kind: NameKind, rules: RulesFile, at: tuple[str | int, ...]) -> Iterator[Inconsistency]:
    yield from _in_type(kind.members, rules, (*at, "members"))
    paths = [
        *((one.path, ("declared", index, _side(one.keys))) for index, one in enumerate(kind.declared)),
        *((one.path, ("referred", index, _side(one.keys))) for index, one in enumerate(kind.referred)),
        *((path, ("unknown", index)) for index, path in enumerate(kind.unknown)),
    ]
    for path, place in paths:
        if not f"{path}/".startswith(f"{kind.scope}/"):
            shown = visible_name(path) or repr(path)
            problem = (
                f"expected a value path inside the scope {kind.scope}, found {shown}; it must begin with this path"
            )
            yield Inconsistency(problem, pointer_to([*at, *place]))


def _in_texts(rules: RulesFile) -> Iterator[Inconsistency]:
    """References that are a part of a text: their patterns, and that nothing else is said about the text."""
    used = [
        (one.values, name, index, one) for name, kind in rules.names.items() for index, one in enumerate(kind.referred)
    ]
    declared = {one.values for kind in rules.names.values() for one in kind.declared}
    paths = [path for path, *_ in used]
    for path, name, index, one in used:
        at = pointer_to(["names", name, "referred", index])
        if one.pattern is not None:
            try:
                pattern_language(one.pattern, DEFAULT_LIMITS.pattern_repeat)
            except PatternError as error:
                yield Inconsistency(f"the pattern of names cannot be used: {error}", f"{at}/pattern")
        is_part = bool(one.prefix or one.until or one.pattern is not None)
        if is_part and (paths.count(path) > 1 or path in declared):
            problem = f"another rule says what the whole text at {visible_name(path or '')} is; expected one rule"
            yield Inconsistency(problem, at)


def _in_names_with_expressions(rules: RulesFile) -> Iterator[Inconsistency]:
    """Texts that are names hold no expressions: what an expression stands for is not known."""
    places = rules.expressions.places if rules.expressions is not None else []
    held = {path for place in places if place.form != "none" for path in place.at}
    for name, kind in rules.names.items():
        paths = [("declared", index, one.values) for index, one in enumerate(kind.declared)]
        paths += [("referred", index, one.values) for index, one in enumerate(kind.referred)]
        for part, index, path in paths:
            if path in held:
                problem = f"the text at {visible_name(path)} may hold expressions; expected the form `none` there"
                yield Inconsistency(problem, pointer_to(["names", name, part, index]))


def _in_alike(rules: RulesFile) -> Iterator[Inconsistency]:
    """Places that are alike may be anywhere, so they hold no scopes, no keys that declare and no circles."""
    for name, kind in rules.names.items():
        at = ("names", name)
        found: list[tuple[str, str, tuple[str | int, ...]]] = [(kind.scope, "scope of names", ("scope",))]
        found += [
            (one.keys, "key that declares a name", ("declared", i)) for i, one in enumerate(kind.declared) if one.keys
        ]
        found += [
            (one.path, "acyclic reference", ("referred", i)) for i, one in enumerate(kind.referred) if one.acyclic
        ]
        for path, word, place in found:
            around = next((shared for shared in rules.alike if (path + "/").startswith(shared + "/")), None)
            if around is not None:
                problem = f"the values at {around} are like others, so there can be no {word} inside"
                yield Inconsistency(problem, pointer_to([*at, *place]))


def _side(keys: str | None) -> str:
    return "values" if keys is None else "keys"


def _identifier(name: str, at: tuple[str | int, ...]) -> Iterator[Inconsistency]:
    if not _IDENTIFIER.fullmatch(name):
        yield Inconsistency(f"{visible_name(name)!r} cannot be a name in expressions", pointer_to(at))


def _unknown(word: str, name: str, known: Iterable[str], *at: str | int) -> Inconsistency:
    known = list(known)
    shown = visible_name(name)
    return Inconsistency(
        f"there is no {word} {shown!r}; {did_you_mean(close_names(name, known), known)}", pointer_to(at)
    )
