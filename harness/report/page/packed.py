"""Pack answers into a page: rows as columns of JSON, deflated and in base64, which browsers unpack by themselves.

Ten thousand answers take a few megabytes, and none of their text is parsed as HTML.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable
from dataclasses import asdict

from harness.report.page.answers import Row

_RAW = -15
"""zlib's window bits for deflate without a header: ``DecompressionStream("deflate-raw")``."""


def pack(rows: Iterable[Row]) -> str:
    """Base64 of the deflated rows, as the page's script unpacks them."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, _RAW)
    told = json.dumps([asdict(row) for row in rows], ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(squeeze.compress(told.encode("utf-8", "surrogatepass")) + squeeze.flush()).decode("ascii")


def lines(rows: Iterable[Row]) -> str:
    """One JSON object per row: the plain file beside the page, for browsers that cannot unpack it."""
    return "".join(json.dumps(asdict(row), ensure_ascii=False, sort_keys=True) + "\n" for row in rows)
