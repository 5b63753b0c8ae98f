"""Random small schemas of jobs with rules files: kinds of names in all their forms, and expressions that use them.

The rules are drawn as in the rules files of formats that exist: a reference from within an object whose keys are
declarations may precede them, since the keys of an object have no order.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Drawn = dict[str, Any]
NAMES = ("a", "b", "A", "ab", "é", "x-1", "all")
TEXT: Drawn = {"type": "string"}
NAME_TEXTS = ({}, {}, {"pattern": "^[a-z]*$"}, {"enum": ["a", "b", "A"]}, {"minLength": 2}, {"enum": ["a", "é", 1]})
KEY_RULES = ({}, {}, {"minProperties": 1}, {"maxProperties": 2}, {"propertyNames": {"pattern": "^[a-zA-Z]{1,2}$"}})
ORDERS = st.sampled_from(["earlier", "any"])
ORDERS_OF_REFERENCES = st.sampled_from(["earlier", "any", "mostly-earlier"])


@st.composite
def ruled_schemas(draw: st.DrawFn) -> tuple[Drawn, Drawn]:
    """A schema and the rules for it."""
    kinds = {"job": draw(jobs()), "step": draw(steps()), "output": draw(outputs())}
    kept = draw(st.sets(st.sampled_from(sorted(kinds)), min_size=1))
    if {"job", "output"} <= kept:
        kinds["job"]["members"] = {"properties": {"outputs": {"names": "output"}, "result": "string"}}
    rules: Drawn = {"rules": 1, "names": {name: kind for name, kind in kinds.items() if name in kept}}
    if draw(st.booleans()):
        rules["expressions"] = draw(expressions(kept))
    return draw(schemas()), rules


@st.composite
def jobs(draw: st.DrawFn) -> Drawn:
    declared: list[Drawn] = [{"keys": "/jobs"}]
    declared += draw(st.lists(st.sampled_from([{"values": "/extra/[]"}, {"keys": "/more"}]), unique_by=str, max_size=1))
    is_acyclic = draw(st.booleans())
    inside: list[Drawn] = [{"values": "/jobs/*/needs"}, {"values": "/jobs/*/needs/[]"}, {"keys": "/jobs/*/weights"}]
    outside: list[Drawn] = [{"values": "/main"}, {"keys": "/ranks"}, {"values": "/ranks/*"}]
    chosen = draw(st.lists(st.sampled_from(inside), unique_by=str, max_size=2))
    referred = [{**part, "order": "any", "acyclic": is_acyclic} for part in chosen]
    chosen = draw(st.lists(st.sampled_from(outside), unique_by=str, max_size=2))
    referred += [{**part, "order": draw(ORDERS_OF_REFERENCES)} for part in chosen]
    return {
        **draw(kinds("")),
        "declared": declared,
        "referred": referred,
        "order": "any",
        "unknown": draw(unknown("/open")),
    }


@st.composite
def steps(draw: st.DrawFn) -> Drawn:
    kind: Drawn = {**draw(kinds("/jobs/*")), "declared": [{"values": "/jobs/*/steps/[]/id"}]}
    places = draw(st.lists(st.sampled_from(["/jobs/*/steps/[]/after", "/jobs/*/last"]), unique=True))
    kind["referred"] = [{"values": place} for place in places]
    return {**kind, **draw(st.sampled_from([{}, {"starts": "item"}]))}


@st.composite
def outputs(draw: st.DrawFn) -> Drawn:
    kind = {**draw(kinds("/jobs/*")), "declared": [{"keys": "/jobs/*/outputs"}], "order": draw(ORDERS)}
    kind["referred"] = draw(st.sampled_from([[], [{"values": "/jobs/*/best", "order": draw(ORDERS_OF_REFERENCES)}]]))
    return {**kind, "unknown": draw(unknown("/jobs/*/uses"))}


@st.composite
def kinds(draw: st.DrawFn, scope: str) -> Drawn:
    kind: Drawn = {"scope": scope, "ignore_case": draw(st.booleans())}
    unique = draw(st.sampled_from([None, "exact", "ignore-case"]))
    return kind if unique is None else {**kind, "unique": unique}


def unknown(path: str) -> st.SearchStrategy[list[str]]:
    return st.sampled_from([[], [], [path]])


@st.composite
def expressions(draw: st.DrawFn, kept: set[str]) -> Drawn:
    """Expressions whose contexts are names of the kinds, also through each other."""
    contexts: Drawn = {"vars": {"values": "string"}}
    contexts |= {f"{kind}s": {"names": kind} for kind in kept}
    if "step" in kept:
        contexts["inside"] = {"properties": {"steps": {"names": "step"}, "x": "any"}}
    forms = {"/jobs/*/steps/[]/run": "text", "/jobs/*/if": "condition", "/jobs/*/flag": "whole", "/title": "text"}
    places = []
    for place, form in forms.items():
        names = [name for name in contexts if place != "/title" or name in ("vars", "jobs")]
        usable = draw(st.sets(st.sampled_from(names), min_size=1))
        functions = draw(st.sampled_from([[], ["join"]]))
        places.append({"at": [place], "form": form, "contexts": sorted(usable), "functions": functions})
    return {
        "delimiters": ["${{", "}}"],
        "depth": draw(st.sampled_from([1, 3])),
        "syntax": {"binary": ["==", "&&"], "unary": ["!"], "literals": ["true"], "ignore_case": draw(st.booleans())},
        "contexts": contexts,
        "functions": {"join": {"parameters": ["any"], "more": "any", "at_most": 2, "returns": "string"}},
        "places": places,
    }


@st.composite
def schemas(draw: st.DrawFn) -> Drawn:
    """A schema of documents with jobs; its keys are in an order in which declarations come first."""
    name = {**TEXT, **draw(st.sampled_from(NAME_TEXTS))}
    if "enum" in name:
        del name["type"]
    step = closed({"id": name, "after": name, "run": TEXT}, draw(st.sampled_from([[], ["run"], ["id"]])))
    needs = draw(
        st.sampled_from([name, {"type": "array", "items": name}, {"anyOf": [name, {"type": "array", "items": name}]}])
    )
    job = closed(
        {
            "outputs": {"type": "object", **draw(st.sampled_from(KEY_RULES))},
            "uses": draw(st.sampled_from([True, TEXT, {"const": "it"}])),
            "needs": needs,
            "weights": {"type": "object", "additionalProperties": {"type": "boolean"}},
            "steps": {"type": "array", "items": step, "maxItems": 3},
            "last": name,
            "best": name,
            "if": TEXT,
            "flag": {"type": ["boolean", "string"]},
        },
        draw(st.sampled_from([[], ["steps"], ["if"], ["flag", "needs"]])),
    )
    named = draw(st.sampled_from([{}, {}, {"properties": {"all": job}}]))
    members = {"type": "object", "additionalProperties": job, **named, **draw(st.sampled_from(KEY_RULES))}
    return closed(
        {
            "open": True,
            "more": {"type": "object", "additionalProperties": {"type": "null"}, **draw(st.sampled_from(KEY_RULES))},
            "extra": {"type": "array", "items": name},
            "jobs": members,
            "main": name,
            "ranks": {"type": "object", "additionalProperties": name},
            "title": TEXT,
        },
        draw(st.sampled_from([[], ["jobs"], ["main"], ["jobs", "title"]])),
    )


def closed(properties: Drawn, required: list[str]) -> Drawn:
    """The schema of objects with these properties alone."""
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


TEXTS = (
    *NAMES,
    *("${{ jobs.a }}", "x ${{ steps.a == steps.b.c }}", "jobs.a.outputs.b", "${{ outputs['ab'] }}"),
    *("vars.x && jobs['A']", "${{", "", "${{ jobs.a.outputs.ab }}", "inside.steps.a", "steps.*.x"),
)
