"""``[base]``: the base model, where it comes from and which bytes it must be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from harness.spec.chat import Chat
from harness.spec.table import Table
from harness.spec.values import Matching


@dataclass(frozen=True, slots=True)
class Base(Table):
    source: Annotated[str, Matching("^(package|path|hf|modelscope):.+")]
    """``package:DIST/FILE``, ``path:DIR``, ``hf:OWNER/NAME`` or ``modelscope:OWNER/NAME``."""
    pin: Annotated[str, Matching(r"^(sha256:[0-9a-f]{64}|revision:.+)(?!\n)$")]
    """``sha256:HEX`` of the file (or of the folder's digests), or ``revision:COMMIT`` of a hub, 40 hex digits."""
    chat: Chat = field(default_factory=Chat)
    """How conversations are written for it, where that is not its own template's bare way."""
