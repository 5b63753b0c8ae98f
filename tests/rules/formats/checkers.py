"""What is wrong with the names of compose, GitLab and OpenAPI documents, by plain reading of these formats.

Nothing here is shared with the rules: each function walks through a document as a person would, and returns the
references that lead nowhere, the circles, and the names that are declared twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

COMPOSE_NAME = re.compile(r"[a-zA-Z0-9._-]+")
VOLUME_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]+")
GITLAB_KEYWORDS = {
    "$schema", "spec", "image", "services", "before_script", "after_script", "variables", "cache", "!reference",
    "default", "stages", "include", "workflow",
}  # fmt: skip
METHODS_ARE_NOT = {"parameters"}


def texts(value: Any) -> list[str]:
    """The texts of a list, or the one text."""
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)]


def table(value: Any) -> dict[str, Any]:
    """The object, or an empty one."""
    return value if isinstance(value, dict) else {}


def has_circle(edges: dict[str, set[str]]) -> bool:
    """Whether some name leads back to itself."""
    while True:
        ends = [name for name, targets in edges.items() if not targets & edges.keys()]
        if not ends:
            return bool(edges)
        edges = {name: targets for name, targets in edges.items() if name not in ends}


# Compose.


def compose_faults(document: Any) -> list[str]:
    """The faults of a compose file."""
    document = table(document)
    if _includes(document.get("include")):
        return []
    services = table(document.get("services"))
    edges = {name: _service_targets(table(service)) for name, service in services.items()}
    may_be_missing = any(
        "required" in table(how)
        for service in services.values()
        for how in table(table(service).get("depends_on")).values()
    )
    faults = (
        []
        if may_be_missing
        else [f"service {target}" for targets in edges.values() for target in targets if target not in services]
    )
    if has_circle(edges):
        faults.append("circle of services")
    return (
        faults
        + _bases(services)
        + [
            f"{kind} {name}"
            for service in services.values()
            for kind, name in _resources(table(service))
            if name not in table(document.get(f"{kind}s")) and (kind, name) != ("network", "default")
        ]
    )


def _includes(value: Any) -> bool:
    if not isinstance(value, list):
        return False
    paths = [item.get("path") if isinstance(item, dict) else item for item in value]
    return any(texts(path) for path in paths)


def _named(values: list[str]) -> set[str]:
    return {value for value in values if COMPOSE_NAME.fullmatch(value)}


def _service_targets(service: dict[str, Any]) -> set[str]:
    after = service.get("depends_on")
    targets = set(after) if isinstance(after, dict) else _named(texts(after))
    targets |= _named([link.split(":")[0] for link in texts(service.get("links"))])
    shared = [service.get(key) for key in ("network_mode", "ipc", "pid")]
    shared += table(table(service.get("build")).get("additional_contexts")).values()
    texts_of_modes = [mode for mode in shared if isinstance(mode, str) and mode.startswith("service:")]
    return targets | _named([mode.removeprefix("service:") for mode in texts_of_modes])


def _bases(services: dict[str, Any]) -> list[str]:
    extended = {name: table(service).get("extends") for name, service in services.items()}
    if any(isinstance(base, dict) and isinstance(base.get("file"), str) for base in extended.values()):
        return []
    edges = {
        name: _named(texts(base.get("service") if isinstance(base, dict) else base)) for name, base in extended.items()
    }
    missing = [f"base {target}" for targets in edges.values() for target in targets if target not in services]
    return missing + (["circle of bases"] if has_circle(edges) else [])


def _resources(service: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for kind in ("network", "model"):
        used = service.get(f"{kind}s")
        for name in used if isinstance(used, dict) else _named(texts(used)):
            yield kind, name
    for volume in texts(service.get("volumes")):
        name = volume.split(":")[0]
        if VOLUME_NAME.fullmatch(name):
            yield "volume", name
    for kind, value in (
        ("secret", service.get("secrets")),
        ("secret", table(service.get("build")).get("secrets")),
        ("config", service.get("configs")),
        ("config", [{"source": table(service.get("credential_spec")).get("config")}]),
    ):
        for item in value if isinstance(value, list) else []:
            for name in _named(texts(item.get("source") if isinstance(item, dict) else item)):
                yield kind, name


# GitLab.


def gitlab_faults(document: Any) -> list[str]:
    """The faults of a GitLab pipeline."""
    document = table(document)
    includes = document.get("include")
    if any(
        not isinstance(value, dict | list)
        for item in (includes if isinstance(includes, list) else [includes] if "include" in document else [])
        for value in (item.values() if isinstance(item, dict) else [item])
    ):
        return []
    jobs = {name: table(job) for name, job in document.items() if name not in GITLAB_KEYWORDS}
    return _gitlab_needs(jobs) + _gitlab_bases(jobs) + _gitlab_stages(document, jobs)


def _gitlab_needs(jobs: dict[str, dict[str, Any]]) -> list[str]:
    if any(job.get("parallel") not in (None, {}, {"matrix": []}) or _goes_elsewhere(job) for job in jobs.values()):
        return []
    needed = {name: _needs(job) for name, job in jobs.items()}
    others = {name: _others(job) for name, job in jobs.items()}
    missing = [f"job {target}" for name in jobs for target in needed[name] | others[name] if target not in jobs]
    return missing + (["circle of jobs"] if has_circle(needed) else [])


def _goes_elsewhere(job: dict[str, Any]) -> bool:
    """Whether a job needs one of another pipeline, or one that may be missing."""
    items = job.get("needs")
    return any(
        key in item for item in (items if isinstance(items, list) else []) if isinstance(item, dict)
        for key in ("project", "pipeline", "optional")
    )  # fmt: skip


def _needs(job: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    rules = job.get("rules")
    for holder in (job, *(rule for rule in (rules if isinstance(rules, list) else []) if isinstance(rule, dict))):
        items = holder.get("needs")
        for item in items if isinstance(items, list) else []:
            found |= set(texts(item.get("job") if isinstance(item, dict) else item if isinstance(item, str) else None))
    return found


def _others(job: dict[str, Any]) -> set[str]:
    found = set(texts(job.get("dependencies"))) if isinstance(job.get("dependencies"), list) else set()
    found |= set(texts(table(job.get("environment")).get("on_stop")))
    included = table(job.get("trigger")).get("include")
    return found | {
        name for item in (included if isinstance(included, list) else []) for name in texts(table(item).get("job"))
    }


def _gitlab_bases(jobs: dict[str, dict[str, Any]]) -> list[str]:
    edges = {name: set(texts(job.get("extends"))) for name, job in jobs.items()}
    missing = [f"base {target}" for targets in edges.values() for target in targets if target not in jobs]
    return missing + (["circle of bases"] if has_circle(edges) else [])


def _gitlab_stages(document: dict[str, Any], jobs: dict[str, dict[str, Any]]) -> list[str]:
    listed = document.get("stages")
    if isinstance(listed, list) and any(texts(item) for item in listed if isinstance(item, list)):
        return []
    stages = texts(listed) if isinstance(listed, list) and texts(listed) else ["build", "test", "deploy"]
    used = [job["stage"] for job in jobs.values() if isinstance(job.get("stage"), str)]
    return [f"stage {stage}" for stage in used if stage not in (".pre", *stages, ".post")]


# OpenAPI.


def openapi_faults(document: Any) -> list[str]:
    """The faults of an OpenAPI description."""
    return _OpenApi(table(document)).faults()


class _OpenApi:
    def __init__(self, document: dict[str, Any]) -> None:
        self.components = table(document.get("components"))
        self.found: list[str] = []
        self.operation_ids: list[str] = []
        self.document = document

    def faults(self) -> list[str]:
        for paths in (self.document.get("paths"), self.document.get("webhooks")):
            self.each(paths, self.path_item)
        for kind, visit in (
            ("schemas", self.schema), ("responses", self.response), ("parameters", self.parameter),
            ("examples", self.example), ("requestBodies", self.body), ("headers", self.header), ("links", self.link),
            ("callbacks", self.callback), ("pathItems", self.path_item), ("securitySchemes", self.scheme),
        ):  # fmt: skip
            self.each(self.components.get(kind), visit)
        self.security(self.document.get("security"))
        tags = self.document.get("tags")
        names = [name for tag in (tags if isinstance(tags, list) else []) for name in texts(table(tag).get("name"))]
        for listed in (names, self.operation_ids):
            self.found += [f"twice {name}" for name in set(listed) if listed.count(name) > 1]
        return self.found

    def reference(self, value: Any, kind: str) -> dict[str, Any]:
        value = table(value)
        target, prefix = value.get("$ref"), f"#/components/{kind}/"
        if isinstance(target, str) and target.startswith(prefix):
            name = target.removeprefix(prefix).split("/")[0]
            if name not in table(self.components.get(kind)):
                self.found.append(target)
        return value

    def each(self, values: Any, visit: Any) -> None:
        for value in values.values() if isinstance(values, dict) else values if isinstance(values, list) else []:
            visit(value)

    def path_item(self, value: Any) -> None:
        value = self.reference(value, "pathItems")
        if isinstance(value.get("parameters"), list):
            self.each(value["parameters"], self.parameter)
        for key, operation in value.items():
            if key not in METHODS_ARE_NOT:
                self.operation(table(operation))

    def operation(self, value: dict[str, Any]) -> None:
        self.operation_ids += texts(value.get("operationId")) if isinstance(value.get("operationId"), str) else []
        if isinstance(value.get("parameters"), list):
            self.each(value["parameters"], self.parameter)
        self.body(value.get("requestBody"))
        self.each(table(value.get("responses")), self.response)
        self.each(table(value.get("callbacks")), self.callback)
        self.security(value.get("security"))

    def security(self, value: Any) -> None:
        schemes = table(self.components.get("securitySchemes"))
        for item in value if isinstance(value, list) else []:
            self.found += [f"scheme {name}" for name in table(item) if name not in schemes]

    def scheme(self, value: Any) -> None:
        self.reference(value, "securitySchemes")

    def parameter(self, value: Any) -> None:
        self.with_content(self.reference(value, "parameters"))

    def header(self, value: Any) -> None:
        self.with_content(self.reference(value, "headers"))

    def with_content(self, value: dict[str, Any]) -> None:
        self.schema(value.get("schema"))
        self.each(table(value.get("examples")), self.example)
        self.each(table(value.get("content")), self.media_type)

    def media_type(self, value: Any) -> None:
        value = table(value)
        self.schema(value.get("schema"))
        self.each(table(value.get("examples")), self.example)
        for encoding in table(value.get("encoding")).values():
            self.each(table(table(encoding).get("headers")), self.header)

    def body(self, value: Any) -> None:
        self.each(table(self.reference(value, "requestBodies").get("content")), self.media_type)

    def response(self, value: Any) -> None:
        value = self.reference(value, "responses")
        self.each(table(value.get("headers")), self.header)
        self.each(table(value.get("content")), self.media_type)
        self.each(table(value.get("links")), self.link)

    def example(self, value: Any) -> None:
        self.reference(value, "examples")

    def link(self, value: Any) -> None:
        self.reference(value, "links")

    def callback(self, value: Any) -> None:
        self.each(
            {key: inner for key, inner in self.reference(value, "callbacks").items() if key != "$ref"}, self.path_item
        )

    def schema(self, value: Any) -> None:
        if not isinstance(value, dict):
            return
        value = self.reference(value, "schemas")
        for key in ("properties", "patternProperties", "$defs", "dependentSchemas"):
            self.each(table(value.get(key)), self.schema)
        for key in ("allOf", "anyOf", "oneOf", "prefixItems"):
            self.each(value.get(key) if isinstance(value.get(key), list) else [], self.schema)
        for key in (
            "additionalProperties", "items", "contains", "not", "if", "then", "else", "propertyNames",
            "unevaluatedItems", "unevaluatedProperties", "contentSchema",
        ):  # fmt: skip
            self.schema(value.get(key))
