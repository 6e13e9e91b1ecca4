"""The real base in the real 4-bit form: what the tiny model shows of batches holds for weights that matter."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.dataset.checks import items_of
from harness.engines import base_model, checkpoint, form, nf4
from harness.engines.generate import Decoding, answer_all
from harness.project import ROOT
from harness.spec import load

ITEMS, TOKENS = 4, 24
"""Items that are asked, and tokens of each answer. A model without an adapter does not stop, so each answer is as long
as allowed."""


@pytest.mark.slow
def test_the_real_base_in_four_bit_says_the_same_alone_and_in_a_batch(tmp_path: Path) -> None:
    """Half a minute, mostly de-quantizing the package's file."""
    spec = load.load(ROOT / "data" / "v3" / "release.toml")
    checkpoint.write(base_model.locate(spec), tmp_path)
    engine = form.load(nf4.FORM, tmp_path, 1)
    items = items_of(spec.tasks["style"], "dev")[:ITEMS]
    together = answer_all(engine, items, Decoding(ITEMS, TOKENS))
    assert all(len(answer.ids) > 1 for answer in together)
    assert answer_all(engine, items, Decoding(1, TOKENS)) == together
