"""The options of commands that write documents: how tokens are drawn, and how the model computes."""

from __future__ import annotations

from typing import Annotated

import typer

from schemalm.cli.options import NumberFormat

Temperature = Annotated[
    float, typer.Option(metavar="T", help="Sampling temperature; 0 always takes the likeliest token.")
]
TopP = Annotated[
    float | None, typer.Option(metavar="P", help="Sample from the smallest set of tokens with this total probability.")
]
TopK = Annotated[int | None, typer.Option(min=1, metavar="K", help="Sample from the K likeliest tokens.")]
MinP = Annotated[
    float | None,
    typer.Option(metavar="P", help="Sample from tokens with at least this share of the likeliest's probability."),
]
MaxTokens = Annotated[
    int, typer.Option(min=1, metavar="N", help="Tokens per document; near the end, nothing is begun that does not fit.")
]
MaxSeconds = Annotated[
    float | None,
    typer.Option(metavar="S", help="Close what is begun after so many seconds, and begin nothing else."),
]
Dtype = Annotated[NumberFormat, typer.Option(help="The number format of weights: int8 is the fastest on a CPU.")]
