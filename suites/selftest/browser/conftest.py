"""A real Chromium, and pages of a run that passed, of one that was refused, and of ten thousand answers."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.project import ROOT
from harness.report.page import packed, render
from harness.report.page.answers import Row
from harness.report.page.view import View, heats
from suites.selftest.report.small_run import build, journal

AXE = ROOT / ".build" / "axe" / "package" / "axe.min.js"
HOSTILE = '<img src=x onerror="document.title=1"></pre><script>document.title=2</script>\u202e'


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A browser that playwright drives; skipped, with the way to get it, where there is none."""
    driver = pytest.importorskip("playwright.sync_api", reason="playwright is absent: make browser installs it")
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no Chromium: apt-get install chromium, or name one with CHROMIUM=")
    with driver.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core's script; skipped where npm has not brought it."""
    if not AXE.is_file():
        pytest.skip("axe-core is absent: make browser brings it where there is npm")
    return AXE.read_text(encoding="utf-8")


def rows(number: int) -> tuple[Row, ...]:
    """That many answers, some wrong, some changed, one hostile."""
    return tuple(
        Row(
            adapter=("duo", "solo")[k % 2],
            task="greet",
            item=f"greet-{k}",
            kind=("plain", "look-alike", "graded")[k % 3],
            slices={"chapter": f"ch{k % 4}"},
            prompt=(
                ("system", "Be kind."),
                ("user", f"Say hello to guest number {k}, whose name is {k * 7919 % 99991}."),
            ),
            reference=f"Hello, guest {k}.",
            answer=HOSTILE if k == 3 else f"Hello, guest {k}." if k % 5 else "Who?",
            cut=k % 50 == 0,
            scores={"coverage": 1.0 if k % 5 else 0.0, "format": 1.0 if k % 7 else 0.0},
            said=(f"guest {k}",) if k % 5 else (),
            missed=() if k % 5 else (f"guest {k}",),
            before=None if k % 2 else f"Hello, guest {k}." if k % 4 else "Earlier words.",
            before_scores=None if k % 2 else {"coverage": 1.0},
        )
        for k in range(number)
    )


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Name -> page: ``released``, ``refused``, ``zh`` and ``large``."""
    folder, few = tmp_path_factory.mktemp("pages"), rows(90)
    view = View(few, "", {"v3a": [2.0, 1.0, 0.4, 0.1]}, heats(few))
    good, bad = build(journal()), build(journal(HOSTILE, candidate="inconclusive", mount="failed", single="failed"))
    many = rows(10_000)
    made = {
        "released": render.render(good, view),
        "refused": render.render(bad, view),
        "zh": render.render(bad, view, "zh"),
        "large": render.render(good, View(many, "", {}, heats(many))),
    }
    for name, text in made.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    (folder / "answers.jsonl").write_text(packed.lines(few), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in made}
