"""The model card of a twin: what it is, what it was made of, what was measured, and what it is not for."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from llm_engineering.application import prompting
from llm_engineering.application.model_names import public_name
from llm_engineering.domain.twins import ADAPTER, GGUF, GGUF_F16, MERGED, TwinManifest

FILES = {
    ADAPTER: "the LoRA adapter, in PEFT's format",
    MERGED: "base model and adapter in one, for transformers and vLLM",
    GGUF: "the same quantised to 8 bits (q8_0), for llama.cpp and Ollama",
    GGUF_F16: "the same in 16 bits",
}
PLAN = (
    "num_train_epochs max_steps per_device_train_batch_size gradient_accumulation_steps learning_rate max_seq_length "
    "lora_rank lora_alpha lora_dropout use_dora beta quantization packing seed"
).split()
"""Fields of a plan that a reader would ask for. The manifest has all of them."""
MEASURED = {
    "steps": "optimiser steps",
    "seconds": "seconds",
    "tokens_per_second": "tokens a second",
    "loss_first": "training loss, first tenth",
    "loss_last": "training loss, last tenth",
    "heldout_loss_before": "held-out loss before",
    "heldout_loss_after": "held-out loss after",
    "heldout_accuracy": "held-out preference accuracy",
    "reward_margin_last": "reward margin at the end",
    "backend": "trained by",
}
ON_A_HUB = "A repository on a hub has those that were pushed, the adapter's files in its root, beside this card."

USE = """The prompt it was trained with, as chat messages; the model's own chat template does the rest:

```json
{messages}
```

With any other prompt it answers more like its base model."""

INTENDED = """A twin imitates how one person writes. Use it to write in your own voice, or in that of somebody who has
agreed to it; a twin of a living person needs their consent, for making it and for publishing it. Say that a text is
by a twin wherever a reader could take it for the person's own word. It is not for passing as the person, for
statements in their name, or for anything that a court, an employer or a newspaper would take as theirs."""

LIMITS = """- It learned a manner of writing, not facts: what it states may be wrong, and the author need not share it.
  LLM Twin's service gives it passages of the author to answer from, and cites them.
- It can repeat passages of its training text word for word; the evaluation above says how often it did.
- What the base model cannot do (languages, long texts, arithmetic) it cannot do either, nor does it lose that model's
  prejudices.
