"""SchemaLM inside `transformers`: exact masks for models of text, and SchemaLM's own models.

    SchemaLogitsProcessor      masks the logits of any model with a byte-level tokenizer under a JSON Schema
    SchemaLMForCausalLM        an exported run with grammar state and echoes, registered with the Auto classes
    DocumentLogitsProcessor    masks the logits of models over a SchemaLM tokenizer
    DocumentStoppingCriteria   ends a row when its document is whole
    decode_rows                the documents of generated rows

Needs the package `transformers` (extra `transformers`). Importing this module registers the classes.
"""

from schemalm.export.decoding import DocumentLogitsProcessor, DocumentStoppingCriteria, decode_rows
from schemalm.export.modeling import SchemaLMConfig, SchemaLMForCausalLM
from schemalm.integrations.transformers.byte_tokens import token_bytes
from schemalm.integrations.transformers.schema_masks import SchemaLogitsProcessor

__all__ = [
    "DocumentLogitsProcessor",
    "DocumentStoppingCriteria",
    "SchemaLMConfig",
    "SchemaLMForCausalLM",
    "SchemaLogitsProcessor",
    "decode_rows",
    "token_bytes",
]
