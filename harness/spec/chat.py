"""``[base.chat]``: settings of a release for writing conversations, beyond the base's own chat template."""

from __future__ import annotations

import keyword
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal

from harness.spec import nearest
from harness.spec.table import Table
from harness.spec.values import File, Listed, Text, Unique

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema

KEEP, MERGE = "keep", "merge"
OWN = ("template", "system", "stop")
"""Keys of the table that are not arguments of the template."""
THINKING = ("enable_thinking", "thinking")
"""Variables by which the templates of chat models turn thinking off."""
GIVEN = frozenset(
    {
        "messages",
        "tools",
        "documents",
        "add_generation_prompt",
        "continue_final_message",
        "bos_token",
        "eos_token",
        "pad_token",
        "unk_token",
        "sep_token",
        "cls_token",
        "mask_token",
        "raise_exception",
        "strftime_now",
        "namespace",
        "range",
        "dict",
        "loop",
        "self",
        "varargs",
        "kwargs",
        "caller",
        "true",
        "false",
        "none",
        "True",
        "False",
        "None",
    }
)
"""Names that a renderer gives a template, or that the language has: no argument may take their place."""


@dataclass(frozen=True, slots=True)
class Chat(Table):
    """What is added; nothing of it where the table is absent, and then the base is rendered as it is."""

    template: File | None = None
    """File with a chat template, in place of the base's own or for a base that has none."""
    system: Literal["keep", "merge"] = "keep"
    """``merge``: the system turn is written into the user turn behind it, for templates that refuse the role."""
    stop: Annotated[Listed[Text], Unique()] = ()
    """Texts that end an answer, beside the end tokens; what stands from there on is no part of it."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """Variables of the template, such as ``enable_thinking``: every other key of the table; values as JSON has them."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        table = super(Chat, cls).__get_pydantic_core_schema__(source, handler)
        return core_schema.no_info_before_validator_function(_sorted, table)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        made = handler(schema)
        table = handler.resolve_ref_schema(made)
        table["properties"].pop("arguments", None)
        table["additionalProperties"] = True
        return made

    @property
    def absent(self) -> bool:
        return self == Chat()

    @property
    def thinking_off(self) -> bool:
        """Whether answers must hold no think block, since the template was told to leave thinking out."""
        return any(self.arguments.get(name) is False for name in THINKING)


def _sorted(given: Any) -> Any:
    """The table with all keys that are not fields moved into `arguments`."""
    if not isinstance(given, Mapping):
        return given
    return {name: value for name, value in given.items() if name in OWN} | {"arguments": arguments_of(given)}


def arguments_of(table: Mapping[str, Any]) -> dict[str, Any]:
    """The variables of the template in a table as TOML gives it."""
    return {name: value for name, value in table.items() if name not in OWN}


def problems(chat: Chat) -> Iterator[tuple[str, str]]:
    """(key, what is wrong) for each mistake in the table."""
    if chat.template is not None and not chat.template.is_file():
        yield "base.chat.template", f"{chat.template} does not exist"
    for name in chat.arguments:
        if name in GIVEN or keyword.iskeyword(name):
            yield f"base.chat.{name}", "is given to a template by whatever renders it, and cannot be set; remove it"
        elif not name.isidentifier():
            yield f"base.chat.{name}", f"is no name of a template's variable; {nearest.mend(name, OWN)}"
