"""What can go wrong on the way to a GGUF file.

GreenrunError
├── ToolchainError       no usable llama.cpp: it is absent, incomplete, of another version, or could not be built
└── GgufError            a step failed: merge, convert, quantize or read back
    ├── ChildError       a tool's process failed, hung, flooded or was killed; holds what it left
    └── SmokeError       a program that was to answer failed
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import GreenrunError

if TYPE_CHECKING:
    from harness.gguf.child import Ended


class ToolchainError(GreenrunError):
    """Raised when there is no usable llama.cpp; says what is wrong and the mend."""


class GgufError(GreenrunError):
    """Raised when a step on the way to a GGUF file fails; names the step and the mend."""


class ChildError(GgufError):
    """Raised when a tool's process did not end well."""

    def __init__(self, step: str, ended: Ended) -> None:
        super().__init__(step, ended)
        self.step, self.ended = step, ended

    def __str__(self) -> str:
        return f"{self.step}: {self.ended.explain()}"


class SmokeError(GgufError):
    """Raised when a program that was to answer failed; holds how many prompts it was asked, and each problem."""

    def __init__(self, asked: int, problems: tuple[str, ...]) -> None:
        super().__init__(asked, problems)
        self.asked, self.problems = asked, problems

    def __str__(self) -> str:
        return "\n".join((f"{len(self.problems)} of {self.asked} prompts were not answered", *self.problems))
