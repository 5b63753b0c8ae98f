"""The judges that are known for the documents of a grammar, and the choice among them.

The format of documents is recognized by the identity of the schema, not by file names: its `$id`, else its title.
Packages add judges through entry points of the group `schemalm.judges`: each is a callable that takes the schema and
returns a `Judge`, or None if it judges no such documents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from schemalm.errors import ConfigurationError
from schemalm.grammar import Grammar
from schemalm.judging.actionlint import actionlint
from schemalm.judging.check_jsonschema import CheckJsonschema
from schemalm.judging.command_judge import command_judge, is_command
from schemalm.judging.interface import Document, Judge, Verdict
from schemalm.judging.node import action_validator, github_parser, language_service, typescript
from schemalm.judging.program_judge import ProgramJudge
from schemalm.judging.selection import judge_for
from schemalm.judging.zizmor import zizmor
from schemalm.schema.naming import identity_of

GROUP = "schemalm.judges"
WORKFLOW, TSCONFIG = "json.schemastore.org/github-workflow", "json.schemastore.org/tsconfig"
_OF_FORMATS: dict[str, tuple[Callable[[], ProgramJudge], ...]] = {
    WORKFLOW: (github_parser, language_service, actionlint, action_validator, zizmor),
    TSCONFIG: (typescript,),
}


@dataclass(frozen=True)
class MissingJudge:
    """Stands for a judge that a package announces and does not give."""

    name: str
    title: str
    why_not: str
    meaning = "a judge of another package"

    def judge(self, documents: Sequence[Document]) -> list[Verdict]:
        """Raise `ConfigurationError`."""
        raise ConfigurationError(f"the judge {self.name} is missing: {self.why_not}")


def judges_for(grammar: Grammar) -> list[Judge]:
    """Return all judges that are known for the documents of a grammar, with those that cannot be asked yet.

    The first is the one of `judge_for`; each says `why_not` if it cannot be asked.
    """
    known: list[Judge] = [judge_for(grammar), CheckJsonschema.of(grammar), *program_judges(grammar.schema)]
    for point in entry_points(group=GROUP):
        known += _of_package(point, grammar.schema, [judge.name for judge in known])
    return known


def program_judges(schema: dict[str, Any] | bool) -> list[ProgramJudge]:
    """Return the programs that know more about a format than its schema; none for most formats."""
    identity = identity_of(schema)
    address = identity[1].partition("://")[2].removesuffix(".json") if identity else ""
    return [make() for make in _OF_FORMATS.get(address, ())]


def workflow_judges() -> dict[str, ProgramJudge]:
    """Return the programs that judge GitHub workflows, by name."""
    return {judge.name: judge for judge in (make() for make in _OF_FORMATS[WORKFLOW])}


def chosen_judges(known: Sequence[Judge], wanted: Sequence[Judge | str] | None) -> list[Judge]:
    """Return the judges that are asked: those wanted, or all known ones that can be asked if that is None.

    wanted: judges, names of known ones, or commands as `NAME=COMMAND`. Raises `ConfigurationError` for a name that is
    not known or comes twice, for something that is no judge, and for a judge that is wanted and cannot be asked.
    """
    if wanted is None:
        return [judge for judge in known if not judge.why_not]
    by_name = {judge.name: judge for judge in known}
    chosen = [_chosen(by_name, each) for each in wanted]
    names = [judge.name for judge in chosen]
    for judge in chosen:
        if names.count(judge.name) > 1:
            raise ConfigurationError(f"two judges are named {judge.name!r}; give each a name of its own")
        if judge.why_not:
            raise ConfigurationError(f"the judge {judge.name} cannot be asked: {judge.why_not}")
    return chosen


def _chosen(by_name: dict[str, Judge], wanted: object) -> Judge:
    if not isinstance(wanted, str):
        if not isinstance(wanted, Judge):
            message = f"{type(wanted).__name__} is no judge; expected `name`, `title`, `meaning`, `why_not` and `judge`"
            raise ConfigurationError(message)
        return wanted
    if is_command(wanted):
        return command_judge(wanted)
    if wanted not in by_name:
        listed = ", ".join(by_name)
        message = f"there is no judge {wanted!r} for these documents; there are {listed}, and NAME=COMMAND adds one"
        raise ConfigurationError(message)
    return by_name[wanted]


def _of_package(point: EntryPoint, schema: dict[str, Any] | bool, taken: Sequence[str]) -> Iterator[Judge]:
    """Yield the judge of an entry point, if it has one for the schema; what a package does wrong is named."""
    package = point.dist.name if point.dist else point.value
    if point.name in taken:
        yield MissingJudge(f"{point.name} of {package}", package, "another judge has its name; rename the entry point")
        return
    try:
        judge = point.load()(schema)
    except Exception as error:  # of other people's code, which may raise anything
        yield MissingJudge(point.name, package, f"its package {package} fails: {type(error).__name__}: {error}")
        return
    if isinstance(judge, Judge):
        yield judge
    elif judge is not None:
        yield MissingJudge(point.name, package, f"its package {package} returns {type(judge).__name__}, no judge")
