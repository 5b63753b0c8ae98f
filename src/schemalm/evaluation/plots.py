"""Draw the report's plots as SVG with matplotlib.

`draw_*` functions take plain numbers and return SVG text for a standalone picture on white; the same numbers give the
same bytes. `inline` prepares a picture for a page, where it takes its colours and fonts from the style sheet.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from markupsafe import escape
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator, ScalarFormatter

from schemalm.evaluation.distribution import Distribution

# Colour-blind readers can distinguish this blue and orange, on white and on black.
PAPER, INK, GRID, FIRST, SECOND = "#ffffff", "#4a5261", "#d8dce3", "#2f6fde", "#dd7a1c"
# For more than two lines, after Okabe and Ito; if there are more lines than colours, dashes distinguish them.
COLOURS = (FIRST, SECOND, "#009e73", "#c0589a", "#3ba7d8", "#8c564b", INK, "#a89400")
DASHES: tuple[Any, ...] = ("solid", (0, (5, 2)), (0, (1.5, 1.5)), (0, (5, 2, 1.5, 2)))
PAGE_COLOURS = {
    PAPER: "none",
    INK: "var(--plot-ink)",
    GRID: "var(--plot-grid)",
    FIRST: "var(--first)",
    SECOND: "var(--second)",
}
NUM_BINS = 24
MAX_MARKED_POINTS, MAX_SHORT_LEGEND = 20, 4
WIDTH_INCHES, HEIGHT_INCHES = 6.2, 3.1
SETTINGS: Any = {"svg.fonttype": "none", "svg.hashsalt": "schemalm", "font.family": "sans-serif"}


def draw_losses(lines: Sequence[dict[str, Any]]) -> str | None:
    """Draw training and validation loss by step, from the lines of metrics.jsonl; None if nothing was logged."""
    figure, (axes,) = new_figure(1)
    for kind, colour, label in (("train", FIRST, "training"), ("validation", SECOND, "validation")):
        points = [(line["step"], line["loss"]) for line in lines if line["kind"] == kind]
        if points:
            marker = "o" if kind == "validation" or len(points) == 1 else None
            axes.plot(*zip(*points, strict=True), color=colour, marker=marker, markersize=4, linewidth=1.6, label=label)
    if not axes.lines:
        return None
    axes.set(xlabel="step", ylabel="nats per token")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=7, integer=True))
    return to_svg(figure)


def draw_by_step(lines: Sequence[dict[str, Any]], kind: str, field: str, label: str) -> str | None:
    """Draw a field of the lines of a kind by step; None if no line has it."""
    points = [(line["step"], line[field]) for line in lines if line["kind"] == kind and field in line]
    return draw_curves({"": points}, "step", label)


def draw_curves(curves: Mapping[str, Sequence[tuple[float, float]]], x_label: str, y_label: str) -> str | None:
    """Draw named curves in one panel, short ones with markers; None if there are no points.

    Curves without points keep their colour, so that a name has the same colour in every plot of the same names.
    """
    figure, (axes,) = new_figure(1)
    for index, (name, points) in enumerate(curves.items()):
        if points:
            axes.plot(
                *zip(*points, strict=True),
                color=COLOURS[index % len(COLOURS)],
                linestyle=DASHES[index // len(COLOURS) % len(DASHES)],
                marker="o" if len(points) <= MAX_MARKED_POINTS else None,
                markersize=4,
                linewidth=1.6,
                label=_plain(name),
            )
    if not axes.lines:
        return None
    axes.set(xlabel=x_label, ylabel=y_label)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=7))
    axes.xaxis.set_major_formatter(lambda value, _: _short(value))
    return to_svg(figure, long_legend=len(curves) > MAX_SHORT_LEGEND)


def _short(value: float) -> str:
    for size, unit in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        if value >= size:
            return f"{value / size:g} {unit}"
    return f"{value:g}"


def _plain(name: str) -> str:
    """Return the name as a literal label: matplotlib reads no formula in it, and does not hide it from the legend."""
    text = name.replace("$", r"\$")
    return f" {text}" if text.startswith("_") else text


def draw_lengths(samples: Sequence[Distribution], validation: Sequence[Distribution], labels: Sequence[str]) -> str:
    """Draw histograms of document lengths, one panel per label: samples filled, real documents outlined."""
    figure, panels = new_figure(len(labels))
    for axes, sampled, held_out, label in zip(panels, samples, validation, labels, strict=True):
        longest = max((*sampled.values, *held_out.values, 2.0))
        shortest = max(min((*sampled.values, *held_out.values, longest / 2)), 1.0)
        _histograms(axes, sampled, held_out, np.geomspace(shortest, longest * 1.001, NUM_BINS))
        axes.set(xscale="log", xlabel=label)
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.xaxis.set_minor_locator(NullLocator())
    return to_svg(figure)


def draw_similarity(samples: Distribution, validation: Distribution) -> str:
    """Draw histograms of the similarity of documents to their nearest training document, from 0 to 1."""
    figure, (axes,) = new_figure(1)
    _histograms(axes, samples, validation, np.linspace(0, 1, NUM_BINS))
    axes.set(xlabel="similarity to the nearest training document", xlim=(0, 1))
    return to_svg(figure)


def draw_calibration(kinds: Mapping[str, Sequence[tuple[float, float, int]]]) -> str | None:
    """Draw how often choices are right by the probability of the likeliest; None if there are none.

    kinds: for each kind of choice, bins of probability, accuracy and number; larger bins have larger points.
    """
    figure, (axes,) = new_figure(1)
    axes.plot((0, 1), (0, 1), color=GRID, linewidth=1.2, zorder=0)
    for index, (name, bins) in enumerate(kinds.items()):
        total = sum(number for _, _, number in bins)
        colour = COLOURS[index % len(COLOURS)]
        x, y = ([one[axis] for one in bins] for axis in (0, 1))
        axes.plot(x, y, color=colour, linewidth=1.4, label=_plain(name))
        axes.scatter(
            x, y, s=[20 + 180 * number / total for _, _, number in bins], color=colour, alpha=0.6, linewidths=0
        )
    if not kinds:
        return None
    axes.set(xlabel="probability of the likeliest", ylabel="share that is right", xlim=(0, 1.02), ylim=(0, 1.05))
    return to_svg(figure)


def inline(svg: str, name: str, label: str) -> str:
    """Return the SVG as an element of a page: colours as variables, ids prefixed by `name`, `label` as ARIA label."""
    # The picture's own style sheet would apply to the whole page.
    svg = re.sub(r"<(metadata|defs)>\s*<(rdf:RDF|style).*?</\1>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    for colour, replacement in PAGE_COLOURS.items():
        svg = svg.replace(colour, replacement)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{escape(label)}" ', 1)


def new_figure(
    num_panels: int, *, width: float = WIDTH_INCHES, height: float = HEIGHT_INCHES
) -> tuple[Figure, list[Axes]]:
    """Return an empty figure with panels side by side, in the report's style; `width` and `height` are in inches."""
    figure = Figure(figsize=(width, height), layout="constrained", facecolor=PAPER)
    FigureCanvasSVG(figure)
    panels = list(figure.subplots(1, num_panels, squeeze=False)[0])
    for axes in panels:
        axes.set_facecolor("none")
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(GRID)
        axes.tick_params(colors=INK, length=0, pad=6)
        axes.grid(axis="y", color=GRID, linewidth=0.7)
        axes.set_axisbelow(True)
        axes.xaxis.label.set_color(INK)
        axes.yaxis.label.set_color(INK)
    return figure, panels


def _histograms(axes: Axes, samples: Distribution, validation: Distribution, edges: Any) -> None:
    styles: tuple[dict[str, Any], ...] = (
        {"label": "samples", "color": FIRST, "histtype": "stepfilled", "alpha": 0.55},
        {"label": "real", "color": SECOND, "histtype": "step", "linewidth": 1.8},
    )
    for distribution, style in zip((samples, validation), styles, strict=True):
        if distribution.values:
            weights = np.full(len(distribution.values), 100 / len(distribution.values))
            axes.hist(distribution.values, bins=edges, weights=weights, **style)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g} %")


def to_svg(figure: Figure, *, long_legend: bool = False) -> str:
    """Return the figure as SVG, with the legend of its first panel above the plot, or beside it if it is long."""
    handles, labels = figure.axes[0].get_legend_handles_labels()
    if handles:
        layout: dict[str, Any] = {"loc": "outside upper right", "ncols": 2}
        if long_legend:
            layout = {"loc": "outside right upper", "handlelength": 3}  # long enough to show dashes
        figure.legend(handles, labels, **layout, frameon=False, labelcolor=INK)
    buffer = io.StringIO()
    with matplotlib.rc_context(SETTINGS):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": "SchemaLM"})
    return buffer.getvalue()
