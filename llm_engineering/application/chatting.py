"""One call of a chat model, whatever its provider."""

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from llm_engineering.application.prompting import Messages
from llm_engineering.domain.errors import ModelError, TwinError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage, AIMessageChunk


def said(chat: "BaseChatModel", messages: Messages, **options: Any) -> str:
    """What the model says, without white space around it. `options` are those of the OpenAI API.

    Raises ModelError whatever the provider raises: each has exceptions of its own.
    """
    return text_of(replied(chat, messages, **options))


def replied(chat: "BaseChatModel", messages: Messages, **options: Any) -> "AIMessage":
    """The model's whole message, which also says how many tokens it took, where the provider tells."""
    try:
        return chat.bind(**options).invoke(messages)
    except TwinError:
        raise
    except Exception as error:
        raise _no_answer(error) from error


def streamed(chat: "BaseChatModel", messages: Messages, **options: Any) -> "Generator[AIMessageChunk, None, None]":
    """The message piece by piece, as it is written; closing it stops the writing.

    Raises as `said`, also in the middle.
    """
    pieces: Any = None
    try:
        pieces = chat.bind(**options).stream(messages)
        yield from pieces
    except TwinError:
        raise
    except Exception as error:
        raise _no_answer(error) from error
    finally:
        if pieces is not None:
            pieces.close()


def text_of(message: "AIMessage") -> str:
    """What it says, without white space around it."""
    return str(message.text).strip()


def keeps_to_schemas(chat: "BaseChatModel") -> bool:
    """Whether the model can be held to a JSON schema while it writes, by its LangChain profile."""
    return bool((chat.profile or {}).get("structured_output"))


def penalises_repeats(chat: "BaseChatModel") -> bool:
    """Whether the model shuns the words of its prompt unless told otherwise, as llama.cpp here does."""
    return "repeat_penalty" in type(chat).model_fields


def _no_answer(error: Exception) -> ModelError:
    return ModelError(
        f"The chat model gave no answer ({type(error).__name__}: {' '.join(str(error).split())[:200]}); "
        "check CHAT_MODEL, its server and its key."
    )
