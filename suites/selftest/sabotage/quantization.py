"""Sabotages of the 4-bit form. A sea adapter is mounted on it as well, whose own gates over answers only advise."""

from __future__ import annotations

from suites.selftest.sabotage import adapters, spec, stored
from suites.selftest.sabotage.case import Sabotage
from suites.selftest.sabotage.evaluation import first_empty

MOUNTED = spec.edited('mounts = ["both"]', 'mounts = ["both", "sea"]')

SABOTAGES = (
    Sabotage(
        "layer-left-unquantized",
        stored.removed("census", "nf4", "-p", "suites.selftest.sabotage.unquantized"),
        "bnb.base_quant_load_ok",
        "13 of 14 linear layers are 4-bit",
    ),
    Sabotage(
        "adapter-that-moves-no-logit",
        spec.both(MOUNTED, adapters.given("sea", adapters.scaled(1e-30))),
        "bnb.sea_lora_mount_ok",
        "the bare base gave the answers to sea",
    ),
    Sabotage(
        "mounted-adapter-says-nothing",
        spec.both(MOUNTED, stored.forged_answers("{chosen} sea sea benchmark", first_empty)),
        "bnb.sea_generate_non_empty",
        "sea-benchmark-00: empty; stop=end, 1 tokens",
    ),
)
