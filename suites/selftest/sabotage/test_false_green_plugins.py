"""Plugins that drop, skip, swallow, repeat or end what a release would have judged; each is seen through."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from suites.selftest.plugin.crimes import RED_GATE, assert_withheld, commit, redden
from suites.tiny.child import Finished, Line

FreshId = Callable[[], str]

SKIP_ALL = """
@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    pytest.skip("not today")
"""


def test_gates_that_a_plugin_skips_have_not_passed(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    finished = commit(line, fresh_id(), tmp_path, SKIP_ALL)
    assert_withheld(finished, "incomplete", "did not run")
    assert {gate["outcome"] for gate in finished.verdict["gates"]} == {"not_run"}


def test_junit_file_of_pytest_itself_fails_where_pytest_saw_nothing_wrong(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    file = tmp_path / "pytest.xml"
    commit(line, fresh_id(), tmp_path, SKIP_ALL, f"--junitxml={file}")
    failed = [
        case.attrib["name"] for case in ElementTree.parse(file).iter("testcase") if case.find("failure") is not None
    ]
    assert failed == ["verdict"]


def test_gate_that_a_plugin_drops_is_missed(line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path) -> None:
    crime = """
def pytest_collection_modifyitems(items):
    items[:] = [item for item in items if gate_of(item) != "data.sea.text_apart"]
"""
    finished = commit(line, fresh_id(), tmp_path, crime)
    assert_withheld(finished, "incomplete", "data.sea.text_apart: did not run")
    assert finished.red == ["data.sea.text_apart"]


def test_gate_whose_test_never_runs_its_body_has_not_passed(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    crime = """
@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    return True if gate_of(pyfuncitem) == "data.sea.text_apart" else None
"""
    finished = commit(line, fresh_id(), tmp_path, crime)
    assert_withheld(finished, "incomplete", "data.sea.text_apart: did not run")


@pytest.mark.parametrize(
    ("place", "word", "told"),
    [
        ("benchmark/sea.jsonl", "refused", ": the run opened with sha256 "),
        ("release.toml", "incomplete", " changed while the run was under way"),
    ],
)
def test_what_changes_while_the_run_is_under_way_was_not_judged(
    spoilt: Line, fresh_id: FreshId, tmp_path: Path, place: str, word: str, told: str
) -> None:
    path = spoilt.spec.parent / place
    crime = f"""
def pytest_runtest_teardown(item):
    if gate_of(item) == "data.sea.text_apart":
        with open({str(path)!r}, "ab") as stream:
            stream.write(b"\\n")
"""
    finished = commit(spoilt, fresh_id(), tmp_path, crime)
    assert_withheld(finished, word, f"{path}{told}")


def test_a_benchmark_that_was_swapped_for_the_judging_alone_is_not_judged(
    spoilt: Line, fresh_id: FreshId, tmp_path: Path
) -> None:
    """Put back before the end, it once made an honest 0.0 a 1.0, and the bundle named the honest file."""
    path = spoilt.spec.parent / "benchmark" / "sea.jsonl"
    crime = f"""
PATH, HELD = {str(path)!r}, []


def pytest_runtest_teardown(item):
    if gate_of(item) == "data.sea.text_apart":
        HELD.append(open(PATH, "rb").read())
        open(PATH, "wb").write(HELD[0].replace(b"rises twice", b"Answer"))


def pytest_sessionfinish(session):
    open(PATH, "wb").write(HELD[0])
"""
    finished = commit(spoilt, fresh_id(), tmp_path, crime)
    assert_withheld(finished, "refused", f"{path}: the run opened with sha256 ")


def test_a_run_that_is_stopped_while_it_publishes_is_not_released(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    crime = """
from harness.releases import bundle


def stop(*arguments):
    pytest.exit("cancelled by SIGTERM", returncode=143)


bundle.publish = stop
"""
    finished = commit(line, fresh_id(), tmp_path, crime)
    assert finished.status != 0
    assert not finished.release.exists()
    assert finished.verdict["verdict"] == "incomplete"
    assert "publishing was ended by Exit" in finished.verdict["reasons"][0]


def test_a_bundle_that_is_there_when_the_run_is_stopped_stays_released(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    crime = """
from harness.releases import bundle

publish = bundle.publish


def publish_and_stop(*arguments):
    publish(*arguments)
    pytest.exit("cancelled by SIGTERM", returncode=143)


bundle.publish = publish_and_stop
"""
    finished = commit(line, fresh_id(), tmp_path, crime)
    assert finished.status != 0
    assert finished.release.is_dir()
    assert finished.verdict["verdict"] == "released"


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_failure_that_a_plugin_reports_as_passed_still_refuses(
    spoilt: Line, fresh_id: FreshId, tmp_path: Path, workers: str
) -> None:
    crime = """
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = yield
    report.outcome, report.longrepr = "passed", None
    return report
