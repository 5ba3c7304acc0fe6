"""How an answer is written: piece by piece, within its time, twice where the guard objects, then not at all."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from threading import Timer
from typing import Any

import pytest
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import Field

from llm_engineering.application.answering import Answer, Usage, prompt_for
from llm_engineering.application.guarding import Guard, NoGuard
from llm_engineering.application.inquiry import Inquiry, Length, Mode, Patience, Sampling
from llm_engineering.application.telling import Begun, Event, Prepared, Said, answered, told
from llm_engineering.domain.chunks import Retrieved
from llm_engineering.domain.errors import ModelError, ServiceError, TimeLimitReached
from tests.samples import ADA, article

OWN = article(1, 20)


class Writer(BaseChatModel):
    """Writes the texts word by word, one a call; remembers with which options, and whether it was stopped."""

    texts: list[str]
    asked: list[dict[str, Any]] = Field(default_factory=list)
    stopped: list[bool] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "writer"

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        return generate_from_stream(self._stream(*args, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        self.asked.append({"stop": stop, **kwargs})
        words = self.texts[min(len(self.asked), len(self.texts)) - 1].split(" ")
        try:
            for number, word in enumerate(words):
                yield ChatGenerationChunk(message=AIMessageChunk(content=f"{' ' if number else ''}{word}"))
            usage = {"input_tokens": 5, "output_tokens": len(words), "total_tokens": 5 + len(words)}
            ended = {"finish_reason": "stop"}
            yield ChatGenerationChunk(message=AIMessageChunk(content="", usage_metadata=usage, response_metadata=ended))
            self.stopped.append(False)
        except GeneratorExit:
            self.stopped.append(True)
            raise


def prepared(inquiry: Inquiry | None = None, found: Retrieved | None = None) -> Prepared:
    inquiry = inquiry or Inquiry("Why?")
    messages = prompt_for(inquiry, ADA, found, count)
    return Prepared(inquiry=inquiry, author=ADA, twin="t/1", found=found, messages=messages, began=0.0)


def count(text: str) -> int:
    return len(text.split()) + 2


def tell(chat: Writer, guard: Guard | None = None, patience: Patience | None = None, **of: Any) -> Iterator[Event]:
    return told(prepared(**of), lambda: nullcontext(chat), guard or NoGuard(), patience or Patience())


def whole(chat: Writer, guard: Guard | None = None, patience: Patience | None = None, **of: Any) -> Answer:
    return answered(prepared(**of), lambda: nullcontext(chat), guard or NoGuard(), patience or Patience())


def strict() -> Guard:
    return Guard(lambda author: [OWN], most_copied=0.5)


def said(events: Sequence[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Said))


def test_an_answer_comes_in_pieces_between_who_says_it_and_the_whole() -> None:
    first, *pieces, last = tell(Writer(texts=["\n Because I say so. "]))
    assert isinstance(first, Begun)
    assert (first.author, first.twin) == ("Ada Example", "t/1")
    assert len(pieces) > 2
    assert isinstance(last, Answer)
    assert said(pieces) == last.answer == "Because I say so."
    assert last.finish_reason == "stop"
    assert last.usage == Usage(prompt_tokens=5, completion_tokens=6)


def test_the_whole_answer_is_what_its_pieces_are() -> None:
    text = "Because I say so, and 25 others do."
    assert whole(Writer(texts=[text])).answer == said(list(tell(Writer(texts=[text])))) == text


def test_sampling_reaches_the_model_and_the_frame_of_a_passage_always_ends_it() -> None:
    chat = Writer(texts=["Yes."])
    sampling = Sampling(temperature=0.4, seed=5, max_tokens=33, top_p=0.8, stop=("END",))
    whole(chat, inquiry=Inquiry("Why?", sampling=sampling))
    assert chat.asked == [
        {"stop": ["END", "</passage>", "<passage"], "temperature": 0.4, "seed": 5, "max_tokens": 33, "top_p": 0.8}
    ]


def test_the_frame_of_a_passage_ends_it_also_where_the_clients_own_words_leave_the_model_no_room_for_it() -> None:
    chat = Writer(texts=["Yes, I do. </passage> <passage title='Mine'>"])
    asked = Inquiry("Why?", sampling=Sampling(stop=("A", "B", "C", "D")))
    assert whole(chat, inquiry=asked).answer == "Yes, I do."
    assert chat.asked[0]["stop"] == ["A", "B", "C", "D"]


@pytest.mark.parametrize(("how", "error"), [("gone", ServiceError), ("late", TimeLimitReached)])
def test_a_model_that_says_nothing_holds_nobody_who_is_gone_or_out_of_time(how: str, error: type[Exception]) -> None:
    silent = threading.Event()

    class Silent(Writer):
        def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
            silent.wait(30)
            yield from ()

    patience = Patience(until=time.monotonic() + 0.3) if how == "late" else Patience()
    Timer(0.3, patience.gone.set if how == "gone" else int).start()
    Timer(0.6, silent.set).start()  # a server that is never heard of again would be waited for a little longer
    before = time.monotonic()
    with pytest.raises(error):
        whole(Silent(texts=[]), patience=patience)
    assert time.monotonic() - before < 10


def test_a_rewriting_may_be_as_long_as_the_text_takes_but_no_longer_than_the_service_allows() -> None:
    text = "word " * 300
    assert Inquiry("Why?", mode=Mode.REWRITE).max_tokens == 220
    assert 420 < Inquiry(text, mode=Mode.REWRITE).max_tokens < 600
    assert Inquiry(text, mode=Mode.REWRITE, most_tokens=400).max_tokens == 400
    assert Inquiry(text, mode=Mode.REWRITE, sampling=Sampling(max_tokens=50)).max_tokens == 50


@pytest.mark.parametrize(("length", "tokens"), [(Length.SHORT, 90), (Length.MEDIUM, 220), (Length.LONG, 440)])
def test_a_length_is_a_number_of_tokens(length: Length, tokens: int) -> None:
    chat = Writer(texts=["Yes."])
    whole(chat, inquiry=Inquiry("Why?", length=length))
    assert chat.asked[0]["max_tokens"] == tokens


def test_nobody_is_asked_when_the_author_has_not_written_of_it() -> None:
    nothing = Retrieved(question="Why?", author="Ada Example", searched=("Why?",))
    chat = Writer(texts=["Never."])
    events = list(tell(chat, found=nothing))
    assert said(events) == whole(chat, found=nothing).answer == "I have not written about that."
    assert chat.asked == []
    assert whole(chat, inquiry=Inquiry("Why?", refuse=False), found=nothing).answer == "Never."


# ------------------------------------------------------------------------------ the guard


def test_an_answer_that_copies_is_written_anew_in_other_words() -> None:
    chat = Writer(texts=[OWN, "My own words."])
    given = whole(chat, strict())
    assert (given.answer, given.withheld, given.finish_reason) == ("My own words.", None, "stop")
    first, second = chat.asked
    assert second["temperature"] > first["temperature"]
    assert second["seed"] != first["seed"]
    assert given.usage == Usage(prompt_tokens=10, completion_tokens=len(OWN.split(" ")) + 3)


def test_an_answer_that_copies_twice_is_withheld_with_the_reason_and_without_its_text() -> None:
    chat = Writer(texts=[OWN])
    given = whole(chat, strict())
    assert len(chat.asked) == 2
    assert (given.answer, given.finish_reason) == ("", "content_filter")
    assert given.withheld is not None
    assert OWN[:20] not in given.model_dump_json()


def test_a_stream_ends_where_the_answer_begins_to_copy_and_the_model_is_stopped() -> None:
    chat = Writer(texts=[OWN])
    events = list(tell(chat, strict()))
    last = events[-1]
    assert isinstance(last, Answer)
    assert (last.answer, last.finish_reason) == ("", "content_filter")
    assert len(said(events).split()) < 30
    assert chat.stopped == [True]


def test_private_data_never_reach_a_stream() -> None:
    chat = Writer(texts=["Sure. Call me at +49 30 901820 any time you like."])
    *events, last = tell(chat, strict())
    assert isinstance(last, Answer)
    assert said(events) == "Sure. Call me at"
    assert "phone" in (last.withheld or "")


# ------------------------------------------------------------------------------ time


def test_a_stream_that_is_closed_stops_the_model() -> None:
    chat = Writer(texts=[OWN])
    events = tell(chat)
    for _ in range(3):
        next(events)
    events.close()
    assert chat.stopped == [True]


def test_an_answer_that_nobody_waits_for_stops_the_model() -> None:
    chat, patience = Writer(texts=[OWN]), Patience()
    patience.gone.set()
    with pytest.raises(ServiceError, match="nobody waits"):
        whole(chat, patience=patience)
    assert chat.stopped == [True]


def test_an_answer_whose_time_is_over_ends_where_it_is() -> None:
    chat = Writer(texts=[OWN])
    given = whole(chat, patience=Patience(until=0.0))
    assert given.finish_reason == "length"
    assert OWN.startswith(given.answer)
    assert chat.stopped == [True]


def test_an_answer_without_a_word_by_then_is_an_error() -> None:
    with pytest.raises(TimeLimitReached, match="before its first word"):
        whole(Writer(texts=[""]), patience=Patience(until=0.0))


def test_whatever_a_provider_raises_is_one_sentence() -> None:
    class Broken(Writer):
        def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
            raise ConnectionError("no route to host")
            yield

    with pytest.raises(ModelError, match="no answer .*no route to host"):
        whole(Broken(texts=[]))


# ------------------------------------------------------------------------------ the prompt


def test_a_text_to_rewrite_is_the_task_that_twins_were_trained_on() -> None:
    system, user = prompt_for(Inquiry("It is cold.", mode=Mode.REWRITE), ADA, None, count)
    assert system["content"].startswith("You are Ada Example.")
    assert user["content"] == "Say this in your own voice:\n\nIt is cold."


def test_what_was_said_before_stands_between_voice_and_question_and_the_oldest_goes_first() -> None:
    long = "word " * 600
    history = [
        {"role": "user", "content": long},
        {"role": "assistant", "content": "A."},
        {"role": "user", "content": long},
        {"role": "assistant", "content": "B."},
        {"role": "user", "content": long},
        {"role": "assistant", "content": "C."},
    ]
    inquiry = Inquiry("And?", history=history, system="Be short.")
    system, *kept, question = prompt_for(inquiry, ADA, None, count)
    assert system["content"].endswith("\n\nBe short.")
    assert kept == history[2:]
    assert question["content"] == "And?"
