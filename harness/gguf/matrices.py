"""Match the matrices of a base's checkpoint with those of its GGUF file: names, shapes, order of rows.

For some architectures a GGUF file keeps the rows of two matrices in another order: the rotary pairs of a head side by
side, where a checkpoint has all first halves before all second ones. A LoRA on such a matrix must have the order of the
file, which is read from the file, not assumed from the converter.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness.engines import rounded

ROTARY = {"attn_q.weight": "num_attention_heads", "attn_k.weight": "num_key_value_heads"}
"""Matrices whose rows may be in either order -> key of the configuration with the number of their heads."""
OTHER_BASE = 0.5
"""Relative distance from which a file's matrix is not the checkpoint's. Four-bit quantization gives about 0.1, a random
matrix 1.4."""


class OtherBaseError(Exception):
    """Raised where a file's matrix is not that of the checkpoint."""


class Matrices:
    """The matrices of one base in its folder of weights, as they are before any rounding, and in a GGUF file, whatever
    the type of the tensors."""

    def __init__(self, checkpoint: Path, file: Path) -> None:
        import gguf

        reader = gguf.GGUFReader(file)
        field = reader.get_field("general.architecture")
        self.architecture = "" if field is None else str(field.contents())
        self._config = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
        self._checkpoint = checkpoint
        self._tensors = {tensor.name: tensor for tensor in reader.tensors}
        known = {name: one for one, name in gguf.MODEL_ARCH_NAMES.items()}
        layers = int(self._config["num_hidden_layers"])
        self._names: Any = (
            gguf.get_tensor_name_map(known[self.architecture], layers) if self.architecture in known else None
        )
        self._orders: dict[str, Any] = {}

    def name(self, module: str) -> str | None:
        """The file's name for a module's matrix; None where it has no such matrix."""
        found = None if self._names is None else self._names.get_name(f"{module}.weight", try_suffixes=(".weight",))
        return found if found in self._tensors else None

    def shape(self, name: str) -> tuple[int, int]:
        """(out, in), as a checkpoint counts."""
        columns, rows = (int(size) for size in self._tensors[name].shape)
        return rows, columns

    def order(self, module: str, name: str) -> Any:
        """Index of the checkpoint's row for each row of the file's matrix.

        All layers have the same order, so only the first matrix of each kind is compared.

        Raises:
            OtherBaseError: neither order makes the checkpoint's matrix the file's.
        """
        kind = name.partition(".")[2].partition(".")[2]
        if kind not in ROTARY:
            return slice(None)
        if kind not in self._orders:
            self._orders[kind] = self._order(module, name, int(self._config.get(ROTARY[kind], 0) or 0))
        return self._orders[kind]

    def _order(self, module: str, name: str, heads: int) -> Any:
        import gguf
        import numpy as np

        tensor = self._tensors[name]
        held = gguf.dequantize(tensor.data, tensor.tensor_type)
        wanted = self._matrix(f"{module}.weight")
        straight = np.arange(len(wanted))
        paired = straight.reshape(heads or 1, 2, -1).swapaxes(1, 2).reshape(-1)
        size = float(np.linalg.norm(wanted))
        distances = [(float(np.linalg.norm(held - wanted[order])) / size, order) for order in (straight, paired)]
        distance, order = min(distances, key=lambda one: one[0])
        if not distance < OTHER_BASE:
            raise OtherBaseError(
                f"{name}: the base file's is {distance:.2g} of itself away from that of the weights that the adapter "
                "was trained on: it is of another base"
            )
        return order

    def _matrix(self, name: str) -> Any:
        import torch
        from safetensors import safe_open

        for path in sorted(rounded.stored(self._checkpoint).glob("*.safetensors")):
            with safe_open(path, framework="pt") as tensors:
                if name in tensors.keys():  # noqa: SIM118 - not a dict
                    return tensors.get_tensor(name).to(torch.float32).numpy()
        raise OtherBaseError(f"{name}: the checkpoint {self._checkpoint} has no such matrix")
