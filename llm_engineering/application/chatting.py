"""One call of a chat model, whatever its provider."""

from typing import TYPE_CHECKING, Any

from llm_engineering.application.prompting import Messages
from llm_engineering.domain.errors import ModelError, TwinError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


def said(chat: "BaseChatModel", messages: Messages, **options: Any) -> str:
    """What the model says, without white space around it. `options` are those of the OpenAI API.

    Raises ModelError whatever the provider raises: each has exceptions of its own.
    """
    try:
        return str(chat.bind(**options).invoke(messages).text).strip()
    except TwinError:
        raise
    except Exception as error:
        raise ModelError(
            f"The chat model gave no answer ({type(error).__name__}: {' '.join(str(error).split())[:200]}); "
            "check CHAT_MODEL, its server and its key."
        ) from error
