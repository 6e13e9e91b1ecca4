"""Nothing got worse since the release before: not what the spec asks, and not what the candidate answers."""

from __future__ import annotations

from fixtures.attempts import Attempts
from fixtures.regression import Regression
from fixtures.release import Conclude
from fixtures.selection import Chosen
from harness.errors import GreenrunError
from harness.gates.gate import Gate
from harness.gates.regression import accepted_weaker
from harness.releases import tried_items
from harness.releases.weakened import new_waivers
from harness.spec.objects import Spec
from harness.statistics.measurement import Measurement
from harness.store import digests


def test_spec_not_weakened(spec: Spec, regression: Regression, conclude: Conclude) -> None:
    """No gate was removed, and none asks less than the earlier release's did."""
    earlier, found = regression.earlier, regression.weaker()
    reason = accepted_weaker(spec, earlier.table)
    mend = (
        f"accepted by the spec: {reason}"
        if reason
        else f'if that is meant, say why in the spec: [gates.regression] accept_weaker = "...", one reason a release '
        f"(compared with {earlier.name})"
    )
    message = "\n".join([*([*found, mend] if found else []), *new_waivers(earlier, spec)])
    sources = {"spec": spec.digest, "earlier spec": digests.of_value(earlier.table)}
    conclude(Measurement(float(not found), len(earlier.gates), message=message, sources=sources))


def test_not_worse(gate: Gate, regression: Regression, conclude: Conclude) -> None:
    """The lower bound of the mean difference from the earlier release exceeds minus the spec's margin."""
    conclude(regression.compared(gate))


def test_fresh_items(spec: Spec, chosen: Chosen, attempts: Attempts, conclude: Conclude) -> None:
    """The benchmark's items were tried no more often than the spec allows before fresh ones are due."""
    count = attempts.of_all(chosen.experiment())
    if count is None or spec.ledger is None:
        raise GreenrunError(
            f"attempts are unknown: {spec.ledger} is not there; begin a new benchmark's as an empty file"
        )
    due = f"this benchmark's items were tried {count} times, {spec.fresh_after} are allowed; write fresh items"
    message = due if count > spec.fresh_after else ""
    asked = tried_items.of_adapter(spec, spec.candidate)
    sources = {"benchmark": asked.digest, "ledger": digests.of_file(spec.ledger)}
    conclude(Measurement(float(count <= spec.fresh_after), count, message=message, sources=sources))
