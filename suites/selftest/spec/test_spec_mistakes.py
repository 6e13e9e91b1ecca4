"""Several mistakes in one spec are told together, one line each, in the order in which they stand in the file."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness import gates
from harness.errors import SpecError
from harness.spec import load
from harness.spec.mistakes import Place
from harness.spec.order import Order
from suites.tiny.child import Line


@pytest.fixture
def copied(line: Line, tmp_path: Path) -> Line:
    return line.copy(tmp_path / "line")


def told(copied: Line) -> list[str]:
    """The lines of the refusal, without the file's name, which each begins with."""
    with pytest.raises(SpecError) as caught:
        gates.expected(load.load(copied.spec))
    lines = str(caught.value).split("\n")
    assert all(one.startswith(f"{copied.spec}: ") for one in lines)
    return [one.removeprefix(f"{copied.spec}: ") for one in lines]


SHAPE = {
    "unknown key": ('name = "tiny"', 'name = "tiny"\nsed = 3', "release.sed: unknown key; did you mean 'seed'?"),
    "unknown value": (
        "threads = 1", 'threads = 1\ninstructions = "avx3"',
        "release.instructions: 'avx3' is not one of ['native', 'avx2']; did you mean 'avx2'?",
    ),
    "missing key": (
        'dev = "dev/sea.jsonl"', "",
        "tasks.sea.dev: missing, and it has no default; add it",
    ),
    "wrong type": (
        "rank = 16", 'rank = "16"',
        "recipe.rank: '16' is not of type 'integer'; write it without quotes",
    ),
    "out of range": ("epochs = 20", "epochs = 0", "experiments.0.epochs: 0 is less than the minimum of 1"),
    "no number": (
        "margin = 0.3", "margin = nan",
        "gates.regression.margin: nan is no number that anything can be compared with",
    ),
}  # fmt: skip
"""What is wrong in the shape of a file: (text, what is put in its place, what is told), in the order of the file."""

REFERENCES = {
    "unknown candidate": ('candidate = "both"', 'candidate = "bth"', "release.candidate: unknown adapter 'bth'"),
    "missing file": ("dev/sea.jsonl", "dev/see.jsonl", "tasks.sea.dev: "),
    "unknown task": ('tasks = ["sea"]', 'tasks = ["sea", "see"]', "adapters.sea.tasks: unknown task 'see'"),
    "one training twice": ("epochs = 24", "epochs = 20", "experiments: 'short' and 'long' are the same training"),
    "unknown adapter": ('mounts = ["both"]', 'mounts = ["all"]', "gates.bnb.mounts: unknown adapter 'all'"),
}
METRICS = {
    "of the selection": (
        "[generation]", "[selection]\nminimum = { covrage = 0.6 }\nweights = { formt = 1 }\n\n[generation]",
        ["selection.weights.formt: unknown metric; did you mean 'format'?",
         "selection.minimum.covrage: unknown metric; did you mean 'coverage'?"],
    ),
    "of a threshold": (
        "refused = 0.5 }\n\n", "refusal = 0.5 }\n\n",
        ["gates.eval.above: unknown metric 'refusal'; did you mean 'refused'?"],
    ),
}  # fmt: skip


def test_mistakes_of_every_kind_of_shape_are_told_together_in_the_order_of_the_file(copied: Line) -> None:
    for old, new, _ in SHAPE.values():
        copied.edit(old, new)
    assert told(copied) == [words for _, _, words in SHAPE.values()]


@pytest.mark.parametrize("mistake", SHAPE)
def test_each_of_them_alone_reads_the_same(copied: Line, mistake: str) -> None:
    old, new, words = SHAPE[mistake]
    copied.edit(old, new)
    assert told(copied) == [words]


def test_names_and_files_that_are_not_there_are_told_together(copied: Line) -> None:
    for old, new, _ in REFERENCES.values():
        copied.edit(old, new)
    lines = told(copied)
    assert len(lines) == len(REFERENCES)
    for line, (_, _, words) in zip(lines, REFERENCES.values(), strict=True):
        assert line.startswith(words)


def test_unknown_metrics_are_told_together(copied: Line) -> None:
    for old, new, _ in METRICS.values():
        copied.edit(old, new)
    assert told(copied) == [one for _, _, words in METRICS.values() for one in words]


