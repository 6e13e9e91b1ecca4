"""Layers that were to lie on a GPU are believed only by llama.cpp's own log of where it put them."""

from __future__ import annotations

import pytest

from harness.engines import llama_compute
from harness.engines.llama_compute import ALL, Compute
from harness.store import digests

CPU_ALONE = """\
0.00.214.112 I load_tensors:   CPU_Mapped model buffer size =    98.40 MiB
"""
"""What a build for processors alone logs, asked for layers or not."""
ON_GPU = """\
0.00.214.104 I load_tensors: offloading output layer to GPU
0.00.214.106 I load_tensors: offloading 36 repeating layers to GPU
0.00.214.107 I load_tensors: offloaded 37/37 layers to GPU
0.00.214.112 I load_tensors:   CPU_Mapped model buffer size =   333.84 MiB
0.00.214.113 I load_tensors:        CUDA0 model buffer size =  4455.34 MiB
"""
"""Lines of the pinned source's ``load_tensors`` (src/llama-model.cpp) for a model of 36 blocks."""
IN_PART = ON_GPU.replace("37/37", "20/37")
NO_DEVICE = ON_GPU.replace("CUDA0", "CUDA_Host")
"""With a GPU backend and no device the line repeats what was asked for, and every buffer is the host's."""


@pytest.mark.parametrize(
    ("layers", "log", "told"),
    [
        (0, "", ""),
        (0, CPU_ALONE, ""),
        (ALL, ON_GPU, ""),
        (37, ON_GPU, ""),
        (99, ON_GPU, ""),
        (20, IN_PART, ""),
        (ALL, IN_PART, "put 20 of 37 layers on a GPU, and all layers were asked for"),
        (30, IN_PART, "put 20 of 37 layers on a GPU, and 30 layers were asked for"),
        (10, IN_PART, "put 20 of 37 layers on a GPU, and 10 layers were asked for"),
        (ALL, CPU_ALONE, "was asked for all layers on a GPU and put none there: it would answer on the CPU"),
        (7, "", "was asked for 7 layers on a GPU and put none there"),
        (ALL, NO_DEVICE, "put none there"),
        (ALL, ON_GPU.replace("4455.34", "0.00"), "put none there"),
    ],
)
def test_layers_that_are_not_where_they_were_to_lie_are_told(layers: int, log: str, told: str) -> None:
    missing = Compute(1, layers).missing(log)

    assert told in missing
    assert bool(missing) is bool(told)


def test_where_the_layers_lie_is_said_in_words() -> None:
    assert llama_compute.placed(ON_GPU) == "37/37 layers on CUDA0 (4455 MiB)"
    two = ON_GPU + "load_tensors:        CUDA1 model buffer size =  1000.00 MiB\n"
    assert llama_compute.placed(two) == "37/37 layers on CUDA0 (4455 MiB), CUDA1 (1000 MiB)"
    assert llama_compute.placed(CPU_ALONE) == llama_compute.placed("") == llama_compute.placed(NO_DEVICE) == ""


def test_what_the_text_of_a_prompt_claims_of_layers_is_not_believed() -> None:
    """llama-completion logs the prompt behind the loading; this one claims a GPU in llama.cpp's own words."""
    claimed = f"{CPU_ALONE}0.00.3 I llama_context: constructing llama_context\n{ON_GPU}"

    assert "put none there" in Compute(1, ALL).missing(claimed)
    assert llama_compute.placed(claimed) == ""


def test_programs_are_told_of_layers_and_print_where_they_lie() -> None:
    one = ["--split-mode", "none", "--main-gpu", "0", "--verbosity", "4"]
    assert Compute(3, ALL, "CUDA0: x").options() == ["-t", "3", "-ngl", "all", *one]
    assert Compute(3, 12, "CUDA0: x").options() == ["-t", "3", "-ngl", "12", *one]


def test_a_gpu_that_is_not_to_be_used_is_hidden_from_programs() -> None:
    """Without layers it would still take long prompts, and fetch the weights for them."""
    assert Compute(3, 0, "CUDA0: x").options() == ["-t", "3", "-ngl", "0", "--device", "none"]
    assert Compute(3).options() == ["-t", "3"]


def test_all_that_answers_depend_on_is_in_keys() -> None:
    plain = Compute(1, ALL, "CUDA0: one", {"libcuda": "libcuda.so.1.2"})
    others = [
        Compute(2, ALL, "CUDA0: one", {"libcuda": "libcuda.so.1.2"}),
        Compute(1, 12, "CUDA0: one", {"libcuda": "libcuda.so.1.2"}),
        Compute(1, 0, "CUDA0: one", {"libcuda": "libcuda.so.1.2"}),
        Compute(1, ALL, "CUDA0: other", {"libcuda": "libcuda.so.1.2"}),
        Compute(1, ALL, "CUDA0: one", {"libcuda": "libcuda.so.1.3"}),
    ]

    assert len({digests.of_value(one.identity) for one in (plain, *others)}) == len(others) + 1


def test_a_gpu_that_is_not_used_is_in_no_key() -> None:
    assert Compute(1, 0, "CUDA0: one").identity == Compute(1).identity
