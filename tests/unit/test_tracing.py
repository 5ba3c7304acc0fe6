"""What a collector gets to see of an answer, and what it does not."""

import gzip
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from llm_engineering.application.asking import Asking
from llm_engineering.application.inquiry import Inquiry
from llm_engineering.domain.errors import UnknownAuthor
from llm_engineering.infrastructure.tracing import OtelTracing
from tests.loopback import serving
from tests.unit.test_asking import BASE, MARA, a_world


class Longest:
    """A Reranker that likes long passages."""

    def scores(self, query: str, passages: list[str]) -> list[float]:
        return [float(len(passage)) for passage in passages]


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def asking(tmp_path: Path, spans: InMemorySpanExporter) -> Asking:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    return a_world(tmp_path, MARA, reranker=Longest(), tracer=OtelTracing(provider)).asking


@pytest.mark.parametrize("streamed", [False, True])
def test_an_answer_is_a_span_with_its_parts_in_it(asking: Asking, spans: InMemorySpanExporter, streamed: bool) -> None:
    inquiry = Inquiry("Why the secret feed?", twin="base")
    if streamed:
        list(asking.tell(inquiry))
    else:
        asking.answer(inquiry)
    found = {span.name: span for span in spans.get_finished_spans()}
    name = f"chat base ({BASE})"
    assert set(found) == {"answer", "retrieve", "rerank", "prompt", name}
    root = found["answer"].context
    assert {found[part].parent.span_id for part in ("retrieve", "prompt", name)} == {root.span_id}
    assert found["rerank"].parent.span_id == found["retrieve"].context.span_id
    attributes = found[name].attributes
    assert attributes["gen_ai.operation.name"] == "chat"
    assert attributes["gen_ai.request.model"] == f"base ({BASE})"
    assert attributes["gen_ai.response.finish_reasons"] == ("stop",)
    assert "secret" not in "".join(span.to_json() for span in found.values())


def test_a_collector_receives_the_spans_of_an_answer_by_otlp(tmp_path: Path) -> None:
    bodies = []

    def collect(request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        bodies.append(gzip.decompress(body) if request.headers.get("Content-Encoding") == "gzip" else body)
        request.send_response(200)
        request.end_headers()

    with serving({"/v1/traces": collect}) as collector:
        tracing = OtelTracing.to(f"http://{collector.host}/")
        a_world(tmp_path, MARA, tracer=tracing).asking.answer(Inquiry("Why the secret feed?", twin="base"))
        tracing.close()
    received = [ExportTraceServiceRequest.FromString(body) for body in bodies]
    spans = [span for one in received for of in one.resource_spans for scope in of.scope_spans for span in scope.spans]
    assert {"answer", "retrieve", "prompt"} <= {span.name for span in spans}
    assert len({span.trace_id for span in spans}) == 1
    assert not any(b"secret" in body for body in bodies)


def test_a_failure_is_noted_and_passes(asking: Asking, spans: InMemorySpanExporter) -> None:
    with pytest.raises(UnknownAuthor):
        asking.answer(Inquiry("Why?", author="Nobody Known"))
    (span,) = spans.get_finished_spans()
    assert not span.status.is_ok


def test_a_failure_is_told_by_its_kind_alone(asking: Asking, spans: InMemorySpanExporter) -> None:
    with pytest.raises(UnknownAuthor):
        asking.answer(Inquiry("A secret question?", author="Nobody Known", twin="base"))
    for span in spans.get_finished_spans():
        assert span.events == ()
        assert "Nobody Known" not in f"{span.status.description}{dict(span.attributes or {})}"
