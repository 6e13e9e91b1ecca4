"""The provenance of a run, journalled at its start: data files, versions, installed metrics, device and git state."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.dataset import general_text, tables
from harness.dataset.records import stream_lines
from harness.engines import adapter_files
from harness.errors import DataError, GreenrunError
from harness.forms import registry as forms
from harness.gates.records import (
    Against,
    DataFiles,
    Environment,
    Inputs,
    Meaning,
    MetricOrigins,
    Model,
    Origin,
    RunOpened,
    Waived,
    Warned,
)
from harness.metrics import registry
from harness.project import ROOT
from harness.releases import earlier, meaning
from harness.run.run import Run
from harness.spec.data_place import is_hub
from harness.spec.objects import Spec
from harness.spec.table import columns
from harness.store import digests
from harness.store.artifact import Artifact

DISTRIBUTIONS = ("torch", "transformers", "peft", "bitsandbytes", "accelerate", "tokenizers", "pytest", "pytest-xdist")
UNKNOWN = "unknown"
"""Stands for a property that could not be looked at, unlike one that is absent."""


def record(run: Run) -> None:
    """Write what the run will be judged by, its data files and its environment to its journal."""
    spec = run.spec
    run.journal.write(
        RunOpened(
            run_id=run.id,
            release=spec.name,
            spec_digest=spec.digest,
            candidate=spec.candidate,
            tasks=spec.adapters[spec.candidate].tasks,
            gates=[asdict(gate) for gate in run.gates],
        )
    )
    run.journal.write(origin(spec))
    for one in spec.waivers:
        run.journal.write(Waived(one.gate, one.reason, one.by, one.until))
    if run.earlier is not None:
        run.journal.write(Against(run.earlier.release, run.earlier.run_id))
    else:
        run.journal.write(Warned(earlier.none_found(run.out, spec.name)))
    run.journal.write(DataFiles(data_files(spec)))
    run.journal.write(Inputs(spec.opened))
    run.journal.write(Meaning(meaning.digests_of(spec)))
    run.journal.write(MetricOrigins(metric_origins()))
    run.journal.write(Environment(environment(spec.threads)))


def origin(spec: Spec) -> Origin:
    """Where the base comes from, and whether the spec's file says so."""
    licences = _stated(columns(spec.licences))
    if not spec.base_instead_of:
        return Origin(_base(spec.base.source), spec.base.pin, licences)
    licences = {of: licence for of, licence in licences.items() if of != "base"}  # the file speaks of its own
    return Origin(_base(spec.base.source), spec.base.pin, licences, _base(spec.base_instead_of))


def _base(source: str) -> str:
    """The source of the base for the journal; of a folder only its name, since its path means something on this machine
    alone."""
    scheme, _, place = source.partition(":")
    return f"path:{Path(place).name}" if scheme == "path" else source


def _stated(licences: Mapping[str, str | None]) -> dict[str, str]:
    return {name: licence for name, licence in licences.items() if licence is not None}


def inputs(spec: Spec) -> dict[str, str]:
    """What a run reads from its user's files again and again, each with its SHA-256; "" for what is not there."""
    files = [spec.path, *([spec.base.chat.template] if spec.base.chat.template else [])]
    for task in spec.tasks.values():
        files += [*task.files.values(), *(one for one in (task.template, task.schema) if one is not None)]
    if spec.gates.forgetting is not None:
        files += general_text.files(spec.gates.forgetting.texts)
    found = {str(path): _digest(path) for path in files}
    return found | {str(one.path): _adapter(one.path) for one in spec.adapters.values() if one.path is not None}


def changed(run: Run) -> list[str]:
    """Inputs that are no longer what they were when the run began: gates may have judged either.

    As this process took them: a path that is not UTF-8 has another name in a journal.
    """
    before = run.spec.opened
    now = inputs(run.spec) if before else {}
    return sorted(name for name, digest in before.items() if now.get(name) != digest)


def _adapter(folder: Path) -> str:
    """Digest of a given adapter: of its own files only, since other files beside it are never read."""
    try:
        return digests.of_value(
            {name: digests.of_file(path) for name, path in adapter_files.take(folder).files.items()}
        )
    except (OSError, GreenrunError):
        return ""


def _digest(path: Path) -> str:
    try:
        return tables.digest_of(path)
    except (OSError, ValueError, DataError):
        return ""


