"""The names of the tools that are measured in turn on the random base; they key its figures."""

from __future__ import annotations

OWN, PLAIN, TWICE = "own", "plain", "own-checkpointing"
"""Of QLoRA: this project's trainer; TRL alone; the first again with layers that are computed twice."""
BFLOAT16, FLOAT32, GENERATE = "bfloat16", "float32", "generate"
"""Of answers: this project's decoding in either precision, and transformers' ``generate`` on the former's very
model."""
