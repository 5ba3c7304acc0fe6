"""What Chromium's network log says of the page that is being loaded."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

MAY_BRING_TEXT = frozenset({"Document", "Fetch", "Script", "Stylesheet", "XHR"})
"""Kinds of requests to wait for. Others may well stay open (EventSource, Media), or nothing waits for them (Ping)."""


@dataclass
class Document:
    """A page of the main frame, from its first request on."""

    url: str
    """As asked for last, after redirects."""
    status: int | None = None
    """None until there is an answer."""
    kind: str = ""
    """Media type of the answer."""
    complete: bool = False
    """Whether all of it has arrived."""
    error: str = ""
    """Chromium's name of what went wrong, such as net::ERR_EMPTY_RESPONSE."""


class NetworkLog:
    """Follows the DevTools events of one frame's page and of everything that it loads."""

    def __init__(self, frame: str) -> None:
        self._frame = frame
        self._documents: dict[str, Document] = {}
        self._waiting: set[str] = set()

    @property
    def is_quiet(self) -> bool:
        """Whether no request waits for its answer."""
        return not self._waiting

    def document(self, loader: str) -> Document | None:
        """The page that the loader of that id loads; for one that came from no server, the last that did."""
        return self._documents.get(loader) or next(reversed(self._documents.values()), None)

    def clear(self) -> None:
        """Forget everything, for the next page."""
        self._documents.clear()
        self._waiting.clear()

    def read(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Take in what Selenium's "performance" log returned, in order."""
        for entry in entries:
            event = json.loads(entry["message"])["message"]
            self._take(event["method"], event["params"])

    def _take(self, method: str, params: Mapping[str, Any]) -> None:
        request = params.get("requestId", "")
        document = self._documents.get(request)
        match method:
            case "Network.requestWillBeSent":
                self._started(request, params)
            case "Network.responseReceived" if document:
                document.status = params["response"]["status"]
                document.kind = params["response"]["mimeType"].lower()
            case "Network.loadingFinished":
                self._waiting.discard(request)
                if document:
                    document.complete = True
            case "Network.loadingFailed":
                self._waiting.discard(request)
                if document:
                    document.error = params["errorText"]

    def _started(self, request: str, params: Mapping[str, Any]) -> None:
        kind, url = params.get("type"), params["request"]["url"]
        if params.get("frameId") != self._frame or not url.startswith("http"):
            return  # an inner frame or a worker (blob:), whose end is told elsewhere and whose text is not the page's
        if kind in MAY_BRING_TEXT:
            self._waiting.add(request)
        if kind == "Document":
            self._documents.pop(request, None)  # a redirect: the same request, asked for last
            self._documents[request] = Document(url)
