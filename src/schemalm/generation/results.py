"""What generation gives: a whole document, and the pieces in which it comes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from schemalm.documents import dump_document
from schemalm.tokenizer import Tokenizer

Format = Literal["yaml", "json"]
Finish = Literal["complete", "steered", "closed"]
ClosedBy = Literal["tokens", "time", "limit"]


@dataclass(frozen=True)
class Generated:
    """A document that a model wrote.

    logprob: the log-probability of the sampled tokens under the mask, in nats.
    finish: "complete" if the model ended the document; "steered" if it did so after some object or list had to end for
    the token budget; "closed" if the cheapest completion ended it.
    num_forced: the number of tokens that were the only admitted one and cost no call of the model.
    logprobs: the log-probability of each token, 0 for forced ones. The last tokens have none if a completion added
    them. The last digits depend on what was generated at the same time; the tokens do not.
    closed_by: why a document was closed: the "tokens" or the "time" of its budget, or a "limit": the next step exceeded
    the grammar's limits on work, or no next step was left. None if it was not.
    """

    value: Any
    tokens: list[int]
    logprob: float
    finish: Finish
    num_forced: int
    logprobs: list[float]
    closed_by: ClosedBy | None = None

    @property
    def mean_logprob(self) -> float:
        """The mean log-probability of the tokens that were chosen among several, in nats; 0 if there are none.

        It compares documents of different lengths: a longer one is less likely as a whole.
        """
        num_chosen = len(self.logprobs) - self.num_forced
        return self.logprob / num_chosen if num_chosen else 0.0

    def text(self, format: Format = "yaml") -> str:
        """Return the document as "yaml" or "json"."""
        return dump_document(self.value, format=format)


@dataclass(frozen=True)
class Piece:
    """The next tokens of the document with index `number`; `generated` is the whole document in its last piece.

    num_so_far: how many tokens the document has, these included. A document that cannot go on under its prompt is begun
    anew: its next piece then has its tokens from the first on.
    """

    number: int
    tokens: list[int]
    generated: Generated | None
    num_so_far: int
    _tokenizer: Tokenizer = field(repr=False)
    # The tokens so far are the first `num_so_far` of a list that grows.
    _all_tokens: list[int] = field(repr=False)

    @property
    def value(self) -> Any:
        """The document so far, ended in the cheapest way; computed when it is asked for."""
        if self.generated is not None:
            return self.generated.value
        return self._tokenizer.decode_prefix(self._all_tokens[: self.num_so_far])

    def text(self, format: Format = "yaml") -> str:
        """Return the document so far as "yaml" or "json"."""
        return dump_document(self.value, format=format)
