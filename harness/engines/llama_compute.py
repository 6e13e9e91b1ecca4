"""With what llama.cpp computes a model, threads and layers on a GPU, and whether it did.

A llama.cpp that was asked for layers on a GPU and has none says one line of warning and answers on the CPU. So where
layers were asked for, its own log must say that they lie there: ``offloaded N/M layers to GPU``, and a buffer of a
device for weights. The first line alone is no proof: it repeats what was asked for, whether there is a device or not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

ALL = -1
"""Layers: every one, the output layer too."""
EVERY_LINE = "4"
"""Verbosity at which llama.cpp's programs print what its library logs of loading a model."""
_LINE = r"^(?:[\d.]+ I )?load_tensors: +"
_OFFLOADED = re.compile(_LINE + r"offloaded (?P<there>\d+)/(?P<of>\d+) layers to GPU", re.MULTILINE)
_BUFFER = re.compile(_LINE + r"(?P<of>\S+) model buffer size = +(?P<size>[\d.]+) MiB", re.MULTILINE)
_LOADED = "llama_context:"
"""Begins the lines that follow on the loading; behind them come the words of a prompt."""


@dataclass(frozen=True, slots=True)
class Compute:
    """What llama.cpp may compute with. All of it changes results, so all of it enters keys."""

    threads: int
    layers: int = 0
    """Layers on a GPU; `ALL` for every one. With 0 no GPU is used at all, not even for long prompts."""
    gpu: str = ""
    """The first GPU that it sees, ``CUDA0: NVIDIA A100-SXM4-40GB``: layers lie on that one alone, so that results do
    not depend on how many there are. "" where it sees none."""
    software: Mapping[str, str] = field(default_factory=dict)
    """What the GPU is driven by: library -> file that is loaded."""

    @property
    def identity(self) -> dict[str, object]:
        """JSON values for keys. What is left unused changes nothing, so it is left out."""
        mine: dict[str, object] = {"threads": self.threads, "layers": self.layers}
        return {**mine, "gpu": self.gpu, "software": dict(self.software)} if self.layers else mine

    def options(self) -> list[str]:
        """Options of llama-completion and llama-cli."""
        threads = ["-t", str(self.threads)]
        if self.layers:
            layers = "all" if self.layers == ALL else str(self.layers)
            one = ["--split-mode", "none", "--main-gpu", "0"]
            return [*threads, "-ngl", layers, *one, "--verbosity", EVERY_LINE]
        return [*threads, "-ngl", "0", "--device", "none"] if self.gpu else threads

    def missing(self, log: str) -> str:
        """What of the layers that were asked for is not on a GPU, by llama.cpp's log of loading; "" where all are."""
        if not self.layers:
            return ""
        asked = "all layers" if self.layers == ALL else f"{self.layers} layers"
        where = "remove gates.gguf.n_gpu_layers to have it use what there is"
        told, buffers = _read(log)
        if told is None or not buffers:
            return f"llama.cpp was asked for {asked} on a GPU and put none there: it would answer on the CPU; {where}"
        there, of = int(told["there"]), int(told["of"])
        wanted = of if self.layers == ALL else min(self.layers, of)
        return "" if there == wanted else f"llama.cpp put {there} of {of} layers on a GPU, and {asked} were asked for"


def placed(log: str) -> str:
    """Where the weights lie by llama.cpp's log of loading, in words: ``37/37 layers on CUDA0 (4.6 GiB)``; "" where it
    says nothing of a GPU."""
    told, buffers = _read(log)
    if told is None or not buffers:
        return ""
    names = ", ".join(f"{one['of']} ({float(one['size']):.0f} MiB)" for one in buffers)
    return f"{told['there']}/{told['of']} layers on {names}"


def _read(log: str) -> tuple[re.Match[str] | None, list[re.Match[str]]]:
    """(line on the layers, lines on buffers of weights on a device) of a log of loading.

    Buffers of the host are called ``CPU``, ``CPU_Mapped``, ``CPU_REPACK``, ``CUDA_Host``.
    """
    loading = log.partition(_LOADED)[0]
    buffers = [
        one
        for one in _BUFFER.finditer(loading)
        if not one["of"].startswith("CPU") and not one["of"].endswith("_Host") and float(one["size"]) > 0
    ]
    return _OFFLOADED.search(loading), buffers
