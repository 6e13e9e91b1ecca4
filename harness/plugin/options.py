"""The command line of a release run, and the options of pytest's own that a release refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.engines import base_model
from harness.errors import SpecError
from harness.project import ROOT
from harness.releases import earlier, signature
from harness.spec.gates import FEWEST_SEEDS, MOST_SEEDS
from harness.spec.objects import Spec

RELEASE_SUITE = ROOT / "suites" / "release"


def add(parser: pytest.Parser) -> None:
    group = parser.getgroup("greenrun", "release gates (suites/release, suites/verify)")
    group.addoption("--release", metavar="PATH", default=None, help="the release spec; default data/v3/release.toml")
    group.addoption("--out", metavar="DIR", default=None, help="where everything written goes; default out/")
    group.addoption("--run-id", metavar="ID", default=None, help="default run_YYYYMMDD_HHMMSS; refused when it exists")
    group.addoption("--rescore", action="store_true", help="re-evaluate stored answers: no training, no generation")
    group.addoption(
        "--adapter",
        metavar="NAME=DIR",
        action="append",
        default=[],
        help="judge an adapter trained elsewhere instead of training it; may be repeated",
    )
    group.addoption(
        "--base",
        metavar="SOURCE",
        default=None,
        help="another base in place of the spec's, to try a release on: path:DIR, package:DIST/FILE; releases nothing",
    )
    group.addoption("--plan", action="store_true", help="print what would be judged, built or reused; then stop")
    group.addoption(
        "--partial",
        action="store_true",
        help="a restricted run on purpose: pytest's own exit status, and the verdict incomplete",
    )
    group.addoption(
        "--against",
        metavar="BUNDLE|RUN|last",
        default=None,
        help="the earlier release to compare with; default: the last one of the same name below --out, if any",
    )
    group.addoption(
        "--llama-cpp", metavar="DIR", default=None, help="an installed llama.cpp in place of the pinned one"
    )
    group.addoption(
        "--seeds", metavar="N", type=int, default=None, help="train the candidate with N seeds and compare them on dev"
    )
    group.addoption(
        "--sign-with", metavar="FILE", default=None, help="private key (python -m harness.keys) that signs the bundle"
    )
    group.addoption("--bundle", metavar="DIR", default=None, help="the bundle that suites/verify checks")
    group.addoption("--key", metavar="FILE", default=None, help="the sender's public key, for suites/verify")
    group.addoption("--wants", metavar="FILE", default=None, help="what the recipient wants, for suites/verify")


def selects_release(config: pytest.Config) -> bool:
    """Whether the command line asks for release gates.

    Raises:
        SpecError: for them and for other suites at once: one verdict cannot speak for both.
    """
    inside, outside = [], []
    for argument in config.args:
        path = Path(str(argument).partition("::")[0])
        path = (config.invocation_params.dir / path).resolve()
        if path == RELEASE_SUITE or RELEASE_SUITE in path.parents:
            inside.append(argument)
        elif path in RELEASE_SUITE.parents:
            raise SpecError(str(argument), "", "holds several suites; run one at a time: pytest suites/release")
        else:
            outside.append(argument)
    if inside and outside:
        raise SpecError(str(outside[0]), "", "cannot run together with suites/release: one verdict, one suite")
    return bool(inside)


def spec_path(config: pytest.Config) -> Path:
    given = config.getoption("--release")
    return ROOT / "data" / "v3" / "release.toml" if given is None else _absolute(config, given)


def out_folder(config: pytest.Config) -> Path:
    given = config.getoption("--out")
    return ROOT / "out" if given is None else _absolute(config, given)


def against(config: pytest.Config, release: str) -> Path | None:
    """The folder of the earlier release that ``--against`` names; None where there is none.

    Raises:
        SpecError: what the option names is not there.
    """
    here = config.invocation_params.dir
    return earlier.find(config.getoption("--against"), out_folder(config), release, here)


def given_adapters(config: pytest.Config) -> dict[str, Path]:
    """Adapter name -> folder, from ``--adapter NAME=DIR``.

    Raises:
        SpecError: an argument is not of that form, or a name stands twice.
    """
    found: dict[str, Path] = {}
    for argument in config.getoption("--adapter"):
        name, equals, place = argument.partition("=")
        if not (name and equals and place):
            raise SpecError("--adapter", "", f"{argument!r} is not NAME=DIR, for example multitask=adapters/mine")
        if name in found:
            raise SpecError("--adapter", "", f"adapter {name!r} is given twice")
        found[name] = _absolute(config, place)
    return found


def with_base(config: pytest.Config, loaded: Spec, pin: str | None) -> Spec:
    """The spec with the base that ``--base`` names in place of its own; as it is where the option is absent.

    Args:
        pin: that the controller of this worker found; None: this process finds it.

    Raises:
        SpecError: there is no such base.
    """
    given = config.getoption("--base")
    if given is None:
        return loaded
    scheme, _, place = given.partition(":")
    return base_model.overridden(loaded, f"path:{_absolute(config, place)}" if scheme == "path" else given, pin)


def with_seeds(config: pytest.Config, loaded: Spec) -> Spec:
    """The spec with ``[gates.training] seeds`` set by ``--seeds``; unchanged where the option is absent.

    Raises:
        SpecError: the number compares nothing, or nothing is trained.
    """
    count = config.getoption("--seeds")
    if count is None:
        return loaded
    if not FEWEST_SEEDS <= count <= MOST_SEEDS:
        raise SpecError("--seeds", "", f"{count} trainings compare nothing; name {FEWEST_SEEDS} to {MOST_SEEDS}")
    if loaded.adapters[loaded.candidate].path is not None:
        raise SpecError("--seeds", "", f"adapter {loaded.candidate!r} is given, so it is not trained here at all")
    training = replace(loaded.gates.training, seeds=count)
    return replace(loaded, gates=replace(loaded.gates, training=training))


def signing_key(config: pytest.Config) -> Path | None:
    """The private key of ``--sign-with``, checked; None where nothing is to be signed.

    Raises:
        SpecError: it lies where runs write, and would travel with what is uploaded from there.
        SignatureError: it cannot sign.
    """
    given = config.getoption("--sign-with")
    if given is None:
        return None
    key, out = _absolute(config, given), out_folder(config).resolve()
    if out in key.parents:
        raise SpecError("--sign-with", "", f"{key} lies below {out}, which is uploaded and shared; move the key away")
    signature.check_private(key)
    return key


def llama_cpp(config: pytest.Config) -> Path | None:
    """The folder of an installed llama.cpp, from ``--llama-cpp``; None: the one that was built."""
    given = config.getoption("--llama-cpp")
    return None if given is None else _absolute(config, given)


def refuse_unsound(config: pytest.Config) -> None:
    """Refuse options that would run a gate's test more than once or change its outcome.

    Raises:
        SpecError: an option would turn failures into passes or run gates again.
    """
    if config.getoption("runxfail", False):
        raise SpecError("--runxfail", "", "is refused: it would turn advisory gates into blocking ones; edit the spec")
    # pytest-repeat counts from 1, which repeats nothing: it need not be asked for to be there.
    for option, none in (("reruns", 0), ("count", 1)):
        if (config.getoption(option, None) or none) != none:
            raise SpecError(f"--{option}", "", "is refused: a gate that passes on the second try has not passed")


def restrictions(config: pytest.Config) -> list[str]:
    """Ways in which the command line leaves gates out, in words."""
    found = []
    for option, flag in (("keyword", "-k"), ("markexpr", "-m"), ("deselect", "--deselect"), ("lf", "--lf")):
        if config.getoption(option, None):
            found.append(flag)
    if config.getoption("maxfail", 0):
        found.append("-x or --maxfail")
    if any("::" in str(argument) or str(argument).endswith(".py") for argument in config.args):
        found.append("single files or tests")
    return found


def _absolute(config: pytest.Config, given: str) -> Path:
    return (config.invocation_params.dir / given).resolve()
