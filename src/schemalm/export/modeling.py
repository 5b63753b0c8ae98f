"""SchemaLM's model with grammar state and echoes as a model of `transformers`, registered with its Auto classes.

The layers are those of `NanoChatModel`, so its attention kernels and caches serve. Two things differ: what the grammar
and the document say about the next token is added to the input and before the head, as in `model/gpt.py`. `generate`
finds these side features from the tokens with the run's tokenizer, which `from_pretrained` loads from the same folder.

A row is the position token 0, then the tokens of a document from its beginning. Rows are not padded on the left.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AutoConfig, AutoModelForCausalLM, NanoChatConfig, NanoChatForCausalLM
from transformers.modeling_outputs import CausalLMOutputWithPast
from transformers.utils import cached_file

from schemalm.dataset.echo import EchoMemory
from schemalm.dataset.grammar_state import GrammarStateReader
from schemalm.errors import ConfigurationError
from schemalm.export.row_memory import FollowedDocument, RowMemory
from schemalm.machine import Machine
from schemalm.model.inference import NUM_STATES
from schemalm.model.inputs import NEVER
from schemalm.tokenizer import Tokenizer

# The tokenizer with its schema, beside the weights. The name `tokenizer.json` has another format there.
DOCUMENT_TOKENIZER_FILE = "schemalm_tokenizer.json"
# The position token of a row that begins with its document.
FIRST_POSITION = 0


class SchemaLMConfig(NanoChatConfig):  # type: ignore[misc]
    """The configuration of `NanoChatForCausalLM`, with the sizes of the added parts.

    num_states: rows of the grammar-state embedding, 0 for none. num_echoes: echoes before each token, 0 for none.
    echo_gain: what their scales are multiplied by.
    """

    model_type = "schemalm"

    num_states: int = 0
    num_echoes: int = 0
    echo_gain: float = 20.0


class _ToldDocument(FollowedDocument):
    """A row of tokens, with the side features before each next token."""

    def __init__(self, machine: Machine, reader: GrammarStateReader) -> None:
        super().__init__(machine)
        self._reader, self._echoes = reader, EchoMemory()
        self.features: list[tuple[int, ...]] = []

    def take(self, token: int) -> None:
        """Consumes a token; raises `ConfigurationError` if the first one is not the position of a beginning."""
        if not self.features and token != FIRST_POSITION:
            raise ConfigurationError(
                f"a row must begin with the position token {FIRST_POSITION}, found {token}; rows are documents from "
                "their beginning, without padding on the left"
            )
        was_over = self.is_over
        super().take(token)
        if self.features and not was_over:
            self._echoes.add(token)
        self.features.append((*self._reader.rows(self.machine), *self._echoes.echoes()))


class SchemaLMForCausalLM(NanoChatForCausalLM):  # type: ignore[misc]
    """A language model over the tokens of a SchemaLM tokenizer, with grammar state and echoes."""

    config_class = SchemaLMConfig
    document_tokenizer: Tokenizer | None = None

    def __init__(self, config: SchemaLMConfig) -> None:
        super().__init__(config)
        # Added before the first and the last norm, so the inner model normalizes nothing.
        self.norm, self.model.norm = self.model.norm, nn.Identity()
        width = config.hidden_size
        self.states = nn.Embedding(config.num_states, width) if config.num_states else None
        self.states_out = nn.Embedding(config.num_states, width) if config.num_states else None
        self.echo = nn.Parameter(torch.zeros(2, config.num_echoes, width)) if config.num_echoes else None
        self._documents: RowMemory[_ToldDocument] | None = None
        self.post_init()

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: Any, *args: Any, **kwargs: Any) -> Any:
        """Load a model as `transformers` does, with the tokenizer in the same folder."""
        loaded = super().from_pretrained(pretrained_model_name_or_path, *args, **kwargs)
        model = loaded[0] if isinstance(loaded, tuple) else loaded
        named = ("cache_dir", "local_files_only", "revision", "token")
        where = {name: kwargs[name] for name in named if name in kwargs}
        path = cached_file(pretrained_model_name_or_path, DOCUMENT_TOKENIZER_FILE, **where)
        model.use_tokenizer(Tokenizer.load(path))
        return loaded

    def save_pretrained(self, save_directory: Any, *args: Any, **kwargs: Any) -> None:
        """Save a model as `transformers` does, with its tokenizer."""
        super().save_pretrained(save_directory, *args, **kwargs)
        if self.document_tokenizer is not None:
            self.document_tokenizer.save(Path(save_directory) / DOCUMENT_TOKENIZER_FILE)

    def use_tokenizer(self, tokenizer: Tokenizer) -> None:
        """Find side features with a tokenizer; raises `ConfigurationError` if the model has another vocabulary."""
        if tokenizer.vocab_size != self.config.vocab_size:
            raise ConfigurationError(
                f"the tokenizer has {tokenizer.vocab_size} tokens, the model {self.config.vocab_size}"
            )
        reader = GrammarStateReader(tokenizer)
        self.document_tokenizer = tokenizer
        self._documents = RowMemory(lambda: _ToldDocument(tokenizer.machine(), reader))

    def side_features(self, input_ids: Tensor) -> Tensor:
        """Return the side features of the token after each of `input_ids` [B, T, 2 + E].

        After a token that the schema does not admit, nothing more is told. Raises `ConfigurationError` if there is no
        tokenizer, or a row does not begin with the position token 0.
        """
        if self._documents is None:
            raise ConfigurationError("the model has no tokenizer: load it with from_pretrained, or call use_tokenizer")
        followed = self._documents.at(input_ids.tolist())
        return torch.tensor([document.features for document in followed], device=input_ids.device)

    def prepare_inputs_for_generation(self, input_ids: Tensor, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the inputs of one step, with side features."""
        inputs: dict[str, Any] = super().prepare_inputs_for_generation(input_ids, *args, **kwargs)
        inputs["side_features"] = self.side_features(input_ids)[:, -inputs["input_ids"].shape[1] :]
        return inputs

    def forward(
        self,
        input_ids: Tensor,
        side_features: Tensor | None = None,
        labels: Tensor | None = None,
        logits_to_keep: int | Tensor = 0,
        **kwargs: Any,
    ) -> CausalLMOutputWithPast:
        """Return logits [B, T, V] of the token after each of `input_ids` [B, T].

        side_features: see the method of this name, which finds them from whole rows by default. logits_to_keep: how
        many of the last positions to return logits for, 0 for all.
        """
        features = self.side_features(input_ids) if side_features is None else side_features
        states, echoes = features[..., :NUM_STATES], features[..., NUM_STATES:]
        embedding = self.model.embed_tokens
        x = embedding(input_ids)
        if self.states is not None:
            x = x + self.states(states).sum(dim=2)
        if self.echo is not None:
            x = x + self._echoed(embedding.weight, echoes, self.echo[0])
        outputs = self.model(inputs_embeds=self.norm(x), **kwargs)
        x = outputs.last_hidden_state
        if self.states_out is not None:
            x = x + self.states_out(states).sum(dim=2)
        x = self.norm(x)
        if self.echo is not None:
            x = x + self._echoed(self.lm_head.weight, echoes, self.echo[1])
        kept = slice(-logits_to_keep, None) if isinstance(logits_to_keep, int) and logits_to_keep else logits_to_keep
        logits = self.lm_head(x if isinstance(kept, int) else x[:, kept]).float()
        cap = self.config.final_logit_softcapping
        logits = cap * torch.tanh(logits / cap)
        loss = None if labels is None else self.loss_function(logits, labels, self.config.vocab_size)
        # The cache has another name in other versions of the library.
        others = {name: outputs[name] for name in outputs if name != "last_hidden_state"}
        return CausalLMOutputWithPast(loss=loss, logits=logits, **others)

    def _echoed(self, weight: Tensor, echoes: Tensor, scales: Tensor) -> Tensor:
        """Return the sum of the echoes' rows, each scaled; `NEVER` contributes nothing [B, T, D]."""
        is_known = (echoes != NEVER)[..., None]
        scaled: Tensor = F.embedding(echoes, weight) * (self.config.echo_gain * scales) * is_known
        return scaled.sum(dim=2)


AutoConfig.register(SchemaLMConfig.model_type, SchemaLMConfig)
AutoModelForCausalLM.register(SchemaLMConfig, SchemaLMForCausalLM)
