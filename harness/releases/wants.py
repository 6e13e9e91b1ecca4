"""A recipient's requirements on a release: its name, the gates that must have passed, and which stamps are accepted."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import GreenrunError
from harness.spec import nearest
from harness.spec.table import Table
from harness.spec.values import Listed, Text


class WantsError(GreenrunError):
    """Raised when a file of wishes cannot be used: the message names file, key and mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedGate(Table):
    id: Text
    """Id of a gate that must have blocked the release and passed."""
    above: float | None = None
    """What its lower bound (its value where it has no bound) must exceed. None: the sender's own threshold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wants(Table):
    release: Text
    """Name of the release line."""
    candidate: Text | None = None
    """Its adapter; None: any."""
    waivers: bool = False
    """Whether a release with a waived gate is accepted."""
    unproven: bool = False
    """Whether a release that is stamped UNPROVEN is accepted."""
    gates: Listed[WantedGate] = ()


def read(path: Path) -> Wants:
    """The requirements in a TOML file.

    Raises:
        WantsError: with each mistake.
    """
    from pydantic import TypeAdapter, ValidationError

    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        found: Wants = TypeAdapter(Wants).validate_python(table)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WantsError(f"{path}: cannot be read as TOML ({error})") from error
    except ValidationError as error:
        told = (f"{path}: {'.'.join(map(str, one['loc'])) or 'file'}: {one['msg']}" for one in error.errors())
        raise WantsError("\n".join(told)) from error
    return found


def unmet(wants: Wants, document: Mapping[str, Any]) -> list[str]:
    """The requirements that a verdict does not meet, in words."""
    wrong = []
    if document["release"] != wants.release:
        wrong.append(f"release {wants.release!r} is wanted, and this is {document['release']!r}")
    if wants.candidate is not None and document["candidate_adapter"] != wants.candidate:
        wrong.append(f"candidate {wants.candidate!r} is wanted, and this is {document['candidate_adapter']!r}")
    if document["verdict"] != "released":
        wrong.append(f"the verdict is {document['verdict']!r}")
    if document.get("unproven") and not wants.unproven:
        wrong.append(f"it is UNPROVEN ({document['doubts'][0]}); `unproven = true` takes such a release")
    if not wants.waivers:
        wrong += [
            f"{one['gate']} was waived by {one['by']}: {one['reason']}; `waivers = true` takes such a release"
            for one in document.get("waivers", [])
            if one["used"]
        ]
    gates = {gate["id"]: gate for gate in document["gates"]}
    for wanted in wants.gates:
        if wanted.id not in gates:
            wrong.append(f"gate {wanted.id} is wanted, and the release had none; {nearest.mend(wanted.id, gates)}")
        else:
            wrong += _unmet(wanted, gates[wanted.id], wants.waivers)
    return wrong


def _unmet(wanted: WantedGate, gate: Mapping[str, Any], waivers: bool) -> list[str]:
    if gate.get("waived") and waivers:
        return []
    if gate["outcome"] != "passed":
        return [f"gate {wanted.id} is wanted, and it is {gate['outcome']}"]
    if not gate["blocking"]:
        return [f"gate {wanted.id} is wanted, and it only advised"]
    bound = gate["value"] if gate["lower_bound"] is None else gate["lower_bound"]
    if wanted.above is not None and not (isinstance(bound, (int, float)) and bound > wanted.above):
        return [f"gate {wanted.id} is wanted above {wanted.above}, and its lower bound is {bound}"]
    return []
