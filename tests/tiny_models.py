"""Models small enough to be made on the spot. Their weights are random, so they know nothing."""

from pathlib import Path

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,'-?"


def tiny_embedder(directory: Path) -> Path:
    """A sentence-transformers model of 32 dimensions that reads letters; returns its directory."""
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=512,
    )
    bert, whole = directory / "bert", directory / "embedder"
    BertModel(config).save_pretrained(bert)
    BertTokenizerFast(vocab={word: place for place, word in enumerate(vocabulary)}).save_pretrained(bert)
    SentenceTransformer(str(bert), local_files_only=True).save(str(whole))
    return whole
