"""The text of a model's output, with how it ended."""

from __future__ import annotations


class Output(str):
    """The text of an answer; `cut` says whether it was stopped at the token limit."""

    __slots__ = ("cut",)

    cut: bool

    def __new__(cls, text: str, *, cut: bool) -> Output:
        made = super().__new__(cls, text)
        made.cut = cut
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, bool]]:
        """Arguments with which a copy or a pickle makes the object."""
        return (str(self),), {"cut": self.cut}
