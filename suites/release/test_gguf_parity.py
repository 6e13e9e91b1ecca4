"""What became of the adapter in its GGUF files: the same tokens, still the adapter, and what of the task was lost."""

from __future__ import annotations

from collections.abc import Callable

from fixtures.attribution import FormRows, Serving
from fixtures.form_scores import Lost
from fixtures.parity import KindOf, MeasuredForm
from fixtures.release import Conclude
from fixtures.token_parity import TokenReadings
from harness.fidelity import attribution, summary, task_loss
from harness.fidelity.summary import summarize
from harness.fidelity.survival import explain, survival
from harness.gates.fidelity import form_of, forms
from harness.gates.gate import Gate
from harness.gates.records import FormLoss, Forms
from harness.gguf.files import MERGED_Q4
from harness.metrics import paired
from harness.releases.ledger import SPEND
from harness.run.run import Run
from harness.spec.gguf import GgufGates
from harness.spec.objects import Spec
from harness.statistics.measurement import Measurement
from harness.store.artifact import Artifact

AREAS = ("gguf",)


def test_token_parity(gate: Gate, token_readings: TokenReadings, conclude: Conclude) -> None:
    """On every benchmark item training, transformers and llama.cpp read the same token ids."""
    found = token_readings(form_of(gate))
    wrong = len(found.differing)
    names = ", ".join(found.differing[:10])
    more = f" and {wrong - 10} more" if wrong > 10 else ""
    message = "\n".join([f"read otherwise: {names}{more}", *found.explained]) if wrong else ""
    conclude(Measurement(1.0 - wrong / found.items, found.items, message=message, sources={"gguf": found.file}))


def test_adapter_survives(gate: Gate, spec: Spec, measured_form: MeasuredForm, conclude: Conclude) -> None:
    """On reference answers the file is nearer to the adapter as trained than to the bare base."""
    one = measured_form(form_of(gate))
    found = survival(one.measured.figures, spec.confidence)
    conclude(
        Measurement(
            value=found.margin,
            n=found.clusters,
            lower_bound=found.lower,
            upper_bound=found.upper,
            message=explain(found),
            sources={"parity": one.artifact.digest},
            wrong=tuple(
                f"{name}: {to_adapter:.3g} nats a token from the adapter, {to_base:.3g} from the base"
                for name, to_adapter, to_base in found.nearest_base[:3]
            ),
        )
    )


def test_logit_parity_kl(
    gate: Gate,
    spec: Spec,
    parity_limits: GgufGates,
    kind_of: KindOf,
    measured_form: MeasuredForm,
    conclude: Conclude,
) -> None:
    """Teacher-forced on reference answers, the file's mean KL from the adapter is at most what the spec allows."""
    one = measured_form(form_of(gate))
    sources = {"parity": one.artifact.digest}
    largest = parity_limits.largest_kl(kind_of(form_of(gate)))
    conclude(summary.within(summarize(one.measured.figures), largest, spec.confidence, sources))


def test_logit_parity_same_top_1(
    gate: Gate, spec: Spec, parity_limits: GgufGates, measured_form: MeasuredForm, conclude: Conclude
) -> None:
    """File and adapter put the same token first at almost every position of the reference answers."""
    one = measured_form(form_of(gate))
    sources = {"parity": one.artifact.digest}
    conclude(summary.agrees(summarize(one.measured.figures), parity_limits.min_same_top_1, spec.confidence, sources))


def test_not_lost(gate: Gate, run: Run, lost_by: Lost, conclude: Conclude) -> None:
    """The metric fell by no more than the margin, answer by answer against the adapter as trained."""
    found = lost_by(form_of(gate), gate.metric)
    if run.spec.attempts != SPEND:  # then nobody is to learn from it but by the outcome
        row = paired.row(found.comparison, -gate.threshold)
        run.journal.write(FormLoss({"form": form_of(gate), "asked": found.asked, **row}))
    conclude(task_loss.measurement(found.comparison, found.asked, found.sources))


def test_attribution(
    run: Run,
    form_rows: FormRows,
    serving: Serving,
    measured_form: MeasuredForm,
    reference_answers: Callable[[], Artifact],
    conclude: Conclude,
) -> None:
    """Every form was measured, so that the report can say at which step quality was lost and what to ship.

    The merged file beside an adapter that stays apart is for comparison: it may be impossible to make.
    """
    rows = form_rows()
    table = attribution.document(rows, serving())
    run.journal.write(Forms(table))
    judged = [row for row in rows if row.form != MERGED_Q4]
    measured = [row for row in judged if row.kl is not None]
    message = f"{table['lost_at']}\n{table['recommendation']}"
    compared = [row.form for row in measured if row.form in forms(run.spec)]
    sources = {"answers as trained": reference_answers().digest}
    sources |= {f"parity {name}": measured_form(name).artifact.digest for name in compared}
    conclude(Measurement(len(measured) / len(judged), len(judged), message=message, sources=sources))
