"""The endpoints of OpenAI's API: models, completions and chat completions, whole or as streams of events.

In go requests of any client of that API; out come documents of the served schema. `text` of a completion goes on with
the prompt; a message of a chat is a whole document that has what the prompt states.
"""

from __future__ import annotations

import secrets
import time
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool

from schemalm.documents import JSONValue
from schemalm.errors import DocumentError
from schemalm.generation.results import Generated
from schemalm.hosting.growth import certain
from schemalm.serving.answers import (
    ChatChoice,
    ChatCompletion,
    ChatLogprobs,
    ChatMessage,
    Completion,
    CompletionChoice,
    FinishReason,
    Logprobs,
    Model,
    Models,
    TokenLogprob,
    Usage,
)
from schemalm.serving.bodies import ChatBody, CompletionBody, OpenAIBody
from schemalm.serving.context import Context, Events
from schemalm.serving.faults import Refusal
from schemalm.serving.given import Given, given_beginning, given_partial, requests_for, seed_of
from schemalm.serving.served_run import ServedRun


async def models(context: Context) -> Models:
    """List the runs that are served."""
    return Models(data=[_model(served) for served in context.runs])


async def model(context: Context, name: str) -> Model:
    """Describe one run that is served."""
    return _model(context.runs.named(name))


async def completions(context: Context, body: CompletionBody) -> Completion | Events:
    """Go on with a prompt, or write documents that have it."""
    call = await _begin(context, body, body.prompt, body.prompt_is, is_chat=False)
    return call.events() if body.stream else Completion(**await call.answer())


async def chat_completions(context: Context, body: ChatBody) -> ChatCompletion | Events:
    """Write documents that have what the message states, or go on with it."""
    if body.max_completion_tokens is not None:
        body = msgspec.structs.replace(body, max_tokens=body.max_completion_tokens)
    call = await _begin(context, body, body.messages[0].content, body.prompt_is, is_chat=True)
    return call.events() if body.stream else ChatCompletion(**await call.answer())


def _model(served: ServedRun) -> Model:
    return Model(
        id=served.name,
        created=served.created,
        step=served.run.step,
        schema_sha256=served.schema_sha256,
        vocab_size=served.run.tokenizer.vocab_size,
        context_size=served.run.decoder.configuration.context_size,
    )


async def _begin(context: Context, body: OpenAIBody, prompt: str, prompt_is: str, *, is_chat: bool) -> _Call:
    """Check what a request asks for, and read its prompt."""
    served = context.runs.named(body.model)
    has_schema = _check_format(context, served, body)
    if body.stream_options is not None and not body.stream:
        raise Refusal(400, "the field `stream_options` goes with `stream`", "stream_options", "invalid_value")
    is_json = body.format == "json" or (body.format is None and has_schema)
    read = given_beginning if prompt_is == "beginning" else given_partial
    given = await read(served, prompt, is_json=is_json)
    return _Call(context, served, body, given, seed_of(body), is_chat)


def _check_format(context: Context, served: ServedRun, body: OpenAIBody) -> bool:
    """Return whether a request names a schema; raises `Refusal` if it is not that of the run."""
    asked = body.response_format
    if asked is not None and (asked.type == "json_schema") != (asked.json_schema is not None):
        raise Refusal(
            400, "response_format: `json_schema` goes with the type `json_schema`", "response_format", "invalid_value"
        )
    schemas = []
    if asked is not None and asked.json_schema is not None:
        schemas.append((asked.json_schema.schema, "response_format.json_schema.schema"))
    if body.structured_outputs is not None:
        schemas.append((body.structured_outputs.json, "structured_outputs.json"))
    for schema, param in schemas:
        context.runs.check_schema(served, schema, param)
    return bool(schemas)


