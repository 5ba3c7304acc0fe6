"""Who answers in an evaluation, and how each is asked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from llm_engineering.application import prompting
from llm_engineering.application.generation import generate
from llm_engineering.application.ports import DocumentStore, Progress
from llm_engineering.application.prompting import Messages
from llm_engineering.domain.chunks import Retrieved, RetrievedPassage
from llm_engineering.domain.twins import ADAPTER, GGUF, TwinManifest

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

ANSWER_TOKENS = 170
"""About the length of the author's pieces that style is compared with."""
MATERIAL_WORDS = 420
"""Of all passages of an answer with sources; more would be read for minutes on a CPU."""
BASE = "base"
STYLE_CARD = "style-card"
WITH_SOURCES = "+sources"


@dataclass(frozen=True)
class Contender:
    """A model and the way it is asked."""

    name: str
    label: str
    model: str
    """Names the weights: answers are kept under it."""
    chat: "BaseChatModel"
    is_twin: bool = False
    with_sources: bool = False
    """Whether it is also asked with sources, as the service asks it."""
    weights: tuple[str, Path | None] | None = None
    """Base model and adapter, where they may be on this machine, so that its loss can be measured."""
    prompt: Callable[[str], Messages] | None = None
    """Makes a prompt of an instruction; left out, the one that twins are trained on."""

    def asked(self, author: str, instruction: str) -> Messages:
        """The prompt without sources."""
        return self.prompt(instruction) if self.prompt else prompting.conversation(author, instruction)


@dataclass(frozen=True)
class Answers:
    """What one contender wrote, prompt by prompt."""

    contender: Contender
    texts: Sequence[str]
    places: Sequence[int]
    """Number of the prompt that each text answers."""
    found: Sequence[Retrieved] = ()
    """What it was given, one a text; empty for answers without sources."""

    @property
    def name(self) -> str:
        """As candidates are called in reports."""
        return self.contender.name + (WITH_SOURCES if self.found else "")

    @property
    def label(self) -> str:
        """The same in words."""
        return self.contender.label + (", with sources" if self.found else "")


def base_contender(base_model: str, chat: "BaseChatModel") -> Contender:
    """The untrained model, which the others are compared with."""
    return Contender(BASE, "Base model", base_model, chat, with_sources=True, weights=(base_model, None))


def twin_contender(manifest: TwinManifest, chat: "BaseChatModel", directory: Path | None = None) -> Contender:
    """A twin, whose files are in `directory`.

    Its weights' hash names the model, as a retrained twin may get the number of a deleted one.
    """
    name = f"{manifest.name}/{manifest.version}"
    stages = " and ".join(stage.upper() for stage in manifest.stages)
    model = f"{name}@{manifest.files.get(GGUF, '')}"
    weights = (manifest.base_model, directory / ADAPTER) if directory else None
    return Contender(name, f"Twin {name} ({stages})", model, chat, is_twin=True, with_sources=True, weights=weights)


def plain_answers(
    contender: Contender, author: str, instructions: Sequence[str], store: DocumentStore, progress: Progress, seed: int
) -> Answers:
    """Its answers to the instructions alone."""
    prompts = [contender.asked(author, instruction) for instruction in instructions]
    texts = _generated(contender, prompts, store, progress, f"{contender.name} answering", seed)
    return Answers(contender, texts, range(len(texts)))


def grounded_answers(
    contender: Contender,
    author: str,
    found: Mapping[int, Retrieved],
    store: DocumentStore,
    progress: Progress,
    seed: int,
) -> Answers:
    """Its answers with what was found for each instruction; `found` has the numbers of their prompts."""
    prompts = [prompting.grounded_conversation(author, one.question, material(one.passages)) for one in found.values()]
    texts = _generated(contender, prompts, store, progress, f"{contender.name} answering from sources", seed)
    return Answers(contender, texts, list(found), list(found.values()))


def material(passages: Sequence[RetrievedPassage]) -> list[RetrievedPassage]:
    """The best passages up to MATERIAL_WORDS together, at least one."""
    chosen: list[RetrievedPassage] = []
    words = 0
    for passage in passages:
        words += len(passage.chunk.text.split())
        if chosen and words > MATERIAL_WORDS:
            break
        chosen.append(passage)
    return chosen


def _generated(
    contender: Contender,
    prompts: Sequence[Messages],
    store: DocumentStore,
    progress: Progress,
    description: str,
    seed: int,
) -> list[str]:
    return generate(
        contender.chat,
        prompts,
        model_name=contender.model,
        store=store,
        progress=progress,
        description=description,
        max_tokens=ANSWER_TOKENS,
        temperature=0.7,
        seed=seed,
        stop=prompting.OWN_FRAMES,
    )
