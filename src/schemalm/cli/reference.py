"""`schemalm reference`: train, sample, ablate and verify the reference implementation."""

from __future__ import annotations

import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from schemalm.cli.left_out import exit_code
from schemalm.cli.options import (
    CHOOSE_OUT,
    DEFAULT_RULES,
    DEFAULT_SCHEMA,
    AsJSON,
    MergeKeys,
    RulesName,
    SchemaName,
    Seed,
    Strict,
    chosen_rules,
    schema_and_rules,
)
from schemalm.cli.reference_ablate import ablate
from schemalm.cli.reference_corpus import read_corpus
from schemalm.cli.terminal import Terminal, command_line, counted
from schemalm.files.writing import check_writable, free_folder
from schemalm.reference.configuration import ReferenceConfiguration

if TYPE_CHECKING:
    from schemalm.baselines import AnyTokenizer
    from schemalm.reference.data import Corpus
    from schemalm.reference.parity import Finding

DEFAULTS = ReferenceConfiguration()
QUANTITIES = ("logits", "loss", "gradients", "losses", "text")

app = typer.Typer(help="Train and verify the reference implementation.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Train and verify the reference implementation."""


@app.command("train")
def train(
    *,
    input: Annotated[
        Path,
        typer.Option(exists=True, metavar="FILE", help="A text file, a folder of documents, .yml, .json or .jsonl."),
    ],
    engine: Annotated[
        Literal["scalar", "array", "torch"], typer.Option(help="The implementation that computes.")
    ] = "array",
    model: Annotated[Literal["bigram", "mini-gpt"], typer.Option(help="The model to train.")] = "mini-gpt",
    steps: Annotated[int, typer.Option(min=1, metavar="N", help="Number of training steps.")] = DEFAULTS.steps,
    optimizer: Annotated[Literal["sgd", "adamw"], typer.Option(help="The optimizer.")] = "adamw",
    schedule: Annotated[
        Literal["constant", "linear", "cosine"], typer.Option(help="The schedule of the learning rate.")
    ] = "linear",
    learning_rate: Annotated[
        float, typer.Option(metavar="X", help="Learning rate at the start.")
    ] = DEFAULTS.learning_rate,
    batch_size: Annotated[int, typer.Option(min=1, metavar="N", help="Windows per step.")] = DEFAULTS.batch_size,
    context_size: Annotated[int, typer.Option(min=1, metavar="N", help="Tokens per window.")] = DEFAULTS.context_size,
    n_layer: Annotated[
        int, typer.Option(min=1, metavar="N", help="Number of layers of the mini-gpt.")
    ] = DEFAULTS.n_layer,
    n_head: Annotated[
        int, typer.Option(min=1, metavar="N", help="Number of attention heads of the mini-gpt.")
    ] = DEFAULTS.n_head,
    n_embd: Annotated[int, typer.Option(min=1, metavar="N", help="Width of the mini-gpt.")] = DEFAULTS.n_embd,
    tie_head: Annotated[
        bool, typer.Option("--tie-head/--no-tie-head", help="Use the token embedding as the output head.")
    ] = DEFAULTS.tie_head,
    input_norm: Annotated[
        bool, typer.Option("--input-norm/--no-input-norm", help="Normalize the embeddings before the first layer.")
    ] = DEFAULTS.input_norm,
    tokenizer: Annotated[
        str,
        typer.Option(metavar="T", help="The tokenizer: character, typed (the schema's symbols), or a tokenizer file."),
    ] = DEFAULTS.tokenizer,
    schema: SchemaName = DEFAULT_SCHEMA,
    rules: RulesName = DEFAULT_RULES,
    merge_keys: MergeKeys = None,
    max_memory_growth: Annotated[
        float, typer.Option(metavar="X", help="Stop if memory use grows by more than this fraction.")
    ] = DEFAULTS.max_memory_growth,
    seed: Seed = 0,
    out: Annotated[
        Path | None,
        typer.Option(file_okay=False, metavar="DIR", help="The run folder to write [default: runs/reference]."),
    ] = None,
    strict: Strict = False,
    as_json: AsJSON = False,
) -> None:
    """Train a small model with one of the three engines."""
    if out is not None and out.is_dir() and any(out.iterdir()):
        raise typer.BadParameter(f"{out} is not empty; choose another folder", param_hint="--out")
    terminal, run = Terminal(as_json), out or free_folder(Path("runs"), "reference")
    configuration = ReferenceConfiguration(
        engine=engine,
        model=model,
        tokenizer=tokenizer,
        n_layer=n_layer,
        n_head=n_head,
        n_embd=n_embd,
        context_size=context_size,
        tie_head=tie_head,
        input_norm=input_norm,
        steps=steps,
        batch_size=batch_size,
        optimizer=optimizer,
        learning_rate=learning_rate,
        schedule=schedule,
        max_memory_growth=max_memory_growth,
        seed=seed,
    )
    chosen = chosen_rules(rules, schema)
    terminal.say(
        f"training a {model} with the {engine} engine on {input} for {counted(steps, 'step')}; writing to {run}"
        + (f"; documents have {schema_and_rules(schema, chosen)}" if tokenizer == "typed" else "")
    )
    check_writable(run, advice=CHOOSE_OUT)
    from schemalm.reference.training import train_run  # noqa: PLC0415

    corpus, left_out = read_corpus(terminal, input, tokenizer, schema, chosen, merge_keys)
    losses: list[float] = []
    started = time.monotonic()
    with terminal.counting("steps", steps) as count:

        def report(step: int, loss: float) -> None:
            losses.append(loss)
            count(step)

        evaluation = train_run(configuration, corpus, run, report)
    seconds = time.monotonic() - started
    terminal.show(
        f"{counted(steps, 'step')} in {seconds:.1f} s; loss from {losses[0]:.4f} to {evaluation['train_loss']:.4f}; "
        f"validation {evaluation['validation_loss']:.4f} nats per token, {evaluation['bits_per_byte']:.4f} bits/byte"
    )
    named = {"run": str(run), "schema": schema, "rules": chosen}
    result: dict[str, Any] = {**named, "elapsed_seconds": round(seconds, 3), **evaluation, "losses": losses}
    if model == "bigram":
        result["count_table_loss"] = _count_table_loss(configuration, corpus)
        terminal.show(f"the count table with Laplace smoothing: {result['count_table_loss']:.4f} nats per token")
    following = command_line("reference", "sample", run, "--max-new-tokens", 100)
    terminal.finish({**result, **left_out.to_dict()}, next_command=following)
    raise typer.Exit(exit_code(left_out, strict))


def _count_table_loss(configuration: ReferenceConfiguration, corpus: Corpus) -> float:
    """Return the validation loss of the bigram in closed form, in nats per token."""
    from schemalm.reference.array.gpt import count_table  # noqa: PLC0415
    from schemalm.reference.engines import make_engine  # noqa: PLC0415
    from schemalm.reference.training import stream_loss  # noqa: PLC0415

    vocab_size = corpus.tokenizer.vocab_size
    engine = make_engine(configuration, vocab_size, count_table(corpus.train, vocab_size))
    return stream_loss(engine, corpus.validation, configuration.context_size, configuration.num_evaluation_windows)


@app.command("sample")
def sample(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder that `schemalm reference train` wrote.")],
    *,
    prompt: Annotated[str | None, typer.Option(metavar="TEXT", help="The beginning of the text.")] = None,
    max_new_tokens: Annotated[int, typer.Option(min=1, metavar="N", help="Maximum number of tokens to write.")] = 200,
    temperature: Annotated[
        float,
        typer.Option(metavar="T", help="Sampling temperature, from 0 (always the likeliest token) to 100."),
    ] = 0.8,
    seed: Seed = 0,
    as_json: AsJSON = False,
) -> None:
    """Write a text with a trained model."""
    from dataclasses import replace  # noqa: PLC0415

    from schemalm.bounds import check_number  # noqa: PLC0415
    from schemalm.reference.sampling import encode_prompt  # noqa: PLC0415
    from schemalm.reference.sampling import sample as sample_tokens  # noqa: PLC0415
    from schemalm.reference.training import load_run  # noqa: PLC0415

    terminal = Terminal(as_json)
    terminal.say(f"writing at most {counted(max_new_tokens, 'token')} with the model of {run}")
    check_number("temperature", temperature, 0, 100)
    configuration, tokenizer, engine = load_run(run)
    begun = [] if prompt is None else encode_prompt(prompt, tokenizer, configuration)
    seeded = replace(configuration, seed=seed)
    new = sample_tokens(engine, [tokenizer.bos_id, *begun], seeded, max_new_tokens, temperature)
    text = spell(begun + new, tokenizer)
    terminal.show(text)
    result = {"run": str(run), "prompt": prompt, "text": text, "num_new_tokens": len(new)}
    terminal.finish(result, next_command=command_line("reference", "sample", run, "--seed", seed + 1))


def spell(tokens: list[int], tokenizer: AnyTokenizer) -> str:
    """Return the text of tokens, or a description of each token if they are typed or not valid text."""
    from schemalm.baselines import TextTokenizer  # noqa: PLC0415
    from schemalm.errors import DecodeError  # noqa: PLC0415

    if isinstance(tokenizer, TextTokenizer):
        try:
            return tokenizer.decode_text(tokens)
        except DecodeError:
            pass
    return " ".join(tokenizer.describe(token) for token in tokens)


@app.command("parity")
def parity(seed: Seed = 0, as_json: AsJSON = False) -> None:
    """Check that all engines agree. Compares logits, loss, gradients, training losses and sampled text."""
    from schemalm.reference.parity import LIMITS, all_cases, compare  # noqa: PLC0415

    terminal = Terminal(as_json)
    limits = ", ".join(f"{engine} {limit:g}" for engine, limit in LIMITS.items())
    terminal.say(f"comparing every engine with the array engine; largest differences allowed: {limits}")
    findings: list[Finding] = []
    cases = list(all_cases(seed))
    with terminal.counting("cases", len(cases)) as count:
        for number, case_to_compare in enumerate(cases, start=1):
            findings += compare(*case_to_compare)
            count(number)
    largest: dict[tuple[str, str, str], float] = defaultdict(float)  # the maximum over both optimizers
    for case, engine, quantity, difference in findings:
        largest[case, engine, quantity] = max(largest[case, engine, quantity], difference)
    rows = dict.fromkeys((case, engine) for case, engine, _ in largest)
    terminal.table(
        ("largest difference", "engine", *QUANTITIES),
        [(case, engine, *(_cell(largest, case, engine, name) for name in QUANTITIES)) for case, engine in rows],
    )
    mismatches = [finding for finding in findings if not finding[3] <= LIMITS[finding[1]]]  # NaN is a mismatch too
    for case, engine, quantity, difference in mismatches:
        terminal.show(f"mismatch: {case}: {quantity} of {engine} by {difference:.1e}, limit {LIMITS[engine]:g}")
    described = [
        {"case": case, "engine": engine, "quantity": quantity, "difference": difference, "limit": LIMITS[engine]}
        for (case, engine, quantity), difference in largest.items()
    ]
    if not mismatches:
        terminal.show(f"all {counted(len(largest), 'comparison')} are within their limits")
    result = {"agree": not mismatches, "findings": described}
    terminal.finish(result, next_command=command_line("reference", "train", "--input", "FILE"))
    raise typer.Exit(1 if mismatches else 0)


def _cell(largest: dict[tuple[str, str, str], float], case: str, engine: str, quantity: str) -> str:
    difference = largest.get((case, engine, quantity))
    if difference is None:
        return ""
    if quantity == "text":
        return "same" if difference == 0 else "differs"
    return f"{difference:.1e}"


app.command("ablate")(ablate)
