"""Reading prompts: documents in which `...` stands for what is still to be written.

In go the text of a prompt file, or a setting such as `jobs.build.runs-on=ubuntu-latest`; out come values that contain
`...` (Python's Ellipsis), as `partial_of` takes them. In YAML a plain `...` is one, as a value, as an item, as a key,
and as the last line of a mapping. At the beginning of a line it ends a document, as everywhere in YAML; a quoted "..."
is text. JSON has no plain words, so in JSON files the string "..." is one.
"""

from __future__ import annotations

from typing import Any

from schemalm.documents.json_reader import json_with_comments
from schemalm.documents.limits import DEFAULT_LIMITS, DocumentLimits
from schemalm.documents.partial import partial_of
from schemalm.documents.splitting import DocumentText, split_documents
from schemalm.documents.value_paths import Path, parse_path, part_in
from schemalm.documents.yaml_composer import Composer, Expansion, Subtree
from schemalm.documents.yaml_exact import build
from schemalm.documents.yaml_faults import REPEATED
from schemalm.errors import DocumentError, PromptError
from schemalm.json_pointer import pointer_to

ELLIPSIS = "..."


def read_prompts(
    text: str,
    source: str = "",
    *,
    is_json: bool = False,
    merge_keys: bool = False,
    limits: DocumentLimits = DEFAULT_LIMITS,
) -> list[Any]:
    """Return the prompts of a text, one for each document; raises `DocumentError` with line and column."""
    if len(text) > limits.max_bytes:
        raise DocumentError(f"larger than {limits.max_bytes:,} bytes, the limit (max_bytes)", source=source)
    if is_json:
        return [_with_ellipses(json_with_comments(text.removeprefix("\ufeff"), limits, source)[0])]
    expansion = Expansion()
    return [
        _read_document(document, _PromptComposer(limits, merge_keys, expansion), source)
        for document in split_documents(text.removeprefix("\ufeff"))
    ]


def read_setting(setting: str) -> tuple[Path, Any]:
    """Return the path and the value of `PATH=VALUE`, whose value is YAML; raises `PromptError`."""
    path, equals, text = setting.partition("=")
    if not path or not equals:
        raise PromptError(f"{setting!r} is not PATH=VALUE, such as jobs.build.runs-on=ubuntu-latest", pointer=None)
    try:
        values = read_prompts(f" {text}") if text else [""]  # dots at the margin would end a document
    except DocumentError as error:
        raise PromptError(f"the value of {path!r} is not YAML: {error.message}", pointer=None) from None
    if len(values) > 1:
        raise PromptError(f"the value of {path!r} has {len(values)} documents; one was expected", pointer=None)
    return parse_path(path), values[0]


def with_setting(prompt: Any, path: Path, value: Any) -> Any:
    """Return a prompt that also states a value at a path; a prompt of `...` states nothing.

    Objects and lists on the way are made where they are missing, and left open. Raises `PromptError` where the prompt
    says something else.
    """
    return _with_setting(prompt, path, 0, value)


def _with_setting(stated: Any, path: Path, depth: int, value: Any) -> Any:
    pointer = pointer_to(path[:depth])
    if depth == len(path):
        if stated is not ... and partial_of(stated) != partial_of(value):
            raise PromptError(f"stated twice: {stated!r} and {value!r}", pointer=pointer)
        return value
    part = part_in(stated, path[depth])
    container = ({...: ...} if isinstance(part, str) else [...]) if stated is ... else stated
    if isinstance(container, dict):
        return container | {part: _with_setting(container.get(part, ...), path, depth + 1, value)}
    if not isinstance(container, list) or not isinstance(part, int):
        raise PromptError(f"{part!r} is set inside {stated!r}, which has no such part", pointer=pointer)
    num_stated = container.index(...) if ... in container else len(container)
    if part > num_stated:
        message = f"item {part} is set, but only {num_stated} items before it are stated; set the others first"
        raise PromptError(message, pointer=pointer)
    item = _with_setting(container[part] if part < num_stated else ..., path, depth + 1, value)
    return [*container[:part], item, *container[part + (part < num_stated) :]]


class _PromptComposer(Composer):
    """Builds a value in which the plain scalar `...` is Ellipsis, also as a key."""

    def scalar(self, text: str, is_plain: bool, anchor: str | None, start: int) -> None:
        """Add a scalar."""
        if not is_plain or text != ELLIPSIS:
            super().scalar(text, is_plain, anchor, start)
            return
        self.offset = start
        self.add(Subtree(...), text)  # type: ignore[arg-type]  # the value of a prompt is more than a JSON value

    def _checked_key(self, key: Any, container: dict[Any, Any], spelling: str) -> Any:
        if key is not ...:
            return super()._checked_key(key, container, spelling)
        if key in container:
            self._refuse(REPEATED.format(ELLIPSIS))
        return key


def _read_document(document: DocumentText, composer: Composer, source: str) -> Any:
    try:
        return build(document.text, composer, source, entry_word=ELLIPSIS)
    except DocumentError as error:
        line = error.line + document.line - 1
        raise DocumentError(error.message, line=line, column=error.column, source=source) from None


def _with_ellipses(value: Any) -> Any:
    if isinstance(value, dict):
        return {_with_ellipses(key): _with_ellipses(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_with_ellipses(item) for item in value]
    return ... if value == ELLIPSIS else value
