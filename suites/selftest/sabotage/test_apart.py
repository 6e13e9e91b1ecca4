"""A release whose adapter stays apart from its base: what is judged are both files together, and a LoRA that is not the
adapter, or is not applied, is refused by the right gate.

Needs the llama.cpp that ``make release`` builds.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.engines import fingerprint
from harness.gguf import convert, lora, quantize
from harness.gguf.toolchain import build
from harness.releases import bundle
from harness.store import digests
from suites.sabotage import stored
from suites.tiny import gguf_line
from suites.tiny import lora as tiny_lora
from suites.tiny.child import Finished, Line, release

OPTIONS = 'adapter = "apart"\nblocking = true\nbits_per_weight = 7.0\nmargin = 0.2\n'
"""Half of the tiny model's weights are embeddings in eight bits, and its benchmark proves no margin below 0.15."""
Shipped = tuple[Line, Finished]
PAIR = "blk.0.ffn_up.weight"


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Shipped:
    build.built()  # says how to get it where it is absent
    folder = tmp_path_factory.mktemp("apart")
    line = Line(gguf_line.write_release(folder / "line", OPTIONS), folder / "out")
    finished = release(line, "green", timeout=900)
    assert finished.status == 0, finished.output
    return line, finished


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Shipped:
    """A base that is itself a GGUF file, in a release that ships another form: as the default one's."""
    folder, tools = tmp_path_factory.mktemp("given"), build.built()
    line = Line(gguf_line.write_release(folder / "line", OPTIONS), folder / "out")
    base = line.spec.parent / "base"
    for name in ("f16", "q4"):
        (folder / name).mkdir()
    convert.to_f16(base, tools, {}, folder / "f16", 300.0)
    quantize.quantize(folder / "f16" / convert.FILE, "Q4_0", tools, folder / "q4", 1, 300.0)
    file = Path(shutil.copyfile(folder / "q4" / convert.FILE, line.spec.parent / "served.gguf"))
    line.edit(digests.of_value(digests.of_folder(base)), digests.of_file(file))
    line.edit('source = "path:base"', 'source = "path:served.gguf"')
    line.edit('deploy = "gguf"', 'deploy = "nf4"')
    finished = release(line, "green", timeout=900)
    assert finished.status == 0, finished.output
    return line, finished


@pytest.fixture
def spoilt(given: Shipped, tmp_path: Path) -> Line:
    line, _ = given
    copied = line.copy_with_store(tmp_path)
    shutil.copytree(line.out / "runs" / "green", copied.out / "runs" / "green")
    return copied


def manifest(line: Line, kind: str, label: str) -> dict[str, Any]:
    path = stored.artifact(line, kind, label) / "manifest.json"
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def content(line: Line, kind: str, label: str) -> Path:
    return stored.artifact(line, kind, label) / "content"


def test_the_answers_are_those_of_the_base_file_with_the_lora_upon_it(shipped: Shipped) -> None:
    line, finished = shipped
    asked = manifest(line, "answers", "{made} both sea benchmark")["key"]

    assert asked["file"] == digests.of_value(digests.of_folder(content(line, "gguf", "base Q4_0")))
    assert asked["lora"] == digests.of_value(digests.of_folder(content(line, "lora", "{made} both")))
    assert fingerprint.read(content(line, "answers", "{made} both sea benchmark")).differs
    assert finished.gate("eval.both.all.coverage")["outcome"] == "passed"


def test_the_adapter_is_trained_on_the_weights_of_the_file_that_it_is_served_on(shipped: Shipped) -> None:
    line, finished = shipped
    trained = manifest(line, "adapter", "{made} both")["key"]

    assert trained["weights"] == digests.of_value(digests.of_folder(content(line, "served", "gguf")))
    kl = {row["form"]: row["kl"] for row in finished.verdict["forms"]["forms"]}
    assert kl["f16"] < 1e-6
    assert kl["q4"] < 1e-4


def test_every_gate_speaks_of_the_adapter_apart_and_the_merged_file_stands_beside_it(shipped: Shipped) -> None:
    _, finished = shipped
    report = (finished.run / "report.md").read_text(encoding="utf-8")
    gates = {one["id"]: one["outcome"] for one in finished.verdict["gates"] if one["area"] == "gguf"}

    assert set(gates.values()) == {"passed"}
    assert not any("merged" in name for name in gates)
    assert [row["form"] for row in finished.verdict["forms"]["forms"]] == ["base", "adapter", "f16", "q4", "merged-q4"]
    assert "q4: GGUF Q4_0 + LoRA (deployed)" in report
    assert "llama-server -m base.gguf --lora lora_both.gguf" in report