def test_a_needed_key_that_is_written_wrong_is_told_once(copied: Line) -> None:
    copied.edit('candidate = "both"', 'candidat = "both"')
    assert told(copied) == ["release.candidat: unknown key; did you mean 'candidate'?"]


def test_a_task_without_train_is_told_once_however_many_adapters_want_it(copied: Line) -> None:
    copied.edit('train = "train/sea.jsonl"', "")
    assert [one for one in told(copied) if "train" in one.split(":")[0]] == [
        "tasks.sea.train: missing, and adapter 'sea' is to be trained on it"
    ]


def test_of_very_many_mistakes_the_first_are_told_and_the_others_counted(copied: Line) -> None:
    copied.edit("[generation]", "[generation]\n" + "\n".join(f"key{n} = 1" for n in range(30)))
    lines = told(copied)
    assert len(lines) == load.MOST + 1
    assert lines[-1] == "and 10 more mistakes"


def test_what_lies_too_deep_is_told_alone(copied: Line) -> None:
    copied.edit("rank = 16", f"rank{'.a' * 30} = nan\nalfa = 3")
    (only,) = told(copied)
    assert "nested deeper than 20 levels" in only


def test_a_number_that_python_does_not_read_is_refused(copied: Line) -> None:
    copied.edit("rank = 16", f"rank = {'9' * 5000}")
    assert told(copied) == ["holds a number of more than 4300 digits, and no key takes one"]


@pytest.mark.parametrize("number", [f"0x{'F' * 5000}", str(2**63), str(-(2**63) - 1)], ids=["hex", "above", "below"])
def test_a_number_that_toml_does_not_promise_is_refused(copied: Line, number: str) -> None:
    copied.edit("max_length = ", f"max_length = {number} # ")
    assert told(copied) == ["recipe.max_length: a whole number of more than 64 bits, and no key takes one"]


def test_a_key_with_a_line_break_in_it_is_told_in_one_line(copied: Line) -> None:
    copied.edit("rank = 16", 'rank = 16\n"ran\\nk\\u2028" = 16')
    assert told(copied) == [r"recipe.ran\nk\u2028: unknown key; did you mean 'rank'?"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ('"0.3"', "; write it without quotes"),
        ('"-3"', "; write it without quotes"),
        ('"much"', ""),
        ("true", ""),
        ("[]", ""),
    ],
)
def test_only_a_number_in_quotes_is_asked_to_lose_them(copied: Line, given: str, words: str) -> None:
    copied.edit("margin = 0.3", f"margin = {given}")
    (only,) = told(copied)
    assert only.endswith(f"is not of type 'number'{words}")


BLOCKS = (
    "[a]\nx = 1  # [b]",
    "[b]\ny = '''\n[a]\nz = 1\n'''\nz = [\n  1,\n  2,\n]",
    "[a.deep]\nx = 1",
    "[[c]]\nx = 1",
    "[[c]]\ny = { z = 1 }",
)
PLACES: tuple[Place, ...] = (("a", "x"), ("b", "y"), ("b", "z", 1), ("a", "deep", "x"), ("c", 0), ("c", 1, "missing"))


@given(order=st.permutations(range(len(BLOCKS))))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_place_is_found_at_its_line_however_tables_are_parted(order: list[int]) -> None:
    blocks = [BLOCKS[n] for n in order]
    text = "\n".join(blocks) + "\n"
    table = tomllib.loads(text)
    first, second = (n for n in order if n > 2)

    def line(block: int, within: int = 1) -> int:
        before = blocks[: order.index(block)]
        return sum(one.count("\n") + 1 for one in before) + within

    found = {place: Order(text, table).key(place)[0] for place in PLACES}
    assert found[("a", "x")] == line(0, 2)
    assert found[("a", "deep", "x")] == line(2, 2)
    assert found[("b", "y")] == line(1, 2)  # where its text begins
    assert found[("b", "z", 1)] == line(1, 6)
    assert (found[("c", 0)], found[("c", 1, "missing")]) == (line(first), line(second))


def test_a_long_file_is_sorted_as_its_tables_are(copied: Line) -> None:
    for old, new, _ in SHAPE.values():
        copied.edit(old, new)
    copied.spec.write_text(copied.spec.read_text(encoding="utf-8") + "\n" * 5000, encoding="utf-8")
    assert told(copied) == [words for _, _, words in SHAPE.values()]
