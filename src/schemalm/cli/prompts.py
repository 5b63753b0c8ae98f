"""The prompts of a command: the documents of `--prompt`, what `--set` adds to each, and whether `--open` opens all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from schemalm.cli.given_text import GivenText


def read_prompts_given(
    given: GivenText | None, settings: Sequence[str], *, is_open: bool, merge_keys: bool
) -> list[Any]:
    """Return the prompts, at least one: None if nothing is stated.

    Raises `DocumentError` for text that is no document, and `PromptError` for a setting that is none or contradicts the
    prompt.
    """
    from schemalm.documents.partial import opened, partial_of  # noqa: PLC0415
    from schemalm.documents.prompt_reader import read_prompts, read_setting, with_setting  # noqa: PLC0415

    values: list[Any] = [...]
    if given is not None:
        values = read_prompts(given.text, given.name, is_json=given.is_json, merge_keys=merge_keys)
    for path, value in map(read_setting, settings):
        values = [with_setting(prompt, path, value) for prompt in values]
    if not is_open:
        return [None if value is ... else value for value in values]
    return [opened(partial_of(value, is_open=True)) for value in values]