def test_the_bundle_holds_one_base_and_a_lora_of_each_adapter(shipped: Shipped) -> None:
    line, finished = shipped
    names = {path.name for path in finished.release.iterdir() if path.suffix == ".gguf"}

    assert names == {"base.gguf", "lora_both.gguf", "lora_sea.gguf"}
    judged = content(line, "lora", "{made} both") / lora.FILE
    assert (finished.release / "lora_both.gguf").read_bytes() == judged.read_bytes()
    assert bundle.verify(finished.release) == ()


def test_nothing_changed_builds_nothing(shipped: Shipped) -> None:
    line, _ = shipped
    again = release(line, "again", timeout=300)
    assert again.status == 0, again.output
    assert all(one["reused"] for one in again.verdict["artifacts"])


def test_a_base_that_is_a_gguf_file_is_served_bit_for_bit(given: Shipped) -> None:
    line, finished = given
    served = finished.verdict["forms"]["serving"]

    assert served["base"]["sha256"] == digests.of_file(line.spec.parent / "served.gguf")
    assert "as given: Q4_0" in finished.gate("gguf.quantize_q4_ok")["message"]


def test_files_that_do_not_ship_are_named_where_they_lie(given: Shipped) -> None:
    line, finished = given
    served = finished.verdict["forms"]["serving"]

    assert all((line.out / served[name]["path"]).is_file() for name in ("base", "lora"))
    assert not list(finished.release.glob("*.gguf"))


def halve_the_scale(path: Path, line: Line) -> None:
    _rewrite(path, fields={"adapter.lora.alpha": 16.0})


def drop_a_pair(path: Path, line: Line) -> None:
    _rewrite(path, lambda held: {name: values for name, values in held.items() if not name.startswith(PAIR)})


def cut_short(path: Path, line: Line) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def take_anothers(path: Path, line: Line) -> None:
    """Of the same shapes, made by the converter, and what it says of itself is what the candidate's says."""
    told = json.loads((path.parent.parent / "manifest.json").read_text(encoding="utf-8"))["key"]["about"]
    other, base = content(line, "adapter", "{made} sea"), content(line, "base", "")
    lora.write(other, base, build.built(), told, path.parent, 300.0)


def _rewrite(path: Path, tensors: tiny_lora.Edit = dict, fields: dict[str, Any] | None = None) -> None:
    fresh = tiny_lora.rewritten(path, path.with_name("fresh.gguf"), tensors, fields)
    fresh.replace(path)


@pytest.mark.parametrize(
    ("spoil", "cause"),
    [
        (halve_the_scale, "applied at 1, and was trained at 2"),
        (drop_a_pair, f"{PAIR}: missing"),
        (take_anothers, "other numbers than the adapter's"),
        (cut_short, "cut short or no GGUF file"),
    ],
)
def test_a_lora_file_that_is_not_the_adapter_is_refused(
    spoilt: Line, spoil: Callable[[Path, Line], None], cause: str
) -> None:
    """Forged with its manifest, as someone who knows the store would: llama.cpp itself serves all but the last."""
    stored.forged("lora", "{made} both", lambda folder: spoil(folder / lora.FILE, spoilt))(spoilt)

    finished = release(spoilt, "spoilt", timeout=600)

    assert (finished.status, finished.verdict["verdict"]) == (1, "refused"), finished.output
    assert not finished.release.exists()
    assert finished.red[0] == "gguf.merge_ok"
    assert finished.gate("gguf.merge_ok")["outcome"] == "failed"
    assert cause in finished.gate("gguf.merge_ok")["message"]


def test_a_lora_file_in_anothers_place_is_refused_by_its_digest(spoilt: Line) -> None:
    path = content(spoilt, "lora", "{made} both") / lora.FILE
    path.write_bytes(path.read_bytes() + b"\0")

    finished = release(spoilt, "spoilt", timeout=300)

    assert finished.status == 1
    assert "lora.gguf: the manifest says sha256" in finished.output


def test_programs_that_let_the_lora_lie_are_refused(spoilt: Line) -> None:
    shutil.rmtree(stored.artifact(spoilt, "smoke", "{made} both cli"))

    finished = release(spoilt, "spoilt", "-p", "suites.sabotage.plugins.unapplied", timeout=300)

    assert finished.red == ["gguf.llama_cli_smoke_ok"]
    assert "answers the same without the LoRA" in finished.gate("gguf.llama_cli_smoke_ok")["message"]
