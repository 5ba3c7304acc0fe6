"""Every chat model passes the same suite; what llama.cpp and the opening add is tested below it."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk
from pydantic import SecretStr

from llm_engineering.application.chatting import keeps_to_schemas
from llm_engineering.application.instructions import instruction_in
from llm_engineering.application.ports import Silent
from llm_engineering.application.prompting import REQUEST_STARTS, back_translation, instruction_schema
from llm_engineering.domain.errors import BadSettings, MissingDependency, ModelError
from llm_engineering.infrastructure.models.chat import OpenedChatModels
from llm_engineering.infrastructure.models.store import ModelStore
from tests.contracts.chat_model import QUESTIONS, STEADY, ChatModelContract
from tests.fakes import SayingChat

SMOLLM = "embedded:smollm2-135m-instruct"


class TestSayingChat(ChatModelContract):
    @pytest.fixture
    def chat(self) -> BaseChatModel:
        return SayingChat(says=lambda question: f"{question} Yes.")


@pytest.fixture(scope="module")
def smollm(embedded_models: ModelStore) -> Iterator[BaseChatModel]:
    with OpenedChatModels(embedded_models).opened(SMOLLM) as chat:
        yield chat


@pytest.mark.slow
class TestLlamaCpp(ChatModelContract):
    @pytest.fixture
    def chat(self, smollm: BaseChatModel) -> BaseChatModel:
        return smollm

    def test_stops_at_the_limit_and_at_a_stop_word(self, chat: BaseChatModel) -> None:
        cut = chat.bind(temperature=0, max_tokens=5).invoke("Count to ten in words.")
        assert cut.usage_metadata["output_tokens"] == 5
        assert cut.response_metadata["finish_reason"] == "length"
        stopped = chat.bind(temperature=0, max_tokens=60, stop=["three"]).invoke("Say: one two three four")
        assert "three" not in str(stopped.text)
        assert stopped.response_metadata["finish_reason"] == "stop"

    def test_keeps_to_a_json_schema(self, chat: BaseChatModel) -> None:
        schema = {
            "type": "object",
            "properties": {"name": {"type": "string", "maxLength": 20}, "age": {"type": "integer"}},
            "required": ["name", "age"],
            "additionalProperties": False,
        }
        shape = {"type": "json_schema", "json_schema": {"name": "person", "schema": schema}}
        person = json.loads(str(chat.bind(response_format=shape, max_tokens=80).invoke("Make up a person.").text))
        assert set(person) == {"name", "age"}
        assert isinstance(person["age"], int)

    def test_says_that_it_keeps_to_schemas_and_begins_a_request_as_its_kind_begins(self, chat: BaseChatModel) -> None:
        assert keeps_to_schemas(chat)
        for kind, starts in REQUEST_STARTS.items():
            shape = {"type": "json_schema", "json_schema": {"name": "answer", "schema": instruction_schema(kind)}}
            prompt = back_translation("I water the garden in the evening, never at noon.", kind, as_json=True)
            answer = str(chat.bind(response_format=shape, max_tokens=72, temperature=0).invoke(prompt).text)
            assert instruction_in(answer).startswith(starts)

    def test_keeps_to_a_grammar(self, chat: BaseChatModel) -> None:
        assert chat.bind(grammar='root ::= "yes" | "no"').invoke("Is water wet?").text in ("yes", "no")

    def test_a_seed_gives_the_same_text_again_and_another_one_other_text(self, chat: BaseChatModel) -> None:
        def story(seed: int) -> str:
            return str(chat.bind(temperature=1.2, max_tokens=24, seed=seed).invoke("Tell me a story.").text)

        assert story(1) == story(1)
        assert len({story(seed) for seed in range(1, 5)}) > 1

    def test_reads_a_shared_beginning_once(self, chat: BaseChatModel) -> None:
        beginning = "These are the rules of the house. " * 20
        chat.bind(max_tokens=1).invoke(beginning + "First question?")
        usage = chat.bind(max_tokens=1).invoke(beginning + "Second question?").usage_metadata
        assert usage["input_token_details"]["cache_read"] > 0.8 * usage["input_tokens"]

    def test_answers_several_at_once(self, chat: BaseChatModel) -> None:
        """Four requests overlap in time: the first tokens of all come before the last token of any."""
        first, last = [], []

        def read(question: str) -> None:
            stream = chat.bind(max_tokens=120, temperature=0, ignore_eos=True).stream(question)
            moments = [time.monotonic() for chunk in stream if chunk.text]
            first.append(moments[0])
            last.append(moments[-1])

        threads = [threading.Thread(target=read, args=(question,)) for question in QUESTIONS[:4]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert max(first) < min(last)

    def test_a_stream_ends_with_its_usage_and_reason(self, chat: BaseChatModel) -> None:
        whole = AIMessageChunk("")
        for chunk in chat.bind(**STEADY).stream(QUESTIONS[0]):
            whole += chunk
        assert whole.usage_metadata["output_tokens"] == STEADY["max_tokens"]
        assert whole.response_metadata["finish_reason"] == "length"

    def test_a_stream_that_nobody_reads_any_more_stops_writing(self, chat: BaseChatModel) -> None:
        stream = chat.bind(max_tokens=1900, ignore_eos=True).stream("Write a very long story.")
        next(stream)
        started = time.monotonic()
        stream.close()
        assert time.monotonic() - started < 10  # all of it would take longer
        assert not [thread for thread in threading.enumerate() if thread.name == "llama.cpp-stream"]

    @pytest.mark.parametrize("ask", ["invoke", "stream"])
    def test_a_prompt_that_does_not_fit_is_one_sentence_with_both_numbers(self, chat: BaseChatModel, ask: str) -> None:
        with pytest.raises(ModelError, match=r"The prompt has 3\d\d\d tokens, but .* context of 2048"):
            list(getattr(chat, ask)("word " * 3000))

    def test_a_field_of_the_wrong_kind_is_refused(self, chat: BaseChatModel) -> None:
        with pytest.raises(ModelError, match="temperature"):
            chat.invoke("Hello.", temperature="hot")

    def test_counts_tokens_by_the_models_own_tokenizer(self, chat: BaseChatModel) -> None:
        assert chat.get_token_ids("<|im_end|>") == [2]
        assert chat.get_num_tokens("Hello world") == 2

    def test_says_nothing_on_the_terminal_even_about_a_damaged_file(
        self, embedded_models: ModelStore, tmp_path: Path
    ) -> None:
        whole = embedded_models.path(SMOLLM)
        (tmp_path / "half.gguf").write_bytes(whole.read_bytes()[:5_000_000])
        command = [sys.executable, "-c", TALKS, str(whole), str(tmp_path / "half.gguf")]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        assert "half.gguf: it is damaged" in done.stdout

    def test_nobody_else_on_the_machine_can_use_its_port(self, chat: BaseChatModel) -> None:
        import httpx

        for path in ("/v1/chat/completions", "/completion", "/tokenize"):
            assert httpx.post(f"{chat._address}{path}", json={}).status_code == 401


TALKS = """
import sys
from pathlib import Path
from llm_engineering.infrastructure.models.llamacpp import LlamaCppChat
chat = LlamaCppChat(Path(sys.argv[1]), slots=1)
chat.invoke("Hello.", max_tokens=3)
chat.close()
try:
    LlamaCppChat(Path(sys.argv[2]))
