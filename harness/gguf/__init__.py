"""From an adapter to a GGUF file that answers: toolchain, merge or LoRA, conversion, quantization, reading back, smoke
test.

Native tools run in child processes, since a kernel that this CPU cannot run would end pytest, too.
"""
