"""Memory that ran out is recognised whoever says so, told with sizes, and taken for nothing else."""

from __future__ import annotations

import errno
import re
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from harness import out_of_memory
from harness.errors import AdapterError, NoMemoryError

FAR_TOO_MUCH = 2**46
CUDA = (
    "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 3 has a total capacity of 39.39 GiB of which 1.20 GiB is "
    "free. Including non-PyTorch memory, this process has 38.00 GiB memory in use. Of the allocated memory 36.50 GiB "
    "is allocated by PyTorch, and 1.10 GiB is reserved by PyTorch but unallocated."
)


def torch_on_the_processor() -> None:
    torch.empty(FAR_TOO_MUCH, dtype=torch.uint8)


def python_itself() -> None:
    bytearray(FAR_TOO_MUCH)


def arrays() -> None:
    np.empty(FAR_TOO_MUCH, dtype=np.uint8)


def the_system() -> None:
    raise OSError(errno.ENOMEM, "Cannot allocate memory")


def a_card() -> None:
    raise torch.OutOfMemoryError(CUDA)


def a_card_without_figures() -> None:
    raise RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported at some other")


def products_on_a_card() -> None:
    raise RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`")


def a_library_that_says_it_otherwise() -> None:
    try:
        python_itself()
    except MemoryError as error:
        raise ValueError("the layer could not be made") from error


SAID: dict[Callable[[], None], tuple[str, ...]] = {
    torch_on_the_processor: ("70.4 TB was asked for", "this machine has ", "this process holds "),
    python_itself: ("how much was asked for is not known", "this machine has "),
    arrays: ("70.4 TB was asked for", "this machine has "),
    the_system: ("how much was asked for is not known", "this machine has "),
    a_card: ("2.1 GB was asked for", "GPU 3 has 42.3 GB, 1.3 GB of it free", "this process holds 40.8 GB"),
    a_card_without_figures: ("how much was asked for is not known",),
    products_on_a_card: ("how much was asked for is not known",),
    a_library_that_says_it_otherwise: ("how much was asked for is not known",),
}


@pytest.mark.parametrize("fail", SAID, ids=lambda fail: fail.__name__)
def test_it_is_one_sentence_with_what_was_done_the_sizes_and_the_mend(fail: Callable[[], None]) -> None:
    with pytest.raises(NoMemoryError) as caught, out_of_memory.said("counting to three", "count to two"):
        fail()
    told = str(caught.value)
    assert told.startswith("memory ran out while counting to three: ")
    assert told.endswith("; count to two")
    assert [part for part in SAID[fail] if part not in told] == []
    assert "\n" not in told


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)"),
        RuntimeError("CUDA error: device-side assert triggered"),
        ValueError("the story ran out of memory lane"),
        OSError(errno.ENOSPC, "No space left on device"),
        AdapterError("does not fit this base: lora_A is [4, 64]"),
        KeyError("out of memory"),
    ],
    ids=repr,
)
def test_any_other_error_stays_what_it_is(error: Exception) -> None:
    with pytest.raises(type(error), match=re.escape(str(error))), out_of_memory.said("counting"):
        raise error


def test_what_was_said_once_is_not_said_again_in_other_words() -> None:
    with (
        pytest.raises(NoMemoryError, match="while counting to three"),
        out_of_memory.said("building a tower"),
        out_of_memory.said("counting to three"),
    ):
        python_itself()


def test_an_error_that_is_kept_keeps_nothing_of_what_had_been_computed() -> None:
    seen: list[Any] = []

    def half_done() -> None:
        computed = torch.zeros(1000)
        seen.append(weakref.ref(computed))
        torch_on_the_processor()

    with pytest.raises(NoMemoryError) as kept, out_of_memory.said("computing"):
        half_done()
    assert kept.value.__cause__ is not None
    assert seen[0]() is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("File x\nharness.errors.NoMemoryError: memory ran out while y: z\n", "memory ran out while y: z"),
        (f"loading\ntorch.OutOfMemoryError: {CUDA}\nended", f"torch.OutOfMemoryError: {CUDA}"),
        ("Error out of memory at line 380 in file ops.cu", "Error out of memory at line 380 in file ops.cu"),
        ("ggml: failed to allocate CPU buffer of size 12", "ggml: failed to allocate CPU buffer of size 12"),
        ("  MemoryError\n", "MemoryError"),
        ("x.so: failed to map segment: Cannot allocate memory", "x.so: failed to map segment: Cannot allocate memory"),
        ("RuntimeError: no such layer\nkilled", ""),
        ("", ""),
    ],
    ids=["our own", "torch", "bitsandbytes", "llama.cpp", "python", "the loader", "something else", "nothing"],
)  # fmt: skip
def test_another_process_says_it_in_its_last_words(words: str, told: str) -> None:
    assert out_of_memory.in_words(words) == told


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here: its own words were not tried on one")
def test_a_gpu_says_what_it_has() -> None:
    with pytest.raises(NoMemoryError, match=r"GPU \d has .* of it free"), out_of_memory.said("trying"):
        torch.empty(FAR_TOO_MUCH, dtype=torch.uint8, device="cuda")
