"""What requests may contain, and reading it: every field is known and in its range, or the request is refused.

In goes the body of a request; out comes a record of its fields, or a `Refusal` that names the field.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from schemalm.generation.sampling import Sampling
from schemalm.serving.faults import Refusal

# The largest numbers that a request may ask for.
MAX_TOKENS, MAX_CHOICES, MAX_TRIES, MAX_PARTS, MAX_LISTED = 8192, 16, 16, 16, 1000
# Why some fields of other servers are not supported.
UNSUPPORTED = {
    "stop": "a document ends where its schema lets it end",
    "suffix": "the end of a document is stated with a partial document: set `prompt_is` to `partial`",
    "best_of": "use `n`, or `alternatives` of /schemalm/v1/complete",
    "echo": "the answer is what comes after the prompt",
    "tools": "the answer is a document of the served schema",
}
_UNKNOWN = re.compile(r"Object contains unknown field `(.*?)`")
_PLACE = re.compile(r" - at `\$\.?(.*?)`$")

Count = Annotated[int, Meta(ge=1, le=MAX_CHOICES)]
Text = Annotated[str, Meta(description="The text of a document, or its beginning up to the cursor.")]
Format = Annotated[
    Literal["yaml", "json"],
    Meta(description="`json`: the text must be JSON, and so is the answer. YAML includes JSON."),
]
ModelName = Annotated[str | None, Meta(description="The name of a served run; not needed where only one is served.")]
B = TypeVar("B", bound=msgspec.Struct)


class Record(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """An object of a request; it has no other fields."""


class Sampled(Record, kw_only=True, frozen=True):
    """How tokens are drawn, as in `schemalm generate`. Without a seed, each request draws anew."""

    model: ModelName = None
    max_tokens: Annotated[int, Meta(ge=1, le=MAX_TOKENS, description="The budget for what is written.")] = 512
    temperature: Annotated[float, Meta(ge=0, le=100)] = 0.8
    top_p: Annotated[float, Meta(gt=0, le=1)] | None = None
    top_k: Annotated[int, Meta(ge=1, le=1 << 31)] | None = None
    min_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    seed: Annotated[int, Meta(ge=0, le=(1 << 63) - 1)] | None = None

    @property
    def sampling(self) -> Sampling:
        """The settings of the sampler."""
        return Sampling(self.temperature, self.top_p, self.top_k, self.min_p)


class JSONSchemaFormat(Record, kw_only=True, frozen=True):
    """A schema with its name; it must be that of the run."""

    schema: Any
    name: str | None = None
    description: str | None = None
    strict: bool | None = None


class ResponseFormat(Record, kw_only=True, frozen=True):
    """The format of the answer: with a schema it is JSON."""

    type: Literal["text", "json_schema"]
    json_schema: JSONSchemaFormat | None = None


class StructuredOutputs(Record, kw_only=True, frozen=True):
    """The schema of the answer, as vLLM's server takes it; it must be that of the run."""

    json: Any


class StreamOptions(Record, kw_only=True, frozen=True):
    """Whether the last event of a stream has the usage."""

    include_usage: bool = False


class OpenAIBody(Sampled, kw_only=True, frozen=True):
    """What both endpoints of OpenAI's API take."""

    n: Count = 1
    stream: bool = False
    stream_options: StreamOptions | None = None
    response_format: ResponseFormat | None = None
    structured_outputs: StructuredOutputs | None = None
    format: Format | None = None
    user: str | None = None


PromptIs = Annotated[
    Literal["beginning", "partial"],
    Meta(description="`beginning`: the answer goes on with the text. `partial`: the answer is a document that has it."),
]


class CompletionBody(OpenAIBody, kw_only=True, frozen=True):
    """A request for completions of a prompt."""

    prompt: Text = ""
    prompt_is: PromptIs = "beginning"
    logprobs: Annotated[int, Meta(ge=0, le=0, description="0: the tokens with their log-probabilities.")] | None = None


class Message(Record, kw_only=True, frozen=True):
    """The message: a partial document, or the beginning of one."""

    role: Literal["user"]
    content: Text


class ChatBody(OpenAIBody, kw_only=True, frozen=True):
    """A request for documents; there is one message."""

    messages: Annotated[list[Message], Meta(min_length=1, max_length=1)]
    prompt_is: PromptIs = "partial"
    logprobs: bool = False
    max_completion_tokens: Annotated[int, Meta(ge=1, le=MAX_TOKENS)] | None = None


class CompleteBody(Sampled, kw_only=True, frozen=True):
    """A request to go on with a text."""

    text: Text
    format: Format = "yaml"
    alternatives: Count = 1


class RegenerateBody(Sampled, kw_only=True, frozen=True):
    """A request to write parts of a document anew: paths such as `jobs.build.steps[2]`, or JSON pointers."""

    text: Text
    parts: Annotated[list[str], Meta(min_length=1, max_length=MAX_PARTS)]
    format: Format = "yaml"
    tries: Annotated[int, Meta(ge=1, le=MAX_TRIES)] = 4


class NextBody(Record, kw_only=True, frozen=True):
    """A question: what may come next at the end of a text?"""

    text: Text
    model: ModelName = None
    format: Format = "yaml"
    limit: Annotated[int, Meta(ge=1, le=MAX_LISTED, description="The most choices.")] = 20


class TokensBody(Record, kw_only=True, frozen=True):
    """A question: how likely is each token of a document, and what would be likelier?"""

    text: Text
    model: ModelName = None
    format: Format = "yaml"
    limit: Annotated[int, Meta(ge=1, le=MAX_LISTED, description="The most tokens that are listed at each.")] = 5


class CheckBody(Record, kw_only=True, frozen=True):
    """A request for all errors of a text; with `judges`, those that are installed are asked as well."""

    text: Text
    model: ModelName = None
    format: Format = "yaml"
    judges: bool = False


def read_body(data: bytes, kind: type[B]) -> B:
    """Return the fields of a body; raises `Refusal` for bad UTF-8, bad JSON, and fields that are unknown or wrong."""
    try:
        data.decode()
        found = msgspec.json.decode(data)
    except UnicodeDecodeError as error:
        raise Refusal(400, f"the body is not UTF-8: {error.reason} at byte {error.start}", code="bad_utf8") from None
    except msgspec.DecodeError as error:
        raise Refusal(400, f"the body is not JSON: {error}", code="bad_json") from None
    except RecursionError:
        raise Refusal(400, "the body is nested too deeply", code="bad_json") from None
    try:
        return msgspec.convert(found, kind)
    except msgspec.ValidationError as error:
        raise _refused(str(error)) from None


def _refused(message: str) -> Refusal:
    """Return the refusal of a body for what msgspec says about it."""
    place = _PLACE.search(message)
    where = place[1] if place else ""
    reason = message[: place.start()] if place else message
    if unknown := _UNKNOWN.match(reason):
        name = f"{where}.{unknown[1]}" if where else unknown[1]
        because = UNSUPPORTED.get(unknown[1])
        detail = f": {because}" if because else "; /openapi.json lists what is"
        return Refusal(400, f"the field `{name}` is not supported{detail}", param=name, code="unsupported_field")
    return Refusal(400, f"{where or 'the body'}: {reason}", param=where or None, code="invalid_value")
