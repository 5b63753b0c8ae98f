"""Writes a run as a folder that `transformers` loads, after checking that it can, and measures that it computes alike.

A run without grammar state, echoes and recalls becomes a `NanoChatForCausalLM`, which `transformers` has itself. Others
become a `SchemaLMForCausalLM` of this package. Models of text (byte BPE) get a `tokenizer.json`; models over
grammar tokens get the run's tokenizer, with its schema, as `schemalm_tokenizer.json`.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from schemalm.baselines import ByteBPETokenizer
from schemalm.baselines.loading import AnyTokenizer, parse_tokenizer
from schemalm.dataset.echo import ORDERS
from schemalm.dataset.recall_files import RECALL_FILE
from schemalm.dataset.store import TOKENIZER_FILE, read_tokenizer
from schemalm.errors import CheckpointError, ConfigurationError
from schemalm.evaluation.records import read_record
from schemalm.export.card import Export, model_card
from schemalm.files.writing import filled_atomically
from schemalm.generation import load_run
from schemalm.model.configuration import GPTConfiguration
from schemalm.model.gpt import GPT
from schemalm.model.inputs import NEVER
from schemalm.model.transformers_names import to_transformers, transformers_settings
from schemalm.tokenizer import Tokenizer
from schemalm.training.locate import find_run
from schemalm.training.run import load_checkpoint, resolve_checkpoint

NANOCHAT, SCHEMALM = "NanoChatForCausalLM", "SchemaLMForCausalLM"
# Logits are compared on random rows of at most so many tokens. Rounding makes a difference of about 1e-5 for logits up
# to 15, somewhat more in deep models; a weight in the wrong place makes one of about 1.
NUM_ROWS, MAX_TOKENS = 4, 128
MAX_DIFFERENCE = 1e-4
_START, _END = 0, 1
_SIDE_WEIGHTS = ("states.weight", "states_out.weight", "echo", "recall", "boosts.echo", "boosts.recall")


@dataclass(frozen=True)
class _Loaded:
    """A run that can be exported."""

    folder: Path
    step: int
    model: GPT
    tokenizer: Tokenizer | ByteBPETokenizer

    @property
    def architecture(self) -> str:
        shape = self.model.configuration
        return SCHEMALM if shape.num_states or shape.num_echoes or shape.num_recalls else NANOCHAT


def export_run(run: Path, out: Path, checkpoint: str | int = "latest") -> Export:
    """Write a run's model at a checkpoint ("latest", "best" or a step) to the folder `out`, which is new or empty.

    Raises `ConfigurationError`, before anything is written, if `transformers` is not installed or the run has no
    counterpart there; `CheckpointError` if the run cannot be read, or if the model that was written computes other
    logits. Nothing remains in `out` then.
    """
    loaded = _load(run, checkpoint)
    with filled_atomically(out) as folder:
        _write_model(loaded, folder)
        _write_tokenizer(loaded.tokenizer, folder)
        if loaded.model.recall is not None:
            from schemalm.export.modeling import EXPORTED_RECALL_FILE  # noqa: PLC0415

            shutil.copyfile(loaded.folder / RECALL_FILE, folder / EXPORTED_RECALL_FILE)
        export = Export(
            read_record(loaded.folder), loaded.step, loaded.architecture, loaded.tokenizer, _difference(loaded, folder)
        )
        (folder / "README.md").write_text(model_card(export), encoding="utf-8")
    return export


def _load(run: Path, checkpoint: str | int) -> _Loaded:
    if find_spec("transformers") is None:
        raise ConfigurationError("exporting needs the package transformers: install schemalm[transformers]")
    folder = find_run(run)
    tokenizer = parse_tokenizer(read_tokenizer(folder), str(folder / TOKENIZER_FILE))
    # Loading a run over a grammar's tokens also checks its side features.
    model = load_run(folder, checkpoint).model if isinstance(tokenizer, Tokenizer) else None
    if model is None:
        model, _ = load_checkpoint(folder, checkpoint)
    transformers_settings(model.configuration)  # raises if there is no such model
    return _Loaded(folder, resolve_checkpoint(folder, checkpoint), model, _exportable(tokenizer, model.configuration))


def _exportable(tokenizer: AnyTokenizer, shape: GPTConfiguration) -> Tokenizer | ByteBPETokenizer:
    """Return the tokenizer; raises if there is no counterpart of it, or if it is not the model's."""
    if not isinstance(tokenizer, Tokenizer | ByteBPETokenizer):
        raise ConfigurationError(
            f"a model over {type(tokenizer).__name__} cannot be exported: only the tokens of a grammar, and byte BPE"
        )
    if tokenizer.vocab_size != shape.vocab_size:
        raise CheckpointError(
            f"the run's tokenizer has {tokenizer.vocab_size} tokens, but its model {shape.vocab_size}: it is damaged"
        )
    return tokenizer


