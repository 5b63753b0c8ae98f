"""GitHub's definitions as JSON Schema (draft 7).

A text may be written as a number, a boolean or null, as GitHub's reader takes them. Where expressions may be used, a
text may also be in the place of a boolean, a number, a list or a mapping: the rules' places make it an expression.
"""

from __future__ import annotations

from typing import Any

from github_rules.definitions import Definition, Definitions

Schema = dict[str, Any]

TEXT = ["string", "number", "boolean", "null"]
NON_EMPTY_TEXT = ["string", "number", "boolean"]
# The keys of a mapping whose keys are not known.
KEY = "key"


class SchemaWriter:
    """Writes one JSON Schema definition for each of GitHub's definitions that has a structure.

    `own` names definitions of texts that have a JSON Schema definition of their own. `never_expressions` names those
    that GitHub's reader refuses as one expression, although it knows contexts there. `united` names mappings that
    become one definition, with a new name, wherever they are alternatives: so a message can say which keys exclude
    one another.
    """

    def __init__(
        self,
        definitions: Definitions,
        own: list[str],
        never_expressions: list[str],
        united: dict[str, list[str]],
    ) -> None:
        self._definitions = definitions
        self._own = set(own)
        self._never_expressions = set(never_expressions)
        self._united = united
        self._names: dict[str, dict[bool, str]] = {}  # of each definition, without and with expressions
        self.written: dict[str, Schema] = {KEY: {"type": "string", "minLength": 1}}

    def body(self, name: str, *, expression: bool) -> Schema:
        """The schema of a definition. `expression`: whether one expression may be in its place."""
        if name in self._united:
            return _united([self.body(each, expression=expression) for each in self._united[name]])
        definition = self._definitions[name]
        inside = expression or self._has_contexts(name)
        here = inside and name not in self._never_expressions
        if "one-of" in definition:
            return self._choice(name, here)
        if "sequence" in definition:
            items = self.reference(definition["sequence"]["item-type"], expression=inside)
            return {"type": ["array", "string"] if here else "array"} | ({"items": items} if items else {})
        if "mapping" in definition:
            return {"type": ["object", "string"] if here else "object"} | self._members(name, inside)
        return _scalar(definition, expression=here)

    def reference(self, name: str, *, expression: bool) -> Schema:
        """A reference to the schema of a definition, or this schema itself if it has no structure."""
        inside = expression or self._has_contexts(name)
        known = self._names.setdefault(name, {})
        if inside in known:
            return {"$ref": f"#/definitions/{known[inside]}"}
        written = name if not known else f"{name}-{'with' if inside else 'without'}-expressions"
        known[inside] = written
        body = self.body(name, expression=expression)
        if name not in self._own and _is_plain(body):
            del known[inside]
            return body
        self.written[written] = body
        return {"$ref": f"#/definitions/{written}"}

    def _has_contexts(self, name: str) -> bool:
        return any(map(self._definitions.contexts, self._united.get(name, [name])))

    def _members(self, name: str, expression: bool) -> Schema:
        properties = self._definitions.properties(name)
        required = [key for key, each in properties.items() if each.required]
        members: Schema = {
            "properties": {
                key: self.reference(each.definition, expression=expression) for key, each in properties.items()
            },
            "required": required,
        }
        members = {keyword: value for keyword, value in members.items() if value}
        loose = self._definitions.loose(name)
        if loose is None:
            return members | {"additionalProperties": False}
        keys = loose[0] if loose[0] in self._own else KEY
        if keys != KEY:
            self.reference(keys, expression=False)
        values = self.reference(loose[1], expression=expression)
        names = {"propertyNames": {"$ref": f"#/definitions/{keys}"}}
        return names | members | ({"additionalProperties": values} if values else {})

    def _with_united(self, choices: list[str]) -> list[str]:
        """The choices, with one for those that are united."""
        for name, parts in self._united.items():
            if set(parts) <= set(choices):
                choices = list(dict.fromkeys(name if choice in parts else choice for choice in choices))
        return choices

    def _choice(self, name: str, expression: bool) -> Schema:
        """Constants become one list; schemas of different types become one schema; other ones stay alternatives."""
        choices = self._with_united(self._definitions.choices(name))
        bodies = {choice: self.body(choice, expression=expression) for choice in choices}
        constants = [choice for choice, body in bodies.items() if "enum" in body]
        values = [value for choice in constants for value in bodies[choice]["enum"]]
        alternatives: list[Schema] = [{"enum": list(dict.fromkeys(values))}] if values else []
        if len(constants) == 1:
            alternatives = [self.reference(constants[0], expression=expression)]
        rest = [choice for choice in choices if choice not in constants]
        merged = _merged([bodies[choice] for choice in rest])
        if merged is None:
            alternatives += [self.reference(choice, expression=expression) for choice in rest]
        elif merged:
            alternatives += merged.pop("anyOf") if set(merged) == {"anyOf"} else [merged]
        if expression and merged is None:
            alternatives += [{"type": "string"}]
        return alternatives[0] if len(alternatives) == 1 else {"anyOf": alternatives}


def _scalar(definition: Definition, *, expression: bool) -> Schema:
    if "string" in definition:
        return _text(definition["string"])
    if "allowed-values" in definition:
        return {"enum": definition["allowed-values"]}
    kind = next((kind for kind in ("null", "boolean", "number") if kind in definition), None)
    return {} if kind is None else {"type": [kind, "string"] if expression else kind}


def _text(rules: dict[str, Any]) -> Schema:
    if "constant" in rules:
        return {"enum": [rules["constant"]]}
    if rules.get("require-non-empty"):
        return {"type": NON_EMPTY_TEXT, "minLength": 1}
    return {"type": TEXT}


def _is_plain(schema: Schema) -> bool:
    return not set(schema) - {"type", "minLength"} or len(schema.get("enum", (1, 2))) == 1


def _united(schemas: list[Schema]) -> Schema:
    """One schema of an object for several, each of which requires one key that the others do not know."""
    properties: dict[str, Any] = {}
    for schema in schemas:
        for key, value in schema["properties"].items():
            if properties.setdefault(key, value) != value:
                raise ValueError(f"{key} has one form beside {schema['required']}, and another one elsewhere")
    required = {key: schema["required"] for schema in schemas for key in schema["properties"]}
    alone = [key for key in properties if sum(key in schema["properties"] for schema in schemas) == 1]
    return {
        "type": "object",
        "properties": properties,
        "oneOf": [{"required": schema["required"]} for schema in schemas],
        "dependencies": {key: required[key] for key in alone if [key] != required[key]},
        "additionalProperties": False,
    }


def _merged(schemas: list[Schema]) -> Schema | None:
    """One schema for all, or None if a keyword of one would bind what another allows."""
    if len(schemas) == 1:
        return dict(schemas[0])
    types: list[str] = []
    merged: Schema = {}
    for schema in schemas:
        if "type" not in schema:
            return None
        listed = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        if "object" in listed and "object" in types:
            return None
        types += [each for each in listed if each not in types]
        merged |= {keyword: value for keyword, value in schema.items() if keyword != "type"}
    return merged | {"type": types if len(types) > 1 else types[0]} if schemas else {}
