"""Forms that transformers serves: a base loaded in some way, and the adapter mounted on it by peft."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from harness.engines import form as loading
from harness.engines import pristine, transformers_engine
from harness.engines.engine import Engine
from harness.engines.form import Loaded, Loading
from harness.forms.form import Direct, bare
from harness.jobs.call import Call
from harness.spec.objects import Spec
from harness.spec.serve import Precision, Serve

_kept: dict[tuple[str, Path, int, Precision], Callable[[], Loaded]] = {}
"""Loaded bases of this process by form, folder, threads and precision."""


@dataclass(frozen=True)
class Mounted(Direct):
    name: str
    place: str
    loading: Loading
    code_of: tuple[str, ...]
    """Modules that load it; the engine's own are added."""
    four_bit: bool = False
    measured_as: str = ""
    words: str = ""
    engine: str = "transformers"
    told: Serve = field(default_factory=Serve)
    """What it computes in, on either device."""
    serves_as_told: bool = True

    @property
    def code(self) -> tuple[str, ...]:
        return ("harness.engines.transformers_engine", *self.code_of)

    @property
    def precision(self) -> Precision:
        return self.told.on(loading.device())

    def serving(self, serve: Serve) -> Mounted:
        return replace(self, told=serve)

    def settings(self, spec: Spec) -> Mapping[str, object]:
        return {**self.loading.settings, **asdict(self.precision)}

    @contextmanager
    def opened(self, base: Path, adapter: Path | None, threads: int) -> Iterator[Engine]:
        with transformers_engine.opened(loading.load(self.loading, base, threads, self.precision), adapter) as engine:
            yield engine

    def lent(self, serve: Serve, base: Path, adapter: Path | None, threads: int) -> Call:
        """Opens it on the one base that its process has loaded, which is restored afterwards
        (`harness.engines.pristine`)."""
        return Call.of(on_kept_base, place=self.place, serve=serve, base=base, adapter=adapter, threads=threads)

    def bare_model(self, base: Path, threads: int) -> Loaded:
        """The bare base, loaded at first use and kept for the process; loaded again where an adapter left a trace on
        it."""
        key = (self.name, base, threads, self.precision)
        if key not in _kept:
            _kept[key] = pristine.kept(lambda: loading.load(self.loading, base, threads, self.precision))
        return _kept[key]()


def on_kept_base(
    place: str, serve: Serve, base: Path, adapter: Path | None, threads: int
) -> AbstractContextManager[Engine]:
    """An adapter on the bare base of the form of this place, which this process keeps for the next one."""
    return transformers_engine.opened(bare(place, serve, base, threads), adapter)
