"""The GPT: a decoder-only transformer that `NanoChatForCausalLM` of `transformers` can represent exactly.

Input: token ids, and optionally the grammar state, the echoes and the recalls before each next token. Output: float32
logits. The architecture has rotary positions, RMS norm without weights (at the input, before each part of a block, at
the end, and on queries and keys after the rotation), squared ReLU, no biases, an untied head, and a soft cap on the
logits. Two switches, `tie_head` and `input_norm`, deviate from it for experiments. In train mode, `dropout` applies to
the embeddings, to the outputs of attention and MLP, and to attention weights. It uses torch's global generators, which
the caller seeds.

The grammar state (`dataset/grammar_state.py`) has two embeddings: one is added to the token embedding before the input
norm, the other to the residual stream before the last norm, as a bias of the logits by state. Each echo
(`dataset/echo.py`) is a token. Its embedding, scaled by a vector, is added at the input. Its row of the head, scaled by
another vector, is added to the head's input, which raises its own logit and those of similar tokens. A recall
(`dataset/recall.py`) is a token with a certainty, and works in the same way; its vectors depend on the certainty. Both
also raise the logit of their token alone (`boosts.py`). If the added parameters are zero, the model is the plain one.

Tensor names: B batch, T time, E echoes, R recalls, C certainties, D model width, H heads, K head width, V vocabulary.
Not covered: contexts longer than the configuration's.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from schemalm.errors import ConfigurationError
from schemalm.model.attention import Layout, PackedRows, WholeRows, rotate
from schemalm.model.boosts import Boosts
from schemalm.model.configuration import GPTConfiguration
from schemalm.model.head_input import HeadInput
from schemalm.model.named_rows import NamedRows


def at_least_float32(tensor: Tensor) -> Tensor:
    """Return the tensor in float32, or unchanged if its type is more precise."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))


class Attention(nn.Module):
    """Causal self-attention with rotary positions and normalized queries and keys."""

    def __init__(self, configuration: GPTConfiguration) -> None:
        super().__init__()
        self._head_width = configuration.head_width
        self._norm_epsilon = configuration.norm_epsilon
        self._dropout = configuration.dropout
        width, head_width = configuration.model_width, configuration.head_width
        self.query = nn.Linear(width, configuration.num_heads * head_width, bias=False)
        self.key = nn.Linear(width, configuration.num_key_value_heads * head_width, bias=False)
        self.value = nn.Linear(width, configuration.num_key_value_heads * head_width, bias=False)
        self.output = nn.Linear(configuration.num_heads * head_width, width, bias=False)

    def forward(self, x_BTD: Tensor, layout: Layout) -> Tensor:
        """Mix each position with the earlier ones [B, T, D]."""
        query_BHTK, key_BHTK, value_BHTK = (
            project(x_BTD).unflatten(-1, (-1, self._head_width)).transpose(1, 2)
            for project in (self.query, self.key, self.value)
        )
        query_BHTK, key_BHTK = (
            F.rms_norm(rotate(x, layout), (self._head_width,), eps=self._norm_epsilon) for x in (query_BHTK, key_BHTK)
        )
        dropout = self._dropout if self.training else 0.0
        mixed_BHTK = layout.attend(query_BHTK, key_BHTK, value_BHTK, dropout)
        output_BTD: Tensor = self.output(mixed_BHTK.transpose(1, 2).flatten(2))
        return output_BTD


class Block(nn.Module):
    """One layer: attention, then a squared-ReLU MLP, each on the normalized residual stream."""

    def __init__(self, configuration: GPTConfiguration) -> None:
        super().__init__()
        self._norm_epsilon = configuration.norm_epsilon
        self._dropout = configuration.dropout
        self.attention = Attention(configuration)
        self.up = nn.Linear(configuration.model_width, configuration.mlp_width, bias=False)
        self.down = nn.Linear(configuration.mlp_width, configuration.model_width, bias=False)

    def forward(self, x_BTD: Tensor, layout: Layout) -> Tensor:
        """Add the outputs of attention and MLP to the residual stream [B, T, D]."""
        shape = x_BTD.shape[-1:]
        mixed_BTD = self.attention(F.rms_norm(x_BTD, shape, eps=self._norm_epsilon), layout)
        x_BTD = x_BTD + self._dropped(mixed_BTD)
        hidden = F.relu(self.up(F.rms_norm(x_BTD, shape, eps=self._norm_epsilon))).square()
        return x_BTD + self._dropped(self.down(hidden))

    def _dropped(self, x_BTD: Tensor) -> Tensor:
        return F.dropout(x_BTD, self._dropout) if self._dropout and self.training else x_BTD


