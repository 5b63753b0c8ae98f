"""SchemaLM's model with side features as a model of `transformers`, registered with its Auto classes.

The layers are those of `NanoChatModel`, so its attention kernels and caches serve. Two things differ: what the grammar
and the document say about the next token is added to the input and before the head, as in `model/gpt.py`. `generate`
finds these side features from the tokens, with the run's tokenizer and its table of recall, which `from_pretrained`
loads from the same folder.

A row is the position token 0, then the tokens of a document from its beginning. Rows are not padded on the left.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForCausalLM, NanoChatConfig, NanoChatForCausalLM
from transformers.modeling_outputs import CausalLMOutputWithPast
from transformers.utils import cached_file

from schemalm.dataset.echo import EchoMemory
from schemalm.dataset.grammar_state import GrammarStateReader
from schemalm.dataset.recall import RecallTable
from schemalm.dataset.recall_files import map_recall_table, write_recall_table
from schemalm.dataset.store import smallest_dtype
from schemalm.errors import ConfigurationError, DataError
from schemalm.export.row_memory import FollowedDocument, RowMemory
from schemalm.generation.side_features import NUM_TOLD, SideFeatures
from schemalm.machine import Machine
from schemalm.model.boosts import Boosts
from schemalm.model.inference import NUM_STATES
from schemalm.model.named_rows import NamedRows
from schemalm.tokenizer import Tokenizer

# The tokenizer with its schema, beside the weights. The name `tokenizer.json` has another format there.
DOCUMENT_TOKENIZER_FILE = "schemalm_tokenizer.json"
# The run's table of recall, for models with recalls.
EXPORTED_RECALL_FILE = "schemalm_recall.bin"
# The position token of a row that begins with its document.
FIRST_POSITION = 0


class SchemaLMConfig(NanoChatConfig):  # type: ignore[misc]
    """The configuration of `NanoChatForCausalLM`, with the sizes of the added parts.

    num_states: rows of the grammar-state embedding, 0 for none. num_echoes: echoes before each token, 0 for none.
    num_recalls: recalls before each token, each with one of num_certainties certainties, 0 for none. echo_gain: what
    the scales of both are multiplied by. boost_gain: what their boosts are multiplied by, 0 for none.
    """

    model_type = "schemalm"

    num_states: int = 0
    num_echoes: int = 0
    num_recalls: int = 0
    num_certainties: int = 0
    echo_gain: float = 20.0
    boost_gain: float = 0.0


class _ToldDocument(FollowedDocument):
    """A row of tokens, with the side features before each next token."""

    def __init__(self, machine: Machine, side_features: SideFeatures) -> None:
        super().__init__(machine)
        self._side_features, self._echoes = side_features, EchoMemory()
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
        self.features.append(self._side_features.before_next(self.machine, self._echoes))


class SchemaLMForCausalLM(NanoChatForCausalLM):  # type: ignore[misc]
    """A language model over the tokens of a SchemaLM tokenizer, with grammar state, echoes and recalls."""

    config_class = SchemaLMConfig
    document_tokenizer: Tokenizer | None = None
    recall_table: RecallTable | None = None

    def __init__(self, config: SchemaLMConfig) -> None:
        super().__init__(config)
        # Added before the first and the last norm, so the inner model normalizes nothing.
        self.norm, self.model.norm = self.model.norm, nn.Identity()
        width = config.hidden_size
        self.states = nn.Embedding(config.num_states, width) if config.num_states else None
        self.states_out = nn.Embedding(config.num_states, width) if config.num_states else None
        self.echo = nn.Parameter(torch.zeros(2, config.num_echoes, width)) if config.num_echoes else None
        shape = config.num_recalls, config.num_certainties, width
        self.recall = nn.Parameter(torch.zeros(2, *shape)) if config.num_recalls else None
        sizes = config.num_echoes, config.num_recalls, config.num_certainties
        self.boosts = Boosts(*sizes, config.boost_gain)
        self._documents: RowMemory[_ToldDocument] | None = None
        self.post_init()

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: Any, *args: Any, **kwargs: Any) -> Any:
        """Load a model as `transformers` does, with the tokenizer and the table of recall in the same folder.

        Raises `DataError` if one of these is damaged.
        """
        loaded = super().from_pretrained(pretrained_model_name_or_path, *args, **kwargs)
        model = loaded[0] if isinstance(loaded, tuple) else loaded
        named = ("cache_dir", "local_files_only", "revision", "token")
        where = {name: kwargs[name] for name in named if name in kwargs}
        names = (DOCUMENT_TOKENIZER_FILE, *([EXPORTED_RECALL_FILE] if model.config.num_recalls else []))
        path, *recall = (cached_file(pretrained_model_name_or_path, name, **where) for name in names)
        table = _read_recall_table(Path(recall[0]), model.config.vocab_size) if recall else None
        model.use_tokenizer(Tokenizer.load(path), table)
        return loaded

    def save_pretrained(self, save_directory: Any, *args: Any, **kwargs: Any) -> None:
        """Save a model as `transformers` does, with its tokenizer and table of recall."""
        super().save_pretrained(save_directory, *args, **kwargs)
        if self.document_tokenizer is not None:
            self.document_tokenizer.save(Path(save_directory) / DOCUMENT_TOKENIZER_FILE)
        if self.recall_table is not None:
            dtype = smallest_dtype(self.config.vocab_size)
            write_recall_table(Path(save_directory) / EXPORTED_RECALL_FILE, self.recall_table, dtype)

    def use_tokenizer(self, tokenizer: Tokenizer, recall: RecallTable | None = None) -> None:
        """Find side features with a tokenizer and a table of recall.

        Raises `ConfigurationError` if the model has another vocabulary, or recalls without a table.
        """
        if self.config.num_recalls and recall is None:
            raise ConfigurationError("the model has recalls, so it needs a table of recall")
        if tokenizer.vocab_size != self.config.vocab_size:
            raise ConfigurationError(
                f"the tokenizer has {tokenizer.vocab_size} tokens, the model {self.config.vocab_size}"
            )
        found = SideFeatures(GrammarStateReader(tokenizer), recall)
        self.document_tokenizer, self.recall_table = tokenizer, recall
        self._documents = RowMemory(lambda: _ToldDocument(tokenizer.machine(), found))

    def side_features(self, input_ids: Tensor) -> Tensor:
        """Return the side features of the token after each of `input_ids` [B, T, 2 + E + 2 R].

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
        states, echoes = features[..., :NUM_STATES], features[..., NUM_STATES:NUM_TOLD]
        recalls = features[..., NUM_TOLD:].view(*features.shape[:2], -1, 2)
        embedding = self.model.embed_tokens
        x = embedding(input_ids)
        if self.states is not None:
            x = x + self.states(states).sum(dim=2)
        named_rows = NamedRows(echoes, recalls, self.echo, self.recall, self.config.echo_gain)
        x = named_rows.added(x, embedding.weight, 0)
        outputs = self.model(inputs_embeds=self.norm(x), **kwargs)
        x = outputs.last_hidden_state
        if self.states_out is not None:
            x = x + self.states_out(states).sum(dim=2)
        x = named_rows.added(self.norm(x), self.lm_head.weight, 1)
        given = self.boosts(x, echoes, recalls)
        kept = slice(-logits_to_keep, None) if isinstance(logits_to_keep, int) and logits_to_keep else logits_to_keep
        if not isinstance(kept, int):
            given = given.at((slice(None), kept))
        logits = given.raised(self.lm_head(given.vectors).float())
        cap = self.config.final_logit_softcapping
        logits = cap * torch.tanh(logits / cap)
        loss = None if labels is None else self.loss_function(logits, labels, self.config.vocab_size)
        # The cache has another name in other versions of the library.
        others = {name: outputs[name] for name in outputs if name != "last_hidden_state"}
        return CausalLMOutputWithPast(loss=loss, logits=logits, **others)


def _read_recall_table(path: Path, vocab_size: int) -> RecallTable:
    """Return the table of recall in a file; raises `DataError` if it is damaged."""
    try:
        with path.open("rb") as file:
            return map_recall_table(file, smallest_dtype(vocab_size), vocab_size)
    except ValueError as error:
        raise DataError(f"{path} is damaged: {error}; export the run again") from None


AutoConfig.register(SchemaLMConfig.model_type, SchemaLMConfig)
AutoModelForCausalLM.register(SchemaLMConfig, SchemaLMForCausalLM)
