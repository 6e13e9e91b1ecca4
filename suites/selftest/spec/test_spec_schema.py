"""The tables of a spec are the one place where a key is declared: editors, errors and objects go by them alone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.project import ROOT
from harness.spec import mistakes, schema
from harness.spec.objects import Spec
from harness.spec.policy import Policy
from harness.spec.release import Release
from harness.spec.work import Generation, Retention

DEFAULT = ROOT / "data" / "v3" / "release.toml"
TABLE = tomllib.loads(DEFAULT.read_text(encoding="utf-8"))
SCHEMA = json.loads(schema.PLACE.read_text(encoding="utf-8"))
EDITOR = jsonschema.Draft202012Validator(SCHEMA)


def test_the_committed_schema_is_the_one_that_the_tables_make() -> None:
    assert schema.PLACE.read_text(encoding="utf-8") == schema.text(), "run python -m harness.spec.schema"


def test_the_default_spec_is_valid_for_editors_too() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    EDITOR.validate(TABLE)


def properties(schema: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(schema, dict):
        yield from (schema.get("properties") or {}).items()
        for part in schema.values():
            yield from properties(part)


def test_every_key_is_described() -> None:
    found = list(properties(SCHEMA))
    assert len(found) > 80
    assert [name for name, key in found if not key.get("description")] == []


PLACES = [
    ("release", "seed"), ("release", "deploy"), ("release", "notes"), ("release", "name"), ("base", "pin"), ("tasks",),
    ("tasks", "style", "counts", "train", "items"), ("tasks", "style", "max_new_tokens"),
    ("adapters", "style", "tasks"), ("gates", "data", "topic"),
    ("recipe", "rank"), ("recipe", "warmup_share"), ("experiments",), ("experiments", 0, "learning_rate"),
    ("selection", "weights"), ("selection", "minimum"), ("policy", "confidence"), ("policy", "ledger"),
    ("generation", "batch_size"), ("generation", "batch_tokens"), ("gates", "data", "tokens"),
    ("gates", "data", "advisory"), ("gates", "data", "at_least"),
    ("gates", "bnb", "mounts"), ("gates", "bnb"), ("gates", "forgetting", "texts"),
    ("gates", "gguf", "quantization"), ("gates", "gguf", "sample"), ("gates", "regression", "accept_weaker"),
    ("gates", "eval"), ("gates", "eval", 0, "above"), ("gates", "eval", 0, "blocking"), ("gates", "eval", 0, "unknown"),
]  # fmt: skip
VALUES = st.recursive(
    st.sampled_from(["", "style", "Two Words", "Q4_0", "sea\n", True, False, 0, 1, -1, 3, 10**6, 0.5, 0.75, -0.5]),
    lambda inner: st.lists(inner, max_size=2, unique_by=repr) | st.dictionaries(st.sampled_from(["a", "train"]), inner),
    max_leaves=3,
)


@given(place=st.sampled_from(PLACES), value=VALUES)
@settings(deadline=None)
def test_an_editor_and_a_run_take_the_same_values(place: tuple[str | int, ...], value: Any) -> None:
    table = tomllib.loads(DEFAULT.read_text(encoding="utf-8"))
    inner: Any = table
    for part in place[:-1]:
        inner = inner[part]
    inner[place[-1]] = value
    taken, wrong = mistakes.parse(table, ROOT)
    assert (taken is not None) == EDITOR.is_valid(table)
    assert all(one.place[: len(place)] == place for one in wrong)


def test_no_key_stands_in_two_tables_whose_keys_the_spec_takes_as_its_own() -> None:
    names = [field.name for table in (Release, Policy, Generation, Retention) for field in fields(table)]
    own = set(Spec.__annotations__)
    assert len(names) == len(set(names))
    assert not own.intersection(names)


@pytest.mark.parametrize("module", ["harness.plugin", "harness.spec.load", "harness.spec.file"])
def test_importing_the_tables_does_not_import_pydantic(module: str) -> None:
    said = subprocess.run(
        [sys.executable, "-c", f"import sys, {module}; print('pydantic' in sys.modules)"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert said.stdout.strip() == "False"


ADDED = '    looks: Count = 1\n    """How often."""\n'
USED = """
import json, sys
from pathlib import Path
from harness.errors import SpecError
from harness.spec import load, schema
path = Path(sys.argv[1])
text = path.read_text()
print(load.load(path).looks)
for given in ("4", "0"):
    path.with_name("other.toml").write_text(text.replace("[policy]", f"[policy]\\nlooks = {given}"))
    try:
        print(load.load(path.with_name("other.toml")).looks)
    except SpecError as error:
        print(error.told[0])
print(json.loads(schema.text())["$defs"]["Policy"]["properties"]["looks"])
"""


def test_a_new_key_is_one_field(tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", ".store", "*.svg")
    shutil.copytree(ROOT / "harness", tmp_path / "harness", ignore=ignored)
    shutil.copytree(ROOT / "data", tmp_path / "data", ignore=ignored)
    table = tmp_path / "harness" / "spec" / "policy.py"
    table.write_text(table.read_text(encoding="utf-8") + ADDED, encoding="utf-8")
    said = subprocess.run(
        [sys.executable, "-c", USED, str(tmp_path / "data" / "v3" / "release.toml")],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    default, given, refused, described = said.stdout.splitlines()
    assert (default, given) == ("1", "4")
    assert refused == "('policy.looks', '0 is less than the minimum of 1')"
    assert eval(described) == {"default": 1, "description": "How often.", "minimum": 1, "type": "integer"}
