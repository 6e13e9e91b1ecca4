"""What a form is made with: the base, the store, and the tools that a run was given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from harness.spec.objects import Spec
from harness.store.artifact import Artifact, Request


@dataclass(frozen=True)
class Workshop:
    """One run's, for whatever has to be made before an adapter can be asked."""

    spec: Spec
    base: Artifact
    """The base as a plain checkpoint."""
    obtain: Callable[[list[Request]], list[Artifact]]
    """Artifacts from the store, built where absent."""
    weights_of: Callable[[Workshop], Artifact]
    """The deployed form's own `weights`."""
    llama_cpp: Callable[[], Any]
    """The run's llama.cpp (`harness.gguf.toolchain.find.Toolchain`); raises BlockedError where there is none."""

    @cached_property
    def weights(self) -> Artifact:
        """What adapters are trained on, for the form that is deployed."""
        return self.weights_of(self)

    def make(self, request: Request) -> Artifact:
        return self.obtain([request])[0]
