"""An editor gets completions, continuations, errors and descriptions of what is typed, also while it is broken."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

pytest.importorskip("pygls", reason="needs the extra `lsp`")
from pygls.exceptions import JsonRpcRequestCancelled
from tests.editor.conftest import Editor, editor_of

import schemalm
from schemalm.documents.cut import read_cut
from schemalm.generation import Run
from schemalm.generation.completing import continued

DOCUMENT = "kind: job\nsteps:\n  - uses: checkout\n  - run: make\n"


def applied(editor: Editor, text: str, item: Any) -> str:
    """A text of one line, or its last one, after a completion."""
    before, newline, line = text.rpartition("\n")
    place = item.text_edit.range
    assert place.end.character == len(line)
    return before + newline + line[: place.start.character] + item.text_edit.new_text


def test_the_server_says_what_it_can_do(editor: Editor) -> None:
    can = editor.initialized.capabilities
    assert editor.initialized.server_info.version == schemalm.__version__
    assert can.completion_provider and can.hover_provider and can.inline_completion_provider


def test_every_error_is_a_diagnostic_at_its_place(editor: Editor) -> None:
    editor.open('kind: worker\nsteps: []\n"é𝕏": 3\n')
    found = editor.diagnostics()
    places = [(each.range.start.line, each.range.start.character, each.range.end.character) for each in found]
    assert [each.code for each in found] == ["enum", "minItems", "additionalProperties"]
    assert places == [(0, 6, 12), (1, 0, 5), (2, 0, 5)]
    editor.change(DOCUMENT)
    assert editor.diagnostics() == []


def test_a_text_that_cannot_be_read_has_its_error(editor: Editor) -> None:
    editor.open("kind: 'job\n")
    (found,) = editor.diagnostics()
    assert (found.range.start.line, found.range.start.character) == (0, 6)
    assert "quote" in found.message


def test_closing_a_document_takes_its_errors_away(editor: Editor) -> None:
    editor.open("kind: worker\n")
    assert editor.diagnostics()
    uri = editor.uri
    document = editor.types.TextDocumentIdentifier(uri)
    editor.run(editor.client.text_document_did_close, editor.types.DidCloseTextDocumentParams(document))
    editor.open(DOCUMENT)  # what is said about it comes later
    assert editor.diagnostics() == []
    assert editor.published[uri][-1].diagnostics == ()


def test_the_values_of_a_key_are_ranked_and_described(editor: Editor) -> None:
    editor.open("kind: \n")
    found = editor.complete("kind: ")
    assert {item.label for item in found} == {"service", "job"}
    assert [int(item.detail.removesuffix("%")) for item in found] == sorted(
        (int(item.detail.removesuffix("%")) for item in found), reverse=True
    )
    assert all("What it is." in item.documentation.value for item in found)
    assert all(item.kind == editor.types.CompletionItemKind.EnumMember for item in found)


def test_keys_are_offered_in_any_order_but_not_twice(editor: Editor) -> None:
    editor.open("kind: job\n\nreplicas: 3\n# env: {}\n")
    found = {item.label: item for item in editor.complete("kind: job\n")}
    assert found.keys() == {"name", "env", "steps"}
    assert found["steps"].documentation.value.startswith("What is done.")
    assert {name: item.text_edit.new_text for name, item in found.items()} == {
        "name": "name: ",
        "env": "env:",
        "steps": "steps:",
    }


def test_a_word_is_replaced_as_a_whole(editor: Editor) -> None:
    editor.open("kind: job\nst")
    (steps,) = [item for item in editor.complete("kind: job\nst") if item.label == "steps"]
    assert applied(editor, "kind: job\nst", steps) == "kind: job\nsteps:"


def test_a_key_with_a_colon_gets_no_other(editor: Editor) -> None:
    editor.open("kind: job\nna: x\n")
    (name,) = [item for item in editor.complete("kind: job\nna") if item.label == "name"]
    assert name.text_edit.new_text == "name"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "kind: ",
        "kind: job\nsteps:\n  - ",
        "kind: job\nsteps:\n  - us",
        "kind: job\nenv: {A: ",
        'kind: "',
        "kind: 'j",
    ],
)
def test_a_document_goes_on_after_each_completion(editor: Editor, run: Run, text: str) -> None:
    editor.open(text)
    found = editor.complete(text)
    assert found
    for item in found[:6]:
        continued(run, read_cut(applied(editor, text, item)))


def test_json_is_completed_as_json(editor: Editor, run: Run) -> None:
    for text, expected in (('{"kind": "job", ', '"steps": '), ('{"kind": "job", "', 'steps": '), ('{"ki', 'kind": ')):
        editor.open(text, "file.json", "json")
        found = [item.text_edit.new_text for item in editor.complete(text)]
        assert expected in found
    editor.open('{"kind": ""', "file.json", "json")
    assert {item.text_edit.new_text for item in editor.complete('{"kind": "')} == {"service", "job"}


def test_positions_are_those_of_the_editor(editor: Editor, run: Run) -> None:
    text = 'env: {"é𝕏": 1}\nkind: '
    editor.open(text)
    assert {item.text_edit.range.start.character for item in editor.complete(text)} == {6}
    text = 'env: {"é𝕏": 1, A'
    editor.open(text)
    assert all(item.text_edit.range.start.character == 16 for item in editor.complete(text))


@pytest.mark.parametrize("text", ["kind: 'job\nname: ", "kind: [a\n x: {\nst", "size: ", "a:\n\tb: ", "\x00"])
def test_there_is_no_answer_where_nothing_can_be_said(editor: Editor, text: str) -> None:
    editor.open(text)
    assert editor.complete(text) == []
    assert editor.inline(text) is None
    assert editor.diagnostics()


def test_no_key_is_offered_in_a_comment(editor: Editor) -> None:
    editor.open("# ki\n")
    assert editor.complete("# ki") == []


def test_what_follows_the_cursor_may_be_broken(editor: Editor) -> None:
    editor.open("kind: \nsteps: 'x\n  - [\n")
    assert {item.label for item in editor.complete("kind: ")} == {"service", "job"}
    assert "What it is." in (editor.hover("ki") or "")


def test_a_continuation_is_how_the_model_goes_on(editor: Editor, run: Run) -> None:
    text = "kind: j"
    editor.open(text)
    found = editor.inline(text)
    assert found is not None
    assert found.startswith("ob")
    continued(run, read_cut(text + found))
    assert editor.inline(text) == found
    (whole,) = schemalm.complete(run, text, temperature=0, max_tokens=400)
    assert whole.text.startswith(text + found)


def test_only_a_line_is_continued_where_more_of_the_document_follows(editor: Editor) -> None:
    editor.open(f"kind: j\n{DOCUMENT.partition(chr(10))[2]}")
    assert editor.inline("kind: j") == "ob"
    assert editor.inline("ki") is None


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("ki", "**Kind**\n\nWhat it is.\n\n- one of: `service`, `job`\n- default: `job`"),
        ("kind: j", "**Kind**\n\nWhat it is.\n\n- one of: `service`, `job`\n- default: `job`"),
        ("kind: job\nsteps", "What is done.\n\n- type: array"),
        ("kind: job\nsteps:\n  - us", "An action.\n\n- type: string"),
        ("kind: job\nsteps:\n  - uses: checkout", "An action.\n\n- type: string"),
    ],
)
def test_the_schema_is_told_at_keys_and_values(editor: Editor, at: str, expected: str) -> None:
    editor.open(DOCUMENT)
    assert editor.hover(at) == expected


def test_nothing_is_told_where_the_schema_says_nothing(editor: Editor) -> None:
    editor.open("# kind\nsize: 3\n")
    assert editor.hover("# ki") is None
    assert editor.hover("# kind\nsi") is None


def test_a_change_cancels_what_was_asked_before(editor: Editor) -> None:
    editor.open("kind: job\nname: ")

    async def asked_and_changed() -> Any:
        asked = editor.client.text_document_inline_completion_async(editor.asked_inline("kind: job\nname: "))
        answer = asyncio.ensure_future(asked)
        await asyncio.sleep(0)
        editor.client.text_document_did_change(editor.changed(DOCUMENT))
        return await asyncio.gather(answer, return_exceptions=True)

    (answer,) = editor.wait(asked_and_changed())
    assert isinstance(answer, JsonRpcRequestCancelled)
    assert editor.diagnostics() == []
    assert editor.published[editor.uri][-1].version == editor.version


def test_large_documents_are_left_alone(editor: Editor) -> None:
    text = "kind: job\n" + "# a long comment\n" * 40_000
    editor.open(text)
    (found,) = editor.diagnostics()
    assert found.severity == editor.types.DiagnosticSeverity.Information
    assert "680,010 characters" in found.message
    assert editor.complete("ki") == []
    assert editor.hover("ki") is None


@pytest.mark.slow
def test_the_server_ends_when_it_is_told_to(run: Run) -> None:
    editor = editor_of(run)
    try:
        editor.open("kind: ")
        assert editor.end() == 0
    finally:
        editor.close()


@pytest.mark.slow
def test_the_server_ends_with_its_editor(run: Run) -> None:
    editor = editor_of(run)
    try:
        process = editor.client._server
        assert process is not None and process.stdin is not None
        editor.run(process.stdin.close)
        assert editor.exit_code() is not None
    finally:
        editor.close()
