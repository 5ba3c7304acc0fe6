"""What the base model writes about an author's topics, without a word of theirs."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from benchmarks.evaluation.corpus import Texts, spread
from benchmarks.training import made
from llm_engineering.application.generation import generate
from llm_engineering.bootstrap import Twin

INSTRUCTION = "Write a passage of a blog post with this title: {title}"
TOKENS = 200
LEAST_WORDS = 60
"""A shorter answer is no piece of text to compare."""


def texts(
    twin: Twin, model: str, authors: Mapping[str, Texts], most: int, cache: Path, seed: int
) -> dict[str, list[str]]:
    """Author → what the model wrote for the titles of at most so many held-out documents."""
    titles = {name: spread([one.title for one in some.held_out], most) for name, some in authors.items()}
    with closing(made.store(cache)) as store, twin.chat_models.opened(model) as chat:
        return {
            name: [
                text
                for text in generate(
                    chat,
                    [[{"role": "user", "content": INSTRUCTION.format(title=title)}] for title in some],
                    model_name=model,
                    store=store,
                    progress=twin.progress,
                    description=f"{name}: base model answering",
                    max_tokens=TOKENS,
                    temperature=0.7,
                    seed=seed,
                )
                if len(text.split()) >= LEAST_WORDS
            ]
            for name, some in titles.items()
        }
