"""An adapter that was trained elsewhere is copied whole, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures import requests
from harness.errors import AdapterError
from harness.spec import Adapter
from harness.store import Store


def test_an_adapter_that_changes_before_it_is_copied_is_kept_under_no_key(tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    (given / "weights").write_bytes(b"before")
    request = requests.given_adapter(Adapter("both", ("sea",), given))
    (given / "weights").write_bytes(b"after")
    store = Store(tmp_path / "store")
    with pytest.raises(AdapterError, match="changed while it was being copied"):
        store.fetch_all([request])
    assert store.find(request.key) is None
