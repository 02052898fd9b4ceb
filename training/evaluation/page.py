"""An evaluation as one HTML page that needs no network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import jinja2
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from training.evaluation.report import Confusion, Evaluation, GroupFigures, LabelFigures

_COLOURS = {"topics": "#4269d0", "sentiment": "#efb118", "department": "#3ca951"}
_CONFIG = {"displaylogo": False, "responsive": True}
_TEMPLATES = Path(__file__).parent / "templates"


def render_page(evaluation: Evaluation) -> str:
    """The page, with its plots and the script that draws them."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("evaluation.html.jinja").render(
        evaluation=evaluation,
        overall=[line for line in evaluation.groups if line.dimension == "all"],
        plots=[
            (title, figure.to_html(full_html=False, include_plotlyjs=False, config=_CONFIG))
            for title, figure in _figures(evaluation)
        ],
        plotly=get_plotlyjs(),
        has_texts=any(error.text for error in evaluation.errors),
    )


def _figures(evaluation: Evaluation) -> Iterator[tuple[str, go.Figure]]:
    """Titles and plots, in the order of the page."""
    lines = [line for line in evaluation.groups if line.dimension != "all"]
    if lines:
        yield "Macro-F1 by group, with 95 % intervals", _group_plot(lines)
    for task in ("department", "sentiment", "topics"):
        chosen = [line for line in evaluation.labels if line.task == task and line.n_gold]
        yield f"F1 by label: {task}, with 95 % intervals", _label_plot(chosen, task)
    for confusion in evaluation.confusions:
        yield f"Confusion: {confusion.task}", _confusion_plot(confusion)
    yield "Calibration: how sure against how often right", _reliability_plot(evaluation)
    yield "Precision of the surest answers", _coverage_plot(evaluation)


def _layout(figure: go.Figure, *, height: int, x: str, y: str = "") -> go.Figure:
    figure.update_layout(
        template="plotly_white",
        height=height,
        margin={"l": 10, "r": 10, "t": 90, "b": 40},  # above: the legend and plotly's buttons
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0.0},
        font={"family": "system-ui, sans-serif", "size": 13},
    )
    figure.update_xaxes(title=x, automargin=True)
    figure.update_yaxes(title=y, automargin=True)
    return figure


def _group_plot(lines: Sequence[GroupFigures]) -> go.Figure:
    """A dot per task for each group."""
    names = list(
        dict.fromkeys(f"{line.dimension}: {line.group} (n={line.n_rows})" for line in lines)
    )
    figure = go.Figure()
    for task, colour in _COLOURS.items():
        own = [line for line in lines if line.task == task]
        values = [line.macro_f1 for line in own]
        figure.add_scatter(
            x=[one.value for one in values],
            y=[f"{line.dimension}: {line.group} (n={line.n_rows})" for line in own],
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [one.high - one.value for one in values],
                "arrayminus": [one.value - one.low for one in values],
                "thickness": 1,
            },
            mode="markers",
            name=task,
            marker={"color": colour, "size": 8},
        )
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1])
    figure.update_xaxes(range=[0, 1])
    return _layout(figure, height=180 + 34 * len(names), x="macro-F1")


def _label_plot(lines: Sequence[LabelFigures], task: str) -> go.Figure:
    """A bar per label, the most frequent first."""
    ordered = sorted(lines, key=lambda line: line.n_gold)
    figure = go.Figure()
    figure.add_bar(
        x=[line.f1.value for line in ordered],
        y=[f"{line.label} (n={line.n_gold})" for line in ordered],
        orientation="h",
        marker={"color": _COLOURS[task]},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [line.f1.high - line.f1.value for line in ordered],
            "arrayminus": [line.f1.value - line.f1.low for line in ordered],
            "thickness": 1,
        },
        hovertemplate="%{y}: F1 %{x:.3f}<extra></extra>",
    )
    figure.update_xaxes(range=[0, 1])
    return _layout(figure, height=180 + 28 * max(1, len(ordered)), x="F1")


def _confusion_plot(confusion: Confusion) -> go.Figure:
    """Shares of each gold label, with the counts written in."""
    shares = [[count / max(1, sum(line)) for count in line] for line in confusion.counts]
    figure = go.Figure()
    figure.add_heatmap(
        z=shares,
        x=list(confusion.given),
        y=list(confusion.gold),
        text=[list(line) for line in confusion.counts],
        texttemplate="%{text}",
        colorscale="Blues",
        zmin=0,
        zmax=1,
        showscale=False,  # the counts are written in
        hovertemplate="gold %{y}, given %{x}: %{text} (%{z:.0%})<extra></extra>",
    )
    figure.update_yaxes(autorange="reversed")
    return _layout(figure, height=220 + 44 * len(confusion.gold), x="given", y="gold")


def _reliability_plot(evaluation: Evaluation) -> go.Figure:
    """Bins of each task beside the line of perfect calibration."""
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", name="perfect", line={"color": "#999", "dash": "dot"}
    )
    for part in evaluation.reliability:
        figure.add_scatter(
            x=[one.mean_probability for one in part.bins],
            y=[one.share_right for one in part.bins],
            text=[f"{one.n} answers" for one in part.bins],
            mode="lines+markers",
            name=part.task,
            marker={"color": _COLOURS[part.task]},
            hovertemplate="sure %{x:.2f}, right %{y:.2f}, %{text}<extra></extra>",
        )
    return _layout(figure, height=420, x="mean probability", y="share right")


def _coverage_plot(evaluation: Evaluation) -> go.Figure:
    """Precision against the share that is answered."""
    figure = go.Figure()
    for part in evaluation.reliability:
        figure.add_scatter(
            x=[coverage for coverage, _ in part.curve],
            y=[precision for _, precision in part.curve],
            mode="lines",
            name=part.task,
            line={"color": _COLOURS[part.task]},
        )
    figure.add_hline(y=0.9, line={"color": "#999", "dash": "dot"})
    figure.update_xaxes(range=[0, 1], tickformat=".0%")
    figure.update_yaxes(range=[0, 1.02], tickformat=".0%")
    return _layout(figure, height=420, x="share answered, surest first", y="share right")