def data_files(spec: Spec) -> list[dict[str, Any]]:
    """Name, path relative to the spec, records and SHA-256 of every data file; 0 records where it cannot be parsed.

    General text counts its passages.
    """
    here = spec.path.resolve().parent
    found = []
    for task in spec.tasks.values():
        for split, path in task.files.items():
            try:
                records = sum(1 for _ in stream_lines(path))
            except DataError:
                records = 0
            place = (
                path.relative_to(here) if path.is_relative_to(here) else Path(str(path) if is_hub(path) else path.name)
            )
            name = f"{split}-{task.name}"
            found.append({"name": name, "path": str(place), "records": records, "sha256": _digest(path)})
    return [*found, *_general_files(spec)]


def _general_files(spec: Spec) -> list[dict[str, Any]]:
    if spec.gates.forgetting is None:
        return []
    return [
        {
            "name": f"general-{path.stem}",
            "path": path.name,
            "records": len(general_text.passages_of(path)),
            "sha256": digests.of_file(path),
        }
        for path in general_text.files(spec.gates.forgetting.texts)
    ]


def environment(threads: int) -> dict[str, Any]:
    """Versions, device and git state."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": _processor(),
        "threads": threads,
        "versions": {
            **digests.of_versions(DISTRIBUTIONS),
            **{one.distribution: one.version for one in registry.installed().values()},
            **{one.distribution: one.version for one in forms.installed().values()},
        },
        **git_state(ROOT),
    }


def git_state(folder: Path) -> dict[str, Any]:
    """Commit, whether anything differs from it, and submodules; `UNKNOWN` wherever git gives no answer.

    A refusal ("dubious ownership"), a folder that no repository holds and git that is not installed all read unknown,
    never clean. What the environment says of git (GIT_DIR) is left out: it names another repository.
    """
    commit, status = _git(folder, "rev-parse", "HEAD"), _git(folder, "status", "--porcelain")
    submodules = _git(folder, "submodule", "status")
    return {
        "git_commit": commit or UNKNOWN,
        "git_dirty": UNKNOWN if status is None or not commit else bool(status),
        "git_submodules": [UNKNOWN] if submodules is None else submodules.splitlines(),
    }


def metric_origins() -> list[dict[str, str]]:
    """Name, kind, distribution and version of every metric that an installed package brings."""
    return [
        {"name": name, "kind": one.thing.kind, "distribution": one.distribution, "version": one.version}
        for name, one in registry.installed().items()
    ]


def _processor() -> str:
    """The CPU's model name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _git(folder: Path, *words: str) -> str | None:
    """Output of a git command in the repository that holds `folder`; None where git fails."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


CHAT_TEMPLATE = "chat_template.jinja"


_WEIGHTS = (".safetensors", ".safetensors.index.json")


_TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json", "vocab.json")


def note(run: Run, base: Artifact, code: Mapping[str, str]) -> None:
    """Journal which model gives the answers: SHA-256 of weights, tokenizer, chat template and code, the deployed form.

    Each process that uses the base does so once.

    Args:
        base: the checkpoint as the store verified it.
        code: what it does -> digest of the modules that do it.
    """
    run.journal.write(Model({**parts(base), "form": forms.described(run.spec), "code": dict(code)}))


def parts(base: Artifact) -> dict[str, str]:
    """Part of a checkpoint -> digest; "" for a part that it has not."""
    files = digests.of_folder(base.path)
    weights = {name: digest for name, digest in files.items() if name.endswith(_WEIGHTS)}
    tokenizer = {name: digest for name, digest in files.items() if name in _TOKENIZER}
    return {
        "base": base.digest,
        "weights": digests.of_value(weights) if weights else "",
        "tokenizer": digests.of_value(tokenizer) if tokenizer else "",
        "chat_template": _chat_template(base.path, files),
    }


def _chat_template(folder: Path, files: Mapping[str, str]) -> str:
    """SHA-256 of the chat template: of its own file, or of its text in the tokenizer's configuration."""
    if CHAT_TEMPLATE in files:
        return files[CHAT_TEMPLATE]
    if "tokenizer_config.json" not in files:
        return ""
    config: Any = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    return digests.of_value(config["chat_template"]) if config.get("chat_template") else ""
