"""What a training stage will take: memory on each device, disk, and time. Arithmetic only."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from llm_engineering.domain.architecture import Architecture
from llm_engineering.domain.backends import Backend
from llm_engineering.domain.room import bytes_needed
from llm_engineering.domain.twins import FinetuningType, TrainingPlan, TwinManifest

BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
FOUR_BIT = 0.5 + 0.127 / 8
"""Bytes of a weight in NF4 with its constants quantised once more (arXiv:2305.14314, section 3)."""
ADAM = 8
"""Bytes for each trained parameter: two moments in float32 (arXiv:1711.05101)."""
LIBRARIES = {"cuda": 1.0e9, "mps": 1.0e9, "cpu": 1.1e9}
"""Bytes that are no part of the model: CUDA's context and workspaces; on a CPU, PyTorch and TRL themselves
(0.94 GB resident after their import, and what the first step adds)."""
SPARE = 0.10
"""Share on top, for what the allocator cannot use."""
LOGITS_TILE = (4096, 32768)
"""Tokens and words of the piece of the logits that TRL 1.15 has at a time on CUDA (trl/kernels/chunked_logprob.py)."""
FLOPS = {"cuda": 60e12, "mps": 4e12, "cpu": 0.15e12}
"""Assumed where nothing was measured, per device: 40 % of the 150 TFLOPS in bfloat16 of a workstation's GPU;
on a CPU, what two cores with AMX do on the embedded model."""
TOKENS_PER_SAMPLE = 320
"""Assumed where nothing was measured: a passage of 60 to 350 words, its instruction and the template."""


@dataclass(frozen=True)
class Memory:
    """Bytes on each device at the peak of a step."""

    weights: float
    adapter: float
    gradients: float
    optimizer: float
    activations: float
    logits: float
    libraries: float
    spare: float

    @property
    def total(self) -> float:
        """All of them."""
        return float(sum(asdict(self).values()))


@dataclass(frozen=True)
class Speed:
    """How fast a stage goes on a device, and how that is known."""

    tokens_per_second: float
    tokens_per_sample: float
    known_from: str


@dataclass(frozen=True)
class Forecast:
    """One stage on one machine."""

    stage: FinetuningType
    backend: str
    parameters: int
    trainable: int
    memory: Memory
    disk: int
    """Bytes, of the stage and the export of its twin."""
    samples: int
    steps: int
    speed: Speed
    seconds: float


def forecast(
    architecture: Architecture, plan: TrainingPlan, backend: Backend, *, samples: int, speed: Speed | None = None
) -> Forecast:
    """What the stage takes for so many training samples. Without `speed` it is assumed from FLOPs."""
    speed = speed or assumed_speed(architecture, plan, backend)
    a_step = plan.per_device_train_batch_size * plan.gradient_accumulation_steps * backend.processes
    by_epochs = -(-samples * plan.num_train_epochs // a_step)
    steps = int(min(by_epochs, plan.max_steps or by_epochs))
    trainable = trained_parameters(architecture, plan)
    tokens = min(steps * a_step, samples * plan.num_train_epochs) * speed.tokens_per_sample
    return Forecast(
        stage=plan.finetuning_type,
        backend=str(backend),
        parameters=architecture.parameters,
        trainable=trainable,
        memory=memory(architecture, plan, backend),
        disk=bytes_needed(parameters=architecture.parameters, trained=trainable),
        samples=samples,
        steps=steps,
        speed=speed,
        seconds=tokens / (speed.tokens_per_second * backend.processes),
    )


def trained_parameters(architecture: Architecture, plan: TrainingPlan) -> int:
    """Parameters of the plan's adapter."""
    return architecture.lora_parameters(plan.lora_rank, plan.lora_targets, dora=plan.use_dora)


def memory(architecture: Architecture, plan: TrainingPlan, backend: Backend) -> Memory:
    """The peak of a step in which every sample is max_seq_length long. Each process holds a whole model.

    weights       parameters * bytes; in 4 bits only the layers' matrices are, the rest is in 16
    adapter       parameters * 4, twice in DPO and KTO, which keep a frozen copy as the reference
    gradients     adapter parameters * 4, AdamW's moments * 8
    activations   see `activation_bytes`; DPO has both answers of a pair in a batch
    logits        on CUDA a tile of them, elsewhere those of all tokens: the product, its logarithms in
                  float32, and the gradient of both
    """
    trained = trained_parameters(architecture, plan)
    pairs = plan.finetuning_type is not FinetuningType.SFT
    tokens = plan.per_device_train_batch_size * plan.max_seq_length * (1 + (plan.finetuning_type == "dpo"))
    product = BYTES[backend.products]
    if backend.device == "cuda":
        tile = min(tokens, LOGITS_TILE[0]) * min(architecture.vocab_size, LOGITS_TILE[1])
        logits = tile * product + tokens * architecture.hidden_size * 4
    else:
        logits = tokens * architecture.vocab_size * (2 * product + 8)
    parts = {
        "weights": _weight_bytes(architecture, backend),
        "adapter": 4.0 * trained * (2 if pairs else 1),
        "gradients": 4.0 * trained,
        "optimizer": float(ADAM * trained),
        "activations": float(activation_bytes(architecture, backend, tokens, plan.max_seq_length)),
        "logits": float(logits),
    }
    spare = SPARE * sum(parts.values())
    return Memory(**parts, libraries=LIBRARIES[backend.device], spare=spare)


