"""The disclosure page: what is collected, what is not, how to switch it off; its table is the schema's."""

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html import escape
from string import Template
from typing import Any, Final

from schemas.report import PATTERNS, SCHEMA
from schemas.retention import REJECTS_DAYS

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #4a5666; --paper: #fdfdfc;
  --tint: #f1f3f5; --line: #c9d0d8; --link: #0b57b0 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #b3bcc8; --paper: #14181e;
  --tint: #1f252d; --line: #3d4754; --link: #8ab8ff } }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.6 system-ui, sans-serif }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem 4rem }
h1 { font-size: 1.9rem; line-height: 1.25; margin: 0 0 .5rem }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem }
p, li { max-width: 44rem }
li { margin: .25rem 0 }
a { color: var(--link) }
.lead { font-size: 1.1rem; color: var(--soft) }
code { background: var(--tint); border-radius: .25rem; padding: .1em .3em; font-size: .9em;
  overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100%; font-size: .95rem }
caption { text-align: left; color: var(--soft); padding: .5rem 0 }
th, td { text-align: left; vertical-align: top; padding: .55rem .9rem .55rem 0;
  border-top: 1px solid var(--line) }
thead th { border-top: 0; border-bottom: 2px solid var(--line); color: var(--soft); font-size: .85rem }
tbody th { font-weight: normal }
tbody th code { white-space: nowrap }
td:last-child, th:last-child { padding-right: 0 }
pre { background: var(--tint); border-radius: .4rem; padding: .8rem 1rem; max-width: 44rem;
  white-space: pre-wrap }
pre code { padding: 0; background: none }
@media (max-width: 45rem) {
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
  table, caption, tbody, tr, th, td { display: block }
  tbody tr { border-top: 1px solid var(--line); padding: .7rem 0 }
  tbody th, td { border: 0; padding: .1rem 0 }
  td::before { content: attr(data-head) ": "; color: var(--soft) }
}
"""

_TEMPLATE: Final = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>What this service collects</title>
<style>$style</style>
</head>
<body>
<main>
<h1>What this service collects</h1>
<p class="lead">Once a day a deployment sends one usage report: which version it runs and how often
six functions were called. Nothing in it says whose deployment it is.</p>

<h2>What a report holds</h2>
<table role="table">
<caption>Every field of a report. A report with any other field is refused.</caption>
<thead role="rowgroup">
$head
</thead>
<tbody role="rowgroup">
$rows
</tbody>
</table>

<h2>What is stored besides</h2>
<ul>
<li>When the report arrived, and its place on the stream that carries it (shard and number). The sender gets
this place as a receipt. Two receipts show roughly how many reports came between them.</li>
<li>A report that is refused, because it breaks the schema, looks forged or came twice, is kept whole,
as it came, together with the reason. So whatever else is in its body is kept too.
What is refused is kept for $days days and then removed. The days are whole ones and count from when the
report was last judged: as it arrives, as its day closes, and whenever that day is judged again.</li>
</ul>

<h2>What is not collected</h2>
<ul>
<li>No IP address: it is neither stored nor logged.</li>
<li>No user agent, no other header, no cookie, no query string.</li>
<li>No contents of tokens, nor what they represent: calls are counted, not looked into.</li>
<li>No name, account, host or key of any kind. The <code>stack_id</code> is a random number.</li>
</ul>

<h2>How to switch it off</h2>
<p>Set this in the deployment's configuration; no report is sent from then on:</p>
<pre><code>metrics.disable_usage_statistic=true</code></pre>

<h2>How to check</h2>
<ul>
<li>The exact schema: <a href="/v1/schema">/v1/schema</a>.</li>
<li>A dry run, which validates a report and stores nothing: <code>POST /v1/metrics/check</code>.</li>
<li>All that this service answers: <a href="/openapi.json">/openapi.json</a>.</li>
</ul>
</main>
</body>
</html>
""")


_HEADS: Final = ("Field", "Meaning", "Type", "Example")
"""The table says its roles in ARIA too: narrow, its rows are blocks, and those have none."""


def _fields(schema: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, field in schema["properties"].items():
        if field["type"] == "object":
            yield from _fields(field, f"{prefix}{name}.")
        else:
            yield prefix + name, field


def _limits(name: str, field: dict[str, Any]) -> str:
    match field:
        case {"minimum": low, "maximum": high}:
            return f"a whole number, {low:,} to {high:,}"
        case {"pattern": _}:
            return PATTERNS[name]
        case _:
            return str(field["type"])


def _row(name: str, field: dict[str, Any]) -> str:
    example = f"<code>{escape(str(field['examples'][0]))}</code>"
    cells = zip(
        _HEADS[1:], (escape(field["description"]), escape(_limits(name, field)), example), strict=True
    )
    return (
        f'<tr role="row"><th role="rowheader" scope="row"><code>{escape(name)}</code></th>'
        + "".join(f'<td role="cell" data-head="{head}">{cell}</td>' for head, cell in cells)
        + "</tr>"
    )


def _page() -> bytes:
    heads = "".join(f'<th role="columnheader" scope="col">{head}</th>' for head in _HEADS)
    rows = "\n".join(_row(name, field) for name, field in _fields(SCHEMA))
    return _TEMPLATE.substitute(
        style=_STYLE, head=f'<tr role="row">{heads}</tr>', rows=rows, days=REJECTS_DAYS
    ).encode()


PAGE: Final = _page()

_STYLE_HASH: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()

_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)

HEADERS: Final = (("Content-Security-Policy", _POLICY),)
"""Nothing may be loaded, run, framed or sent from the page, and its one style is known by its hash."""
