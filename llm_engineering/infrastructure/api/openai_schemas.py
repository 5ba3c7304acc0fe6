"""Requests and responses as OpenAI has them, and our additions.

https://platform.openai.com/docs/api-reference/chat
"""

import time
import uuid
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from llm_engineering.application.answering import Answer, Usage
from llm_engineering.application.inquiry import Inquiry, Length, Mode, Sampling
from llm_engineering.application.prompting import Messages
from llm_engineering.domain.errors import BadInput
from llm_engineering.infrastructure.api.schemas import (
    MOST_PASSAGES,
    NAME_CHARACTERS,
    WHOLE,
    Source,
    Supported,
    Times,
)

MESSAGE_CHARACTERS = 4_000
"""A longer one would leave no room for passages and answer in a small model's context."""
MOST_MESSAGES = 200
SEED_BOUND = 2**31


class ContentPart(BaseModel):
    """A part of a message; only text is read."""

    type: str = Field(json_schema_extra={"const": "text"})
    text: str = ""


WORDS = {"type": "string", "pattern": r"\S"}
QUESTION = {
    "type": "object",
    "properties": {
        "role": {"const": "user"},
        "content": {
            "anyOf": [
                WORDS,
                {
                    "type": "array",
                    "contains": {"type": "object", "properties": {"text": WORDS}, "required": ["type", "text"]},
                },
            ]
        },
    },
    "required": ["role", "content"],
}
"""A message of the user's that says something, as the API's description says it."""


