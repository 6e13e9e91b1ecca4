"""The verdict as an in-toto Statement: digests of what was tested, and the result.

The predicate is in-toto's Test Result (https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md);
the subjects are the adapters' archives.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

STATEMENT = "https://in-toto.io/Statement/v1"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
MEDIA_TYPE = "application/vnd.in-toto+json"
FILE = "verdict.dsse.json"


def of(document: Mapping[str, Any], archives: Mapping[str, str], papers: Mapping[str, str]) -> dict[str, Any]:
    """The statement of a released run.

    Args:
        document: its verdict.
        archives: name of each archive in the bundle -> SHA-256.
        papers: name of each paper that the verdict rests on, itself included -> SHA-256.
    """
    gates = document["gates"]
    waived = [gate["id"] for gate in gates if gate.get("waived")]
    advised = [gate["id"] for gate in gates if not gate["blocking"] and gate["outcome"] != "passed"]
    return {
        "_type": STATEMENT,
        "subject": _resources(archives),
        "predicateType": TEST_RESULT,
        "predicate": {
            "result": _result(document, waived),
            "configuration": _resources(papers),
            "passedTests": [gate["id"] for gate in gates if gate["outcome"] == "passed"],
            "warnedTests": [*waived, *advised],
            "failedTests": [
                gate["id"]
                for gate in gates
                if gate["blocking"] and gate["outcome"] != "passed" and not gate.get("waived")
            ],
        },
    }


def _result(document: Mapping[str, Any], waived: list[str]) -> str:
    if document["verdict"] != "released":
        return "FAILED"
    return "WARNED" if waived or document.get("unproven") else "PASSED"


def _resources(files: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"name": name, "digest": {"sha256": files[name]}} for name in sorted(files)]
