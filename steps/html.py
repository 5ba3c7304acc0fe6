"""Small HTML for the dashboard's previews. Every value is escaped: it comes from the web or from a model."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from llm_engineering.domain.datasets import Distribution

STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; color: #1f2430; background: #fff; margin: 1rem; }
h1 { font-size: 1.15rem; margin: 0 0 .6rem } h2 { font-size: 1rem; margin: 1.2rem 0 .4rem }
table { border-collapse: collapse; width: 100%; margin: .3rem 0 1rem }
th, td { border: 1px solid #d9dce3; padding: .3rem .55rem; text-align: left; vertical-align: top }
th { background: #f3f4f7 } td.number { text-align: right; font-variant-numeric: tabular-nums }
td { white-space: pre-line; overflow-wrap: anywhere } td:first-child { overflow-wrap: normal }
table.facts { width: auto } p { margin: .3rem 0 }
.charts { display: flex; flex-wrap: wrap; gap: .4rem 1.6rem } figure { margin: .3rem 0 }
figcaption { font-size: .85rem } svg { display: block } svg rect { fill: #6b86b8 }
svg line { stroke: #1f2430 } svg text { font-size: 10px; fill: #555c6b }
"""
CHART_WIDTH, CHART_HEIGHT = 320, 80
"""Pixels of a histogram."""
LONGEST_CELL = 600
"""Characters of a cell; a preview is to be looked at, the whole text is in the artifact."""


def page(title: str, *parts: str) -> str:
    """A whole page; `parts` are HTML made by the functions below."""
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
    return f"<!doctype html><html><head>{head}</head><body><h1>{escape(title)}</h1>{''.join(parts)}</body></html>"


def paragraph(text: str) -> str:
    """A paragraph of plain text."""
    return f"<p>{escape(text)}</p>"


def table(heading: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table under a heading; numbers stand on the right, long text is shortened."""
    body = "".join(f"<tr>{''.join(_cell(value) for value in row)}</tr>" for row in rows)
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    return f"<h2>{escape(heading)}</h2><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def facts(heading: str, values: Mapping[str, Any]) -> str:
    """Names and values, one a row."""
    body = "".join(f"<tr>{_cell(name)}{_cell(value)}</tr>" for name, value in values.items())
    return f'<h2>{escape(heading)}</h2><table class="facts"><tbody>{body}</tbody></table>'


def histograms(heading: str, distributions: Mapping[str, Distribution]) -> str:
    """A histogram of each distribution under its name, as inline SVG; nothing of none."""
    if not distributions:
        return ""
    charts = "".join(_histogram(name.replace("_", " "), one) for name, one in distributions.items())
    return f'<h2>{escape(heading)}</h2><div class="charts">{charts}</div>'


def _histogram(name: str, one: Distribution) -> str:
    """Bars, a line at the median, and the least and the greatest value below."""
    highest, width = max(one.counts), CHART_WIDTH / len(one.counts)
    bars = "".join(
        f'<rect x="{number * width:.1f}" y="{CHART_HEIGHT * (1 - count / highest):.1f}" width="{width - 1:.1f}" '
        f'height="{CHART_HEIGHT * count / highest:.1f}"><title>{low:.3g} to {high:.3g}: {count}</title></rect>'
        for number, (low, high, count) in enumerate(one.bins)
    )
    first, last = one.edges[0], one.edges[-1]
    middle = CHART_WIDTH * (one.median - first) / (last - first) if last > first else 0.0
    base = CHART_HEIGHT + 12
    text = f"{name}: median {one.median:.3g}, 90 % from {one.low:.3g} to {one.high:.3g} (n = {one.n})"
    size = f'width="{CHART_WIDTH}" height="{CHART_HEIGHT + 16}"'
    return (
        f'<figure><svg role="img" aria-label="{escape(text)}" {size}>{bars}'
        f'<line x1="{middle:.1f}" x2="{middle:.1f}" y1="0" y2="{CHART_HEIGHT}"></line>'
        f'<text x="0" y="{base}">{first:.3g}</text>'
        f'<text x="{CHART_WIDTH}" y="{base}" text-anchor="end">{last:.3g}</text></svg>'
        f"<figcaption>{escape(text)}</figcaption></figure>"
    )


def _cell(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return f"<td>{ {True: 'yes', False: 'no', None: ''}[value] }</td>"
    if isinstance(value, int | float):
        return f'<td class="number">{value if isinstance(value, int) else f"{value:.3g}"}</td>'
    text = str(value)
    return f"<td>{escape(text if len(text) <= LONGEST_CELL else text[:LONGEST_CELL] + ' …')}</td>"
