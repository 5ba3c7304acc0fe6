"""Opens whatever a CHAT_MODEL string or a GGUF path names."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from langchain_core.language_models import BaseChatModel
from pydantic import SecretStr

from llm_engineering.domain.errors import BadSettings, MissingDependency
from llm_engineering.infrastructure.locks import in_use
from llm_engineering.infrastructure.models.embedded import MODEL_PREFIX
from llm_engineering.infrastructure.models.store import ModelStore

if TYPE_CHECKING:
    from llm_engineering.infrastructure.models.llamacpp import LlamaCppChat

FORMS = "embedded:NAME, a path to a .gguf file, http(s)://host/v1#MODEL, or PROVIDER:MODEL such as openai:gpt-4o-mini"


class OpenedChatModels:
    """Chat models on llama.cpp, on any OpenAI-compatible server, or by any LangChain provider."""

    def __init__(
        self,
        models: ModelStore,
        *,
        openai_api_key: SecretStr | None = None,
        server_api_key: SecretStr | None = None,
        patience: float | None = None,
    ) -> None:
        """`openai_api_key` goes to OpenAI ("openai:…") only, `server_api_key` to a server named by URL only.

        `patience`: seconds that a server may be silent, after which it is not asked again; left out,
        what its client library has, which suits long runs.
        """
        self._limits = {} if patience is None else {"timeout": patience, "max_retries": 0}
        self._models = models
        self._openai_api_key = openai_api_key
        self._server_api_key = server_api_key

    @contextmanager
    def opened(self, model: str) -> Iterator[BaseChatModel]:
        """The chat model, closed with the context.

        Raises BadSettings for a string of no known form, MissingDependency when the provider's
        package is not installed, ModelError when a file is missing or unusable.
        """
        name = model.strip()
        if name.startswith(MODEL_PREFIX):
            with _on_llama_cpp(self._models.path(name), name) as chat:
                yield chat
        elif name.endswith(".gguf"):
            file = Path(name).expanduser()
            with in_use(file), _on_llama_cpp(file, name) as chat:
                yield chat
        elif name.startswith(("http://", "https://")):
            yield self._on_server(name)
        else:
            yield self._by_provider(name)

    def _on_server(self, url: str) -> BaseChatModel:
        base_url, _, served_model = url.partition("#")
        if not _has_host(base_url) or not served_model:
            raise BadSettings(
                f"CHAT_MODEL is {_shown(url)}, but a server is named as http(s)://host/v1#MODEL; correct it."
            )
        from langchain_openai import ChatOpenAI

        # Servers that need no key still want a header; the OpenAI client refuses to start without one.
        key = self._server_api_key or SecretStr("none")
        return ChatOpenAI(
            base_url=base_url.rstrip("/"), model=served_model, api_key=key, stream_usage=True, **self._limits
        )

    def _by_provider(self, model: str) -> BaseChatModel:
        provider, _, name = model.partition(":")
        if not provider or not name:
            raise BadSettings(f"CHAT_MODEL is {_shown(model)}, which is none of: {FORMS}; correct it.")
        from langchain.chat_models import init_chat_model

        if provider == "openai" and self._openai_api_key is None:
            raise BadSettings(f"CHAT_MODEL is {_shown(model)}, but OPENAI_API_KEY is empty; set it in .env.")
        key: dict[str, Any] = {"api_key": self._openai_api_key} if provider == "openai" else {}
        try:
            return init_chat_model(model, **key, **(self._limits if provider == "openai" else {}))
        except ImportError as error:
            raise MissingDependency(
                f"CHAT_MODEL is {_shown(model)}, but its package is not installed: {error}."
            ) from error
        except ValueError as error:
            reason = str(error).splitlines()[0].replace(model, _shown(model))
            raise BadSettings(f"CHAT_MODEL is {_shown(model)}, which LangChain does not take: {reason}") from error


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that is not closed
        return False


def _shown(model: str) -> str:
    """The string in quotes, without a user name and password."""
    return repr(re.sub(r"//.*@", "//…@", model))


def _on_llama_cpp(file: Path, name: str) -> "closing[LlamaCppChat]":
    from llm_engineering.infrastructure.models.llamacpp import LlamaCppChat

    return closing(LlamaCppChat(file, model_name=name))
