"""Small HTML for the dashboard's previews. Every value is escaped: it comes from the web or from a model."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; color: #1f2430; background: #fff; margin: 1rem; }
h1 { font-size: 1.15rem; margin: 0 0 .6rem } h2 { font-size: 1rem; margin: 1.2rem 0 .4rem }
table { border-collapse: collapse; width: 100%; margin: .3rem 0 1rem }
th, td { border: 1px solid #d9dce3; padding: .3rem .55rem; text-align: left; vertical-align: top }
th { background: #f3f4f7 } td.number { text-align: right; font-variant-numeric: tabular-nums }
td { white-space: pre-line; overflow-wrap: anywhere } td:first-child { overflow-wrap: normal }
table.facts { width: auto } p { margin: .3rem 0 }
"""
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


def _cell(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return f"<td>{ {True: 'yes', False: 'no', None: ''}[value] }</td>"
    if isinstance(value, int | float):
        return f'<td class="number">{value if isinstance(value, int) else f"{value:.3g}"}</td>'
    text = str(value)
    return f"<td>{escape(text if len(text) <= LONGEST_CELL else text[:LONGEST_CELL] + ' …')}</td>"
