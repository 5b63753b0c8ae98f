"""`schemalm tokenizer`: train and inspect tokenizers; this module contains `train`."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from schemalm.cli import tokenizer_inspect, tokenizer_stats
from schemalm.cli.left_out import exit_code, report_left_out
from schemalm.cli.options import (
    DEFAULT_RULES,
    DEFAULT_SCHEMA,
    AsJSON,
    MaxFiles,
    MergeKeys,
    RulesName,
    SchemaName,
    Seed,
    Strict,
    chosen_rules,
    given_merge_keys,
    schema_and_rules,
)
from schemalm.cli.terminal import Terminal, command_line, counted
from schemalm.files.writing import check_kind, check_writable

if TYPE_CHECKING:
    from schemalm.dataset.reading import Selection
    from schemalm.documents import LeftOut
    from schemalm.grammar import Grammar
    from schemalm.tokenizer.sample import Sample

_TOKENIZER_BEGINNING = re.compile(rb'\s*\{\s*"kind"')

app = typer.Typer(help="Train and inspect tokenizers.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Train and inspect tokenizers."""


@app.command("train")
def train(
    *,
    corpus: Annotated[
        Path,
        typer.Option(
            exists=True,
            metavar="DIR",
            help="A collected corpus, a folder of documents, one document, JSON Lines (also .gz, .zst) or Parquet.",
        ),
    ],
    out: Annotated[Path, typer.Option(dir_okay=False, metavar="FILE", help="The tokenizer file to write.")],
    vocab_size: Annotated[
        int, typer.Option(min=1, metavar="N", help="Maximum number of tokens in the vocabulary.")
    ] = 8192,
    schema: SchemaName = DEFAULT_SCHEMA,
    rules: RulesName = DEFAULT_RULES,
    merge_scope: Annotated[
        Literal["word", "value"],
        typer.Option(help="The span within which tokens merge; wider spans give fewer tokens, but worse models."),
    ] = "word",
    max_files: MaxFiles = None,
    seed: Seed = 0,
    merge_keys: MergeKeys = None,
    strict: Strict = False,
    as_json: AsJSON = False,
) -> None:
    """Train a tokenizer on a corpus."""
    from schemalm.compilation import compile_schema  # noqa: PLC0415
    from schemalm.documents.left_out import left_out_error  # noqa: PLC0415
    from schemalm.machine.vocabulary import num_learned_tokens  # noqa: PLC0415
    from schemalm.tokenizer import Tokenizer  # noqa: PLC0415

    started = time.monotonic()
    terminal = Terminal(as_json)
    chosen = chosen_rules(rules, schema)
    described = schema_and_rules(schema, chosen)
    terminal.say(f"learning at most {vocab_size:,} tokens for {described} from {corpus}; writing them to {out}")
    check_writable(out.parent, out.name, advice="choose another file with --out")
    check_kind(out, "a tokenizer file", _TOKENIZER_BEGINNING, "choose another file with --out")
    with terminal.working("compiling the schema"):
        grammar = compile_schema(schema, rules=chosen)
    num_learned_tokens(grammar, vocab_size)  # raises an error if vocab_size is too small, before the corpus is read
    sample, selection, left_out = _read(terminal, corpus, grammar, max_files, merge_keys, seed)
    report_left_out(terminal, left_out)
    if not sample:
        question = f"; is {schema} their schema?" if left_out.breaks_schema else ""
        raise left_out_error(f"{corpus}: no document is left{question}", left_out)
    documents = counted(len(sample), "document")
    if len(sample) < sample.num_offered or selection.chosen is not None:
        documents = f"{len(sample):,} of {counted(selection.num_rows, 'document')}"
    with terminal.working(f"learning from {documents}"):
        tokenizer = Tokenizer.train_on_sample(grammar, sample, vocab_size, seed, merge_scope)
    tokenizer.save(out)
    seconds = time.monotonic() - started
    terminal.show(f"{tokenizer.vocab_size:,} tokens from {documents} in {seconds:.1f} s: {out}")
    result: dict[str, Any] = {
        "tokenizer": str(out),
        "schema": schema,
        "rules": chosen,
        "digest": tokenizer.digest,
        "vocab_size": tokenizer.vocab_size,
        "num_documents": len(sample),
        "num_corpus_documents": selection.num_rows,
        "elapsed_seconds": round(seconds, 3),
        **left_out.to_dict(),
    }
    following = ("prepare", "--input", corpus, "--output", "data", "--tokenizer", out, *given_merge_keys(merge_keys))
    terminal.finish(result, next_command=command_line(*following))
    raise typer.Exit(exit_code(left_out, strict))


def _read(
    terminal: Terminal, corpus: Path, grammar: Grammar, max_files: int | None, merge_keys: bool | None, seed: int
) -> tuple[Sample, Selection, LeftOut]:
    """Return a sample of the corpus to learn from, the rows that it was drawn from, and the documents left out."""
    from schemalm.dataset.reading import select_rows, stream_documents, training_path, valid_documents  # noqa: PLC0415
    from schemalm.documents import LeftOut  # noqa: PLC0415
    from schemalm.tokenizer.sample import MAX_DOCUMENTS, draw_sample  # noqa: PLC0415

    left_out, given = LeftOut(), [training_path(corpus)]
    with terminal.working("listing the corpus"):
        selection = select_rows(given, grammar.schema, max_files, most=MAX_DOCUMENTS, seed=seed)
    with terminal.counting("reading and checking documents", selection.num_chosen) as done:
        found = stream_documents(
            given, grammar.schema, left_out, chosen=selection.chosen, merge_keys=merge_keys, progress=done
        )
        valid = valid_documents(found, grammar, left_out)
        sample = draw_sample(((document.value, document.source) for document in valid), seed)
    return sample, selection, left_out


app.command("inspect")(tokenizer_inspect.inspect)
app.command("stats")(tokenizer_stats.stats)
