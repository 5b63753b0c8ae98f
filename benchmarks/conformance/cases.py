"""Cases: schemas with instances whose verdict is known, from the data sets beside the repository.

In goes the folder of the data sets; out come `Case`s, always in the same order. Each reader knows the conventions of
its data set: the default draft, whether `format` is an assertion, and how texts become values. Nothing is
fetched: a schema that refers to a document outside its data set is left unchanged.
"""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urldefrag, urljoin

from rows import read_rows
from schemalm.documents import parse_document
from schemalm.errors import DocumentError

DRAFT_7 = "http://json-schema.org/draft-07/schema#"


@dataclass(frozen=True)
class Instance:
    """A value and its true verdict."""

    value: Any
    valid: bool
    name: str = ""


@dataclass(frozen=True)
class Case:
    """One schema with its instances.

    id: unique within the data set. split: the part of the data set by which figures are reported.
    unreadable: names of instances whose text is not a JSON value; they are skipped.
    """

    id: str
    split: str
    schema: dict[str, Any] | bool
    formats: Literal["assert", "annotate"]
    instances: tuple[Instance, ...]
    title: str = ""
    unreadable: tuple[str, ...] = ()


def read_jsonschemabench(data: Path) -> Iterator[Case]:
    """Reads real schemas; `format` is an assertion, and a schema without a draft is 2020-12."""
    for row in read_rows(data / "jsonschemabench" / "cases.jsonl.zst"):
        instances = tuple(Instance(test["data"], test["valid"], test["description"]) for test in row["tests"])
        yield Case(row["id"], row["split"], row["schema"], "assert", instances)


def read_official_suite(data: Path) -> Iterator[Case]:
    """Reads the groups of the official suite; ids are the draft, the suite's file and the group's index in that file.

    Schemas of `draft7.jsonl` name no draft and get one, except booleans, which mean the same in every draft.
    Documents of the suite that a schema refers to by an address are bundled with it.
    `format` is an assertion, except in the required part of 2020-12, which makes it an annotation.
    """
    remotes = {row["uri"]: row["schema"] for row in _rows(data / "json-schema-test-suite" / "remotes.jsonl")}
    for draft in ("draft7", "draft2020-12"):
        seen: Counter[str] = Counter()
        for row in _rows(data / "json-schema-test-suite" / f"{draft}.jsonl"):
            file, schema = row["file"], row["schema"]
            if draft == "draft7" and isinstance(schema, dict):
                schema = {"$schema": DRAFT_7, **schema}
            schema = _with_remotes(schema, remotes)
            required = not file.startswith("optional/")
            yield Case(
                f"{draft}/{file}/{seen[file]}",
                f"{draft} {'required' if required else 'optional/format'}",
                schema,
                "annotate" if required and draft == "draft2020-12" else "assert",
                tuple(Instance(test["data"], test["valid"], test["description"]) for test in row["tests"]),
                title=row["description"],
            )
            seen[file] += 1


def read_schemastore(data: Path) -> Iterator[Case]:
    """Reads popular schemas, each bundled with the SchemaStore schemas that it uses; `format` is an assertion."""
    for path in sorted((data / "schemastore").glob("*.jsonl")):
        first, *rows = _rows(path)
        referenced = {row["name"]: row["schema"] for row in rows if row["kind"] == "referenced_schema"}
        instances, unreadable = [], []
        for row in rows:
            if row["kind"] == "instance":
                try:
                    instances.append(Instance(_value(row["text"], row["ext"]), row["valid"], row["name"]))
                except (DocumentError, ValueError):
                    unreadable.append(row["name"])
        schema = bundled(first["schema"], referenced)
        yield Case(path.stem, "schemastore", schema, "assert", tuple(instances), unreadable=tuple(unreadable))


def bundled(schema: dict[str, Any], referenced: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Returns the schema with its referenced documents under `definitions`, as the specification bundles them.

    referenced: schemas by the reference as written. Each is embedded under the address that the reference resolves to,
    which is also its `$id`. A reference to the schema itself adds nothing.
    """
    base = schema.get("$id", "")
    embedded = {urljoin(base, name): other for name, other in referenced.items() if urljoin(base, name) != base}
    if not embedded:
        return schema
    definitions = {address: {**other, "$id": address} for address, other in embedded.items()}
    return {**schema, "definitions": {**schema.get("definitions", {}), **definitions}}


def _with_remotes(schema: dict[str, Any] | bool, remotes: dict[str, dict[str, Any] | bool]) -> dict[str, Any] | bool:
    """Returns the schema with the suite's remote documents that it refers to, directly or indirectly."""
    if isinstance(schema, bool):
        return schema
    needed: dict[str, Any] = {}
    pending = [(schema, "")]
    for node, base in pending:
        for address in _addresses(node, base):
            found = remotes.get(address)
            if address not in needed and isinstance(found, dict):
                needed[address] = found
                pending.append((found, address))
    if not needed:
        return schema
    documents = {address: {**other, "$id": other.get("$id", address)} for address, other in needed.items()}
    return {**schema, "definitions": {**schema.get("definitions", {}), **documents}}


def _addresses(node: Any, base: str) -> Iterator[str]:
    """Yields the address of every reference inside a schema, without fragments."""
    if isinstance(node, dict):
        own = node.get("$id")
        base = urljoin(base, own) if isinstance(own, str) else base
        for name, inner in node.items():
            if name in ("$ref", "$dynamicRef") and isinstance(inner, str):
                yield urldefrag(urljoin(base, inner)).url
            yield from _addresses(inner, base)
    elif isinstance(node, list):
        for inner in node:
            yield from _addresses(inner, base)


def _value(text: str, extension: str) -> Any:
    """Returns the JSON value of a text; TOML's dates and times become strings."""
    if extension != "toml":
        return parse_document(text)
    table = tomllib.loads(text)
    return json.loads(json.dumps(table, allow_nan=False, default=lambda moment: moment.isoformat()))


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


READERS: dict[str, Callable[[Path], Iterator[Case]]] = {
    "jsonschemabench": read_jsonschemabench,
    "json-schema-test-suite": read_official_suite,
    "schemastore": read_schemastore,
}
