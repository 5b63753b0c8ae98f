"""The endpoints for what only this project has: endings, parts written anew, what may come next, all errors."""

from __future__ import annotations

from msgspec import convert
from starlette.concurrency import run_in_threadpool

from schemalm.documents import parse_document
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
from schemalm.judging import Judge, Verdict
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
)
from schemalm.serving.bodies import CheckBody, CompleteBody, NextBody, RegenerateBody
from schemalm.serving.context import Context
from schemalm.serving.given import requests_for, seed_of
from schemalm.serving.openai_api import finish_reason


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
    cut, _ = await served.beginning(body.text, is_json=body.format == "json")
    found = await served.ask(lambda: next_choices(served.run, cut))
    choices = convert(found.choices[: body.limit], list[ChoiceAnswer], from_attributes=True)
    return NextAnswer(
        model=served.name,
        schema_sha256=served.schema_sha256,
        place=found.place,
        choices=choices,
        num_choices=len(found.choices),
    )


async def check(context: Context, body: CheckBody) -> CheckAnswer:
    """Report every error of a text, and what the judges that are installed say."""
    served = context.runs.named(body.model)
    found = await run_in_threadpool(served.findings, body.text, "text", is_json=body.format == "json")
    verdicts = list[JudgeAnswer]()
    if body.judges:
        async with context.judging:
            judged = await run_in_threadpool(served.verdicts, body.text, is_json=body.format == "json")
        verdicts = [_verdict(judge, verdict) for judge, verdict in judged]
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


def _verdict(judge: Judge, verdict: Verdict) -> JudgeAnswer:
    return JudgeAnswer(
        name=judge.name,
        title=judge.title,
        accepted=verdict.accepted,
        errors=convert(verdict.errors, list[JudgeMessage], from_attributes=True),
        advice=convert(verdict.advice, list[JudgeMessage], from_attributes=True),
        failure=verdict.failure,
    )
