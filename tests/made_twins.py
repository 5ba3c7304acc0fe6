"""Twins that nobody trained: their manifests, and small files in place of weights."""

import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from llm_engineering.application.registering import described
from llm_engineering.domain.twins import BaseModelFacts, DatasetSummary, TwinManifest
from tests.samples import ADA, NOW

ADAPTER_CONFIG = {"base_model_name_or_path": "embedded:smollm2-135m-instruct", "r": 16}


def manifest(directory: Path, version: int = 1, **fields: Any) -> TwinManifest:
    """A version of Ada's twin, made `version` days after NOW, without files."""
    stage = {
        "plan": {"finetuning_type": "sft", "learning_rate": 3e-4, "lora_rank": 16, "use_dora": False},
        "result": {"steps": 12, "loss_first": 3.7, "loss_last": 3.1, "tokens_per_second": 319.0, "seconds": 60.0},
    }
    given: dict[str, Any] = {
        "id": uuid4(),
        "name": "ada-example",
        "version": version,
        "author_id": ADA.id,
        "author_full_name": "Ada Example",
        "base_model": "embedded:smollm2-135m-instruct",
        "base": BaseModelFacts(hub_id="HuggingFaceTB/SmolLM2-135M-Instruct", licence="apache-2.0"),
        "stages": ["sft"],
        "directory": directory / "ada-example" / f"v{version}",
        "files": {},
        "template_fingerprint": "t",
        "corpus_fingerprint": "c",
        "datasets": {
            "instruction": DatasetSummary(
                fingerprint="f",
                max_samples=None,
                model_ids={"instruction": "http://inside.example/v1#some-model"},
                train=64,
                test=19,
                verbatim_answer_share=1.0,
                dropped={},
            )
        },
        "training": [stage],
        "created_at": NOW + timedelta(days=version),
        "versions": {"torch": "2.14.1"},
    }
    return TwinManifest(**(given | fields))


def with_files(twin: TwinManifest) -> TwinManifest:
    """The same, with a small file for each that an export writes."""
    contents = {
        "adapter/adapter_config.json": json.dumps(ADAPTER_CONFIG).encode(),
        "adapter/adapter_model.safetensors": b"a",
        "merged/model.safetensors": b"m",
        "model.gguf": b"q8",
        "model-f16.gguf": b"f16",
    }
    for name, content in contents.items():
        file = twin.directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    return described(twin.model_copy(update={"files": hashes}), twin.directory)
