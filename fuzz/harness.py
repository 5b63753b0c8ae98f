"""The common part of all fuzzers: it runs a reader on bytes; any error but a `SchemaLMError` is a fault."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import atheris  # type: ignore[import-not-found]

from schemalm.errors import SchemaLMError

Reader = Callable[[bytes], object]
OPTIONS = ("-timeout=10", "-rss_limit_mb=2048", "-max_len=65536", "-len_control=0")
# Texts that readers look for.
WORDS = ("true", "null", "1e999", "-0", "$ref", "$id", "#/", "properties", "\\u0000", "&a ", "*a", "<<: ", "---\n")


def fuzz(name: str, reader: Reader, seeds: Iterable[bytes]) -> None:
    """Run a reader until libFuzzer ends; arguments: `--corpus DIR` first, if at all, then libFuzzer's options."""
    arguments = sys.argv[1:]
    corpus = Path(tempfile.gettempdir()) / "schemalm-fuzz" / name
    if arguments[:1] == ["--corpus"]:
        corpus, arguments = Path(arguments[1]), arguments[2:]
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (corpus / f"seed-{number:03}").write_bytes(seed)
    words = corpus.with_name(f"{name}.dictionary")
    words.write_text("".join(f'"{_spelled(word)}"\n' for word in WORDS))
    settings = [*OPTIONS, f"-artifact_prefix={corpus.parent}/{name}-", f"-dict={words}", *arguments]
    atheris.Setup([name, str(corpus), *settings], lambda content: _run(reader, content))
    atheris.Fuzz()


def _run(reader: Reader, content: bytes) -> None:
    with suppress(SchemaLMError):
        reader(content)


def _spelled(word: str) -> str:
    """Return a word in the notation of libFuzzer's dictionaries."""
    return "".join(character if character.isalnum() else f"\\x{ord(character):02x}" for character in word)
