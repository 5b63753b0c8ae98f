"""What is answered, field by field; these records are also in the description of the API."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from schemalm.generation.next_choices import What
from schemalm.generation.results import ClosedBy, Finish

Valid = Annotated[bool | None, Meta(description="What an independent judge says; null: none can read the schema.")]
FinishReason = Annotated[
    Literal["stop", "length"], Meta(description="`length`: the document was ended early for a budget; still valid.")
]


class Answer(msgspec.Struct, kw_only=True, frozen=True):
    """An object of an answer."""


class Usage(Answer, kw_only=True, frozen=True):
    """How many tokens a prompt states, and how many were written."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Choice(Answer, kw_only=True, frozen=True):
    """One of the documents that were asked for. `finish` and `closed_by`: in the words of `schemalm generate`."""

    index: int
    valid: Valid
    finish: Finish
    closed_by: ClosedBy | None
    finish_reason: FinishReason
    logprob: float


class Logprobs(Answer, kw_only=True, frozen=True):
    """The tokens of the whole document in words, each with its log-probability; forced ones have 0."""

    tokens: list[str]
    token_logprobs: list[float]


class CompletionChoice(Choice, kw_only=True, frozen=True):
    """One completion."""

    text: str
    logprobs: Logprobs | None = None


class ChatMessage(Answer, kw_only=True, frozen=True):
    """A document as a message."""

    content: str
    role: Literal["assistant"] = "assistant"


class TokenLogprob(Answer, kw_only=True, frozen=True):
    """A token in words with its log-probability."""

    token: str
    logprob: float
    bytes: None = None
    top_logprobs: list[Any] = []


class ChatLogprobs(Answer, kw_only=True, frozen=True):
    """The tokens of the whole document."""

    content: list[TokenLogprob]


class ChatChoice(Choice, kw_only=True, frozen=True):
    """One document."""

    message: ChatMessage
    logprobs: ChatLogprobs | None = None


class OfRun(Answer, kw_only=True, frozen=True):
    """An answer of one run."""

    model: str
    schema_sha256: str


class Written(OfRun, kw_only=True, frozen=True):
    """What every answer with written documents says. `seed`: the same request with it gives the same documents."""

    seed: int
    valid: Valid


class OpenAIAnswer(Written, kw_only=True, frozen=True):
    """What both answers of OpenAI's API have."""

    id: str
    created: int
    usage: Usage


class Completion(OpenAIAnswer, kw_only=True, frozen=True):
    """The completions of a prompt."""

    choices: list[CompletionChoice]
    object: Literal["text_completion"] = "text_completion"


class ChatCompletion(OpenAIAnswer, kw_only=True, frozen=True):
    """Documents as messages."""

    choices: list[ChatChoice]
    object: Literal["chat.completion"] = "chat.completion"


class Model(Answer, kw_only=True, frozen=True):
    """A run that is served. `context_size`: of the windows that the model reads, in tokens."""

    id: str
    created: int
    step: int
    schema_sha256: str
    vocab_size: int
    context_size: int
    object: Literal["model"] = "model"
    owned_by: str = "schemalm"


class Models(Answer, kw_only=True, frozen=True):
    """All runs that are served."""

    data: list[Model]
    object: Literal["list"] = "list"


class EndingAnswer(Answer, kw_only=True, frozen=True):
    """A document that begins with the text; `added` is what follows it, `share` its part of the probability of all."""

    text: str
    added: str
    value: Any
    logprob: float
    share: float


class Endings(Written, kw_only=True, frozen=True):
    """Different endings, the likeliest first."""

    endings: list[EndingAnswer]


class Regenerated(Written, kw_only=True, frozen=True):
    """A document with other parts, in the text that was given."""

    text: str
    value: Any
    finish: Finish
    closed_by: ClosedBy | None
    finish_reason: FinishReason


class ChoiceAnswer(Answer, kw_only=True, frozen=True):
    """What may come next: `text` is the name of a key or kind, the value, or the text so far."""

    what: What
    text: str
    probability: float


class NextAnswer(OfRun, kw_only=True, frozen=True):
    """The likeliest choices, of `num_choices`; `place`: the keys that lead there."""

    place: str
    choices: list[ChoiceAnswer]
    num_choices: int


class TokenChance(Answer, kw_only=True, frozen=True):
    """A token in words, and its probability."""

    token: str
    probability: float


class TokenAnswer(TokenChance, kw_only=True, frozen=True):
    """A token of a document. A forced one, which is the only one admitted, has the probability 1.

    `spans`: where its text is written, as pairs of offsets in characters; none where it only opens or closes.
    `likeliest`: the likeliest tokens there; empty if it is forced.
    """

    spans: list[tuple[int, int]]
    likeliest: list[TokenChance]


class TokensAnswer(OfRun, kw_only=True, frozen=True):
    """The tokens of a document."""

    tokens: list[TokenAnswer]


class FindingAnswer(Answer, kw_only=True, frozen=True):
    """An error of a document, as `schemalm check` reports it."""

    line: int | None
    column: int | None
    pointer: str | None
    keyword: str | None
    reason: str
    excerpt: str


class JudgeMessage(Answer, kw_only=True, frozen=True):
    """What a judge says; `line` is 0 if it is unknown."""

    text: str
    line: int
    pointer: str
    kind: str


class JudgeAnswer(Answer, kw_only=True, frozen=True):
    """The verdict of a judge; `accepted` is null, with a `failure`, if there is none."""

    name: str
    title: str
    accepted: bool | None
    errors: list[JudgeMessage]
    advice: list[JudgeMessage]
    failure: str


class CheckAnswer(OfRun, kw_only=True, frozen=True):
    """All errors of a text; `valid`: it has none. `is_cut`: a document has more than are listed."""

    valid: bool
    findings: list[FindingAnswer]
    is_cut: bool
    judges: list[JudgeAnswer]


class Health(Answer, kw_only=True, frozen=True):
    """The server answers."""

    status: Literal["ok"] = "ok"


class Fault(Answer, kw_only=True, frozen=True):
    """What is wrong with a request, or with the server. More fields say where: `pointer`, `line`, `column`."""

    message: str
    type: str
    param: str | None
    code: str | None


class FaultAnswer(Answer, kw_only=True, frozen=True):
    """An error."""

    error: Fault
