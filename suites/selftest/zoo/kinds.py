"""The kinds of adapters that people have: judged as plain peft answers, or refused by their cause."""

from __future__ import annotations

import torch

from suites.selftest.zoo import makers
from suites.selftest.zoo.kind import Kind
from suites.selftest.zoo.makers import STEM, added, fields, lora, other, renamed, tensors, then, without

LAYER = f"{STEM}model.layers.0.self_attn.q_proj"
FOUR_BIT = "which is 4-bit in the form nf4"

JUDGED = (
    Kind("LoRA on two projections", lora()),
    Kind("on all linear layers", lora(target_modules="all-linear")),
    Kind("targets as a regular expression", lora(target_modules=r".*\.(q_proj|down_proj)")),
    Kind("some layers alone", lora(layers_to_transform=[1], layers_pattern="layers")),
    Kind("with modules excluded", lora(target_modules="all-linear", exclude_modules=["o_proj"])),
    Kind("rsLoRA", lora(use_rslora=True)),
    Kind("DoRA", lora(use_dora=True)),
    Kind("rank_pattern", lora(rank_pattern={"v_proj": 2})),
    Kind("alpha_pattern", lora(alpha_pattern={"layers.1.self_attn.q_proj": 64})),
    Kind("dropout", lora(lora_dropout=0.1)),
    Kind("lora_bias", lora(lora_bias=True)),
    Kind('bias = "lora_only"', lora(bias="lora_only")),
    Kind('bias = "all"', lora(bias="all")),
    Kind("saved in float16", lora(dtype=torch.float16)),
    Kind("saved in bfloat16", lora(dtype=torch.bfloat16)),
    Kind("begun as gaussian", lora(init_lora_weights="gaussian")),
    Kind("begun as orthogonal", lora(init_lora_weights="orthogonal")),
    Kind("begun as EVA", then(lora(), fields(init_lora_weights="eva", eva_config={"rho": 2.0, "tau": 0.99}))),
    Kind("PiSSA, converted by peft", makers.converted),
    Kind("without task_type (auto_mapping)", lora(task_type=None)),
    Kind("naming a local base of another vocabulary", then(lora(), makers.naming_another_base)),
    Kind("LoRA on the head", lora(target_modules=["q_proj", "lm_head"])),
    Kind("LoRA on the head, without the head", lora(target_modules=["q_proj", "lm_head"], save_embedding_layers=False)),
    Kind("LoRA on the embeddings", lora(target_modules=["q_proj", "embed_tokens"])),
    Kind("LoRA on the embeddings alone", lora(target_modules=["embed_tokens"], save_embedding_layers=False)),
    Kind("the head trained whole", lora(modules_to_save=["lm_head"])),
    Kind("the embeddings trained whole", lora(modules_to_save=["embed_tokens"])),
    Kind("the last norm trained whole", lora(modules_to_save=["model.norm"])),
    Kind("a layer trained whole", lora(modules_to_save=["o_proj"]), nf4=FOUR_BIT),
    Kind("the base's own embeddings beside it", lora(save_embedding_layers=True)),
    Kind("on a tied base", lora(target_modules="all-linear"), base="tied"),
    Kind("ensure_weight_tying, idle", lora(ensure_weight_tying=True), base="tied"),
    Kind(
        "tied embeddings trained whole (ensure_weight_tying)",
        lora(modules_to_save=["embed_tokens"], ensure_weight_tying=True),
        base="tied",
    ),
    Kind(
        "LoRA on tied embeddings (ensure_weight_tying)",
        lora(target_modules=["q_proj", "embed_tokens"], ensure_weight_tying=True, save_embedding_layers=False),
        base="tied",
    ),
)

