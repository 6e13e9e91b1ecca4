"""What became of the adapter in its GGUF files: the same tokens, still the adapter, and what of the task was lost."""

from __future__ import annotations

from fixtures.attribution import Attribution
from fixtures.form_scores import FormScores
from fixtures.forms import Forms
from fixtures.release import Conclude
from fixtures.token_parity import TokenParity
from harness.fidelity import attribution as attribution_of
from harness.fidelity import summary, task_loss
from harness.fidelity.summary import summarize
from harness.fidelity.survival import explain, survival
from harness.gates import fidelity, records
from harness.gates.fidelity import form_of
from harness.gates.gate import Gate
from harness.gguf.files import MERGED_Q4
from harness.metrics import paired
from harness.releases.ledger import SPEND
from harness.run.run import Run
from harness.spec.objects import Spec
from harness.statistics.measurement import Measurement

AREAS = ("gguf",)


def test_token_parity(gate: Gate, token_parity: TokenParity, conclude: Conclude) -> None:
    """On every benchmark item training, transformers and llama.cpp read the same token ids."""
    found = token_parity.of(form_of(gate))
    wrong = len(found.differing)
    names = ", ".join(found.differing[:10])
    more = f" and {wrong - 10} more" if wrong > 10 else ""
    message = "\n".join([f"read otherwise: {names}{more}", *found.explained]) if wrong else ""
    conclude(Measurement(1.0 - wrong / found.items, found.items, message=message, sources={"gguf": found.file}))


def test_adapter_survives(gate: Gate, spec: Spec, forms: Forms, conclude: Conclude) -> None:
    """On reference answers the file is nearer to the adapter as trained than to the bare base."""
    one = forms.measured(form_of(gate))
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


def test_logit_parity_kl(gate: Gate, spec: Spec, forms: Forms, conclude: Conclude) -> None:
    """Teacher-forced on reference answers, the file's mean KL from the adapter is at most what the spec allows."""
    one = forms.measured(form_of(gate))
    sources = {"parity": one.artifact.digest}
    largest = forms.gguf.settings.largest_kl(forms.kind_of(form_of(gate)))
    conclude(summary.within(summarize(one.measured.figures), largest, spec.confidence, sources))


def test_logit_parity_same_top_1(gate: Gate, spec: Spec, forms: Forms, conclude: Conclude) -> None:
    """File and adapter put the same token first at almost every position of the reference answers."""
    one = forms.measured(form_of(gate))
    sources = {"parity": one.artifact.digest}
    limit = forms.gguf.settings.min_same_top_1
    conclude(summary.agrees(summarize(one.measured.figures), limit, spec.confidence, sources))


def test_not_lost(gate: Gate, run: Run, form_scores: FormScores, conclude: Conclude) -> None:
    """The metric fell by no more than the margin, answer by answer against the adapter as trained."""
    found = form_scores.lost(form_of(gate), gate.metric)
    if run.spec.attempts != SPEND:  # then nobody is to learn from it but by the outcome
        row = paired.row(found.comparison, -gate.threshold)
        run.journal.write(records.FormLoss({"form": form_of(gate), "asked": found.asked, **row}))
    conclude(task_loss.measurement(found.comparison, found.asked, found.sources))


def test_attribution(run: Run, attribution: Attribution, forms: Forms, conclude: Conclude) -> None:
    """Every form was measured, so that the report can say at which step quality was lost and what to ship.

    The merged file beside an adapter that stays apart is for comparison: it may be impossible to make.
    """
    rows = attribution.rows()
    table = attribution_of.document(rows, attribution.serving())
    run.journal.write(records.Forms(table))
    judged = [row for row in rows if row.form != MERGED_Q4]
    measured = [row for row in judged if row.kl is not None]
    message = f"{table['lost_at']}\n{table['recommendation']}"
    compared = [row.form for row in measured if row.form in fidelity.forms(run.spec)]
    sources = {"answers as trained": forms.reference_answers().digest}
    sources |= {f"parity {name}": forms.measured(name).artifact.digest for name in compared}
    conclude(Measurement(len(measured) / len(judged), len(judged), message=message, sources=sources))
