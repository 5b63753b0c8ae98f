"""The function of `GPT` for decoding: the same logits from prepared weights, with a cache and little work besides.

In go the new tokens of some rows, one after another and each with its side features; out come the hidden states and
logits after them. The tokens of all rows are one list, so rows may bring different numbers of tokens and none is
padded. Only attention looks at rows one by one, each at its own length.

`Linears` prepares the weights: it turns one matrix into a function, which may compute with other number types. Query,
key and value are one product. The weights of the `GPT` are not changed.

Tensor names: N new tokens, E echoes, R recalls, C certainties, D model width, H heads, J heads of several kinds, K head
width, V vocabulary, I inputs, O outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional as F

from schemalm.errors import ConfigurationError
from schemalm.model.cache import KeyValueCache
from schemalm.model.gpt import GPT, Block, at_least_float32
from schemalm.model.head_input import HeadInput
from schemalm.model.inputs import NEVER

# A function x [..., in] -> [..., out].
Linear: TypeAlias = Callable[[Tensor], Tensor]
# Prepares a weight matrix [out, in].
Linears: TypeAlias = Callable[[Tensor], Linear]
# The first columns of side features: the grammar state, the nonterminal and the path. Echoes follow.
NUM_STATES = 2


class Segment(NamedTuple):
    """The new tokens of one row: `num_tokens` of the list of all new tokens, after those of earlier segments."""

    row: int
    num_tokens: int


def plain_linears(weight: Tensor) -> Linear:
    """Multiply by the weights as they are, stored so that products of few rows are fast on a CPU."""
    weight_IO = weight.T.contiguous()
    return lambda x: x @ weight_IO


class _Layer:
    """The prepared weights of one block."""

    def __init__(self, block: Block, linears: Linears) -> None:
        attention = block.attention
        projections = (attention.query, attention.key, attention.value)
        self.query_key_value = linears(torch.cat([projection.weight for projection in projections]))
        self.output = linears(attention.output.weight)
        self.up, self.down = linears(block.up.weight), linears(block.down.weight)


class _Segments:
    """Where the new tokens of a forward pass stand in the cache, and what each may attend to."""

    def __init__(self, segments: Sequence[Segment], cache: KeyValueCache, cos_TK: Tensor, sin_TK: Tensor) -> None:
        self.cache = cache
        self.counts = [segment.num_tokens for segment in segments]
        self.rows = [segment.row for segment in segments]
        self.lengths = [cache.lengths[segment.row] + segment.num_tokens for segment in segments]
        if max(self.lengths) > cache.capacity:
            raise ConfigurationError(
                f"a row of {max(self.lengths)} tokens does not fit in the context of {cache.capacity}: "
                "read a shorter window"
            )
        device = cos_TK.device
        places = [(row, position) for row, begin, end in self._spans() for position in range(begin, end)]
        rows_N, positions_N = torch.tensor(places, device=device).T
        self.entries = cache.entries(rows_N, positions_N)
        self.cos_N1K, self.sin_N1K = cos_TK[positions_N, None], sin_TK[positions_N, None]
        self._masks = [_mask(begin, end, device) for _, begin, end in self._spans()]

    def _spans(self) -> list[tuple[int, int, int]]:
        spans = zip(self.rows, self.lengths, self.counts, strict=True)
        return [(row, length - count, length) for row, length, count in spans]

    def attend(self, layer: int, query_NHK: Tensor) -> Tensor:
        """Let every new token attend to its row up to itself [N, H * K]."""
        mixed = []
        rows = self.cache.rows[layer]
        has_groups = query_NHK.shape[1] != rows[0][0].shape[1]
        parts = zip(torch.split(query_NHK, self.counts), self.rows, self.lengths, self._masks, strict=True)
        for query_THK, row, length, mask in parts:
            key, value = rows[row]
            mixed_1HTK = F.scaled_dot_product_attention(
                query_THK.transpose(0, 1)[None],
                key.narrow(2, 0, length),
                value.narrow(2, 0, length),
                attn_mask=mask,
                is_causal=mask is None and len(query_THK) > 1,
                enable_gqa=has_groups,
            )
            mixed.append(mixed_1HTK[0].transpose(0, 1))
        return (mixed[0] if len(mixed) == 1 else torch.cat(mixed)).flatten(1)

    def advance(self) -> None:
        """Count the new tokens as read."""
        for row, length in zip(self.rows, self.lengths, strict=True):
            self.cache.lengths[row] = length


def _mask(begin: int, end: int, device: torch.device) -> Tensor | None:
    """Return what is added to the attention scores of new tokens from `begin` to `end`; None if causal order will do.

    One token attends to all before it; a row's first tokens attend to each other in order.
    """
    if begin == 0 or end - begin == 1:
        return None
    return torch.full((end - begin, end), float("-inf"), device=device).triu(begin + 1)


class InferenceModel:
    """A GPT that decodes. It shares the embeddings with `model`, and computes products by what `linears` prepares."""

    @torch.inference_mode()
    def __init__(self, model: GPT, linears: Linears = plain_linears) -> None:
        self.configuration = model.configuration
        self._model = model
        self._layers = [_Layer(block, linears) for block in model.layers if isinstance(block, Block)]
        self._head = linears(model.head_weight)
        # Rotations as one product with a vector and one with its exchanged halves.
        cos_TK, sin_TK = model.get_buffer("_cos_TK"), model.get_buffer("_sin_TK")
        self._cos_TK, self._sin_TK = torch.cat([cos_TK, cos_TK], dim=-1), torch.cat([sin_TK, -sin_TK], dim=-1)
        self._zero = torch.zeros((), dtype=cos_TK.dtype, device=cos_TK.device)
        self._least_length = torch.tensor(
            self.configuration.norm_epsilon**0.5, dtype=cos_TK.dtype, device=cos_TK.device
        )
        if model.echo is not None:
            self._echo_scales_ED = self.configuration.echo_gain * model.echo
        if model.recall is not None:
            self._recall_scales_RCD = self.configuration.echo_gain * model.recall

    @property
    def device(self) -> torch.device:
        """The device of the weights."""
        return self._model.head_weight.device

    def make_cache(self, batch_size: int) -> KeyValueCache:
        """Return an empty cache for so many rows."""
        dtype = self._model.head_weight.dtype
        return KeyValueCache(self.configuration, batch_size, device=self.device, dtype=dtype)

    @torch.inference_mode()
    def hidden(
        self, tokens_N: Tensor, side_features_NF: Tensor, segments: Sequence[Segment], cache: KeyValueCache
    ) -> HeadInput:
        """Return the head's input after each new token, and let the cache's rows grow by these tokens.

        side_features_NF: the two rows of the grammar state and the echoes, for the token *after* each, which a model
        without them ignores; then, only for a model with recalls, each recall with its certainty. segments: which row
        each of the tokens continues, a row at most once. Raises `ConfigurationError` if a row does not fit in the
        context.
        """
        model = self._model
        placed = _Segments(segments, cache, self._cos_TK, self._sin_TK)
        num_told = side_features_NF.shape[1] - 2 * self.configuration.num_recalls
        states_N2, echoes_NE = side_features_NF[:, :NUM_STATES], side_features_NF[:, NUM_STATES:num_told]
        recalls_NR2 = side_features_NF[:, num_told:].view(len(side_features_NF), -1, 2)
        is_known_N1E = (echoes_NE != NEVER).to(self._cos_TK.dtype)[:, None]

        x_ND = F.embedding(tokens_N, model.tokens.weight)
        if model.states is not None:
            x_ND += F.embedding(states_N2, model.states.weight).sum(dim=1)
        if model.echo is not None:
            x_ND += self._echoed(model.tokens.weight, echoes_NE, is_known_N1E, self._echo_scales_ED[0])
        if model.recall is not None:
            x_ND += self._recalled(model.tokens.weight, recalls_NR2, self._recall_scales_RCD[0])
        if self.configuration.input_norm:
            x_ND = self._norm(x_ND)
        for index, layer in enumerate(self._layers):
            x_ND += layer.output(self._mixed(index, layer, self._norm(x_ND), placed))
            x_ND += layer.down(layer.up(self._norm(x_ND)).relu_().square_())
        placed.advance()
        if model.states_out is not None:
            x_ND += F.embedding(states_N2, model.states_out.weight).sum(dim=1)
        x_ND = self._norm(x_ND)
        if model.echo is not None:
            x_ND += self._echoed(model.head_weight, echoes_NE, is_known_N1E, self._echo_scales_ED[1])
        if model.recall is not None:
            x_ND += self._recalled(model.head_weight, recalls_NR2, self._recall_scales_RCD[1])
        boosted: HeadInput = model.boosts(x_ND, echoes_NE, recalls_NR2)
        return boosted

    @torch.inference_mode()
    def logits(self, given: HeadInput) -> Tensor:
        """Return the softly capped logits of the head's input, in at least 32 bits [N, V]."""
        cap = self.configuration.logit_soft_cap
        return given.raised(at_least_float32(self._head(given.vectors))).div_(cap).tanh_().mul_(cap)

    def _mixed(self, index: int, layer: _Layer, x_ND: Tensor, placed: _Segments) -> Tensor:
        """Return what attention gathers for each token, before its output projection [N, H * K]."""
        num_heads, num_cached = self.configuration.num_heads, self.configuration.num_key_value_heads
        heads_NJK = layer.query_key_value(x_ND).view(len(x_ND), -1, self.configuration.head_width)
        turned_NJK = heads_NJK[:, : num_heads + num_cached]
        halves = turned_NJK.roll(self.configuration.head_width // 2, dims=-1)
        turned_NJK = self._norm(torch.addcmul(turned_NJK * placed.cos_N1K, halves, placed.sin_N1K))
        new_NJK = torch.cat([turned_NJK[:, num_heads:], heads_NJK[:, num_heads + num_cached :]], dim=1)
        placed.cache.store(index, placed.entries, new_NJK)
        return placed.attend(index, turned_NJK[:, :num_heads])

    def _norm(self, x: Tensor) -> Tensor:
        """Return RMS norm over the last dimension, in three steps instead of the six of `F.rms_norm`."""
        width = x.shape[-1]
        length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
        # The square of the length and of this is the sum of squares with epsilon for each.
        length.hypot_(self._least_length * width**0.5)
        return torch.addcdiv(self._zero, x, length, value=width**0.5)

    def _echoed(self, weight_VD: Tensor, echoes_NE: Tensor, is_known_N1E: Tensor, scales_ED: Tensor) -> Tensor:
        """Return the sum of the echoes' rows, each scaled; `NEVER` contributes nothing [N, D]."""
        rows_NED = F.embedding(echoes_NE, weight_VD) * scales_ED
        return torch.bmm(is_known_N1E, rows_NED)[:, 0]

    def _recalled(self, weight_VD: Tensor, recalls_NR2: Tensor, scales_RCD: Tensor) -> Tensor:
        """Return the sum of the recalls' rows, each scaled by its certainty; `NEVER` contributes nothing [N, D]."""
        tokens_NR, certainties_NR = recalls_NR2.unbind(-1)
        is_known_N1R = (tokens_NR != NEVER).to(scales_RCD.dtype)[:, None]
        rows_NRD = F.embedding(tokens_NR, weight_VD)
        rows_NRD *= scales_RCD[torch.arange(len(scales_RCD), device=scales_RCD.device), certainties_NR]
        return torch.bmm(is_known_N1R, rows_NRD)[:, 0]
