"""Instruction sets that ggml's CPU kernels can be built for, fastest first.

What a CPU advertises is not enough: some machines advertise AMX, and their quantized models die at the first tile
(``ldtilecfg``). So AMX is never built, and any other set is used only after a quantized model built with it has run on
this very machine (`harness.gguf.toolchain.build`).

A CPU's own word is needed and not enough: there are machines that advertise AMX, whose quantized models then die at
the first tile (``ldtilecfg``). So AMX is never built, and of the others a set is taken only once a quantized model
built with it has run on this very machine (`harness.gguf.toolchain.build`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Instructions:
    name: str
    needs: frozenset[str]
    """Flags of /proc/cpuinfo that the CPU must have for the set to be tried."""
    on: tuple[str, ...]
    """ggml's CMake options of the set."""


_AVX2 = ("SSE42", "AVX", "AVX2", "FMA", "F16C", "BMI2")
_AVX512 = ("AVX512", "AVX512_VBMI", "AVX512_VNNI")
OPTIONS = (*_AVX2, *_AVX512, "AVX_VNNI", "AVX512_BF16", "AMX_TILE", "AMX_INT8", "AMX_BF16")
"""All x86 options. Those that a set does not turn on are turned off, since a second configuration would keep the old
ones."""

SETS = (
    # 882 against 558 tok/s on prompts of a 135M Q4_0 model on two cores, 128 against 121 when it generates.
    Instructions(
        "avx512",
        frozenset({"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl", "avx512vbmi", "avx512_vnni", "avx2"}),
        (*_AVX2, *_AVX512),
    ),
    Instructions("avx2", frozenset({"avx", "avx2", "fma", "f16c", "bmi2"}), _AVX2),
    Instructions("sse42", frozenset({"sse4_2"}), ("SSE42",)),
    Instructions("generic", frozenset(), ()),
)
NAMES = tuple(one.name for one in SETS)


def candidates(flags: Iterable[str], wanted: str | None = None) -> tuple[Instructions, ...]:
    """The sets worth trying, fastest first; with `wanted`, that one and those below it."""
    known = frozenset(flags)
    first = NAMES.index(wanted) if wanted else 0
    return tuple(one for one in SETS[first:] if one.needs <= known)


def cmake_options(chosen: Instructions) -> tuple[str, ...]:
    """CMake options for ggml: native off, and each option written out. By default it uses whatever the CPU advertises,
    or, where SOURCE_DATE_EPOCH is set, nothing at all."""
    return ("-DGGML_NATIVE=OFF", *(f"-DGGML_{name}={'ON' if name in chosen.on else 'OFF'}" for name in OPTIONS))
