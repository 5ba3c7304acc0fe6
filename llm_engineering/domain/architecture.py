"""How a causal language model is built, in the numbers that decide its memory and its time."""

from dataclasses import dataclass

from llm_engineering.domain.errors import BadConfig


@dataclass(frozen=True)
class Architecture:
    """A decoder of equal layers: attention with grouped keys and values, and a gated feed-forward part."""

    model_type: str
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    vocab_size: int
    tie_word_embeddings: bool
    head_dim: int = 0
    """0 is hidden_size / num_attention_heads."""
    norms_per_layer: int = 2
    """Vectors of hidden_size: Llama has 2, Gemma 3 has 4."""
    qk_norms: bool = False
    """Queries and keys are normalised too (Qwen3, Gemma 3): two vectors of head_dim a layer."""
    other_parameters: int = 0
    """Held in memory and not part of the text model, such as an image encoder."""

    @property
    def query_size(self) -> int:
        """Width of queries, all heads together."""
        return self.num_attention_heads * self._head_dim

    @property
    def key_value_size(self) -> int:
        """Width of keys, and of values."""
        return self.num_key_value_heads * self._head_dim

    @property
    def _head_dim(self) -> int:
        return self.head_dim or self.hidden_size // self.num_attention_heads

    @property
    def linear_layers(self) -> dict[str, tuple[int, int]]:
        """Name → (inputs, outputs) of a layer's matrices, which are what LoRA adapts and 4 bits quantise."""
        hidden, inner = self.hidden_size, self.intermediate_size
        return {
            "q_proj": (hidden, self.query_size),
            "k_proj": (hidden, self.key_value_size),
            "v_proj": (hidden, self.key_value_size),
            "o_proj": (self.query_size, hidden),
            "gate_proj": (hidden, inner),
            "up_proj": (hidden, inner),
            "down_proj": (inner, hidden),
        }

    @property
    def linear_parameters(self) -> int:
        """Of all layers' matrices together."""
        return self.num_hidden_layers * sum(inputs * outputs for inputs, outputs in self.linear_layers.values())

    @property
    def parameters(self) -> int:
        """Of the whole model."""
        embeddings = self.vocab_size * self.hidden_size * (1 if self.tie_word_embeddings else 2)
        norms = self.norms_per_layer * self.hidden_size + 2 * self._head_dim * self.qk_norms
        in_norms = self.num_hidden_layers * norms + self.hidden_size
        return embeddings + self.linear_parameters + in_norms + self.other_parameters

    def lora_parameters(self, rank: int, targets: str | tuple[str, ...] = "all-linear", *, dora: bool = False) -> int:
        """Of the adapter: for each adapted matrix rank * (inputs + outputs) (arXiv:2106.09685, section 4.1),

        and with DoRA one more length for each output. Raises BadConfig for a target that is no matrix.
        """
        layers = self.linear_layers
        names = tuple(layers) if isinstance(targets, str) else targets
        if unknown := sorted(set(names) - layers.keys()):
            raise BadConfig(f'"{unknown[0]}" is no layer of {self.model_type} models; there are {", ".join(layers)}.')
        each = sum(rank * sum(layers[name]) + dora * layers[name][1] for name in names)
        return self.num_hidden_layers * each
