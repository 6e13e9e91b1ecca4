"""What a form needs to make its parts: the base, the store, and the tools of the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from harness.spec.objects import Spec
from harness.store.artifact import Artifact, Request


@dataclass(frozen=True)
class Workshop:
    """The base, the store and the tools of one run, handed to a form that must make something before it can be
    asked."""

    spec: Spec
    base: Artifact
    """The base as a plain checkpoint."""
    obtain: Callable[[list[Request]], list[Artifact]]
    """Artifacts from the store, built where absent."""
    weights_of: Callable[[Workshop], Artifact]
    """The weights of the deployed form, as an artifact."""
    llama_cpp: Callable[[], Any]
    """The run's llama.cpp (`harness.gguf.toolchain.find.Toolchain`); raises BlockedError where there is none."""

    @cached_property
    def weights(self) -> Artifact:
        """The weights that adapters are trained on for the deployed form."""
        return self.weights_of(self)

    def make(self, request: Request) -> Artifact:
        return self.obtain([request])[0]
