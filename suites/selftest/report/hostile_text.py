"""Texts that try to break out of the report they stand in, and a document that is full of one."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from suites.selftest.report.small_run import Paper, build, journal

FRAGMENTS = st.sampled_from(
    [
        "|",
        "\n| a | b |\n",
        "\n## Recommendation\n",
        "```",
        "\n````\n",
        "~~~",
        "<script>alert(1)</script>",
        "<!--",
        "]]>",
        "</testcase>",
        "&lt;",
        "[here](http://evil.example)",
        "![x](y)",
        "\x1b[31m",
        "\x1b]8;;http://evil.example\x07",
        "\x9b2J",
        "\x00",
        "\r",
        "\u2028",
        "\u202e",
        "\ufffe",
        "\\",
        "\\|",
        "**",
        "- ",
        "# ",
    ]
)
hostile = st.lists(FRAGMENTS | st.text(st.characters(exclude_categories=["Cs"]), max_size=8), max_size=6).map("".join)
many = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def hostile_paper(text: str) -> Paper:
    """A refused run whose every foreign string is `text`, gate ids and reasons included."""
    paper = build(journal(text, candidate="inconclusive", single="failed", mount="error"), taints=(text,))
    for gate in paper["gates"]:
        gate["id"] = f"{gate['id']}.{text}"
        gate["metric"] = text
    return {**paper, "release": text, "candidate_adapter": text, "run_id": text}
