"""What a job is given comes out in another process as it went in."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.dataset.item import Item, Point
from harness.engines.as_trained import Trained
from harness.engines.generate import Decoding
from harness.engines.llama_cpp import Runtime
from harness.fidelity import jobs as measuring
from harness.fidelity.measure import Sample
from harness.forms import float32, jobs, nf4
from harness.gguf import jobs as merging
from harness.jobs import call
from harness.jobs.call import Call
from harness.spec.recipe import Experiment, Recipe
from harness.spec.serve import Precision, Serve
from training import jobs as training
from training.setting import Setting

TEXT = st.text(max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
TURNS = st.fixed_dictionaries({"role": st.sampled_from(["system", "user"]), "content": TEXT}, optional={"more": JSON})
ITEMS = st.builds(
    Item,
    id=TEXT,
    task=TEXT,
    kind=TEXT,
    topic=TEXT,
    messages=st.lists(TURNS, min_size=1, max_size=3).map(tuple),
    reference=TEXT,
    points=st.lists(st.builds(Point, st.lists(TEXT, max_size=2).map(tuple), TEXT), max_size=2).map(tuple),
    line=st.integers(0, 10**6),
    fields=st.dictionaries(TEXT, JSON, max_size=2),
    must_refuse=st.booleans(),
    tools=st.lists(st.dictionaries(TEXT, JSON, max_size=2), max_size=2).map(tuple),
    answer=st.none() | TURNS,
    earlier=st.lists(st.integers(0, 9), max_size=2).map(tuple),
)
AN_ITEM = Item("a", "sea", "known", "t", ({"role": "user", "content": "?"},), "yes", (Point(("yes",), "n1"),), 7)
RECIPE = Recipe(rank=4, alpha=8, batch_size=2, max_length=64, trainer="trl", processes=2)
SETTING = Setting(RECIPE, Experiment("v3a", 3, 2e-4), seed=20, threads=2, four_bit=True)
TRAINED = Trained(Path("/weights"), 2, Precision("bfloat16", "float32", "sdpa"))
SERVE = Serve(cuda=Precision("bfloat16", "bfloat16"))
OPENED = nf4.FORM.lent(SERVE, Path("/base"), Path("/adapter"), 1)
ASKED = Decoding(8, 64, ("\n\n",))
GIVEN: list[tuple[Any, dict[str, Any]]] = [
    (training.train, {"base": Path("/base"), "items": (AN_ITEM,), "setting": SETTING}),
    (training.sample, {"base": Path("/base"), "items": (AN_ITEM,), "setting": SETTING}),
    (jobs.answer, {"opened": OPENED, "items": (AN_ITEM,), "decoding": ASKED}),
    (jobs.losses, {"opened": OPENED, "texts": ("one", "two")}),
    (jobs.prove_mount, {"bare": OPENED, "trained": TRAINED, "adapter": Path("/a"), "probes": (AN_ITEM,)}),
    (jobs.census, {"bare": OPENED}),
    (measuring.states, {"trained": TRAINED, "adapter": Path("/a"), "sample": Sample({"sea": (AN_ITEM,)}, {})}),
    (
        measuring.sample_answers,
        {"trained": TRAINED, "adapter": Path("/a"), "sample": Sample({"sea": (AN_ITEM,)}, {"sea": ASKED})},
    ),
    (measuring.all_answers, {"trained": TRAINED, "adapter": Path("/a"), "items": (AN_ITEM,), "decoding": ASKED}),
    (
        measuring.form,
        {
            "opened": float32.FORM.lent(Serve(), Path("/merged"), None, 1),
            "trained": TRAINED,
            "adapter": Path("/a"),
            "held": Path("/held"),
            "sample": Sample({"sea": (AN_ITEM,)}, {"sea": ASKED}),
        },
    ),
    (merging.merged, {"weights": Path("/w"), "adapter": Path("/a")}),
    (merging.prove_merge, {"trained": TRAINED, "adapter": Path("/a"), "merged": Path("/m"), "probes": (AN_ITEM,)}),
]


def through_json(value: Any, hint: Any) -> Any:
    return call._read(hint, json.loads(json.dumps(value)))


@pytest.mark.parametrize(("function", "arguments"), GIVEN, ids=lambda one: getattr(one, "__name__", ""))
def test_every_job_gets_what_it_was_given(function: Any, arguments: dict[str, Any]) -> None:
    hints = get_type_hints(function)
    assert set(hints) - {"folder", "progress", "return"} == set(arguments)
    travelled = Call.of(function, **arguments)
    assert travelled.place == f"{function.__module__}:{function.__name__}"
    for name, value in arguments.items():
        found = through_json(travelled.given[name], hints[name])
        assert found == (list(value) if isinstance(found, list) else value)


@given(ITEMS)
def test_an_item_travels_whole(item: Item) -> None:
    def function(item: Item) -> None: ...

    assert through_json(Call.of(function, item=item).given["item"], Item) == item


@given(st.builds(Runtime, environment=st.dictionaries(TEXT, TEXT, max_size=3), patience=st.floats(0.1, 1e6)))
def test_how_llama_cpp_is_started_travels(runtime: Runtime) -> None:
    def function(runtime: Runtime) -> None: ...

    assert through_json(Call.of(function, runtime=runtime).given["runtime"], Runtime) == runtime


@pytest.mark.parametrize("change", [{"rank": 16}, {"trainer": "own"}, {"alpha": 1}])
def test_what_differs_goes_out_as_something_else(change: dict[str, Any]) -> None:
    other = replace(SETTING, recipe=replace(RECIPE, **change))
    there = [Call.of(training.train, base=Path("/b"), items=(), setting=one) for one in (SETTING, other)]
    assert there[0] != there[1]
    assert through_json(there[1].given["setting"], Setting) == other


def test_a_relative_path_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Call.of(merging.merged, weights=Path("w"), adapter=Path("/a")).given["weights"] == str(tmp_path / "w")
