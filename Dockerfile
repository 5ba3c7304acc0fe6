# The service in a container, which docs/serving.md describes:
#     docker build -t llm-twin:0.1.0 .
#     docker run --rm -p 127.0.0.1:8000:8000 -e SERVICE_HOST=0.0.0.0 -e API_KEYS=HASH -v llm-twin-data:/data llm-twin:0.1.0
# Without API_KEYS it listens to the container's own loopback only, and then needs --network host.
FROM python:3.11.14-slim-bookworm AS build
WORKDIR /app
COPY poe pyproject.toml poetry.toml poetry.lock ./
# Installs Poetry and the locked dependencies, as on any other machine.
RUN ./poe --version

FROM python:3.11.14-slim-bookworm
RUN useradd --system --uid 10001 --create-home twin && install -d -o twin /data /data/twins
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY llm_engineering llm_engineering
COPY tools tools
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DATA_DIR=/data \
    OUTPUT_DIR=/data/output
USER 10001
EXPOSE 8000
VOLUME /data
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s CMD ["python", "-c", "import os, urllib.request as web; web.urlopen('http://127.0.0.1:' + os.environ.get('SERVICE_PORT', '8000') + '/health', timeout=3)"]
CMD ["python", "-m", "tools.serve"]