def _weight_bytes(architecture: Architecture, backend: Backend) -> float:
    each = BYTES[backend.weights]
    if not backend.four_bit:
        return each * architecture.parameters
    return FOUR_BIT * architecture.linear_parameters + each * (architecture.parameters - architecture.linear_parameters)


def activation_bytes(architecture: Architecture, backend: Backend, tokens: int, length: int) -> int:
    """Bytes that the backward pass needs of the forward pass, for `tokens` in sequences of `length`.

    Counted tensor by tensor in the manner of arXiv:2205.05198 (section 4), for what a LoRA layer
    keeps in transformers and PEFT, with e bytes an element of a product, per token and layer:

        norms       2 * 8 * hidden                        their input and output, in float32
        attention   e * (3 * hidden + 5 * queries)        the adapters' inputs; q, k, v, the result
        feed-forward  e * (2 * hidden + 4 * intermediate) the adapters' inputs; gate, its SiLU, up
        eager attention  (2 * e + 4) * heads * length     scores and their softmax, not kept by SDPA and flash

    With gradient checkpointing each layer keeps its input only (section 5), and one layer at a time
    has all of the above.
    """
    product = BYTES[backend.products]
    hidden, queries = architecture.hidden_size, architecture.query_size
    layer = 2 * 8 * hidden
    layer += product * (3 * hidden + 5 * queries)
    layer += product * (2 * hidden + 4 * architecture.intermediate_size)
    if backend.attention == "eager":
        layer += (2 * product + 4) * architecture.num_attention_heads * length
    if not backend.gradient_checkpointing:
        return tokens * layer * architecture.num_hidden_layers
    return tokens * (BYTES[backend.weights] * hidden * architecture.num_hidden_layers + layer)


def flops_per_token(architecture: Architecture, plan: TrainingPlan, backend: Backend) -> float:
    """Of training on one token: 2 for each parameter forward and 2 backward (arXiv:2001.08361, section 2.1,

    less the gradients of the frozen weights), 2 more with gradient checkpointing, 2 more for the reference
    of DPO and KTO. An embedding's look-up costs nothing, so a matrix of it that is not the head is left out.
    """
    looked_up = 0 if architecture.tie_word_embeddings else architecture.vocab_size * architecture.hidden_size
    at_work = architecture.parameters - architecture.other_parameters - looked_up
    passes = 4 + 2 * backend.gradient_checkpointing + 2 * (plan.finetuning_type is not FinetuningType.SFT)
    return float(passes * at_work)


def assumed_speed(
    architecture: Architecture, plan: TrainingPlan, backend: Backend, flops: float | None = None
) -> Speed:
    """From FLOPs; `flops` is what one device does in a second, assumed when not given."""
    flops = flops or FLOPS[backend.device]
    per_sample = min(TOKENS_PER_SAMPLE, plan.max_seq_length) * (2 if plan.finetuning_type is FinetuningType.DPO else 1)
    return Speed(
        tokens_per_second=flops / flops_per_token(architecture, plan, backend),
        tokens_per_sample=per_sample,
        known_from=f"assumed: {flops / 1e12:g} TFLOPS a device, {per_sample} tokens a sample",
    )


def measured_speed(
    twins: Iterable[TwinManifest], base_model: str, plan: TrainingPlan, backend: Backend
) -> Speed | None:
    """Of the newest former run of this stage on this base model by this kind of backend; None when there is none."""
    found: Speed | None = None
    for twin in sorted(twins, key=lambda twin: twin.created_at):
        for stage in twin.training:
            then, result = stage["plan"], stage["result"]
            how = str(result.get("backend", ""))
            device = how.split(",")[0].split(" ")[-1] if how else "cpu"
            if twin.base_model != base_model or then["finetuning_type"] != plan.finetuning_type:
                continue
            samples = result["steps"] * then["per_device_train_batch_size"] * then["gradient_accumulation_steps"]
            if device != backend.device or not samples or not result["tokens_per_second"] > 0:
                continue
            tokens = result["tokens_per_second"] * result["seconds"]
            known_from = f"measured when {twin.name}/{twin.version} was trained"
            found = Speed(result["tokens_per_second"], tokens / samples, known_from)
    return found