except Exception as error:
    print(error)
"""


@pytest.fixture
def chat_models(tmp_path: Path) -> OpenedChatModels:
    return OpenedChatModels(
        ModelStore(tmp_path, Silent()),
        openai_api_key=SecretStr("sk-not-a-key"),
        server_api_key=SecretStr("of-the-server"),
    )


@pytest.mark.slow
def test_a_model_is_closed_with_the_context(embedded_models: ModelStore) -> None:
    with OpenedChatModels(embedded_models).opened(str(embedded_models.path(SMOLLM))) as chat:
        assert chat.invoke("Hello.", max_tokens=2).text
    with pytest.raises(ModelError, match="is closed"):
        chat.invoke("Hello.")


def test_a_url_opens_an_openai_compatible_server(chat_models: OpenedChatModels) -> None:
    with chat_models.opened("http://127.0.0.1:9/v1/#some-model") as chat:
        assert (chat.openai_api_base, chat.model_name) == ("http://127.0.0.1:9/v1", "some-model")


def test_each_key_goes_where_it_belongs_and_nowhere_else(chat_models: OpenedChatModels, tmp_path: Path) -> None:
    for model, key in [("http://127.0.0.1:9/v1#m", "of-the-server"), ("openai:gpt-4o-mini", "sk-not-a-key")]:
        with chat_models.opened(model) as chat:
            assert chat.openai_api_key.get_secret_value() == key
    only_openai = OpenedChatModels(ModelStore(tmp_path, Silent()), openai_api_key=SecretStr("sk-not-a-key"))
    with only_openai.opened("http://127.0.0.1:9/v1#m") as chat:
        assert chat.openai_api_key.get_secret_value() == "none"


@pytest.mark.parametrize(
    "model", ["http://me:hunter2@host/v1", "http://me:hun#ter2@host", "HTTP://me:hunter2@h/v1#m", "x://me:hunter2@h"]
)
def test_a_refusal_never_shows_a_password(chat_models: OpenedChatModels, model: str) -> None:
    with pytest.raises(BadSettings) as refused, chat_models.opened(model):
        pass
    assert "hun" not in str(refused.value)
    assert "ter2" not in str(refused.value)


def test_a_provider_string_opens_by_langchain(chat_models: OpenedChatModels) -> None:
    with chat_models.opened("openai:gpt-4o-mini") as chat:
        assert chat.model_name == "gpt-4o-mini"
    assert "sk-not-a-key" not in repr(chat)


@pytest.mark.parametrize(
    "model",
    [
        "",
        "nonsense",
        "http://host/v1",
        "https:///v1#m",
        "http://host:x/v1#m",
        "http://[::1/v1#m",
        "nobody:model",
        ":model",
        "openai:",
    ],
)
def test_a_malformed_name_is_refused_with_the_settings_name(chat_models: OpenedChatModels, model: str) -> None:
    with pytest.raises(BadSettings, match="CHAT_MODEL is"), chat_models.opened(model):
        pass


def test_openai_without_a_key_names_the_key(tmp_path: Path) -> None:
    keyless = OpenedChatModels(ModelStore(tmp_path, Silent()), server_api_key=SecretStr("of-the-server"))
    with pytest.raises(BadSettings, match="OPENAI_API_KEY"), keyless.opened("openai:gpt-4o-mini"):
        pass


def test_a_provider_whose_package_is_missing_names_the_package(chat_models: OpenedChatModels) -> None:
    with pytest.raises(MissingDependency, match="langchain-anthropic"), chat_models.opened("anthropic:claude"):
        pass


def test_an_unknown_embedded_model_names_the_known_ones(chat_models: OpenedChatModels) -> None:
    with pytest.raises(ModelError, match=SMOLLM), chat_models.opened("embedded:huge"):
        pass


def test_a_file_that_is_missing_or_no_gguf_is_named(chat_models: OpenedChatModels, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.gguf cannot be read"), chat_models.opened(f"{tmp_path}/none.gguf"):
        pass
    (tmp_path / "text.gguf").write_text("hello")
    with pytest.raises(ModelError, match=r"text\.gguf is not a GGUF file"), chat_models.opened(f"{tmp_path}/text.gguf"):
        pass
