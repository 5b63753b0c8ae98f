"""Draws the analysis of a corpus: what fits in each context, and what each stride costs."""

from __future__ import annotations

import io

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

from schemalm.dataset.analysis import Analysis, Choice

COLOURS = ("#2f6fde", "#dd7a1c", "#009e73")


def draw_analysis(analysis: Analysis) -> bytes:
    """Return a PNG with three panels: document lengths and contexts, windows by stride, and padding by stride."""
    with matplotlib.rc_context({"font.family": "sans-serif", "font.size": 9}):
        figure = Figure(figsize=(12, 3.6), layout="constrained")
        FigureCanvasAgg(figure)
        lengths, windows, padding = figure.subplots(1, 3)
        _draw_lengths(lengths, analysis)
        by_context: dict[int, list[Choice]] = {}
        for choice in analysis.choices:
            by_context.setdefault(choice.context_size, []).append(choice)
        for colour, (context_size, choices) in zip(COLOURS, by_context.items(), strict=False):
            strides = [choice.stride for choice in choices]
            windows.plot(strides, [choice.num_windows for choice in choices], "o-", color=colour, label=context_size)
            padding.plot(strides, [100 * choice.padded_share for choice in choices], "o-", color=colour)
            padding.plot(strides, [100 * choice.packed_padded_share for choice in choices], "s:", color=colour)
        _label(windows, "stride", "windows", "Windows by stride and context")
        windows.set_yscale("log")
        windows.legend(title="context", frameon=False)
        _label(padding, "stride", "% of positions padded", "Padding (dotted: packed)")
        for axes in (lengths, windows, padding):
            axes.set_xscale("log", base=2)
            axes.xaxis.set_major_formatter(ScalarFormatter())
        content = io.BytesIO()
        figure.savefig(content, format="png", dpi=130, metadata={"Software": None})
    return content.getvalue()


def _draw_lengths(axes: Axes, analysis: Analysis) -> None:
    counts = analysis.counts
    lengths = np.arange(len(counts))
    for weights, colour, label in ((counts, COLOURS[0], "documents"), (counts * lengths, COLOURS[1], "tokens")):
        axes.plot(lengths, 100 * np.cumsum(weights) / weights.sum(), color=colour, label=label)
    for context_size in sorted({choice.context_size for choice in analysis.choices}):
        axes.axvline(context_size, color="#9aa1ad", linewidth=0.8)
    axes.set_xlim(max(1, int(np.flatnonzero(counts)[0]) // 2), max(4096, len(counts)))
    axes.legend(frameon=False)
    _label(axes, "tokens of a document (at most)", "%", "Documents that fit in a context")


def _label(axes: Axes, x_label: str, y_label: str, title: str) -> None:
    axes.set(xlabel=x_label, ylabel=y_label, title=title)
    axes.grid(color="#e3e6eb", linewidth=0.6)
