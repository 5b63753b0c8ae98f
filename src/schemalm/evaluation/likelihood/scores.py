"""The likelihood of unseen documents as figures: with and without the mask, by kind of token, and at choices.

Bits per byte divide by the size of the documents as compact canonical JSON, so they are comparable across tokenizers;
nats and perplexity per token are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from schemalm.evaluation.likelihood.choices import ChoiceScore
from schemalm.training.scoring import Score


@dataclass(frozen=True)
class KindScore:
    """The tokens of one kind (`token_kinds.KINDS`); there is at least one.

    score: their loss and number, and the bytes of *all* documents, so that the bits per byte of all kinds add up to
    those of the documents. share: of the bits of all tokens, 0 to 1.
    """

    kind: str
    score: Score
    share: float

    @property
    def bits_per_token(self) -> float:
        """The mean bits of a token of this kind."""
        return self.score.bits / self.score.num_tokens

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "kind": self.kind,
            "num_tokens": self.score.num_tokens,
            "share": self.share,
            "bits_per_byte": self.score.bits_per_byte,
            "bits_per_token": self.bits_per_token,
        }


@dataclass(frozen=True)
class Likelihood:
    """The loss over `num_documents` unseen documents, computed as the run was trained.

    under_mask: whether `score` and `kinds` are over admitted tokens only. with_mask, without_mask: the same among the
    admitted tokens, and among all; None if not measured, and the first if the data has no grammar. kinds: their losses
    add up to that of `score`, exactly. choices: always among admitted tokens. Both are empty without a grammar.
    """

    score: Score
    num_documents: int
    under_mask: bool
    with_mask: Score | None = None
    without_mask: Score | None = None
    kinds: tuple[KindScore, ...] = ()
    choices: tuple[ChoiceScore, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; the loss is in nats per token."""
        return {
            **_figures(self.score),
            "num_documents": self.num_documents,
            "num_tokens": self.score.num_tokens,
            "num_bytes": self.score.num_bytes,
            "under_mask": self.under_mask,
            "with_mask": None if self.with_mask is None else _figures(self.with_mask),
            "without_mask": None if self.without_mask is None else _figures(self.without_mask),
            "kinds": [kind.to_dict() for kind in self.kinds],
            "choices": [choice.to_dict() for choice in self.choices],
        }


def _figures(score: Score) -> dict[str, float]:
    return {"loss": score.loss, "perplexity": score.perplexity, "bits_per_byte": score.bits_per_byte}
