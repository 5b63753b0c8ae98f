"""`schemalm complete`: go on with a file that is cut anywhere; every given byte is kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from schemalm.cli.given_text import read_given
from schemalm.cli.options import AsJSON, MergeKeys, NumberFormat, Seed, chosen_run, schema_of, wants_merge_keys
from schemalm.cli.sampling import Dtype, MaxSeconds, MinP, Temperature, TopK, TopP
from schemalm.cli.terminal import Terminal, command_line, counted

if TYPE_CHECKING:
    from schemalm.generation import Ending


def complete(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="The beginning of a document, with the cursor at its end; - is stdin.")
    ],
    *,
    run: Annotated[
        Path, typer.Option("--run", metavar="RUN", help="The run folder, or a folder that contains only this run.")
    ],
    alternatives: Annotated[
        int, typer.Option(min=1, metavar="N", help="Show up to N endings, the likeliest first.")
    ] = 1,
    temperature: Temperature = 0.8,
    top_p: TopP = None,
    top_k: TopK = None,
    min_p: MinP = None,
    max_tokens: Annotated[
        int,
        typer.Option(min=1, metavar="N", help="Tokens to add; near the end, nothing is begun that does not fit."),
    ] = 512,
    max_seconds: MaxSeconds = None,
    seed: Seed = 0,
    dtype: Dtype = NumberFormat.float32,
    merge_keys: MergeKeys = None,
    as_json: AsJSON = False,
) -> None:
    """Go on with a file that is cut anywhere.

    Every given byte is kept. The word or key at the end of the file goes on.
    """
    terminal = Terminal(as_json)
    terminal.say(f"going on with {file} with the model of {run}, to standard output")
    from schemalm.documents.cut import read_cut  # noqa: PLC0415
    from schemalm.generation import complete as complete_text  # noqa: PLC0415
    from schemalm.generation import load_run  # noqa: PLC0415
    from schemalm.generation.completing import shares  # noqa: PLC0415
    from schemalm.generation.sampling import Sampling, check_request  # noqa: PLC0415

    Sampling(temperature, top_p, top_k, min_p)
    check_request(alternatives, max_tokens, seed, max_seconds)
    run = chosen_run(terminal, run)
    given = read_given(file, may_be_cut=True)
    read_cut(given.text, is_json=given.is_json, source=given.name, merge_keys=True)  # before the model is loaded
    with terminal.working("loading the model"):
        loaded = load_run(run, dtype=dtype)
    with terminal.working("writing"):
        endings = complete_text(
            loaded,
            given.text,
            alternatives,
            is_json=given.is_json,
            source=given.name,
            merge_keys=wants_merge_keys(merge_keys, schema_of(loaded.tokenizer)),
            max_tokens=max_tokens,
            max_seconds=max_seconds,
            seed=seed,
            temperature=temperature,
            top_p=top_p,
            top_k=top_k,
            min_p=min_p,
        )
    parts = shares(endings)
    for number, (ending, share) in enumerate(zip(endings, parts, strict=True), start=1):
        if alternatives > 1:
            mark = "//" if given.is_json else "--- #"
            terminal.show(f"{mark} ending {number} of {len(endings)}: {share:.0%} of the probability of those shown")
        terminal.show_document(ending.text.removesuffix("\n"))
    described = [_describe(ending, share, given.text) for ending, share in zip(endings, parts, strict=True)]
    terminal.say(counted(len(endings), "ending"))
    following = command_line("complete", file, "--run", run, "--alternatives", max(3, alternatives + 2))
    terminal.finish({"endings": described}, next_command=following)


def _describe(ending: Ending, share: float, given: str) -> dict[str, Any]:
    return {
        "text": ending.text,
        "added": ending.text[len(given) :],
        "value": ending.value,
        "logprob": ending.logprob,
        "share": share,
    }
