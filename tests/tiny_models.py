"""Models small enough to be made on the spot. Their weights are random, so they know nothing."""

from pathlib import Path

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,'-?"
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *(f"##{letter}" for letter in LETTERS)]


def tiny_embedder(directory: Path) -> Path:
    """A sentence-transformers model of 32 dimensions that reads letters; returns its directory."""
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=512,
    )
    bert, whole = directory / "bert", directory / "embedder"
    BertModel(config).save_pretrained(bert)
    BertTokenizerFast(vocab={word: place for place, word in enumerate(VOCABULARY)}).save_pretrained(bert)
    SentenceTransformer(str(bert), local_files_only=True).save(str(whole))
    return whole


def tiny_cross_encoder(directory: Path) -> Path:
    """A cross-encoder that reads letters; returns its directory."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        num_labels=1,
    )
    whole = directory / "cross-encoder"
    BertForSequenceClassification(config).save_pretrained(whole)
    BertTokenizerFast(vocab={word: place for place, word in enumerate(VOCABULARY)}).save_pretrained(whole)
    return whole


CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def tiny_llama(directory: Path) -> Path:
    """A Llama of two layers and 64 dimensions that reads bytes and chats in ChatML; returns its directory."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    VOCABULARY = ["<|end|>", "<|im_start|>", "<|im_end|>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    backend = Tokenizer(models.BPE({word: place for place, word in enumerate(VOCABULARY)}, []))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        pad_token="<|end|>",
        chat_template=CHATML,
    )
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        eos_token_id=2,
        pad_token_id=0,
        bos_token_id=1,
    )
    whole = directory / "tiny-llama"
    LlamaForCausalLM(config).save_pretrained(whole)
    tokenizer.save_pretrained(whole)
    return whole