REFUSED = (
    Kind("a norm of the base in the file", then(lora(), added(f"{STEM}model.norm.weight", 64)), "weights of the base"),
    Kind(
        "other embeddings in the file", then(lora(), added(f"{STEM}model.embed_tokens.weight", 320, 64)), "differs from"
    ),
    Kind("a resized vocabulary", makers.resized, "resized vocabulary"),
    Kind("begun as PiSSA", lora(init_lora_weights="pissa"), "path_initial_model_for_weight_conversion"),
    Kind("begun as OLoRA", lora(init_lora_weights="olora"), "path_initial_model_for_weight_conversion"),
    Kind("begun as CorDA", then(lora(), fields(init_lora_weights="corda")), "path_initial_model_for_weight_conversion"),
    Kind("begun as LoftQ", then(lora(), fields(init_lora_weights="loftq")), "save that base"),
    Kind("trainable_token_indices", lora(trainable_token_indices=[1, 2]), "rows of the embeddings"),
    Kind("aLoRA", lora(alora_invocation_tokens=[1, 2]), "another adapter"),
    Kind("layer_replication", then(lora(), fields(layer_replication=[[0, 2], [1, 2]])), "layers are repeated"),
    Kind("target_parameters", then(lora(), fields(target_parameters=["mlp.experts"])), "bare parameters"),
    Kind("for classification", then(lora(), fields(task_type="SEQ_CLS")), "models that write text"),
    Kind("IA3", other("IA3Config", target_modules=["v_proj"], feedforward_modules=[]), "only LoRA adapters"),
    Kind("LoHa", other("LoHaConfig", target_modules=["v_proj"]), "only LoRA adapters"),
    Kind("LoKr", other("LoKrConfig", target_modules=["v_proj"]), "only LoRA adapters"),
    Kind("VeRA", other("VeraConfig", target_modules=["v_proj"], r=4), "only LoRA adapters"),
    Kind("OFT", other("OFTConfig", target_modules=["v_proj"], oft_block_size=8), "only LoRA adapters"),
    Kind("prompt tuning", other("PromptTuningConfig", num_virtual_tokens=3), "only LoRA adapters"),
    Kind("prefix doubled", then(lora(), renamed(STEM, STEM + STEM)), "stands there twice"),
    Kind("prefix missing", then(lora(), renamed(STEM, "")), f"the prefix {STEM} is missing"),
    Kind(".default. in the names", then(lora(), renamed(".weight", ".default.weight")), ".default."),
    Kind("_orig_mod. in the names", then(lora(), renamed(STEM, f"{STEM}_orig_mod.")), "torch.compile"),
    Kind(
        "of a model that also sees",
        then(lora(), renamed("model.layers", "model.language_model.layers")),
        "language_model",
    ),
    Kind("parts not gathered (ZeRO-3)", then(lora(), tensors(makers.emptied)), "not gathered"),
    Kind("pointer of Git LFS", then(lora(), makers.pointer), "git lfs pull"),
    Kind("weights pickled", then(lora(), makers.pickled), "pickled and is not read"),
    Kind("saved in 8 bits", then(lora(), tensors(makers.eight_bits)), "F8_E4M3"),
    Kind("every lora_B zero", then(lora(), tensors(makers.zeroed)), "does not change the model"),
    Kind("a weight that is no number", then(lora(), tensors(makers.not_a_number)), "NaN or infinity"),
    Kind("modules_to_save without their weights", then(lora(), fields(modules_to_save=["lm_head"])), "not in the file"),
    Kind("targets that are no expression", then(lora(), fields(target_modules="(q_proj")), "no regular expression"),
    Kind("targets that the base has not", then(lora(), fields(target_modules=["query"])), "does not fit this base"),
    Kind("alpha_pattern of no layer", then(lora(), fields(alpha_pattern={"query": 3})), "alpha_pattern names 'query'"),
    Kind("rank_pattern of no layer", then(lora(), fields(rank_pattern={"query": 3})), "rank_pattern names 'query'"),
    Kind("a layer's tensors missing", then(lora(), without("layers.1.self_attn.q_proj")), "2 keys missing"),
    Kind("a layer that the base has not", then(lora(), added(f"{LAYER}s.lora_A.weight", 4, 64)), "1 unexpected"),
    Kind(
        "a base of another width",
        then(lora(), tensors(lambda found: {n: t.repeat(1, 2) if "lora_A" in n else t for n, t in found.items()})),
        "another size",
    ),
)

KINDS = JUDGED + REFUSED
