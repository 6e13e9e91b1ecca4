"""From an adapter to GGUF files that answer: toolchain, merge or LoRA, convert, quantize, read back, smoke.

Whatever is native runs in a child process: a kernel that this CPU cannot run must not take pytest with it.
"""