"""
    finished = commit(redden(spoilt), fresh_id(), tmp_path, crime, workers)
    assert_withheld(finished, "refused", RED_GATE)
    assert finished.red == [RED_GATE]
    assert "greenrun::verdict" in finished.output


def test_failure_that_a_plugin_catches_around_the_test_still_refuses(
    spoilt: Line, fresh_id: FreshId, tmp_path: Path
) -> None:
    crime = """
@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem):
    try:
        return (yield)
    except BaseException:
        return True
"""
    finished = commit(redden(spoilt), fresh_id(), tmp_path, crime)
    assert_withheld(finished, "refused", RED_GATE)


def test_gate_that_passes_on_the_second_attempt_has_not_passed(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    crime = """
FAILED = []

def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.flaky(reruns=2))

def pytest_runtest_call(item):
    if gate_of(item) == "data.sea.text_apart" and not FAILED:
        FAILED.append(item)
        raise AssertionError("only the first time")
"""
    finished = commit(line, fresh_id(), tmp_path, crime)
    assert_withheld(finished, "refused", "data.sea.text_apart: attempted 2 times")


def test_fixture_that_fails_is_the_error_of_its_gate(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    crime = """
def pytest_fixture_setup(fixturedef, request):
    if fixturedef.argname == "conclude" and gate_of(request._pyfuncitem) == "eval.both.sea.coverage":
        raise OSError("no space left")
"""
    finished = commit(line, fresh_id(), tmp_path, crime)
    assert_withheld(finished, "refused", "eval.both.sea.coverage: OSError: no space left")
    assert finished.gate("eval.both.sea.coverage")["outcome"] == "error"
    assert finished.status == 1


@pytest.mark.parametrize("way", ["-n0", "-n2"])
@pytest.mark.parametrize("gate", ["data.sea.text_apart", "training.sea.intact"], ids=["blocking", "advisory"])
def test_message_that_would_steer_the_terminal_is_shown_as_text(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path, gate: str, way: str
) -> None:
    crime = f"""
def pytest_runtest_call(item):
    if gate_of(item) == "{gate}":
        print("\\x1b[2J printed")
        raise AssertionError("\\x1b[2J\\x1b]8;;http://evil.example\\x07steered\\u202e")
"""
    finished = commit(line, fresh_id(), tmp_path, crime, way)
    assert "steered" in finished.output
    assert [mark for mark in ("\x1b", "\x07", "\u202e") if mark in finished.output] == []


def test_teardown_that_fails_after_a_gate_passed_withholds_the_release(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    crime = """
@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item):
    if gate_of(item) == "bundle.checksums_ok":
        raise OSError("no space left")
"""
    assert_withheld(commit(line, fresh_id(), tmp_path, crime), "incomplete", "exit status 1")


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("pytest.exit('enough', returncode=0)", 6),
        ("raise KeyboardInterrupt", 2),
        ("os.kill(os.getpid(), signal.SIGTERM)", 143),
    ],
    ids=["exit", "interrupt", "sigterm"],
)
def test_run_that_ends_early_is_incomplete(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path, end: str, status: int
) -> None:
    crime = f"""
def pytest_runtest_call(item):
    if gate_of(item) == "data.sea.text_apart":
        {end}
"""
    finished = commit(line, fresh_id(), tmp_path, crime)
    assert_withheld(finished, "incomplete", "data.sea.text_apart: did not run")
    assert finished.status == status


def test_test_loop_that_a_plugin_replaces_has_judged_nothing(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    crime = """
@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    return True
"""
    finished = commit(line, fresh_id(), tmp_path, crime)
    assert_withheld(finished, "incomplete", "did not run")
    assert {gate["outcome"] for gate in finished.verdict["gates"]} == {"not_run"}


def test_session_that_a_plugin_ends_before_the_verdict_is_incomplete(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    crime = """
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session):
    sys.exit(0)
    yield
"""
    assert_withheld(commit(line, fresh_id(), tmp_path, crime), "incomplete", "before the verdict")


@pytest.mark.parametrize("end", ["raise RuntimeError('late')", "sys.exit(0)"], ids=["raises", "exits"])
def test_plugin_that_breaks_after_the_verdict_withdraws_it(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path, end: str
) -> None:
    crime = f"""
@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    {end}
"""
    assert_withheld(commit(line, fresh_id(), tmp_path, crime), "incomplete", "")


@pytest.mark.parametrize(
    "end",
    ["session.exitstatus = 0", "pytest.exit('all is well', returncode=0)", "sys.exit(0)"],
    ids=["sets", "exits", "sys-exits"],
)
def test_exit_status_of_a_refused_run_cannot_be_made_zero(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path, end: str
) -> None:
    crime = f"""
def pytest_runtest_call(item):
    if gate_of(item) == "data.sea.text_apart":
        raise AssertionError("red")

@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    {end}
"""
    finished = commit(line, fresh_id(), tmp_path, crime, "-x")
    assert_withheld(finished, "refused", "data.sea.text_apart: AssertionError: red")
