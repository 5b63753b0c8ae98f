"""The endpoints for what only this project has: endings, parts written anew, what may come next, all errors.

One more says how likely each token of a document is.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, islice

from msgspec import convert, structs
from starlette.concurrency import run_in_threadpool

from schemalm.checking.positions import Positions
from schemalm.checking.spans import Span, joined, symbol_spans
from schemalm.documents import parse_document
from schemalm.documents.cut import read_cut
from schemalm.documents.splicing import with_part
from schemalm.documents.value_paths import outermost, resolved, value_at
from schemalm.generation.completing import (
    CANDIDATES_PER_ALTERNATIVE,
    around,
    best_fitting,
    likeliest,
    requests_beyond,
    shares,
    written_after,
)
from schemalm.generation.next_choices import next_choices
from schemalm.generation.scoring import chances
from schemalm.judging import Judge, Message, Verdict
from schemalm.serving.answers import (
    CheckAnswer,
    ChoiceAnswer,
    EndingAnswer,
    Endings,
    FindingAnswer,
    JudgeAnswer,
    JudgeMessage,
    NextAnswer,
    Regenerated,
    TokenAnswer,
    TokenChance,
    TokensAnswer,
)
from schemalm.serving.bodies import CheckBody, CompleteBody, NextBody, RegenerateBody, TokensBody
from schemalm.serving.context import Context
from schemalm.serving.given import requests_for, seed_of
from schemalm.serving.openai_api import finish_reason
from schemalm.tokenizer import Tokenizer


async def complete(context: Context, body: CompleteBody) -> Endings:
    """Go on with a text that is cut anywhere: different endings, the likeliest first."""
    served, seed = context.runs.named(body.model), seed_of(body)
    cut, tables = await served.beginning(body.text, is_json=body.format == "json")
    num = 1 if body.alternatives == 1 else CANDIDATES_PER_ALTERNATIVE * body.alternatives
    documents = await served.write(await requests_for(served, tables, num, body, seed))
    context.metrics.count_documents(served.name, documents)
    written = await run_in_threadpool(written_after, cut, documents)
    endings = likeliest(written, await served.scores([*written.values()]))[: body.alternatives]
    verdicts = [await run_in_threadpool(served.check_valid, ending.value) for ending in endings]
    answers = [
        EndingAnswer(
            text=ending.text,
            added=ending.text[len(body.text) :],
            value=ending.value,
            logprob=ending.logprob,
            share=share,
        )
        for ending, share in zip(endings, shares(endings), strict=True)
    ]
    valid = None if None in verdicts else True
    return Endings(model=served.name, schema_sha256=served.schema_sha256, seed=seed, valid=valid, endings=answers)


async def regenerate(context: Context, body: RegenerateBody) -> Regenerated:
    """Write parts of a document anew, and keep all the rest as it is."""
    served, seed, is_json = context.runs.named(body.model), seed_of(body), body.format == "json"
    value = await run_in_threadpool(parse_document, body.text, merge_keys=served.merge_keys, json_only=is_json)
    paths = outermost([resolved(value, part) for part in body.parts])
    tables = await served.ask(lambda: around(served.run, value, paths))
    requests = await served.ask(
        lambda: requests_beyond(served.run, tables, body.tries, body.max_tokens, seed, body.sampling)
    )
    documents = await served.write(requests)
    context.metrics.count_documents(served.name, documents)
    best = best_fitting(documents, await served.scores(documents))

    def spliced() -> str:
        text = body.text
        for path in paths:
            part = value_at(best.value, path)
            text = with_part(text, path, part, is_json=is_json, merge_keys=served.merge_keys)
        return text

    return Regenerated(
        model=served.name,
        schema_sha256=served.schema_sha256,
        seed=seed,
        valid=await run_in_threadpool(served.check_valid, best.value),
        text=await run_in_threadpool(spliced),
        value=best.value,
        finish=best.finish,
        closed_by=best.closed_by,
        finish_reason=finish_reason(best),
    )


async def next_(context: Context, body: NextBody) -> NextAnswer:
    """Say what may come next at the end of a text: keys, kinds, values and texts, each with its probability."""
    served = context.runs.named(body.model)
    is_json = body.format == "json"
    cut = await run_in_threadpool(read_cut, body.text, is_json=is_json, merge_keys=served.merge_keys)
    found = await served.ask(lambda: next_choices(served.run, cut))
    choices = convert(found.choices[: body.limit], list[ChoiceAnswer], from_attributes=True)
    return NextAnswer(
        model=served.name,
        schema_sha256=served.schema_sha256,
        place=found.place,
        choices=choices,
        num_choices=len(found.choices),
    )


async def tokens(context: Context, body: TokensBody) -> TokensAnswer:
    """Say how likely the model finds each token of a document, and where it is written."""
    served, is_json = context.runs.named(body.model), body.format == "json"
    value = await run_in_threadpool(parse_document, body.text, merge_keys=served.merge_keys, json_only=is_json)
    tokenizer = served.run.tokenizer
    ids = await served.ask(lambda: tokenizer.encode(value))
    found = await served.ask(lambda: chances(served.run, ids, body.limit))
    spans = await run_in_threadpool(_spans, tokenizer, body.text, ids)
    answers = [
        TokenAnswer(
            token=tokenizer.describe(token),
            probability=each.probability,
            spans=where,
            likeliest=[
                TokenChance(token=tokenizer.describe(other), probability=chance) for other, chance in each.likeliest
            ],
        )
        for token, each, where in zip(ids, found, spans, strict=True)
    ]
    return TokensAnswer(model=served.name, schema_sha256=served.schema_sha256, tokens=answers)


async def check(context: Context, body: CheckBody) -> CheckAnswer:
    """Report every error of a text, and what the judges that are installed say."""
    served = context.runs.named(body.model)
    found = await run_in_threadpool(served.findings, body.text, "text", is_json=body.format == "json")
    verdicts = list[JudgeAnswer]()
    if body.judges:
        async with context.judging:
            judged = await run_in_threadpool(served.verdicts, body.text, is_json=body.format == "json")
        positions = Positions(body.text)
        verdicts = [_verdict(judge, verdict, positions) for judge, verdict in judged]
    listed = [finding for document in found for finding in document.findings]
    findings = convert(listed, list[FindingAnswer], from_attributes=True)
    return CheckAnswer(
        model=served.name,
        schema_sha256=served.schema_sha256,
        valid=not findings,
        findings=findings,
        is_cut=any(document.is_cut for document in found),
        judges=verdicts,
    )


def _spans(tokenizer: Tokenizer, text: str, ids: list[int]) -> list[list[Span]]:
    """Return where each token is written in a text."""
    symbols = [tokenizer.vocabulary.symbols[token] for token in ids]
    spans = iter(symbol_spans(text, chain.from_iterable(symbols), tokenizer.grammar.symbols))
    return [joined(text, islice(spans, len(of_token))) for of_token in symbols]


def _verdict(judge: Judge, verdict: Verdict, positions: Positions) -> JudgeAnswer:
    def told(messages: Sequence[Message]) -> list[JudgeMessage]:
        found = convert(messages, list[JudgeMessage], from_attributes=True)
        return [each if each.line or not each.pointer else _located(each, positions) for each in found]

    return JudgeAnswer(
        name=judge.name,
        title=judge.title,
        accepted=verdict.accepted,
        errors=told(verdict.errors),
        advice=told(verdict.advice),
        failure=verdict.failure,
    )


def _located(message: JudgeMessage, positions: Positions) -> JudgeMessage:
    """Return a message with the line of its pointer, if it is known."""
    place = positions.locate(message.pointer)
    return message if place is None else structs.replace(message, line=place.line)
