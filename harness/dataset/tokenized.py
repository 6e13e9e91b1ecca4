"""Run a check that needs the base model's tokenizer over one data file."""

from __future__ import annotations

from harness.dataset.check import BaseText, TokenizedCheck
from harness.dataset.files import Counted, digest_of
from harness.dataset.findings import Checked, tally, told_by
from harness.spec.data import Options
from harness.spec.objects import Task


def check_tokenized(check: TokenizedCheck, task: Task, split: str, base: BaseText, chosen: Options) -> Checked:
    """What the check found in one file.

    Raises:
        DataError: a record cannot be used.
        UndeclaredError: the check found what it does not say that it can find.
    """
    path = task.files[split]
    looking, counted = check.start(base, task, split), Counted(task, split, chosen)
    result = tally(told_by(check.name, check.kinds, looking.findings(path, counted), chosen.allow))
    note = "\n".join(filter(None, (looking.distribution(), counted.note())))
    return Checked(result, counted.count, {path.name: digest_of(path, chosen)}, note)
