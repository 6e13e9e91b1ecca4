"""From an adapter to a GGUF file that answers: toolchain, merge, convert, quantize, read back, smoke.

Whatever is native runs in a child process: a kernel that this CPU cannot run must not take pytest with it.
"""
