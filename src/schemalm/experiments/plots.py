"""The plots of an experiment, in the style of `evaluation.plots`: a line or dot per arm, with intervals as bars."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from schemalm.evaluation.plots import COLOURS, DASHES, FIRST, GRID, INK, new_figure, to_svg
from schemalm.evaluation.report.pages import compact
from schemalm.experiments.estimate import Estimate
from schemalm.experiments.results import MEASURES
from schemalm.experiments.summary import Row
from schemalm.model.configuration import SIZES

# Markers distinguish arms in addition to colours.
MARKERS = "osD^vPX*<"
WIDTH_INCHES, HEIGHT_INCHES, ROW_INCHES, MARGIN_INCHES = 8.4, 4.4, 0.24, 0.9
EQUALITY_DASHES = (0, (4, 3))  # the dashes of the line at which an arm equals the baseline
# Neighbouring lines are shifted by this factor, so that their intervals do not overlap.
SHIFT = 1.012

# The points (x, estimate) of each line, by arm and model; the model is "" for a line over all models.
Points = list[tuple[float, Estimate]]
Lines = dict[tuple[str, str], Points]
Number = Callable[[Row], float]
Quantity = Callable[[Row], Estimate | None]


def draw_experiment(rows: Sequence[Row]) -> dict[str, str]:
    """Return all plots that have enough points, as SVG by name."""
    plots: dict[str, str | None] = {}
    drawing = _Drawing(rows)
    for measure in MEASURES:
        chosen = [row for row in rows if row.measure == measure]
        label = f"ratio to the baseline, equal {measure}"
        by_budget = _lines(chosen, _budget, _ratio)
        plots[f"ratio-{measure}"] = drawing.lines(by_budget, "training tokens", label, level=1)
        largest = [row for row in chosen if row.budget == _largest_budget_of_several_models(chosen)]
        by_size = _lines(largest, _num_parameters, _ratio, over_models=True)
        plots[f"model-size-{measure}"] = drawing.lines(by_size, "parameters", label, level=1)
        for budget in sorted({row.budget for row in chosen}):
            dots = [row for row in chosen if row.budget == budget]
            plots[f"arms-{measure}-{budget}"] = _draw_dots(dots, label)
    compute = [row for row in rows if row.measure == "compute"]
    lines = _lines(compute, _budget, _bits_per_byte)
    plots["bits-per-byte"] = drawing.lines(lines, "training tokens", "bits per byte, equal compute")
    return {name: svg for name, svg in plots.items() if svg is not None}


def _budget(row: Row) -> float:
    return row.budget


def _num_parameters(row: Row) -> float:
    return row.num_parameters


def _ratio(row: Row) -> Estimate | None:
    return row.ratio


def _bits_per_byte(row: Row) -> Estimate | None:
    return row.bits_per_byte


def _largest_budget_of_several_models(rows: Sequence[Row]) -> int | None:
    models: dict[int, set[str]] = {}
    for row in rows:
        models.setdefault(row.budget, set()).add(row.model)
    return max((budget for budget, names in models.items() if len(names) > 1), default=None)


def _lines(rows: Sequence[Row], number: Number, quantity: Quantity, *, over_models: bool = False) -> Lines:
    """Return the lines with at least two points, from left to right."""
    lines: Lines = {}
    for row in rows:
        estimate = quantity(row)
        if estimate is not None:
            lines.setdefault((row.arm, "" if over_models else row.model), []).append((number(row), estimate))
    return {line: sorted(points, key=lambda point: point[0]) for line, points in lines.items() if len(points) > 1}


def _label(arm: str, model: str, lines: Collection[tuple[str, str]]) -> str:
    """Return the name of the arm, with its model if lines of several models are drawn."""
    return f"{arm} ({model})" if len({model for _, model in lines}) > 1 else arm


class _Drawing:
    """Draws lines; an arm has the same colour and marker in every plot."""

    def __init__(self, rows: Sequence[Row]) -> None:
        # Arms with most points come first, so that they get the styles that are easiest to distinguish.
        self._arms = [arm for arm, _ in Counter(sorted(row.arm for row in rows)).most_common()]
        self._models = sorted({row.model for row in rows}, key=list(SIZES).index)

    def lines(self, lines: Lines, x_label: str, y_label: str, *, level: float | None = None) -> str | None:
        """Draw the lines as SVG, or return None if there are none; the legend has the order of the lines' right ends.

        level: the value at which an arm equals the baseline.
        """
        if not lines:
            return None
        figure, (axes,) = new_figure(1, width=WIDTH_INCHES, height=HEIGHT_INCHES)
        ordered = sorted(lines, key=lambda line: -lines[line][-1][1].mean)
        for index, (arm, model) in enumerate(ordered):
            shift = SHIFT ** (index - (len(lines) - 1) / 2)
            self._line(axes, arm, model, lines[arm, model], shift=shift, label=_label(arm, model, lines))
        axes.set(xscale="log", xlabel=x_label, ylabel=y_label)
        axes.set_xticks(sorted({number for points in lines.values() for number, _ in points}))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(lambda value, _: compact(round(value)))
        if level is not None:
            axes.axhline(level, color=INK, linewidth=1, linestyle=EQUALITY_DASHES)
        return to_svg(figure, long_legend=True)

    def _line(self, axes: Axes, arm: str, model: str, points: Points, *, shift: float, label: str) -> None:
        index = self._arms.index(arm)
        axes.errorbar(
            [number * shift for number, _ in points],
            [estimate.mean for _, estimate in points],
            yerr=[estimate.half_width or 0.0 for _, estimate in points],
            label=label,
            color=COLOURS[index % len(COLOURS)],
            marker=MARKERS[index % len(MARKERS)],
            linestyle=DASHES[self._models.index(model) % len(DASHES)] if model else "solid",
            markersize=5,
            linewidth=1.6,
            elinewidth=1.0,
        )


def _draw_dots(rows: Sequence[Row], x_label: str) -> str | None:
    """Draw the ratio of each arm, the best at the top; None if there are no ratios."""
    named = {(row.arm, row.model): row.ratio for row in rows if row.ratio is not None}
    ranked = sorted(named.items(), key=lambda entry: entry[1].mean)
    if not ranked:
        return None
    figure, (axes,) = new_figure(1, width=WIDTH_INCHES, height=MARGIN_INCHES + ROW_INCHES * len(ranked))
    widths = [ratio.half_width or 0.0 for _, ratio in ranked]
    axes.errorbar([ratio.mean for _, ratio in ranked], range(len(ranked)), xerr=widths, color=FIRST, fmt="o")
    axes.set_yticks(range(len(ranked)), [_label(*line, named) for line, _ in ranked])
    axes.set(xlabel=x_label, ylim=(len(ranked) - 0.5, -0.5))
    axes.grid(visible=False, axis="y")
    axes.grid(axis="x", color=GRID, linewidth=0.7)
    axes.axvline(1, color=INK, linewidth=1, linestyle=EQUALITY_DASHES)
    return to_svg(figure)