@dataclass
class _Call:
    """A request that can be answered: whole, or in events."""

    context: Context
    served: ServedRun
    body: OpenAIBody
    given: Given
    seed: int
    is_chat: bool

    async def answer(self) -> dict[str, Any]:
        """Return the fields of the whole answer."""
        documents = await self.served.write(await self._requests())
        self.context.metrics.count_documents(self.served.name, documents)
        choices = [await run_in_threadpool(self._choice, index, each) for index, each in enumerate(documents)]
        valid = _all_valid([choice.valid for choice in choices])
        return {**self._about(), "choices": choices, "valid": valid, "usage": _usage(documents)}

    async def events(self) -> Events:
        """Yield the answer in events: text that is certain, then the rest of each choice with how it ended."""
        about = self._about() | {"object": "chat.completion.chunk" if self.is_chat else "text_completion"}
        requests, documents = await self._requests(), list[Generated]()
        texts = [""] * len(requests)
        if self.is_chat:
            for index in range(len(requests)):
                yield about | {"choices": [self._delta(index, "") | {"delta": {"role": "assistant", "content": ""}}]}
        async with aclosing(self.served.follow(requests, grows=True)) as items:
            async for index, item in items:
                if isinstance(item, Generated):
                    documents.append(item)
                    yield about | {"choices": [await run_in_threadpool(self._last_delta, index, item, texts[index])]}
                    continue
                sure = await run_in_threadpool(certain, item, self.given.write)
                if len(sure) > len(texts[index]) and sure.startswith(texts[index]):
                    new, texts[index] = sure[len(texts[index]) :], sure
                    yield about | {"choices": [self._delta(index, new)]}
        self.context.metrics.count_documents(self.served.name, documents)
        if self.body.stream_options is not None and self.body.stream_options.include_usage:
            yield about | {"choices": [], "usage": _usage(documents)}

    async def _requests(self) -> list[Any]:
        return await requests_for(self.served, self.given.tables, self.body.n, self.body, self.seed)

    def _about(self) -> dict[str, Any]:
        kind = "chatcmpl" if self.is_chat else "cmpl"
        return {
            "id": f"{kind}-{secrets.token_hex(12)}",
            "created": int(time.time()),
            "model": self.served.name,
            "schema_sha256": self.served.schema_sha256,
            "seed": self.seed,
        }

    def _choice(self, index: int, document: Generated) -> CompletionChoice | ChatChoice:
        ended = self._ended(index, document)
        text = self._written(document.value)
        if not self.is_chat:
            return CompletionChoice(text=text, logprobs=self._logprobs(document), **ended)
        return ChatChoice(message=ChatMessage(content=text), logprobs=self._chat_logprobs(document), **ended)

    def _delta(self, index: int, text: str) -> dict[str, Any]:
        content: dict[str, Any] = {"delta": {"content": text}} if self.is_chat else {"text": text}
        return {"index": index, "logprobs": None, "finish_reason": None, **content}

    def _last_delta(self, index: int, document: Generated, sent: str) -> dict[str, Any]:
        """Return the rest of a choice, and how it ended; raises DocumentError if what was sent is not its beginning."""
        text = self._written(document.value)
        if not text.startswith(sent):
            raise DocumentError("the document was begun anew, after a part of it had been sent; ask again")
        logprobs = self._chat_logprobs(document) if self.is_chat else self._logprobs(document)
        return self._delta(index, text[len(sent) :]) | self._ended(index, document) | {"logprobs": logprobs}

    def _written(self, value: JSONValue) -> str:
        return self.given.write(value)

    def _ended(self, index: int, document: Generated) -> dict[str, Any]:
        return {
            "index": index,
            "valid": self.served.check_valid(document.value),
            "finish": document.finish,
            "closed_by": document.closed_by,
            "finish_reason": finish_reason(document),
            "logprob": document.logprob,
        }

    def _logprobs(self, document: Generated) -> Logprobs | None:
        if not isinstance(self.body, CompletionBody) or self.body.logprobs is None:
            return None
        pairs = self._scored(document)
        return Logprobs(tokens=[token for token, _ in pairs], token_logprobs=[logprob for _, logprob in pairs])

    def _chat_logprobs(self, document: Generated) -> ChatLogprobs | None:
        if not isinstance(self.body, ChatBody) or not self.body.logprobs:
            return None
        return ChatLogprobs(
            content=[TokenLogprob(token=token, logprob=chance) for token, chance in self._scored(document)]
        )

    def _scored(self, document: Generated) -> list[tuple[str, float]]:
        """Return the tokens in words with their log-probabilities; those that closed the document are certain."""
        num_closing = len(document.tokens) - len(document.logprobs)
        words = map(self.served.run.tokenizer.describe, document.tokens)
        return list(zip(words, [*document.logprobs, *[0.0] * num_closing], strict=True))


def finish_reason(document: Generated) -> FinishReason:
    """Return how a document ended, in the words of OpenAI's API."""
    return "stop" if document.finish == "complete" else "length"


def _all_valid(verdicts: list[bool | None]) -> bool | None:
    return None if None in verdicts else all(verdicts)


def _usage(documents: list[Generated]) -> Usage:
    """Return the usage: tokens without a choice count as those of the prompt."""
    num_tokens = sum(len(document.tokens) for document in documents)
    num_forced = sum(document.num_forced for document in documents)
    return Usage(prompt_tokens=num_forced, completion_tokens=num_tokens - num_forced, total_tokens=num_tokens)
