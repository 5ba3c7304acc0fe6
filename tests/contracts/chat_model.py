"""What every chat model that `ChatModels` opens does, as far as the application relies on it."""

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

QUESTIONS = ["Name a colour.", "Name an animal.", "Name a town.", "Name a tree.", "Name a river."]
STEADY = {"temperature": 0.0, "max_tokens": 12, "seed": 17}


class ChatModelContract:
    """Inherit, and give a `chat` fixture."""

    def test_answers_a_question(self, chat: BaseChatModel) -> None:
        answer = chat.bind(**STEADY).invoke(QUESTIONS[0])
        assert isinstance(answer, AIMessage)
        assert str(answer.text).strip()

    def test_reads_messages_as_dictionaries_and_as_objects_alike(self, chat: BaseChatModel) -> None:
        as_dictionaries = [{"role": "system", "content": "Be short."}, {"role": "user", "content": QUESTIONS[0]}]
        as_objects = [SystemMessage("Be short."), HumanMessage(QUESTIONS[0])]
        bound = chat.bind(**STEADY)
        assert bound.invoke(as_dictionaries).text == bound.invoke(as_objects).text

    def test_says_the_same_to_the_same_at_temperature_zero(self, chat: BaseChatModel) -> None:
        bound = chat.bind(**STEADY)
        assert bound.invoke(QUESTIONS[0]).text == bound.invoke(QUESTIONS[0]).text

    def test_answers_a_batch_in_order(self, chat: BaseChatModel) -> None:
        bound = chat.bind(**STEADY)
        batch = [str(answer.text) for answer in bound.batch(QUESTIONS)]
        # The first words only: requests side by side may differ in a last bit, and that in a later word.
        assert [text[:4] for text in batch] == [str(bound.invoke(question).text)[:4] for question in QUESTIONS]

    def test_generates_for_several_prompts_in_order(self, chat: BaseChatModel) -> None:
        result = chat.generate([[HumanMessage(question)] for question in QUESTIONS], **STEADY)
        texts = [generations[0].text for generations in result.generations]
        assert [text[:4] for text in texts] == [str(chat.bind(**STEADY).invoke(q).text)[:4] for q in QUESTIONS]

    def test_streams_what_it_would_say_at_once(self, chat: BaseChatModel) -> None:
        bound = chat.bind(**STEADY)
        assert "".join(str(chunk.text) for chunk in bound.stream(QUESTIONS[0])) == bound.invoke(QUESTIONS[0]).text