- Scores are from held-out texts of the same author, by automatic measures, on few prompts; nobody has read its
  answers for you."""


def model_card(manifest: TwinManifest) -> str:
    """The card as Markdown, with the front matter that the Hugging Face hub reads.

    It names no directory of this machine.
    """
    who, name = manifest.author_full_name, f"{manifest.name}/{manifest.version}"
    parts = [
        _front_matter(manifest),
        f"# {who}: LLM twin, version {manifest.version}",
        f"A twin writes like one particular person. This one learned from what {who} has published: "
        f"a LoRA adapter of {_base_name(manifest)}, made by LLM Twin "
        f"as `{name}` on {manifest.created_at:%d %B %Y} by {_stages(manifest)}.",
        "## Files",
        _list(f"`{name}`: {what}" for name, what in FILES.items() if _has(manifest, name)) + f"\n\n{ON_A_HUB}",
        "## Use",
        USE.format(messages=json.dumps(prompting.conversation(who, "…"), indent=2, ensure_ascii=False)),
        "## Intended use",
        INTENDED,
        "## Data",
        _data(manifest),
        "## Training",
        _training(manifest),
        "## Evaluation",
        _evaluation(manifest),
        "## Limits",
        LIMITS,
        "## Made with",
        _list(f"{library} {version}" for library, version in manifest.versions.items()),
        f"Prompt templates: `{manifest.template_fingerprint}`.",
    ]
    return "\n\n".join(parts) + "\n"


def _front_matter(manifest: TwinManifest) -> str:
    """YAML; each value is written as JSON, which YAML includes, so that no name can break out of it."""
    fields: dict[str, Any] = {
        "base_model": manifest.base.hub_id,
        "base_model_relation": "adapter" if manifest.base.hub_id else None,
        "library_name": "peft",
        "pipeline_tag": "text-generation",
        "license": manifest.base.licence or "other",
        "model_name": f"{manifest.name}/{manifest.version}",
        "tags": ["llm-twin", "lora", *dict.fromkeys(manifest.stages), "conversational"],
    }
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items() if value is not None]
    return "\n".join(["---", *lines, "---"])


def _base_name(manifest: TwinManifest) -> str:
    if hub_id := manifest.base.hub_id:
        quantised = " (unpacked from its 4-bit GGUF)" if manifest.base_model.startswith("embedded:") else ""
        return f"[{hub_id}](https://huggingface.co/{hub_id}){quantised}"
    return f"`{manifest.base_model.replace(chr(92), '/').rstrip('/').rpartition('/')[2]}`, a model of the trainer's own"


def _stages(manifest: TwinManifest) -> str:
    return ", then ".join(stage.upper() for stage in manifest.stages)


def _has(manifest: TwinManifest, name: str) -> bool:
    return any(file == name or file.startswith(f"{name}/") for file in manifest.files)


def _data(manifest: TwinManifest) -> str:
    rows = [
        (kind, about.train, about.test, f"{about.verbatim_answer_share:.0%}", _written_by(about.model_ids))
        for kind, about in manifest.datasets.items()
    ]
    table = _table(("dataset", "training", "held out", "answers verbatim the author's", "the rest written by"), rows)
    return f"{table}\n\nSamples are split by document, the newest held out. Corpus: `{manifest.corpus_fingerprint}`."


def _written_by(model_ids: Mapping[str, str]) -> str:
    return ", ".join(f"{role} by {public_name(model)}" for role, model in model_ids.items())


def _training(manifest: TwinManifest) -> str:
    plans = [stage["plan"] for stage in manifest.training]
    results = [stage["result"] for stage in manifest.training]
    stages = [str(plan["finetuning_type"]).upper() for plan in plans]
    plan_rows = [(f"`{name}`", *(_shown(plan.get(name)) for plan in plans)) for name in PLAN]
    measured = [(words, *(_shown(result.get(name)) for result in results)) for name, words in MEASURED.items()]
    rows = [row for row in [*plan_rows, *measured] if any(cell != "" for cell in row[1:])]
    note = "Losses are means per token of the answer (SFT) or per pair (DPO); the held-out ones are of test documents."
    return f"{_table(('', *stages), rows)}\n\n{note}"


def _evaluation(manifest: TwinManifest) -> str:
    scores = manifest.scores
    parts = []
    if not scores:
        parts.append("Not evaluated yet.")
    else:
        parts.append(str(scores.get("verdict", "")))
        style = scores.get("style") or {}
        names = ("author_held_out", "other_author", "base", "twin", "gain")
        rows = [(name.replace("_", " "), *_interval(style[name])) for name in names if name in style]
        rows += [
            (f"8-word runs from training text, {who}", f"{copied['eight_gram_share']:.1%}", "", "")
            for who, copied in (scores.get("copying") or {}).items()
        ]
        parts.append(_table(("style (0 = others, 1 = the author)", "mean", "95 % interval", "n"), rows))
    if manifest.promotion and manifest.promotion.by == "hand":
        parts.append(f"Promoted by hand on {manifest.promotion.at:%d %B %Y}: {manifest.promotion.why}")
    return "\n\n".join(part for part in parts if part)


def _interval(score: Mapping[str, Any]) -> tuple[str, str, str]:
    return f"{score['value']:.2f}", f"{score['low']:.2f} to {score['high']:.2f}", str(score["n"])


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(str(cell).replace('|', '/') for cell in line)} |" for line in lines)
