"""A deployed form: a way to serve an adapter, and all that is particular to it.

Whoever judges a form asks it here and knows none by name. A new one is a file with a `FORM` and a line in
`harness.forms.registry`, or an entry point of an installed package (`harness.forms.installed`).
"""

from __future__ import annotations

import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from harness.engines.engine import Engine
from harness.engines.form import FLOAT32, Loaded, machine
from harness.engines.generate import Decoding
from harness.engines.workshop import Workshop
from harness.errors import EngineError, GreenrunError
from harness.jobs.call import Call
from harness.spec.objects import Spec
from harness.spec.serve import Precision, Serve
from harness.store.artifact import Artifact


class FormError(GreenrunError):
    """Raised when a form of an installed package cannot be used."""


@dataclass(frozen=True, slots=True)
class Served:
    """One adapter in one form, or the form without any: all that comes first is made, and nothing is loaded yet."""

    identity: Mapping[str, object]
    """JSON values that enter the key of whatever is asked of it: digests of what it is made of, settings, machine, and
    the versions of an engine that lives in another environment."""
    open: Callable[[], AbstractContextManager[Engine]]
    """Loads it for as long as the context lasts. A `Call` can be made by any process, so that asking it can be a job;
    anything else is asked by the process that has it."""


class Form(ABC):
    """A way to serve adapters, as the rest of greenrun uses it."""

    name: str
    """As ``[release] deploy`` names it."""
    engine: str
    """What serves it, for people: ``transformers``, ``llama.cpp``."""
    four_bit: bool = False
    """Whether `bare_model` shows bitsandbytes' 4-bit modules: then ``[gates.bnb]`` counts them, and proves that a
    mounted adapter moves them."""
    trains_in_four_bits: bool = False
    """Whether its weights are the base's in bitsandbytes' NF4: a trainer that takes 4-bit modules can make them in
    memory then (`training.quantized_base`), and needs no de-quantized copy."""
    bare: bool = True
    """Whether it can be served without an adapter. Else the weights that adapters are trained on show what of general
    text was forgotten."""
    tells: bool = True
    """Whether its engine says who spoke (`Engine.spoken`), without which answers judge nothing. One that cannot has a
    gate of its own for it."""
    measured_as: str = ""
    """Its name among the forms that ``[gates.gguf]`` measures (`harness.gates.fidelity`); "" where it is not one."""
    words: str = ""
    """Its description in the report's table of these forms."""
    held_to: str = "Q4"
    """The tensor type whose limits it is held to there."""
    held: bool = False
    """Whether gates hold it to them, as they hold files: of a form that another program computes."""
    tables: tuple[str, ...] = ()
    """Tables of the spec that are read for it alone; beside another form they are refused."""
    serves_as_told: bool = False
    """Whether it goes by ``[serve]`` (`serving`)."""

    @property
    def precision(self) -> Precision:
        """What it computes in here: what it is held against is loaded in that as well."""
        return FLOAT32

    def serving(self, serve: Serve) -> Form:
        """Itself as ``[serve]`` has it; of a form that is served by anything but transformers `problems` refuses the
        table, and nothing changes."""
        return self

    @property
    def code(self) -> tuple[str, ...]:
        """Modules that its answers are made by, with all that they import: their digest enters keys."""
        return (type(self).__module__,)

    def settings(self, spec: Spec) -> Mapping[str, object]:
        """JSON values that distinguish the form, for the report."""
        return {}

    def problems(self, spec: Spec) -> Iterator[tuple[str, str]]:
        """(key of the spec, what is wrong and its mend) for each table of the spec that does not fit the form."""
        if spec.serve != Serve() and not self.serves_as_told:
            yield (
                "serve",
                f"says how transformers serves a form, and {self.engine} serves {self.name}; remove the table",
            )
        if not self.four_bit and spec.gates.bnb is not None:
            yield (
                "gates.bnb",
                f"judges adapters on a 4-bit base, and deploy = {spec.deploy!r} ships none: nothing would be shown of "
                "it; remove the table",
            )

    def rounds(self, spec: Spec) -> bool:
        """Whether adapters for the form are trained on other weights than the base's own, kept as an artifact ``served
        NAME``."""
        return False

    def weights(self, shop: Workshop) -> Artifact:
        """What adapters for it are trained on: the base's own weights, or those that it computes with."""
        return shop.base

    @abstractmethod
    def serve(self, shop: Workshop, adapter: Artifact | None) -> Served:
        """An adapter in this form, once whatever must come first is made; without an adapter where `bare` says so.

        Each opening of what this gives is a process of its own, or the form is `Direct`.

        Raises:
            BlockedError: a tool is missing.
            GreenrunError: something on the way cannot be made.
        """

    def decoding(self, wanted: Decoding) -> Decoding:
        """The decoding that the form uses where a spec asks for `wanted`."""
        return wanted

    def ships(self, shop: Workshop, adapter: Artifact, name: str) -> Mapping[str, Path]:
        """Files that ship beside the archive of the adapter that the spec calls `name`, by their name in the bundle."""
        return {}

    def bare_model(self, base: Path, threads: int) -> Loaded:
        """The bare base as a torch model in this process: for gates that look inside.

        Raises:
            EngineError: its engine shows none.
        """
        raise EngineError(f"{self.name}: {self.engine} shows no torch module that could be looked into")


class Direct(Form):
    """A form that needs nothing but the base checkpoint and the adapter's folder."""

    place: str
    """Where another process imports it from: ``module:NAME``."""

    @abstractmethod
    def opened(self, base: Path, adapter: Path | None, threads: int) -> AbstractContextManager[Engine]:
        """The base, with the adapter where there is one, loaded for as long as the context lasts.

        Args:
            threads: that the engine may compute with; part of what a result depends on.
        """

    def serve(self, shop: Workshop, adapter: Artifact | None) -> Served:
        folder = None if adapter is None else adapter.path
        return Served(self.identity(shop), self.lent(shop.spec.serve, shop.base.path, folder, shop.spec.threads))

    def lent(self, serve: Serve, base: Path, adapter: Path | None, threads: int) -> Call:
        """The call that opens it as a run does, with what its process may have loaded already."""
        return Call.of(opened, place=self.place, serve=serve, base=base, adapter=adapter, threads=threads)

    def identity(self, shop: Workshop) -> Mapping[str, object]:
        """`Served.identity`: the adapter's digest enters keys by itself."""
        settings = {"name": self.name, **self.settings(shop.spec), "machine": machine(shop.spec.threads)}
        return {"base": shop.base.digest, "form": settings}


def direct(place: str, serve: Serve) -> Direct:
    """The form of this place, as ``[serve]`` has it.

    Raises:
        FormError: there is none.
    """
    found = pkgutil.resolve_name(place)
    if not isinstance(found, Direct):
        raise FormError(f"{place} is no form that needs a base checkpoint and an adapter's folder alone")
    served: Form = found.serving(serve)
    assert isinstance(served, Direct)
    return served


def opened(place: str, serve: Serve, base: Path, adapter: Path | None, threads: int) -> AbstractContextManager[Engine]:
    """The form of this place, loaded anew for as long as the context lasts."""
    return direct(place, serve).opened(base, adapter, threads)


def bare(place: str, serve: Serve, base: Path, threads: int) -> Loaded:
    """The bare base in the form of this place, as a torch model; its process may keep it for the next who asks.

    Raises:
        EngineError: its engine shows none.
    """
    return direct(place, serve).bare_model(base, threads)
