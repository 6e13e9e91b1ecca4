"""What can go wrong, one class per situation that a caller could handle differently.

GreenrunError
├── SpecError            the release spec says something that cannot be used
├── DataError            a data file, or one line of it, cannot be used
├── StoreError           an artifact cannot be trusted
│   ├── CorruptArtifactError   its bytes are not those of its manifest
│   ├── MissingArtifactError   it would have to be built, and building is forbidden
│   └── BuildFailedError       its builder failed earlier in this run
├── AdapterError         an adapter's files are refused
├── TrainingError        training cannot go on
├── StageTimeoutError    a stage of the work did not end within its limit
├── EmptySetError        a metric over no items
├── BundleError          a bundle is not what its checksums say
├── SignatureError       a signature or a key cannot be used
├── BlockedError         a gate cannot be judged because an earlier one is red
├── EngineError          a model's engine died, hung, or gave what cannot be used
├── JobError             a job's process ended, or failed by an error that is nobody's on purpose
├── FetchError           a base cannot be brought from its hub
├── MeansError           this machine has not the room or the memory for a run
├── NoMemoryError        memory ran out in the middle of something (`harness.out_of_memory`)
├── ToolchainError       there is no usable llama.cpp
└── GgufError            a step on the way to a GGUF file failed (`harness.engines.native.ChildError` is one)
    └── SmokeError       a program that was to answer failed
"""

from __future__ import annotations

from pathlib import Path


class GreenrunError(Exception):
    """Base of every error that greenrun raises on purpose."""


class SpecError(GreenrunError):
    """Raised when the release spec cannot be used; names the file, the key and the mend, one line a mistake."""

    def __init__(self, path: Path | str, key: str, problem: str, *others: tuple[str, str]) -> None:
        super().__init__(path, key, problem, *others)
        self.path, self.key, self.problem = path, key, problem
        self.told = ((key, problem), *others)
        """Key and problem of every mistake, of which the first is the error's own."""

    def __str__(self) -> str:
        return "\n".join(
            f"{self.path}: {_in_a_line(key)}: {problem}" if key else f"{self.path}: {problem}"
            for key, problem in self.told
        )


def _in_a_line(key: str) -> str:
    """A key whose names may hold anything, line breaks too, with what cannot be printed escaped."""
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in key)


class DataError(GreenrunError):
    """Raised when a data file cannot be used; `line` is 0 where the whole file is meant."""

    def __init__(self, path: Path | str, line: int, problem: str) -> None:
        super().__init__(path, line, problem)
        self.path, self.line, self.problem = path, line, problem

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.problem}" if self.line else f"{self.path}: {self.problem}"


class StoreError(GreenrunError):
    """Raised when the artifact store cannot give what was asked for."""


class CorruptArtifactError(StoreError):
    """Raised when an artifact's bytes differ from its manifest."""


class MissingArtifactError(StoreError):
    """Raised when an artifact is absent and building it is forbidden."""


class BuildFailedError(StoreError):
    """Raised when an artifact's builder already failed in this run."""


class AdapterError(GreenrunError):
    """Raised when an adapter's files are refused."""


class TrainingError(GreenrunError):
    """Raised when training cannot go on."""


class StageTimeoutError(GreenrunError):
    """Raised when a stage of the work did not end within the spec's limit."""


class EmptySetError(GreenrunError):
    """Raised when a metric would be taken over no items: such a number is never 1.0."""


class BundleError(GreenrunError):
    """Raised when a bundle is not what its checksums say."""


class SignatureError(GreenrunError):
    """Raised when something cannot be signed, or when nothing shows that a key's owner signed it."""

    def __init__(self, subject: Path | str, problem: str) -> None:
        super().__init__(subject, problem)
        self.subject, self.problem = subject, problem

    def __str__(self) -> str:
        return f"{self.subject}: {self.problem}"


class BlockedError(GreenrunError):
    """Raised when something cannot be judged because an earlier check is red."""


class EngineError(GreenrunError):
    """Raised when a model's engine died, hung or gave what cannot be used."""


class JobError(GreenrunError):
    """Raised when a job's process ended, or its job failed by an error that is nobody's on purpose; names the job."""


class FetchError(GreenrunError):
    """Raised when a base cannot be brought from its hub; one sentence with the mend."""


class MeansError(GreenrunError):
    """Raised when this machine has less room or memory than a run needs; one sentence with both figures."""


class NoMemoryError(GreenrunError):
    """Raised when memory ran out, of a GPU or of the machine; one sentence with what was done, sizes and the mend. No
    adapter is at fault, nor anything else that was judged."""


class ToolchainError(GreenrunError):
    """Raised when there is no usable llama.cpp; says what is wrong and the mend."""


class GgufError(GreenrunError):
    """Raised when a step on the way to a GGUF file fails; names the step and the mend."""


class SmokeError(GgufError):
    """Raised when a program that was to answer failed; holds how many prompts it was asked, and each problem."""

    def __init__(self, asked: int, problems: tuple[str, ...]) -> None:
        super().__init__(asked, problems)
        self.asked, self.problems = asked, problems

    def __str__(self) -> str:
        return "\n".join((f"{len(self.problems)} of {self.asked} prompts were not answered", *self.problems))
