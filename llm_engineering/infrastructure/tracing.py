"""Spans by OpenTelemetry, sent by OTLP over HTTP: Jaeger, Phoenix, Langfuse, Opik and others take them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from llm_engineering.application.ports.tracing import Attributes
from llm_engineering.domain.errors import MissingDependency

SERVICE_NAME = "llm-twin"


class OtelSpan:
    """A Span of OpenTelemetry's."""

    def __init__(self, span: Any) -> None:
        self._span = span

    def set(self, attributes: Attributes) -> None:
        """Add the attributes."""
        self._span.set_attributes(dict(attributes))


class OtelTracing:
    """A Tracer on an OpenTelemetry provider."""

    def __init__(self, provider: Any) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("llm_twin")

    @classmethod
    def to(cls, endpoint: str) -> "OtelTracing":
        """Sends spans in batches, from a thread, to the collector there, e.g. http://127.0.0.1:4318.

        Headers, such as a key, are read from OTEL_EXPORTER_OTLP_HEADERS as everywhere. A collector
        that is down costs the spans and nothing else. Raises MissingDependency.
        """
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError as error:
            raise MissingDependency(
                f"OTEL_EXPORTER_OTLP_ENDPOINT is set, but {error.name} is not installed; "
                "install opentelemetry-exporter-otlp-proto-http, or leave the setting empty."
            ) from error
        provider = TracerProvider(resource=Resource.create({"service.name": SERVICE_NAME}))
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")))
        return cls(provider)

    @contextmanager
    def span(self, name: str, attributes: Attributes | None = None) -> Iterator[OtelSpan]:
        """The span is the parent of those that begin in it."""
        from opentelemetry.trace import Status, StatusCode

        # Its own record of an exception would hold the message, which may quote what was asked.
        with self._tracer.start_as_current_span(
            name, attributes=dict(attributes or {}), record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield OtelSpan(span)
            except BaseException as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(Status(StatusCode.ERROR))
                raise

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()
