"""`schemalm judge`: ask independent judges about documents, and show how many each accepts and why not the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from schemalm.cli.check_inputs import find_inputs
from schemalm.cli.options import (
    DEFAULT_RULES,
    DEFAULT_SCHEMA,
    AsJSON,
    MaxFiles,
    MergeKeys,
    RulesName,
    SchemaName,
    chosen_rules,
    given_merge_keys,
    given_rules,
    schema_and_rules,
    wants_merge_keys,
)
from schemalm.cli.terminal import Terminal, command_line, complain, counted
from schemalm.messages.visible import visible_line

if TYPE_CHECKING:
    from schemalm.cli.judge_inputs import Given
    from schemalm.cli.judge_report import Report
    from schemalm.judging import Judge, Verdict

NUM_NEXT_FILES = 5  # how many refused files the next command lists
REFUSED, UNREADABLE = 1, 2


def judge(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILES",
            help="YAML or JSON files, folders, patterns in quotes, - for stdin, or JSON Lines with `yaml`, `json` or "
            "`value` (also .gz and .zst).",
        ),
    ],
    schema: SchemaName = DEFAULT_SCHEMA,
    rules: RulesName = DEFAULT_RULES,
    judges: Annotated[
        list[str] | None,
        typer.Option(
            "--judge",
            metavar="NAME|NAME=COMMAND",
            help="Ask this judge; may be repeated. A command gets the path of a file in place of {}; it accepts with "
            "exit code 0, and refuses with 1 and its reasons as lines [default: all that `schemalm judges` lists as "
            "installed].",
        ),
    ] = None,
    limit: MaxFiles = None,
    merge_keys: MergeKeys = None,
    as_json: AsJSON = False,
) -> None:
    """Ask independent judges about documents: how many each accepts, and why it refuses the others.

    Exit codes: 0 if all judges accept all documents, 1 if not, 2 if a file cannot be read.
    """
    terminal = Terminal(as_json)
    applied = chosen_rules(rules, schema)
    inputs = find_inputs(files, schema, terminal.say)
    terminal.say(f"judging {counted(len(inputs.sources), 'file')} of {schema_and_rules(schema, applied)}")
    from schemalm.cli.judge_inputs import read_inputs  # noqa: PLC0415
    from schemalm.cli.judge_report import COLUMNS, Report  # noqa: PLC0415
    from schemalm.compilation import compile_schema  # noqa: PLC0415
    from schemalm.judging import judges_for  # noqa: PLC0415
    from schemalm.judging.known import chosen_judges  # noqa: PLC0415

    with terminal.working("compiling the schema"):
        grammar = compile_schema(schema, rules=applied)
    known = judges_for(grammar)
    asked = chosen_judges(known, judges)
    missing = [each for each in known if each.why_not] if judges is None else []
    for each in missing:
        terminal.warn(f"not asked: {each.name}: {each.why_not}")
    documents = read_inputs(inputs.sources, limit, merge_keys=wants_merge_keys(merge_keys, grammar.schema))
    found = _ask(terminal, asked, documents.given)
    unreadable = inputs.unreadable | documents.unreadable
    report = Report(schema, applied, documents.given, asked, found, missing, unreadable)
    for name, reason in unreadable.items():
        complain(f"error: {visible_line(name)}: {reason}")
    for line in report.lines():
        terminal.show(line)
    terminal.table(COLUMNS, report.rows())
    options = ("--schema", schema, *given_rules(rules), *given_merge_keys(merge_keys))
    terminal.finish(report.to_json(), next_command=_next_command(files, report, *options))
    raise typer.Exit(UNREADABLE if unreadable else 0 if report.accepts_all else REFUSED)


def _ask(terminal: Terminal, asked: Sequence[Judge], given: Sequence[Given]) -> dict[str, list[Verdict]]:
    """Return the verdicts on the documents, by the name of the judge."""
    from schemalm.judging import ask  # noqa: PLC0415

    documents = [one.document for one in given]
    found = {}
    for judge in asked:
        with terminal.working(f"asking {visible_line(judge.name)}"):
            found[judge.name] = ask(judge, documents)
    return found


def _next_command(files: Sequence[str], report: Report, *options: str) -> str:
    """The command that a user runs next: the same for the refused files, installing judges, or making a corpus."""
    from schemalm.judging.installation import INSTALL  # noqa: PLC0415

    again = list(dict.fromkeys(one.source.argument for one, verdict in report.all if not verdict.accepted))
    if again or report.unreadable:
        return command_line("judge", *(again[:NUM_NEXT_FILES] or files), *options)
    if any(INSTALL in each.why_not for each in report.missing):
        return command_line("judges", "install")
    return command_line("collect", *files, "--out", "corpus", *options)
