"""The digest of code: it changes with what a builder does, and with nothing else."""

from __future__ import annotations

import pytest

from harness.store.digests import what_it_does

PLAIN = """
LIMIT = 3

def build(x):
    return x + LIMIT
"""

SAME = {
    "docstring of the module": f'"""What it is."""\n{PLAIN}',
    "docstring of a function": PLAIN.replace("    return", '    """Sum."""\n    return'),
    "docstring of an attribute": PLAIN.replace("LIMIT = 3\n", 'LIMIT = 3\n"""Most that is added."""\n'),
    "comment": PLAIN.replace("LIMIT = 3", "LIMIT = 3  # measured"),
    "layout": PLAIN.replace("x + LIMIT", "(\n        x\n        + LIMIT\n    )"),
    "class of errors": f"{PLAIN}\nclass BuildError(ValueError):\n    def __str__(self):\n        return 'no'\n",
}

OTHER = {
    "constant": PLAIN.replace("LIMIT = 3", "LIMIT = 4"),
    "operator": PLAIN.replace("x + LIMIT", "x - LIMIT"),
    "import": f"import math\n{PLAIN}",
    "text that is used": PLAIN.replace("return x + LIMIT", "return 'x' + str(LIMIT)"),
    "class that is no error": f"{PLAIN}\nclass Build(list):\n    size = 3\n",
}


@pytest.mark.parametrize("changed", [pytest.param(text, id=name.replace(" ", "-")) for name, text in SAME.items()])
def test_what_changes_no_result_changes_no_digest(changed: str) -> None:
    assert what_it_does(changed) == what_it_does(PLAIN)


@pytest.mark.parametrize("changed", [pytest.param(text, id=name.replace(" ", "-")) for name, text in OTHER.items()])
def test_what_changes_a_result_changes_the_digest(changed: str) -> None:
    assert what_it_does(changed) != what_it_does(PLAIN)
