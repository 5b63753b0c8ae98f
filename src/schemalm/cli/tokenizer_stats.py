"""`schemalm tokenizer stats`: show the composition of a vocabulary, and statistics of its tokens over a corpus."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from schemalm.cli.left_out import exit_code, report_left_out
from schemalm.cli.options import AsJSON, MaxFiles, MergeKeys, Strict, given_merge_keys, schema_of
from schemalm.cli.terminal import Terminal, command_line
from schemalm.messages.wording import shortened

if TYPE_CHECKING:
    from schemalm.baselines import AnyTokenizer
    from schemalm.documents import LeftOut
    from schemalm.inspection import TokenKind, Usage

NUM_LONGEST, NUM_FREQUENT = 10, 20
MAX_SHOWN_CHARACTERS = 100
CONTEXT_SIZE = 512  # the default of `prepare`
TEXT_KINDS: tuple[TokenKind, ...] = ("whole values", "merges of text", "pieces of text")
STRUCTURE_KINDS: tuple[TokenKind, ...] = ("merges of structure", "merges of both")
NUMBERED = {"length": "by length", "uses": "by number of uses"}
QUANTILES = (0.5, 0.9, 0.99, 1.0)


def stats(
    tokenizer: Annotated[Path, typer.Option(exists=True, dir_okay=False, metavar="T", help="A tokenizer file.")],
    corpus: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            metavar="DIR",
            help="A collected corpus, a folder of documents, one document, JSON Lines (also .gz, .zst) or Parquet.",
        ),
    ] = None,
    max_files: MaxFiles = None,
    stride: Annotated[
        int,
        typer.Option(
            min=1, metavar="N", help="Tokens from the start of one window to the next, for the largest position."
        ),
    ] = 32,
    merge_keys: MergeKeys = None,
    strict: Strict = False,
    as_json: AsJSON = False,
) -> None:
    """Show the kinds of tokens and how often a corpus uses them."""
    from schemalm.baselines import load_tokenizer  # noqa: PLC0415
    from schemalm.documents import LeftOut  # noqa: PLC0415

    terminal = Terminal(as_json)
    terminal.say(f"describing the tokens of {tokenizer}" + (f" and their use in {corpus}" if corpus else ""))
    with terminal.working("loading the tokenizer"):
        loaded = load_tokenizer(tokenizer)
    usage, left_out = _measure(terminal, loaded, corpus, max_files, merge_keys) if corpus else (None, LeftOut())
    report_left_out(terminal, left_out)
    vocabulary = describe_vocabulary(loaded, usage)
    _show_vocabulary(terminal, vocabulary)
    measured = describe_usage(loaded, usage, stride) if usage else None
    if measured:
        _show_usage(terminal, measured)
    result = {"tokenizer": str(tokenizer), **vocabulary, "corpus": measured, **left_out.to_dict()}
    following = ("--input", corpus or "DIR", "--output", "data", "--tokenizer", tokenizer)
    terminal.finish(result, next_command=command_line("prepare", *following, *given_merge_keys(merge_keys)))
    raise typer.Exit(exit_code(left_out, strict))


def _measure(
    terminal: Terminal, tokenizer: AnyTokenizer, corpus: Path, max_files: int | None, merge_keys: bool | None
) -> tuple[Usage, LeftOut]:
    """Return the usage in the documents of a corpus, and what was left out; raises DataError if no document is left."""
    from schemalm.dataset.reading import select_rows, stream_documents  # noqa: PLC0415
    from schemalm.dataset.shard_merging import schema_question  # noqa: PLC0415
    from schemalm.documents import LeftOut, Rejection, canonical_json  # noqa: PLC0415
    from schemalm.documents.left_out import left_out_error  # noqa: PLC0415
    from schemalm.errors import DataError, InvalidDocument, LimitError  # noqa: PLC0415
    from schemalm.inspection import measure_usage  # noqa: PLC0415

    left_out, schema = LeftOut(), schema_of(tokenizer)
    with terminal.working("listing the corpus"):
        selection = select_rows([corpus], schema, max_files)

    def encoded(progress: Callable[[int], None]) -> Iterator[tuple[Sequence[int], int]]:
        for document in stream_documents(
            [corpus], schema, left_out, chosen=selection.chosen, merge_keys=merge_keys, progress=progress
        ):
            try:
                yield tokenizer.encode(document.value), len(canonical_json(document.value))
            except (InvalidDocument, DataError, LimitError) as error:
                left_out.reject(Rejection.of(document.name, error))

    with terminal.counting("encoding documents", selection.num_chosen) as done:
        try:
            return measure_usage(encoded(done), tokenizer.vocab_size), left_out
        except ValueError:
            report_left_out(terminal, left_out)
            raise left_out_error(
                f"{corpus}: no document is left{schema_question(tokenizer, left_out)}", left_out
            ) from None


def describe_vocabulary(tokenizer: AnyTokenizer, usage: Usage | None) -> dict[str, Any]:
    """Return the vocabulary as plain values: tokens by kind with their uses, the longest and the most frequent ones."""
    from schemalm.inspection import count_kinds, longest_tokens, spelled_length, visible  # noqa: PLC0415

    uses = usage.uses.tolist() if usage else [0] * tokenizer.vocab_size

    def described(tokens: Iterable[int]) -> list[dict[str, Any]]:
        return [
            {
                "id": token,
                "symbols": visible(tokenizer.describe(token)),
                "length": spelled_length(tokenizer, token),
                "uses": uses[token],
            }
            for token in tokens
        ]

    return {
        "digest": tokenizer.digest,
        "vocab_size": tokenizer.vocab_size,
        "kinds": [asdict(count) for count in count_kinds(tokenizer, uses)],
        "longest_of_text": described(longest_tokens(tokenizer, TEXT_KINDS, NUM_LONGEST)),
        "longest_of_structure": described(longest_tokens(tokenizer, STRUCTURE_KINDS, NUM_LONGEST)),
        "most_frequent": described(usage.most_frequent(NUM_FREQUENT) if usage else ()),
    }


def describe_usage(tokenizer: AnyTokenizer, usage: Usage, stride: int) -> dict[str, Any]:
    """Return the figures of a corpus as plain values."""
    from schemalm.dataset.window_counts import count_windows  # noqa: PLC0415
    from schemalm.inspection import CONTEXT_SIZES  # noqa: PLC0415

    return {
        "num_documents": usage.num_documents,
        "num_tokens": usage.num_tokens,
        "num_bytes": usage.num_bytes,
        "tokens_per_byte": usage.tokens_per_byte,
        "num_used": usage.num_used,
        "share_used": usage.num_used / tokenizer.vocab_size,
        "entropy_bits": usage.entropy_bits,
        "effective_size": usage.effective_size,
        "mean_length": usage.num_tokens / usage.num_documents,
        "lengths": {f"p{share * 100:g}" if share < 1 else "max": usage.quantile(share) for share in QUANTILES},
        "share_within": {str(size): usage.share_within(size) for size in CONTEXT_SIZES},
        "stride": stride,
        "largest_position": count_windows(usage.quantile(1.0), CONTEXT_SIZE, stride) - 1,
    }


def _show_vocabulary(terminal: Terminal, vocabulary: dict[str, Any]) -> None:
    terminal.table(("tokens by kind", "tokens", "used", "of all uses"), _kind_rows(vocabulary["kinds"]))
    for title, tokens, figure in (
        ("longest of text", vocabulary["longest_of_text"], "length"),
        ("longest of structure", vocabulary["longest_of_structure"], "length"),
        ("most frequent", vocabulary["most_frequent"], "uses"),
    ):
        if tokens:
            terminal.show(f"\n{title}, {NUMBERED[figure]}")
        for token in tokens:
            terminal.show(f"  {token[figure]:>9,}  {shortened(token['symbols'], MAX_SHOWN_CHARACTERS)}")


def _kind_rows(kinds: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """Return the rows of the table of kinds; without a corpus, the columns of uses are empty."""
    total = {
        "kind": "all",
        **{figure: sum(kind[figure] for kind in kinds) for figure in ("num_tokens", "num_used", "uses")},
    }
    rows: list[tuple[str, ...]] = []
    for kind in [*kinds, total]:
        used = (f"{kind['num_used']:,}", _percent(kind["uses"] / total["uses"])) if total["uses"] else ("", "")
        rows.append((kind["kind"], f"{kind['num_tokens']:,}", *used))
    return rows


def _show_usage(terminal: Terminal, measured: dict[str, Any]) -> None:
    rows: list[tuple[str, ...]] = [
        ("documents", f"{measured['num_documents']:,}"),
        ("tokens", f"{measured['num_tokens']:,}"),
        ("tokens per byte of compact JSON", f"{measured['tokens_per_byte']:.3f}"),
        ("vocabulary used", f"{measured['num_used']:,} ({_percent(measured['share_used'])})"),
        ("entropy per token, bits", f"{measured['entropy_bits']:.2f}"),
        ("effective vocabulary", f"{measured['effective_size']:,.0f}"),
        ("tokens per document, mean", f"{measured['mean_length']:,.0f}"),
        *((f"tokens per document, {name}", f"{length:,}") for name, length in measured["lengths"].items()),
        *(
            (f"documents within {int(size):,} tokens", _percent(share))
            for size, share in measured["share_within"].items()
        ),
        (f"largest position at stride {measured['stride']}", f"{measured['largest_position']:,}"),
    ]
    terminal.show("")
    terminal.table(("corpus", ""), rows)


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"
