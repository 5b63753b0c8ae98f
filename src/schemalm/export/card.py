"""The model card: what a model was trained on, how well it did, what it writes, and how to load it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from schemalm.baselines import ByteBPETokenizer
from schemalm.documents.values import value_digest
from schemalm.evaluation.records import RunRecord
from schemalm.messages.visible import visible_name
from schemalm.tokenizer import Tokenizer

_PLAIN = """```python
import torch
from transformers import AutoModelForCausalLM

from schemalm import Tokenizer
from schemalm.integrations.transformers import DocumentLogitsProcessor, DocumentStoppingCriteria, decode_rows

model = AutoModelForCausalLM.from_pretrained(FOLDER)
tokenizer = Tokenizer.load(f"{FOLDER}/schemalm_tokenizer.json")
rows = model.generate(
    torch.zeros(4, 1, dtype=torch.long),
    logits_processor=[DocumentLogitsProcessor(tokenizer)],
    stopping_criteria=[DocumentStoppingCriteria(tokenizer, model.config.max_position_embeddings)],
)
documents = decode_rows(tokenizer, rows)
```

The tokens are pieces of documents under the schema, not of text. A row begins with the position token 0. The logits
processor admits only what keeps a document valid; `decode_rows` also ends documents that were cut off."""
_TEXT = """```python
from transformers import AutoModelForCausalLM, AutoTokenizer

from schemalm.integrations.transformers import SchemaLogitsProcessor

model = AutoModelForCausalLM.from_pretrained(FOLDER)
tokenizer = AutoTokenizer.from_pretrained(FOLDER)
given = tokenizer("", return_tensors="pt")
rows = model.generate(**given, logits_processor=[SchemaLogitsProcessor(SCHEMA, tokenizer)])
texts = tokenizer.batch_decode(rows, skip_special_tokens=True)
```

The tokens are byte BPE of compact JSON. A row begins with the position token 0, which the tokenizer adds. Without the
logits processor, which only compact JSON may use, nothing makes a text valid, and no token says where it ends."""


@dataclass(frozen=True)
class Export:
    """What was exported: the run's record, the checkpoint's step, the class that loads it, and its tokenizer.

    difference: the largest difference of the logits from the run's own, in float32.
    """

    record: RunRecord
    step: int
    architecture: str
    tokenizer: Tokenizer | ByteBPETokenizer
    difference: float

    @property
    def schema_sha256(self) -> str | None:
        """The SHA-256 of the schema's canonical JSON with sorted keys; None for a model of text."""
        return value_digest(self.tokenizer.grammar.schema).hex() if isinstance(self.tokenizer, Tokenizer) else None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "architecture": self.architecture,
            "step": self.step,
            "schema_sha256": self.schema_sha256,
            "max_logit_difference": self.difference,
            **self.figures(),
        }

    def figures(self) -> dict[str, Any]:
        """Return the validation figures of the exported step, as far as they were measured."""
        lines = [line for line in self.record.lines if line["kind"] == "validation" and line["step"] == self.step]
        names = {"loss": "validation_loss", "bits_per_byte": "bits_per_byte"}
        return {ours: lines[-1][name] for name, ours in names.items() if lines and name in lines[-1]}


def model_card(export: Export) -> str:
    """Return the text of README.md."""
    parts = [_FRONT, f"# {visible_name(export.record.name)}", _about(export), "## Use", _use(export)]
    parts += ["## Data", _data(export), "## Figures", _figures(export)]
    return "\n\n".join(parts) + "\n"


_FRONT = """---
library_name: transformers
pipeline_tag: text-generation
tags: [schemalm, json]
---"""


def _about(export: Export) -> str:
    size = export.record.config["model"]
    return (
        f"A language model of {size['num_layers']} layers, width {size['model_width']} and context "
        f"{size['context_size']}, trained by SchemaLM and exported at step {export.step:,} as `{export.architecture}`."
    )


def _use(export: Export) -> str:
    if isinstance(export.tokenizer, ByteBPETokenizer):
        return _TEXT
    if export.architecture == "NanoChatForCausalLM":
        return _PLAIN
    return (
        f"{_PLAIN}\n\nImporting `schemalm.integrations.transformers` registers `{export.architecture}`. The model is "
        "told the state of the grammar and what followed the same tokens before: in the document and, if there is a "
        "file `schemalm_recall.bin`, in the training documents. It finds this from the tokens."
    )


def _data(export: Export) -> str:
    config = export.record.config
    rows = [f"- data: SHA-256 `{config['data_sha256']}` of its metadata, windows of {config['data']['context_size']}"]
    validation = config["data"].get("num_validation_documents")
    rows += [f"- documents held out for validation: {validation:,}"] if validation else []
    rows += [f"- tokens of training: {export.record.num_tokens:,}"]
    rows += [f"- tokenizer: {export.tokenizer.vocab_size:,} tokens, SHA-256 `{config['tokenizer_sha256']}`"]
    if isinstance(export.tokenizer, Tokenizer):
        schema = export.tokenizer.grammar.schema
        name = schema.get("$id", schema.get("id")) if isinstance(schema, dict) else None
        named = f" `{visible_name(name)}`," if isinstance(name, str) else ""
        rows += [f"- schema:{named} SHA-256 `{export.schema_sha256}` of its canonical JSON"]
    return "\n".join(rows)


def _figures(export: Export) -> str:
    titles = {"validation_loss": "loss on held-out documents, nats per token", "bits_per_byte": "bits per byte"}
    rows = [f"- {titles[name]}: {value:.4f}" for name, value in export.figures().items()]
    rows = rows or [f"- step {export.step:,} was not evaluated on held-out documents"]
    versions = ", ".join(f"{name} {version}" for name, version in export.record.config["versions"].items())
    rows += [
        f"- largest difference of logits from the run's own, in float32 on random tokens: {export.difference:.1e}",
        f"- trained with {versions}",
    ]
    return "\n".join(rows)
