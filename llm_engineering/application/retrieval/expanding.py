"""Other ways to put a question, by the chat model."""

import re
from typing import TYPE_CHECKING

from llm_engineering.application import prompting
from llm_engineering.application.chatting import said

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

TOKENS_PER_QUERY = 40
_MARK = re.compile(r"^\s*(?:[-*•]|\(?\d{1,2}[.):])\s*")


def expanded(question: str, chat: "BaseChatModel", count: int) -> list[str]:
    """Up to `count` other wordings of the question; fewer when the model gives fewer that differ.

    Raises ModelError when the model fails.
    """
    if count < 1:
        return []
    prompt = prompting.query_expansion(question, count)
    lines = said(chat, prompt, max_tokens=TOKENS_PER_QUERY * count, temperature=0.0, seed=17).splitlines()
    found = dict.fromkeys(" ".join(_MARK.sub("", line).strip(" \"'").split()) for line in lines)
    return [line for line in found if line and line.lower() != question.lower()][:count]
