"""Replace the chat template in a GGUF file; all other metadata and all tensors stay as they are."""

from __future__ import annotations

from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

from harness.gguf import read_back

KEY = "tokenizer.chat_template"


def with_chat_template(source: Path, template: str, target: Path) -> None:
    """Write `source` as `target` with this chat template in place of its own, every tensor bit for bit.

    Raises:
        GgufError: it is cut short, or no GGUF file.
    """
    import gguf
    from gguf.scripts.gguf_new_metadata import MetadataDetails, copy_with_new_metadata

    read_back.read(source)  # refuses what is cut short, which a copy would hide
    reader = gguf.GGUFReader(source)
    architecture = str(reader.fields[gguf.Keys.General.ARCHITECTURE].contents())
    writer = gguf.GGUFWriter(target, arch=architecture, endianess=reader.endianess)
    alignment = reader.get_field(gguf.Keys.General.ALIGNMENT)
    if alignment is not None:
        writer.data_alignment = int(alignment.contents())
    told = {KEY: MetadataDetails(gguf.GGUFValueType.STRING, template)}
    with redirect_stderr(StringIO()):  # a progress bar of the library's own
        copy_with_new_metadata(reader, writer, told, [])
