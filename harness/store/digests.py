"""Digests of what a result depends on: values, files, folders and the code that computed it."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path

from harness.project import ROOT

_PACKAGES = ("harness", "training", "fixtures")


def canonical(value: object) -> str:
    """JSON with sorted keys and no spaces, so that equal values have equal text. NaN is refused."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def of_value(value: object) -> str:
    """SHA-256 (hex) of a JSON value's canonical form."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def of_file(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def of_folder(folder: Path, digest_of: Callable[[Path], str] = of_file) -> dict[str, str]:
    """Relative POSIX path -> SHA-256 of every regular file below `folder`, sorted.

    Args:
        digest_of: hashes one file; `harness.store.rehash.of_file` remembers what it has hashed.

    Raises:
        ValueError: a link or a special file is there: its bytes are not the folder's own.
    """
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise ValueError(f"{path} is neither a regular file nor a folder")
        if path.is_file():
            found[path.relative_to(folder).as_posix()] = digest_of(path)
    return found


def of_code(*modules: str) -> str:
    """SHA-256 over what `modules` do, and all project modules that they import, however deep.

    A builder's result depends on its code: with this in its key nobody has to remember a version number. Docstrings,
    comments, layout and classes of errors change no result that is kept, so they are left out.
    """
    closure: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in closure:
            closure.add(name)
            waiting.extend(_project_imports(name))
    return of_value({name: _source_digest(name) for name in sorted(closure)})


def of_versions(distributions: Iterable[str]) -> Mapping[str, str]:
    """Distribution -> installed version; "absent" where it is not installed."""
    return {name: _version(name) for name in distributions}


@cache
def _version(distribution: str) -> str:
    """Version of an installed distribution, read once a process: every key names versions, and reading one parses a
    package's whole description."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(distribution)
    except PackageNotFoundError:
        return "absent"


@cache
def _source(module: str) -> Path | None:
    if module.split(".")[0] not in _PACKAGES:
        return None
    path = ROOT.joinpath(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


@cache
def _source_digest(module: str) -> str:
    source = _source(module)
    if source is None:
        raise ValueError(f"{module} is not a module of this project")
    return hashlib.sha256(what_it_does(source.read_text(encoding="utf-8")).encode()).hexdigest()


def what_it_does(source: str) -> str:
    """The syntax tree of a module's source as text, without docstrings, comments, positions and error classes."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            node.body = [part for part in node.body if not _is_text(part) and not _is_error(part)]
    return ast.dump(tree)


def _is_text(node: ast.stmt) -> bool:
    """Whether a statement is a string by itself: a docstring of a module, class, function or attribute."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _is_error(node: ast.stmt) -> bool:
    """Whether a statement is a class of errors, by the names of its bases. A builder that raises an error leaves no
    result, so these are left out."""
    return isinstance(node, ast.ClassDef) and any(
        isinstance(base, ast.Name) and base.id.endswith(("Error", "Exception")) for base in node.bases
    )


@cache
def _project_imports(module: str) -> tuple[str, ...]:
    """Project modules named in any import statement of `module`, those inside functions included."""
    source = _source(module)
    assert source is not None, module
    found: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = module if source.name == "__init__.py" else module.rpartition(".")[0]
            parent = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            found.add(parent)
            found.update(f"{parent}.{alias.name}" for alias in node.names)
    return tuple(sorted(name for name in found if _source(name) is not None))
