"""Sabotages of the 4-bit form. A sea adapter is mounted on it as well, whose own gates over answers only advise."""

from __future__ import annotations

import json
from pathlib import Path

from harness.engines import fingerprint
from suites.sabotage import adapters, spec, stored
from suites.sabotage.case import Sabotage
from suites.sabotage.cases.evaluation import ASKED, first_empty
from suites.sabotage.spec import Table
from suites.sabotage.subject import NoTargetError, other_adapter
from suites.tiny.child import Line


def _mount_another(line: Line, table: Table) -> None:
    if "bnb" not in table["gates"]:
        raise NoTargetError("the spec has no gates over the 4-bit form ([gates.bnb])")
    mounts = table["gates"]["bnb"].setdefault("mounts", [table["release"]["candidate"]])
    if (name := other_adapter(line)) not in mounts:
        mounts.append(name)


MOUNTED = spec.changed(_mount_another)


def _bare(content: Path) -> None:
    """Change the sheet's fingerprint so that it says that the adapter moved nothing."""
    path = content / fingerprint.FILE
    seen = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(seen | {"mounted": seen["bare"], "moved": 0.0}), encoding="utf-8")


SABOTAGES = (
    Sabotage(
        "layer-left-unquantized",
        stored.removed("census", "nf4", "-p", "suites.sabotage.plugins.unquantized"),
        "bnb.base_quant_load_ok",
        "13 of 14 linear layers are 4-bit",
    ),
    Sabotage(
        "answers-of-the-bare-base",
        stored.forged("answers", ASKED, _bare),
        "eval.both.sea.non_empty",
        "the bare base gave the answers",
    ),
    Sabotage(
        "adapter-that-moves-no-logit",
        spec.both(MOUNTED, adapters.given("{other}", adapters.scaled(1e-30))),
        "bnb.sea_lora_mount_ok",
        "the bare base gave the answers to sea",
    ),
    Sabotage(
        "mounted-adapter-says-nothing",
        spec.both(MOUNTED, stored.forged_answers("{made} {other} {other_task} benchmark", first_empty)),
        "bnb.sea_generate_non_empty",
        "sea-benchmark-00: empty; stop=end, 1 tokens",
    ),
)
