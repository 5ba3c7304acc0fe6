"""The pages of the service: `/` to talk to a twin, `/docs` to read the API; no build step, no other host."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import Response

STATIC = Path(__file__).with_name("static")
PAGES = {"/": "index.html", "/docs": "docs.html"}
"""The address of each page and its file. They hold no data, so they need no API key; neither does /static/."""
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""Content-Security-Policy: what the browser may load is what this service serves, and nothing inline runs."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # The files belong to the running version: ask each time, and mostly hear that nothing has changed.
    "Cache-Control": "no-cache",
}


@dataclass(frozen=True)
class _Asset:
    """A file as it is sent; read once, so that no request reaches the disk."""

    content: bytes
    media_type: str
    etag: str


def add_page(app: FastAPI) -> None:
    """Add `/`, `/docs` and the files that they load under `/static/`.

    The app is to be made with `docs_url=None` and to serve `/openapi.json`, from which `/docs` is
    drawn in the browser.
    """
    assets = {file.name: _read(file) for file in sorted(STATIC.iterdir()) if file.suffix in TYPES}

    def add(path: str, name: str) -> None:
        async def page(request: Request) -> Response:
            return _answer(request, assets[name])

        app.add_api_route(path, page, methods=["GET", "HEAD"], include_in_schema=False)

    for path, name in PAGES.items():
        add(path, name)
    for name, asset in assets.items():
        if not asset.media_type.startswith("text/html"):
            add(f"/static/{name}", name)


def _read(file: Path) -> _Asset:
    content = file.read_bytes()
    return _Asset(content, TYPES[file.suffix], f'"{hashlib.sha256(content).hexdigest()[:32]}"')


def _answer(request: Request, asset: _Asset) -> Response:
    headers = {**HEADERS, "ETag": asset.etag}
    if request.headers.get("if-none-match") == asset.etag:
        return Response(status_code=304, headers=headers)
    return Response(asset.content, media_type=asset.media_type, headers=headers)