def _write_model(loaded: _Loaded, folder: Path) -> None:
    from transformers import GenerationConfig, NanoChatConfig  # noqa: PLC0415

    shape, is_text = loaded.model.configuration, isinstance(loaded.tokenizer, ByteBPETokenizer)
    weights = loaded.model.state_dict()
    end = _END if is_text else None
    # With a padding id, `transformers` would hide the position token 0, and never train the padding's row.
    settings: dict[str, Any] = {
        **transformers_settings(shape),
        "bos_token_id": _START,
        "eos_token_id": end,
        "pad_token_id": None,
        "architectures": [loaded.architecture],
        "dtype": "float32",
    }
    if loaded.architecture == SCHEMALM:
        from schemalm.export.modeling import SchemaLMConfig  # noqa: PLC0415

        sizes = {name: getattr(shape, name) for name in ("num_states", "num_echoes", "num_recalls", "num_certainties")}
        gains = {name: float(getattr(shape, name)) for name in ("echo_gain", "boost_gain")}
        configuration = SchemaLMConfig(**settings, **sizes, **gains)
    else:
        configuration = NanoChatConfig(**settings)
    configuration.save_pretrained(folder)
    generation = GenerationConfig(
        bos_token_id=_START, eos_token_id=end, pad_token_id=end, max_length=shape.context_size, do_sample=True
    )
    generation.save_pretrained(folder)
    named = to_transformers(weights, shape)
    if shape.tie_head:
        del named["lm_head.weight"]
    named |= {name: weights[name] for name in _SIDE_WEIGHTS if name in weights}
    contiguous = {name: weight.contiguous().cpu() for name, weight in named.items()}
    (folder / "model.safetensors").write_bytes(save(contiguous, metadata={"format": "pt"}))


def _write_tokenizer(tokenizer: Tokenizer | ByteBPETokenizer, folder: Path) -> None:
    if isinstance(tokenizer, Tokenizer):
        from schemalm.export.modeling import DOCUMENT_TOKENIZER_FILE  # noqa: PLC0415

        tokenizer.save(folder / DOCUMENT_TOKENIZER_FILE)
        return
    from schemalm.export.text_tokenizer import tokenizer_settings, transformers_tokenizer  # noqa: PLC0415

    transformers_tokenizer(tokenizer).save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer_settings(), indent=2) + "\n")


@torch.inference_mode()
def _difference(loaded: _Loaded, folder: Path) -> float:
    """Return the largest difference of the logits of both models in float32; raises `CheckpointError` if it is large.

    They read the same random tokens, with the same random side features.
    """
    from transformers import AutoModelForCausalLM  # noqa: PLC0415

    import schemalm.export.modeling  # noqa: F401, PLC0415 - registers the class

    shape = loaded.model.configuration
    tokens, states, echoes, recalls = _random_inputs(shape)
    features = torch.cat([states, echoes, recalls.flatten(2)], dim=2)
    side = {} if loaded.architecture == NANOCHAT else {"side_features": features}
    theirs = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    ours = loaded.model(
        tokens,
        states if shape.num_states else None,
        echoes if shape.num_echoes else None,
        recalls if shape.num_recalls else None,
    )
    difference = float((ours - theirs(tokens, **side).logits).abs().max())
    if not difference <= MAX_DIFFERENCE:
        raise CheckpointError(
            f"the exported model computes other logits: they differ by {difference:.1e}, expected at most "
            f"{MAX_DIFFERENCE:.0e}; please report the versions of schemalm, torch and transformers"
        )
    return difference


def _random_inputs(shape: GPTConfiguration) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return tokens [B, T], states [B, T, 2], echoes [B, T, E] and recalls [B, T, R, 2], some of which are `NEVER`."""
    generator = torch.Generator().manual_seed(0)
    size = (NUM_ROWS, min(shape.context_size, MAX_TOKENS))
    tokens = torch.randint(shape.vocab_size, size, generator=generator)
    states = torch.randint(max(1, shape.num_states), (*size, 2), generator=generator)
    echoes = torch.randint(shape.vocab_size, (*size, len(ORDERS)), generator=generator)
    recalled = torch.randint(shape.vocab_size, (*size, shape.num_recalls), generator=generator)
    for found in (echoes, recalled):
        found[torch.rand(found.shape, generator=generator) < 0.5] = NEVER
    certainties = torch.randint(max(1, shape.num_certainties), recalled.shape, generator=generator)
    return tokens, states, echoes, torch.stack([recalled, certainties], dim=3)
