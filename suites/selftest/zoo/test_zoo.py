"""Every kind of adapter is judged as plain peft answers, or refused by its cause, and leaves nothing on its base."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from harness.engines import form, pristine
from harness.engines.form import Loaded
from harness.engines.mount import mounted
from harness.errors import AdapterError
from harness.fidelity import reference
from harness.gguf import merge
from suites.selftest.zoo import table
from suites.selftest.zoo.bases import logits
from suites.selftest.zoo.conftest import FORMS, Folder
from suites.selftest.zoo.kind import Kind
from suites.selftest.zoo.kinds import JUDGED, KINDS, REFUSED

LoadedBase = Callable[[str, str], Loaded]
AT_AN_END = re.compile("head|embeddings|tied|norm|bias")
"""Kinds that change a base's two ends or its vectors, which merging has to keep apart."""
INNOCENT = JUDGED[0]


def _said(base: Loaded, folder: Path) -> torch.Tensor:
    with mounted(base, folder) as engine:
        return logits(engine.model)


@pytest.mark.parametrize("kind", JUDGED, ids=str)
def test_it_says_what_plain_peft_says(kind: Kind, bases: dict[str, Path], loaded: LoadedBase, folder: Folder) -> None:
    place = folder(kind)
    fresh = AutoModelForCausalLM.from_pretrained(bases[kind.base], dtype=torch.float32).eval()
    bare = logits(fresh)
    truth = logits(PeftModel.from_pretrained(fresh, place).eval())
    assert not torch.allclose(truth, bare)
    assert torch.equal(_said(loaded("float32", kind.base), place), truth)


@pytest.mark.parametrize("kind", REFUSED, ids=str)
def test_it_is_refused_by_its_cause(kind: Kind, loaded: LoadedBase, folder: Folder) -> None:
    with pytest.raises(AdapterError, match=kind.refused):
        _said(loaded("float32", kind.base), folder(kind))


@pytest.fixture(scope="module")
def fresh(bases: dict[str, Path], folder: Folder) -> Callable[[str, str], tuple[torch.Tensor, torch.Tensor]]:
    """``fresh(form, base)``: logits of a base that nothing was mounted on, and with the innocent adapter on it."""

    @cache
    def fresh(name: str, base: str) -> tuple[torch.Tensor, torch.Tensor]:
        clean = form.load(FORMS[name], bases[base], 1)
        return logits(clean.model), _said(clean, folder(INNOCENT))

    return fresh


@pytest.mark.parametrize("name", ["float32", "nf4"])
def test_after_every_kind_in_either_order_an_innocent_one_says_what_it_says_on_a_fresh_base(
    name: str, loaded: LoadedBase, folder: Folder, fresh: Callable[[str, str], tuple[torch.Tensor, torch.Tensor]]
) -> None:
    said: dict[str, torch.Tensor] = {}
    for kind in (*KINDS, *reversed(KINDS)):
        base = loaded(name, kind.base)
        bare, innocent = fresh(name, kind.base)
        refused = kind.refused or (kind.nf4 if name == "nf4" else "")
        if refused:
            with pytest.raises(AdapterError, match=refused):
                _said(base, folder(kind))
        else:
            now = _said(base, folder(kind))
            assert torch.equal(now, said.setdefault(kind.name, now)), kind
        assert pristine.is_clean(base.model), kind
        assert torch.equal(logits(base.model), bare), kind
        assert torch.equal(_said(base, folder(INNOCENT)), innocent), kind


@pytest.mark.parametrize("kind", [kind for kind in JUDGED if AT_AN_END.search(kind.name)], ids=str)
def test_merged_it_still_says_what_plain_peft_says(
    kind: Kind, bases: dict[str, Path], folder: Folder, tmp_path: Path
) -> None:
    fresh = AutoModelForCausalLM.from_pretrained(bases[kind.base], dtype=torch.float32).eval()
    truth = logits(PeftModel.from_pretrained(fresh, folder(kind)).eval())
    merge.write(bases[kind.base], folder(kind), tmp_path / "merged")
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "merged", dtype=torch.float32).eval()
    torch.testing.assert_close(logits(merged), truth, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", [kind for kind in JUDGED if AT_AN_END.search(kind.name)], ids=str)
def test_its_head_makes_its_logits_of_what_the_head_is_given(kind: Kind, loaded: LoadedBase, folder: Folder) -> None:
    base, seen = loaded("float32", kind.base), []
    with mounted(base, folder(kind)) as engine:
        hook = engine.model.get_output_embeddings().register_forward_pre_hook(
            lambda module, given: seen.append(given[0])
        )
        said = logits(engine.model)
        hook.remove()
    torch.testing.assert_close(reference.head_of(base, folder(kind))(seen[0]).detach(), said, rtol=1e-4, atol=1e-4)
    assert pristine.is_clean(base.model)


def test_the_table_of_the_documentation_is_what_happens() -> None:
    """Written anew by ``python -m suites.selftest.zoo.table``."""
    assert table.DOCUMENT.read_text(encoding="utf-8") == table.document()
