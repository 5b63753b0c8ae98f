"""`schemalm collect`: build a corpus of valid, distinct documents without secrets, split by source."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from schemalm.cli.left_out import exit_code, report_left_out
from schemalm.cli.options import (
    CHOOSE_OUT,
    DEFAULT_RULES,
    DEFAULT_SCHEMA,
    Address,
    AsJSON,
    EngineChoice,
    MaxFiles,
    MergeKeys,
    Resume,
    RulesName,
    SchemaName,
    Seed,
    Strict,
    Workers,
    chosen_rules,
    given_merge_keys,
    given_rules,
    schema_and_rules,
    wants_merge_keys,
)
from schemalm.cli.terminal import Terminal, command_line
from schemalm.dataset.collect_settings import CollectSettings, SecretsPolicy, SplitBy
from schemalm.engines import open_engine
from schemalm.files.writing import check_writable

if TYPE_CHECKING:
    from schemalm.dataset.collect import Collection, CollectionSummary
    from schemalm.engines import Engine


def collect(
    *,
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="INPUT",
            exists=True,
            help="Folders, Git checkouts, documents, JSON Lines (also .gz, .zst) or Parquet files.",
        ),
    ],
    schema: SchemaName = DEFAULT_SCHEMA,
    rules: RulesName = DEFAULT_RULES,
    out: Annotated[Path, typer.Option(file_okay=False, metavar="DIR", help="The corpus folder to write.")],
    similarity: Annotated[
        float,
        typer.Option(
            metavar="X",
            help="Keep one of several documents whose Jaccard similarity is at least X (0.5 to 1); 1 keeps all.",
        ),
    ] = 0.9,
    secrets: Annotated[
        SecretsPolicy, typer.Option(help="Drop documents that contain API tokens or private keys, or mask the secrets.")
    ] = "drop",
    split_by: Annotated[
        SplitBy, typer.Option(help="Put all documents of an owner, or of a repository, into the same split.")
    ] = "owner",
    train_split: Annotated[
        float, typer.Option(metavar="X", help="Share of the documents to train on, from 0 to 1.")
    ] = 0.8,
    max_files: MaxFiles = None,
    seed: Seed = 0,
    merge_keys: MergeKeys = None,
    workers: Workers = 1,
    engine: EngineChoice = "local",
    address: Address = None,
    resume: Resume = False,
    strict: Strict = False,
    as_json: AsJSON = False,
) -> None:
    """Build a corpus of valid, distinct documents without secrets."""
    from schemalm.compilation import compile_schema  # noqa: PLC0415
    from schemalm.dataset.collect import finished, open_collection, refuse_corpus  # noqa: PLC0415
    from schemalm.documents.collected import MANIFEST_FILE, REJECTED_FILE  # noqa: PLC0415

    terminal = Terminal(as_json)
    named = ", ".join(map(str, inputs))
    chosen = chosen_rules(rules, schema)
    terminal.say(f"collecting the documents of {named} for {schema_and_rules(schema, chosen)}, to be written to {out}")
    if not resume:
        refuse_corpus(out)
    check_writable(out, MANIFEST_FILE, advice=CHOOSE_OUT)
    with terminal.working("compiling the schema"):
        grammar = compile_schema(schema, rules=chosen)
    settings = CollectSettings(
        similarity=similarity,
        secrets=secrets,
        split_by=split_by,
        train_split=train_split,
        seed=seed,
        merge_keys=wants_merge_keys(merge_keys, grammar.schema),
        max_files=max_files,
    )
    summary = finished(inputs, grammar, out, settings) if resume else None
    if summary is None:
        with (
            open_engine(engine, workers=workers, address=address) as opened,
            open_collection(inputs, grammar, out, settings, resume=resume) as collection,
        ):
            summary = _collect(terminal, collection, opened)
    report_left_out(terminal, summary.left_out)
    _report(terminal, summary.manifest)
    terminal.show(f"every document that was left out, with the reason: {out / REJECTED_FILE}")
    following = ("tokenizer", "train", "--corpus", out, "--schema", schema, "--out", "tokenizer.json")
    command = command_line(*following, *given_rules(rules), *given_merge_keys(merge_keys))
    terminal.finish({"schema": schema, "rules": chosen, **_result(out, summary)}, next_command=command)
    raise typer.Exit(exit_code(summary.left_out, strict))


def _collect(terminal: Terminal, collection: Collection, engine: Engine) -> CollectionSummary:
    """Run the steps of the collection and return its summary."""
    with terminal.counting("examining documents", collection.num_rows) as done:
        collection.examine(engine, done)
    with terminal.working("comparing documents"):
        collection.compare()
    with terminal.working("writing the corpus"):
        return collection.write()


def _report(terminal: Terminal, manifest: Mapping[str, Any]) -> None:
    """Show how many documents were kept and left out, and the sizes of the splits."""
    from schemalm.dataset.corpus_readme import REASONS  # noqa: PLC0415
    from schemalm.dataset.corpus_writer import kinds_of  # noqa: PLC0415

    counts = manifest["counts"]
    if manifest["secrets_by_kind"]:
        terminal.warn(f"secrets were found: {kinds_of(manifest['secrets_by_kind'])}")
    rows = [("kept", counts["kept"]), *((f"left out: {why}", counts[key]) for why, key in REASONS.items())]
    all_rows = [*rows, ("all", counts["documents"])]
    terminal.table(("outcome", "documents"), [(name, f"{count:,}") for name, count in all_rows])
    columns = ("num_documents", "num_sources", "num_bytes")
    splits = [(name, *(f"{split[key]:,}" for key in columns)) for name, split in manifest["splits"].items()]
    terminal.table(("split", "documents", "sources", "bytes"), splits)


def _result(out: Path, summary: CollectionSummary) -> dict[str, Any]:
    """Return the object that `--json` prints."""
    manifest = summary.manifest
    shown = ("counts", "splits", "secrets_by_kind", "largest_sources", "licenses", "files")
    return {"corpus": str(out), **{name: manifest[name] for name in shown}, **summary.left_out.to_dict()}