class GPT(nn.Module):
    """The model: `model(tokens_BT, states_BT2)` returns logits [B, T, V].

    `dtype` is the type of weights and rotations; float64 is for comparison with other implementations. If `recomputes`
    is set, the backward pass recomputes the layers instead of keeping their activations (activation checkpointing; Chen
    et al., 2016). `is_compiled` says that the layers are compiled; then the loss is, too.
    """

    recomputes = False
    is_compiled = False

    def __init__(self, configuration: GPTConfiguration, *, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.configuration = configuration
        self.tokens = nn.Embedding(configuration.vocab_size, configuration.model_width)
        self.states = self._state_embedding()
        self.states_out = self._state_embedding()
        self.echo = self._echo_scales()
        self.recall = self._recall_scales()
        sizes = configuration.num_echoes, configuration.num_recalls, configuration.num_certainties
        self.boosts = Boosts(*sizes, configuration.boost_gain)
        self.layers = nn.ModuleList(Block(configuration) for _ in range(configuration.num_layers))
        self.head: nn.Linear | None = None
        if not configuration.tie_head:
            self.head = nn.Linear(configuration.model_width, configuration.vocab_size, bias=False)
        self.to(dtype)

        frequency_K = configuration.rope_theta ** (
            -torch.arange(0, configuration.head_width, 2, dtype=dtype) / configuration.head_width
        )
        angle_TK = torch.arange(configuration.context_size, dtype=dtype)[:, None] * frequency_K
        self.register_buffer("_cos_TK", angle_TK.cos(), persistent=False)
        self.register_buffer("_sin_TK", angle_TK.sin(), persistent=False)

    @property
    def head_weight(self) -> Tensor:
        """The matrix that hidden vectors are multiplied by [V, D]: the head's own weight, or the token embedding."""
        return self.tokens.weight if self.head is None else self.head.weight

    def _state_embedding(self) -> nn.Embedding | None:
        configuration = self.configuration
        if not configuration.num_states:
            return None
        return nn.Embedding(configuration.num_states, configuration.model_width)

    def _echo_scales(self) -> nn.Parameter | None:
        """Return the scales of each echo at the input and at the head [2, E, D]."""
        configuration = self.configuration
        if not configuration.num_echoes:
            return None
        return nn.Parameter(torch.zeros(2, configuration.num_echoes, configuration.model_width))

    def _recall_scales(self) -> nn.Parameter | None:
        """Return the scales of each recall by its certainty, at the input and at the head [2, R, C, D]."""
        configuration = self.configuration
        if not configuration.num_recalls:
            return None
        shape = configuration.num_recalls, configuration.num_certainties, configuration.model_width
        return nn.Parameter(torch.zeros(2, *shape))

    @torch.no_grad()
    def initialize(self, seed: int) -> None:
        """Initialize all weights, the same for the same seed; parameters that add to the output start at zero."""
        configuration = self.configuration
        generator = torch.Generator().manual_seed(seed)

        def draw(weight: Tensor, std: float) -> None:
            weight.copy_(torch.randn(weight.shape, generator=generator) * std)

        draw(self.tokens.weight, configuration.embedding_std)
        if self.states is not None and self.states_out is not None:
            draw(self.states.weight, configuration.state_std)
            self.states_out.weight.zero_()
        for scales in (self.echo, self.recall, *self.boosts.parameters()):
            if scales is not None:
                scales.zero_()
        if self.head is not None:
            draw(self.head.weight, configuration.head_std)
        for name, weight in self.layers.named_parameters():
            is_output = name.endswith(("attention.output.weight", "down.weight"))
            draw(weight, 0.0 if is_output else configuration.hidden_gain * weight.shape[1] ** -0.5)

    def forward(
        self,
        tokens_BT: Tensor,
        states_BT2: Tensor | None = None,
        echoes_BTE: Tensor | None = None,
        recalls_BTR2: Tensor | None = None,
        positions_BT: Tensor | None = None,
    ) -> Tensor:
        """Return logits [B, T, V] of the token after each of `tokens_BT`; see `hidden` for the arguments."""
        return self.logits(self.hidden(tokens_BT, states_BT2, echoes_BTE, recalls_BTR2, positions_BT))

    def hidden(
        self,
        tokens_BT: Tensor,
        states_BT2: Tensor | None = None,
        echoes_BTE: Tensor | None = None,
        recalls_BTR2: Tensor | None = None,
        positions_BT: Tensor | None = None,
    ) -> HeadInput:
        """Return the head's input, its vectors [B, T, D].

        `states_BT2` contains rows of the state embedding, `echoes_BTE` tokens, and `recalls_BTR2` tokens with their
        certainties, all for the *next* token. In rows with several documents, `positions_BT` counts the positions of
        each document from 0, and documents do not attend to each other. Raises `ConfigurationError` if the arguments do
        not fit the model.
        """
        self._check_given("grammar state", self.states, states_BT2)
        self._check_given("echoes", self.echo, echoes_BTE)
        self._check_given("recalls", self.recall, recalls_BTR2)
        num_tokens = tokens_BT.shape[1]
        if num_tokens > self.configuration.context_size:
            raise ConfigurationError(
                f"{num_tokens} tokens do not fit the model's context of {self.configuration.context_size}"
            )
        layout = self._layout(num_tokens, positions_BT)
        named_rows = NamedRows(echoes_BTE, recalls_BTR2, self.echo, self.recall, self.configuration.echo_gain)
        x_BTD = self._embedded(tokens_BT, states_BT2, named_rows)
        for layer in self.layers:
            x_BTD = self._run(layer, x_BTD, layout)
        boosted: HeadInput = self.boosts(self._output(x_BTD, states_BT2, named_rows), echoes_BTE, recalls_BTR2)
        return boosted

    def _embedded(self, tokens_BT: Tensor, states_BT2: Tensor | None, named_rows: NamedRows) -> Tensor:
        """Return the input of the first layer [B, T, D]."""
        x_BTD: Tensor = self.tokens(tokens_BT)
        if self.states is not None:
            x_BTD = x_BTD + self.states(states_BT2).sum(dim=2)
        x_BTD = named_rows.added(x_BTD, self.tokens.weight, 0)
        if self.configuration.input_norm:
            x_BTD = self._norm(x_BTD)
        if self.configuration.dropout and self.training:
            x_BTD = F.dropout(x_BTD, self.configuration.dropout)
        return x_BTD

    def _output(self, x_BTD: Tensor, states_BT2: Tensor | None, named_rows: NamedRows) -> Tensor:
        """Return the vectors for the head from the output of the last layer [B, T, D]."""
        if self.states_out is not None:
            x_BTD = x_BTD + self.states_out(states_BT2).sum(dim=2)
        return named_rows.added(self._norm(x_BTD), self.head_weight, 1)

    def _layout(self, num_tokens: int, positions_BT: Tensor | None) -> Layout:
        rotations = self.get_buffer("_cos_TK"), self.get_buffer("_sin_TK")
        if positions_BT is not None:
            return PackedRows(*rotations, positions_BT)
        return WholeRows(*rotations, num_tokens)

    def _run(self, layer: nn.Module, x_BTD: Tensor, layout: Layout) -> Tensor:
        if self.recomputes and torch.is_grad_enabled():
            recomputed: Tensor = checkpoint(layer, x_BTD, layout, use_reentrant=False)
            return recomputed
        output_BTD: Tensor = layer(x_BTD, layout)
        return output_BTD

    def _check_given(self, name: str, part: object, given: Tensor | None) -> None:
        if (part is None) != (given is None):
            needed = f"takes no {name}, got some" if part is None else f"needs the {name} before each token, got none"
            raise ConfigurationError(f"this model {needed}")

    def logits(self, given: HeadInput) -> Tensor:
        """Return logits [..., V] of the head's input, softly capped (Gemma 2, 2024), in at least 32 bits."""
        cap = self.configuration.logit_soft_cap
        raw = given.raised(at_least_float32(F.linear(given.vectors, self.head_weight)))
        return cap * torch.tanh(raw / cap)

    def _norm(self, x_BTD: Tensor) -> Tensor:
        return F.rms_norm(x_BTD, x_BTD.shape[-1:], eps=self.configuration.norm_epsilon)

    def num_parameters(self) -> int:
        """Return the number of trained parameters, including embeddings."""
        return sum(parameter.numel() for parameter in self.parameters())

    def flops_per_token(self) -> int:
        """Return the floating point operations to train on one token of a full context, forward and backward.

        The formula is `6 N + 12 L H K T` of PaLM (Chowdhery et al., 2022, appendix B), where N excludes the embeddings.
        """
        configuration = self.configuration
        num_products = sum(weight.numel() for weight in (*self.layers.parameters(), self.head_weight))
        attention = 12 * configuration.num_layers * configuration.model_width * configuration.context_size
        return 6 * num_products + attention


def shapes_of(configuration: GPTConfiguration) -> dict[str, tuple[int, ...]]:
    """Return the shape of each weight by name, without allocating the weights."""
    with torch.device("meta"):
        return {name: tuple(weight.shape) for name, weight in GPT(configuration).state_dict().items()}
