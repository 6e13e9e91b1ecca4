"""The device of a step: whether it is there, and how much of its memory is used and free."""

from __future__ import annotations

import os
import resource

from suites.gpu.outcome import NoDeviceError
from suites.gpu.settings import Settings


def require(settings: Settings) -> None:
    """Check that the device of the settings is there; the first call of every step.

    Raises:
        NoDeviceError: torch finds no card.
    """
    import torch

    if settings.device == "cuda" and not torch.cuda.is_available():
        raise NoDeviceError("torch finds no CUDA device here; --device=cpu runs the steps on the processor")


def forget_peak(settings: Settings) -> None:
    """Reset the peak memory of the card. On a processor the peak cannot be reset: it counts from the start of the
    process."""
    import torch

    if settings.device == "cuda":
        torch.cuda.reset_peak_memory_stats()


def peak(settings: Settings) -> int:
    """Most bytes that torch held on the card at once; on a processor, most that the process had resident."""
    import torch

    if settings.device == "cuda":
        return int(torch.cuda.max_memory_reserved())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def peak_of_tensors(settings: Settings) -> int | None:
    """Most bytes that tensors took of the card at once, without what torch kept for the next; None on a processor."""
    import torch

    return int(torch.cuda.max_memory_allocated()) if settings.device == "cuda" else None


def finish(settings: Settings) -> None:
    """Wait until the card has done what it was given, so that a clock read now counts it."""
    import torch

    if settings.device == "cuda":
        torch.cuda.synchronize()


def free(settings: Settings) -> int:
    """Free bytes of the card (memory of this process's own context counts as used), or of the machine."""
    import torch

    if settings.device == "cuda":
        torch.zeros(1, device="cuda")  # the context takes its share in every process that asks
        return int(torch.cuda.mem_get_info()[0])
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def held(settings: Settings) -> int | None:
    """Bytes of the card that this process's tensors use, after garbage collection; None on a processor."""
    import gc

    import torch

    if settings.device != "cuda":
        return None
    gc.collect()
    torch.cuda.empty_cache()
    return int(torch.cuda.memory_allocated())