class ChatMessage(BaseModel):
    """One turn of the conversation."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[ContentPart] | None = None

    @property
    def text(self) -> str:
        """Its words. Raises BadInput for an image or a sound."""
        if not isinstance(self.content, list):
            return self.content or ""
        if other := next((part.type for part in self.content if part.type != "text"), None):
            raise BadInput(f'A message has a part of type "{other[:40]}"; twins read text only, leave it out.')
        return "\n".join(part.text for part in self.content)


class StreamOptions(BaseModel):
    """How a stream ends."""

    include_usage: StrictBool | None = False


class TwinOptions(BaseModel):
    """Our addition to the request: whose voice, from what."""

    author: Annotated[str, Field(max_length=NAME_CHARACTERS)] | None = Field(
        default=None, description="Full name; may be left out when the model names the author, or there is only one."
    )
    mode: Mode = Mode.ANSWER
    k: Annotated[StrictInt, Field(ge=1, le=MOST_PASSAGES), WHOLE] = 5
    refuse: StrictBool = True
    retrieve: StrictBool = Field(
        default=True, description="Whether anything is looked up; without it there are no sources."
    )
    length: Length = Length.MEDIUM
    support: StrictBool = False


class ChatRequest(BaseModel):
    """A conversation that a twin is to go on with. Fields of OpenAI's that are not listed are ignored."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"model": "base", "messages": [{"role": "user", "content": "Why the feed before the sitemap?"}]}
            ]
        }
    )

    model: Annotated[str, Field(min_length=1, max_length=NAME_CHARACTERS)] = Field(
        description='As GET /v1/models lists them: "base", "AUTHOR" (its latest twin), "AUTHOR/2"; or "AUTHOR/base".'
    )
    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=MOST_MESSAGES)] = Field(
        description="The user's last message is answered; what an assistant said after it is answered anew.",
        json_schema_extra={"contains": QUESTION},
    )
    stream: StrictBool | None = False
    stream_options: StreamOptions | None = None
    temperature: Annotated[float, Field(strict=True, ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(strict=True, gt=0, le=1)] | None = None
    max_tokens: Annotated[StrictInt, Field(ge=1), WHOLE] | None = None
    max_completion_tokens: Annotated[StrictInt, Field(ge=1), WHOLE] | None = None
    stop: str | Annotated[list[str], Field(max_length=4)] | None = None
    seed: Annotated[StrictInt, WHOLE] | None = None
    n: Literal[1] | None = None
    twin: TwinOptions | None = None

    def inquiry(self, most_tokens: int) -> Inquiry:
        """As the application asks; `most_tokens` bounds the answer. Raises BadInput."""
        turns = [(message.role, message.text) for message in self.messages]
        if long := next((text for _, text in turns if len(text) > MESSAGE_CHARACTERS), None):
            raise BadInput(
                f"A message has {len(long):,} characters, and {MESSAGE_CHARACTERS:,} are the most; send a shorter one."
            )
        turns = [(role, text) for role, text in turns if text.strip()]
        asked = [at for at, (role, _) in enumerate(turns) if role == "user"]
        if not asked:
            raise BadInput("No message of the user's says anything; ask something.")
        before, (_, query) = turns[: asked[-1]], turns[asked[-1]]
        history: Messages = [{"role": role, "content": text} for role, text in before if role in ("user", "assistant")]
        options = self.twin or TwinOptions()
        return Inquiry(
            query=query,
            author=(options.author or "").strip() or None,
            twin=self.model,
            k=options.k,
            mode=options.mode,
            length=options.length,
            refuse=options.refuse,
            retrieve=options.retrieve,
            support=options.support,
            history=history,
            system="\n\n".join(text for role, text in turns if role in ("system", "developer")),
            sampling=self._sampling(),
            most_tokens=most_tokens,
        )

    def _sampling(self) -> Sampling:
        stop = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return Sampling(
            temperature=self.temperature or 0.0,
            seed=17 if self.seed is None else self.seed % SEED_BOUND,
            max_tokens=self.max_completion_tokens or self.max_tokens,
            top_p=self.top_p,
            stop=tuple(one for one in stop if one),
        )


class ListedModel(BaseModel):
    """A twin as a model."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str
    author: str | None = Field(description="Full name; None for the base model.")
    kind: Literal["base", "latest", "version"]


class Models(BaseModel):
    """What can be asked."""

    object: Literal["list"] = "list"
    data: list[ListedModel]


class CompletionUsage(BaseModel):
    """Tokens, as the model counts them."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: dict[str, int]

    @classmethod
    def of(cls, usage: Usage | None) -> "CompletionUsage":
        """Zeros where no model was asked, or it does not tell: clients add these figures up."""
        read, wrote, kept = (usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens) if usage else (0, 0, 0)
        return cls(
            prompt_tokens=read,
            completion_tokens=wrote,
            total_tokens=read + wrote,
            prompt_tokens_details={"cached_tokens": kept},
        )


class AnsweredMessage(BaseModel):
    """What the twin says."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: str | None = None


class Choice(BaseModel):
    """The one answer."""

    index: int = 0
    message: AnsweredMessage
    logprobs: None = None
    finish_reason: str


class ChatCompletion(BaseModel):
    """OpenAI's chat completion, with sources, author, twin, support, withheld and timings besides."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: CompletionUsage
    author: str
    twin: str
    sources: list[Source]
    support: list[Supported] | None
    withheld: str | None
    timings: Times


class Completion:
    """The frame of one completion: its id, its time, and the model by the name that the client gave it."""

    def __init__(self, model: str) -> None:
        self._frame: dict[str, Any] = {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "created": int(time.time()),
            "model": model,
        }

    def whole(self, answer: Answer) -> ChatCompletion:
        """The response that is not streamed."""
        message = AnsweredMessage(content=answer.answer, refusal=answer.withheld)
        return ChatCompletion(
            **self._frame,
            choices=[Choice(message=message, finish_reason=answer.finish_reason)],
            usage=CompletionUsage.of(answer.usage),
            author=answer.author,
            twin=answer.twin,
            **_besides(answer),
        )

    def chunk(self, delta: dict[str, Any] | None, finish_reason: str | None = None, **more: Any) -> dict[str, Any]:
        """A part of the stream; without a delta it is the one that only counts tokens."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        choices = [] if delta is None else [choice]
        return {**self._frame, "object": "chat.completion.chunk", "choices": choices, **more}

    def last_chunk(self, answer: Answer) -> dict[str, Any]:
        """The part that says how it ended, and what can be said of the whole text only."""
        besides = {name: _plain(value) for name, value in _besides(answer).items()}
        delta = {"refusal": answer.withheld} if answer.withheld else {}
        return self.chunk(delta, answer.finish_reason, **besides)


def _besides(answer: Answer) -> dict[str, Any]:
    return {
        "sources": [Source.model_validate(source) for source in answer.sources],
        "support": None if answer.support is None else [Supported.model_validate(one) for one in answer.support],
        "withheld": answer.withheld,
        "timings": Times.model_validate(answer.timings),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value
