"""Figures of the running service in Prometheus's text format, version 0.0.4.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from collections import Counter
from collections.abc import Iterator
from threading import Lock

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
"""Upper bounds of the histograms' buckets."""


class _Histogram:
    """How often it was up to so many seconds."""

    def __init__(self) -> None:
        self.buckets = [0] * len(SECONDS)
        self.total = 0.0
        self.count = 0

    def observe(self, seconds: float) -> None:
        self.count += 1
        self.total += seconds
        for number, bound in enumerate(SECONDS):
            self.buckets[number] += seconds <= bound

    def lines(self, name: str) -> Iterator[str]:
        yield f"# TYPE {name} histogram"
        for bound, count in zip(SECONDS, self.buckets, strict=True):
            yield f'{name}_bucket{{le="{bound}"}} {count}'
        yield f'{name}_bucket{{le="+Inf"}} {self.count}'
        yield f"{name}_sum {self.total:.6f}"
        yield f"{name}_count {self.count}"


class Metrics:
    """Counts requests, answers and tokens. Safe for threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._tokens: Counter[str] = Counter()
        self._withheld = 0
        self._seconds = _Histogram()
        self._first_token = _Histogram()

    def request(self, method: str, path: str, status: int, seconds: float) -> None:
        """One request that was answered; `path` is an endpoint's, so that there are few."""
        with self._lock:
            self._requests[method, path, status] += 1
            self._seconds.observe(seconds)

    def first_token(self, seconds: float) -> None:
        """How long a stream's reader waited for the first word."""
        with self._lock:
            self._first_token.observe(seconds)

    def answer(self, prompt_tokens: int, completion_tokens: int, withheld: bool) -> None:
        """One answer that was written."""
        with self._lock:
            self._tokens["prompt"] += prompt_tokens
            self._tokens["completion"] += completion_tokens
            self._withheld += withheld

    def text(self, **gauges: float) -> str:
        """Everything so far, and what the gauges say now."""
        with self._lock:
            return "\n".join([*self._counters(), *_gauges(gauges)]) + "\n"

    def _counters(self) -> Iterator[str]:
        yield "# TYPE llm_twin_requests_total counter"
        for (method, path, status), count in sorted(self._requests.items()):
            yield f'llm_twin_requests_total{{method="{method}",path="{path}",status="{status}"}} {count}'
        yield "# TYPE llm_twin_tokens_total counter"
        for kind in ("prompt", "completion"):
            yield f'llm_twin_tokens_total{{kind="{kind}"}} {self._tokens[kind]}'
        yield "# TYPE llm_twin_answers_withheld_total counter"
        yield f"llm_twin_answers_withheld_total {self._withheld}"
        yield from self._seconds.lines("llm_twin_request_seconds")
        yield from self._first_token.lines("llm_twin_first_token_seconds")


def _gauges(gauges: dict[str, float]) -> Iterator[str]:
    for name, value in gauges.items():
        yield f"# TYPE llm_twin_{name} gauge"
        yield f"llm_twin_{name} {value:g}"
