"""Line charts as SVG inside a page of the dashboard: nothing is loaded from anywhere."""

from collections.abc import Mapping, Sequence
from html import escape

Points = Sequence[tuple[float, float]]
WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 12, 34
COLOURS = ("#2f6fbb", "#c4572b", "#3b8a4e", "#7a4fa3")


def line_chart(heading: str, series: Mapping[str, Points], across: str) -> str:
    """The lines on common axes under a heading; "" when none of them has a point. `across` names the x axis."""
    drawn = {name: points for name, points in series.items() if points}
    if not drawn:
        return ""
    left, right = _span([x for points in drawn.values() for x, _ in points])
    low, high = _span([y for points in drawn.values() for _, y in points])

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            LEFT + (x - left) / (right - left) * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - (y - low) / (high - low) * (HEIGHT - TOP - BOTTOM),
        )

    lines = [
        _line([place(x, y) for x, y in points], colour, name)
        for (name, points), colour in zip(drawn.items(), COLOURS, strict=False)
    ]
    axes = [_label(LEFT - 6, HEIGHT - BOTTOM, f"{low:.4g}", "end"), _label(LEFT - 6, TOP + 10, f"{high:.4g}", "end")]
    axes += [
        _label(LEFT, HEIGHT - 16, f"{left:.4g}", "start"),
        _label(WIDTH - RIGHT, HEIGHT - 16, f"{right:.4g}", "end"),
    ]
    axes += [_label((LEFT + WIDTH) / 2, HEIGHT - 4, across, "middle")]
    frame = f'<path d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}" fill="none" stroke="#9aa1ad"/>'  # the two axes
    svg = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img">{frame}{"".join(lines + axes)}</svg>'
    return f"<h2>{escape(heading)}</h2><p>{_legend(list(drawn))}</p>{svg}"


def _span(values: Sequence[float]) -> tuple[float, float]:
    """Lowest and highest value; a little apart where they are the same, so that they can be divided by."""
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _line(points: Points, colour: str, name: str) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    title = f"<title>{escape(name)}</title>"
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in points)
    few = dots if len(points) <= 12 else ""
    return f'<g>{title}<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>{few}</g>'


def _label(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" font-size="11" fill="#596070" text-anchor="{anchor}">{escape(text)}</text>'


def _legend(names: Sequence[str]) -> str:
    marks = zip(names, COLOURS, strict=False)
    return " &nbsp; ".join(f'<span style="color:{colour}">&#9644;</span> {escape(name)}' for name, colour in marks)
