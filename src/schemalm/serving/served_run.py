"""The runs that are served: by name, each with what every answer says of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

from schemalm.documents import value_digest
from schemalm.generation.run import Run
from schemalm.hosting.hosted_run import HostedRun
from schemalm.serving.faults import Refusal


class ServedRun(HostedRun):
    """A run with its worker. name: what clients call it. schema_sha256: of the schema's canonical JSON."""

    def __init__(self, name: str, run: Run, batch_size: int, max_waiting: int, max_seconds: float) -> None:
        super().__init__(run, batch_size, max_waiting, max_seconds)
        self.name = name
        self.created = int(time.time())
        self.schema_sha256 = value_digest(run.tokenizer.grammar.schema).hex()


class ServedRuns:
    """All runs that are served, by name; at least one."""

    def __init__(self, runs: Sequence[ServedRun]) -> None:
        self.runs = {run.name: run for run in runs}

    def __iter__(self) -> Iterator[ServedRun]:
        return iter(self.runs.values())

    def named(self, name: str | None) -> ServedRun:
        """Return the run with a name, or the only one; raises `Refusal`, which lists them, if there is none."""
        if name is None and len(self.runs) == 1:
            return next(iter(self.runs.values()))
        found = self.runs.get(name or "")
        if found is None:
            missing = "`model` is missing" if name is None else f"there is no model {name!r}"
            code = "missing_model" if name is None else "model_not_found"
            status = 400 if name is None else 404
            raise Refusal(status, f"{missing}; served are: {', '.join(self.runs)}", param="model", code=code)
        return found

    def check_schema(self, served: ServedRun, schema: Any, param: str) -> None:
        """Raise `Refusal`, which lists the served schemas, unless a schema is that of a run, by its content."""
        try:
            digest = value_digest(schema).hex()
        except (ValueError, RecursionError):
            digest = None
        if digest == served.schema_sha256:
            return
        known = [{"model": run.name, "schema_sha256": run.schema_sha256} for run in self]
        message = f"the model {served.name!r} writes documents of one schema, and this is another one"
        listed = ", ".join(f"{each['schema_sha256']} (model {each['model']})" for each in known)
        more = {"schema_sha256": digest, "served_schemas": known}
        raise Refusal(400, f"{message}; served are, by SHA-256: {listed}", param, "schema_not_served", more=more)
