"""A GGUF file as a LangChain chat model, on llama.cpp inside this process."""

import queue
import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, ModelProfile
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, UsageMetadata, convert_to_openai_messages
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult, LLMResult
from pydantic import PrivateAttr

from llm_engineering.domain.errors import MissingDependency, ModelError, PromptTooLong
from llm_engineering.infrastructure.models.precision import let_threads_wait_passively

SILENT = -1  # llama.cpp's verbosity: not even errors; they come back as values
BATCH_TOKENS = 256  # of prompts are read in one go; then whoever waits for nobody stops, and others get their turn
PROMPT_CACHE_MEGABYTES = 256  # of finished prompts, beside each slot's own; the default is 8 GB


class LlamaCppChat(BaseChatModel):
    """Chats by the model's own template, `slots` requests at a time.

    `batch`, `generate` with several prompts, and calls from several threads run side by side in
    the slots; a prompt that begins as an earlier one did is read from where they part. Any field
    of llama.cpp's chat request can be given or bound: `temperature`, `max_tokens`, `stop`, `seed`,
    `top_p`, `repeat_penalty`, `grammar` (GBNF), `response_format` as OpenAI has it.
    Requests that share a batch may differ in the last bits of their logits, so equal seeds give
    equal text only when run one at a time.
    """

    model_file: Path
    model_name: str
    """The name to go by, e.g. in a sample's `instruction_by`."""
    slots: int = 4
    context_tokens: int = 2048
    """Prompt and answer of one request together; memory is taken for `slots` times this."""
    temperature: float = 0.7
    max_tokens: int = 512
    seed: int | None = None
    repeat_penalty: float = 1.15
    """Above 1 it keeps a small model from saying one sentence for ever; 1 is off."""

    _server: Any = PrivateAttr(default=None)
    _address: str = PrivateAttr(default="")
    _key: str = PrivateAttr(default="")

    def __init__(self, model_file: Path, *, model_name: str | None = None, **fields: Any) -> None:
        """Load the file. Raises ModelError when there is none or llama.cpp cannot run it."""
        super().__init__(model_file=model_file, model_name=model_name or model_file.name, **fields)
        _require_gguf(self.model_file)
        xllamacpp = _xllamacpp()
        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(self.model_file)
        parameters.n_ctx = self.context_tokens * self.slots  # llama.cpp splits it evenly
        parameters.n_parallel = self.slots
        parameters.n_batch = BATCH_TOKENS
        parameters.cache_ram_mib = PROMPT_CACHE_MEGABYTES
        parameters.verbosity = SILENT
        # The engine always opens a port on 127.0.0.1; the key keeps other users and web pages out of it.
        self._key = secrets.token_urlsafe(32)
        parameters.api_keys = [self._key]
        parameters.cors_origins = ""
        parameters.ui = False
        parameters.endpoint_metrics = True
        try:
            self._server = xllamacpp.Server(parameters)
        except RuntimeError as error:
            raise ModelError(
                f"llama.cpp cannot run {self.model_file}: it is damaged, of an unknown architecture, or too large for "
                f"the memory with {self.slots} slots of {self.context_tokens} tokens; fetch it again or take another."
            ) from error
        self._address = self._server.listening_address
        # Its loop runs once it has answered something; an engine that is freed before that hangs for ever.
        self._server.handle_metrics()

    @property
    def _llm_type(self) -> str:
        return "llama.cpp"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": self.model_name, "temperature": self.temperature, "max_tokens": self.max_tokens}

    def _resolve_model_profile(self) -> ModelProfile:
        return {"structured_output": True}

    def close(self) -> None:
        """Free the model once running requests are done; calling it twice is no error."""
        self._server = None

    def get_token_ids(self, text: str) -> list[int]:
        """The model's own tokens of a text, special ones recognised; `get_num_tokens` counts these."""
        import httpx

        self._opened_server()
        answer = httpx.post(
            f"{self._address}/tokenize",
            json={"content": text, "add_special": False, "parse_special": True},
            headers={"Authorization": f"Bearer {self._key}"},
            trust_env=False,  # a proxy has no way to this process
        )
        return list(answer.json()["tokens"])

    def generate(self, messages: list[list[BaseMessage]], *args: Any, **kwargs: Any) -> LLMResult:
        """As LangChain's, with the prompts side by side in the slots."""
        if len(messages) < 2:
            return super().generate(messages, *args, **kwargs)
        one = super().generate
        with ThreadPoolExecutor(self.slots) as pool:
            results = list(pool.map(lambda prompt: one([prompt], *args, **kwargs), messages))
        return LLMResult(
            generations=[result.generations[0] for result in results],
            llm_output=results[0].llm_output,
            run=[run for result in results for run in result.run or []],
        )

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        answer = self._answer(self._request(messages, stop, kwargs))
        choice = answer["choices"][0]
        message = AIMessage(
            content=choice["message"].get("content") or "",
            usage_metadata=_usage(answer["usage"]),
            response_metadata={"finish_reason": choice["finish_reason"], "model_name": self.model_name},
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        request = self._request(messages, stop, kwargs)
        # A chunk without text after each batch of the prompt, so that the reader may stop before the first word.
        request |= {"stream": True, "stream_options": {"include_usage": True}, "return_progress": True}
        for event in self._events(request):
            chunk = ChatGenerationChunk(message=self._message_chunk(event))
            if run_manager and chunk.text:
                run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk

    def _message_chunk(self, event: dict[str, Any]) -> AIMessageChunk:
        if "prompt_progress" in event:
            return AIMessageChunk(content="")
        if not event["choices"]:  # the last one, which only counts tokens
            return AIMessageChunk(content="", usage_metadata=_usage(event["usage"]))
        choice = event["choices"][0]
        ended = {"finish_reason": choice["finish_reason"], "model_name": self.model_name}
        return AIMessageChunk(
            content=choice["delta"].get("content") or "", response_metadata=ended if choice["finish_reason"] else {}
        )

    def _events(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """llama.cpp's stream events. It pushes them from a thread, which ends when the reader stops reading."""
        events: queue.SimpleQueue[dict[str, Any] | ModelError | None] = queue.SimpleQueue()
        abandoned = threading.Event()

        def push(event: dict[str, Any]) -> bool:
            events.put(event)
            return abandoned.is_set()

        def run() -> None:
            try:
                self._answer(request, push)
                events.put(None)
            except ModelError as error:
                events.put(error)

        thread = threading.Thread(target=run, name="llama.cpp-stream", daemon=True)
        thread.start()
        try:
            while (event := events.get()) is not None:
                if isinstance(event, ModelError):
                    raise event
                if "error" in event:
                    raise ModelError(self._refusal(event["error"]))
                yield event
        finally:
            abandoned.set()
            thread.join()

    def _request(self, messages: list[BaseMessage], stop: list[str] | None, fields: dict[str, Any]) -> dict[str, Any]:
        request = {
            "messages": convert_to_openai_messages(messages, text_format="string"),
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "repeat_penalty": self.repeat_penalty,
            "cache_prompt": True,
            **({"seed": self.seed} if self.seed is not None else {}),
            **({"stop": stop} if stop else {}),
        }
        return request | {name: value for name, value in fields.items() if value is not None}

    def _answer(self, request: dict[str, Any], push: Callable[[dict[str, Any]], bool] | None = None) -> dict[str, Any]:
        """The server's answer, or None when it is pushed. Raises ModelError with the server's reason."""
        server = self._opened_server()
        asked = (request, push) if push else (request,)
        try:
            answer: dict[str, Any] = server.handle_chat_completions(*asked)
        except (RuntimeError, ValueError, TypeError) as error:
            raise ModelError(f"llama.cpp refuses the request: {error}.") from error
        if answer and "error" in answer:
            raise self._refusal(answer["error"])
        return answer

    def _opened_server(self) -> Any:
        if self._server is None:
            raise ModelError(f"The chat model {self.model_name} is closed; open it again before use.")
        return self._server

    def _refusal(self, error: dict[str, Any]) -> ModelError:
        if error.get("type") == "exceed_context_size_error":
            return PromptTooLong(
                f"The prompt has {error['n_prompt_tokens']} tokens, but {self.model_name} is open with a context of "
                f"{error['n_ctx']}; send fewer passages or a shorter question."
            )
        return ModelError(f"llama.cpp refuses the request: {str(error.get('message', error)).rstrip('.')}.")


def _usage(usage: dict[str, Any]) -> UsageMetadata:
    return UsageMetadata(
        input_tokens=usage["prompt_tokens"],
        output_tokens=usage["completion_tokens"],
        total_tokens=usage["total_tokens"],
        input_token_details={"cache_read": usage["prompt_tokens_details"]["cached_tokens"]},
    )


def _require_gguf(file: Path) -> None:
    try:
        with file.open("rb") as opened:
            magic = opened.read(4)
    except OSError as error:
        raise ModelError(f"The model file {file} cannot be read ({error.strerror}); check the path.") from error
    if magic != b"GGUF":
        raise ModelError(f"{file} is not a GGUF file; convert it with `convert_hf_to_gguf.py` of llama.cpp.")


def _xllamacpp() -> ModuleType:
    let_threads_wait_passively()
    try:
        import xllamacpp
    except ImportError:
        try:
            import torch  # noqa: F401  (it brings libgomp.so.1, which slim images lack, and llama.cpp then finds it)
            import xllamacpp
        except ImportError as error:
            raise MissingDependency(f"llama.cpp cannot be loaded ({error}); install xllamacpp and libgomp1.") from error
    return cast(ModuleType, xllamacpp)
