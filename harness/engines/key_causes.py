"""Explain why an adapter's tensors are not those that base and configuration ask for: one sentence with its mend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.engines.form import Loaded

Shapes = Mapping[str, tuple[int, ...]]
STEM = "base_model.model."
"""Prefix that peft writes before a module's name."""

_PREFIXES = (
    ("base_model.model.base_model.model.", STEM, "the prefix base_model.model. stands there twice"),
    ("base_model.model._orig_mod.", STEM, "the names carry torch.compile's _orig_mod."),
    ("_orig_mod.", "", "the names carry torch.compile's _orig_mod."),
    ("base_model.model.module.", STEM, "the names carry DistributedDataParallel's module."),
    ("module.", "", "the names carry DistributedDataParallel's module."),
)


def cause(missing: Sequence[str], unexpected: Sequence[str], given: Shapes, wanted: Shapes, base: Loaded) -> str:
    """One sentence on what is missing or unexpected, and, where the names show it, how it came about.

    Args:
        missing: names that are wanted and not given; `unexpected` the other way round. One of them is not empty.
    """
    counts = f"{len(missing)} keys missing, {len(unexpected)} unexpected"
    pair = [f"{kind} {names[0]}" for kind, names in (("given", unexpected), ("wanted", missing)) if names]
    return f"{counts}, e.g. {', '.join(pair)}; {_why(missing, unexpected, wanted, base)}"


def _why(missing: Sequence[str], unexpected: Sequence[str], wanted: Shapes, base: Loaded) -> str:
    if unexpected:
        renamed = _renamed(unexpected, wanted)
        if renamed:
            return f"{renamed}; rename them, or save the adapter with peft's save_pretrained"
        own = _of_base(unexpected, base)
        if own:
            return (
                f"{own} holds weights of the base itself: these are taken only of modules that modules_to_save names; "
                "save the adapter alone with peft's save_pretrained"
            )
    if missing and all(".lora_" not in name for name in missing):
        return (
            "modules_to_save names modules whose weights are not in the file; save the adapter anew, or take them off"
        )
    if missing and not unexpected:
        return "the file is not whole, or its configuration names more layers than were trained"
    if unexpected and not missing:
        return "the configuration names fewer layers than the file holds, or the base has fewer"
    return "configuration and weights are not of one adapter, or it was trained on a base of another architecture"


def _renamed(unexpected: Sequence[str], wanted: Shapes) -> str:
    """How the names were changed from those that peft writes, if undoing that change gives one of the wanted names;
    else ""."""
    first = unexpected[0]
    for prefix, instead, said in _PREFIXES:
        if first.startswith(prefix) and _is_wanted(instead + first.removeprefix(prefix), wanted):
            return said
    if ".default." in first and _is_wanted(first.replace(".default.", "."), wanted):
        return "the names carry the adapter's own, .default., as a whole state dict does"
    if ".language_model." in first and (
        _is_wanted(first.replace(".language_model.", "."), wanted)
        or _is_wanted(first.replace(".model.language_model.", ".model.model."), wanted)
    ):
        return "the names are those of a model that also sees (language_model.)"
    for more in (STEM, "base_model."):
        if _is_wanted(more + first, wanted):
            return f"the prefix {more} is missing"
    return ""


def _is_wanted(name: str, wanted: Shapes) -> bool:
    return name in wanted or name.replace(".default.", ".") in wanted


def _of_base(unexpected: Sequence[str], base: Loaded) -> str:
    own = {f"{STEM}{name}" for name, _ in base.model.named_parameters(remove_duplicate=False)}
    return next((name for name in unexpected if name.replace(".base_layer.", ".") in own), "")
