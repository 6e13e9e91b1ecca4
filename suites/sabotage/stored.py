"""Damage to the artifacts of the control run: plain damage, and forgery that fits the manifest again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.gates.entry import every
from harness.gates.records import ArtifactUsed
from harness.run import journal
from harness.store import digests
from suites.sabotage.case import Spoil
from suites.sabotage.subject import CONTROL, NoTargetError, fill
from suites.tiny.child import Line

SHEET = "answers.jsonl"
BELIEVED = ("-p", "suites.sabotage.plugins.believed")
Answers = list[dict[str, Any]]


def artifact(line: Line, kind: str, label: str = "") -> Path:
    """The folder of the artifact of that label that the control run rests on, as a copy that may be spoiled.

    Roles such as ``{candidate}`` may stand in the label.

    Raises:
        NoTargetError: it rests on none.
    """
    wanted = f"{kind} {fill(line, label)}".strip()
    used = every(journal.read(line.out / "runs" / CONTROL / "evidence"), ArtifactUsed)
    keys = [one.key for one in used if one.name == wanted]
    if not keys:
        raise NoTargetError(f"the untouched release rests on no artifact {wanted!r}")
    folder = line.out / "store" / kind / keys[0][:24]
    # Its files may be hard links to a store that must stay as it is.
    shutil.copytree(folder, own := folder.with_name(f"{folder.name}.own"))
    shutil.rmtree(folder)
    return own.rename(folder)


def damaged(kind: str, label: str, name: str) -> Spoil:
    """Flip one bit of a stored file."""

    def spoil(line: Line) -> tuple[str, ...]:
        path = artifact(line, kind, label) / "content" / fill(line, name)
        if not path.is_file():
            raise NoTargetError(f"the artifact has no file {path.name}")
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
        return ()

    return spoil


def removed(kind: str, label: str, *arguments: str) -> Spoil:
    def spoil(line: Line) -> tuple[str, ...]:
        shutil.rmtree(artifact(line, kind, label))
        return arguments

    return spoil


def forged(kind: str, label: str, edit: Callable[[Path], None]) -> Spoil:
    """Change an artifact's files and write a manifest that fits, as someone who knows the store would."""

    def spoil(line: Line) -> tuple[str, ...]:
        folder = artifact(line, kind, label)
        before = digests.of_folder(folder / "content")
        edit(folder / "content")
        _sign(folder)
        assert digests.of_folder(folder / "content") != before, "nothing was forged"
        return ()

    return spoil


def _sign(folder: Path) -> None:
    path, content = folder / "manifest.json", folder / "content"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["files"] = {
        name: {"sha256": digest, "size": (content / name).stat().st_size}
        for name, digest in digests.of_folder(content).items()
    }
    path.write_text(json.dumps(manifest), encoding="utf-8")


def forged_answers(label: str, edit: Callable[[Answers], Answers], believed: bool = True) -> Spoil:
    """As `forged`, for the answers of a sheet.

    A text that its tokens do not say is refused at once. With `believed` that is left out of the run, so that the gates
    behind it are seen to catch what a worse adapter would say: no model has to be trained to say it.
    """

    def rewrite(content: Path) -> None:
        path = content / SHEET
        answers = edit([json.loads(row) for row in path.read_text(encoding="utf-8").splitlines()])
        path.write_text("".join(json.dumps(answer) + "\n" for answer in answers), encoding="utf-8")

    spoil = forged("answers", label, rewrite)
    return lambda line: (*spoil(line), *(BELIEVED if believed else ()))
