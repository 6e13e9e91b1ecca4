"""The page of the data checks: what they accuse rightly and wrongly in the data sets of this package.

``python -m suites.selftest.accused.page`` writes ``docs/data-checks.md``; a test holds the page to what it would write.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.dataset.secrets import UNSOUGHT
from harness.project import ROOT
from suites.selftest.accused.case import Case, found_in
from suites.selftest.accused.corpus import CASES

PAGE = ROOT / "docs" / "data-checks.md"
BEFORE = Path(__file__).with_name("before.json")
"""Data set -> right, wrong and missed findings of the checks as they were when the data sets were gathered."""

HEAD = """\
# Data checks

Copies, leaks, secrets and odd signs are judged on small data sets of real kinds (`suites/selftest/accused`). Each says
which lines are to be accused of what; a finding is right where it accuses one of them, and wrong where it accuses
another. "Before" are the checks as they stood when the data sets were gathered. Since the checks were mended on these
very data sets, the figures now say that they hold, not what share of an unknown file would be judged rightly.

- An answer of fewer than eight words, and one of at most 32 that many items give, is a label or a standing refusal: it
  copies nothing and leaks nothing by itself.
- What two texts ask is judged beside the sentences that both hold: questions on one passage and inputs under one
  instruction are different items. A text that opens as another one of its file does, for up to 40 words, opens with an
  instruction.
- One question with other tools, or to another system turn, is another item of its file.
- A character of Chinese, Japanese, Thai, Lao, Burmese or Khmer counts for half a word wherever words are counted.
- A question too short for a run is looked for inside longer prompts, answers and system turns (`asked-inside`).
"""


@dataclass(frozen=True, slots=True)
class Judged:
    """Numbers of right, wrong and missed findings in one data set, or in several."""

    right: int
    wrong: int
    missed: int

    def __str__(self) -> str:
        return f"{self.right} / {self.wrong} / {self.missed}"


def judged(case: Case) -> Judged:
    """What the checks make of one data set."""
    with tempfile.TemporaryDirectory() as folder:
        found = found_in(case, Path(folder))
    return Judged(len(found & case.guilty), len(found - case.guilty), len(case.guilty - found))


def before() -> Mapping[str, Judged]:
    return {name: Judged(*counts) for name, counts in json.loads(BEFORE.read_text(encoding="utf-8")).items()}


def render(now: Mapping[str, Judged]) -> str:
    """The whole page, for data set -> findings."""
    return "\n".join([HEAD, *_shares(now), "", *_table(now), "", "## Secrets and personal data", "", *_unsought(), ""])


def _unsought() -> Iterator[str]:
    looked, not_looked = UNSOUGHT.split("; ")
    yield f"All splits are searched. {looked.capitalize()}."
    yield f"{not_looked.capitalize()}."
    yield "Documented examples are spared: addresses at example.com, test cards, printed IBANs, `...EXAMPLE`."


def _shares(now: Mapping[str, Judged]) -> Iterator[str]:
    yield "| | findings that are right | of what is to be found |"
    yield "| --- | --- | --- |"
    for name, counts in (("before", before()), ("now", now)):
        right, wrong, missed = (
            sum(getattr(one, key) for one in counts.values()) for key in ("right", "wrong", "missed")
        )
        yield f"| {name} | {_share(right, right + wrong)} | {_share(right, right + missed)} |"


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({part / whole:.0%})" if whole else "none"


def _table(now: Mapping[str, Judged]) -> Iterator[str]:
    old = before()
    yield "| data set | right / wrong / missed before | now |"
    yield "| --- | --- | --- |"
    for name, found in now.items():
        yield f"| {name} | {old[name]} | {found} |"


if __name__ == "__main__":
    PAGE.write_text(render({case.name: judged(case) for case in CASES}), encoding="utf-8")
