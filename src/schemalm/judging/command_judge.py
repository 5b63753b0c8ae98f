"""Judges that are commands of the user: `NAME=COMMAND`.

The command runs once for each document, without a shell. It gets the path of a file with the document's text, in place
of `{}` or as its last argument. It accepts with exit code 0, and refuses with 1; then the lines that it writes are the
reasons. A reason that begins with `FILE:LINE:` or `line LINE` is at that line. Anything else is no verdict.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from schemalm.errors import ConfigurationError
from schemalm.judging.batches import in_batches, limit_seconds, write_text
from schemalm.judging.interface import Document, Message, Verdict, shorten
from schemalm.judging.programs import run_program

PLACE = "{}"
MAX_OUTPUT_BYTES = 1 << 20
MAX_REASONS = 100
ACCEPTS, REFUSES = 0, 1
_OPTION = re.compile(r"([\w.-]+)=(.*)", re.DOTALL)
_MAX_LINE_CHARACTERS = 2000
_AT_LINE = re.compile(r"(?:[^:\n]+:(\d{1,9}):(?:\d+:)?|line (\d{1,9})\b[:,]?)\s*(.*)", re.DOTALL | re.IGNORECASE)
_FILE_NAME = re.compile(r"[\w-][\w.-]{0,99}\.(?:ya?ml|jsonc?)")


@dataclass(frozen=True)
class CommandJudge:
    """A judge that is the words of a command."""

    name: str
    words: tuple[str, ...]

    meaning = "a command: it ends with 0"

    @property
    def title(self) -> str:
        """The command."""
        return shlex.join(self.words)

    @property
    def why_not(self) -> str:
        """What is missing, or an empty text."""
        program = self.words[0]
        return "" if shutil.which(program) else f"there is no program {program!r}; install it, or name its path"

    def judge(self, documents: Sequence[Document]) -> list[Verdict]:
        """Return one verdict for each document."""
        return in_batches(self._judge_one, documents, batch_size=1)

    def _judge_one(self, documents: Sequence[Document]) -> list[Verdict]:
        (document,) = documents
        with TemporaryDirectory() as folder:
            path = Path(folder, _own_name(document))
            write_text(path, document.text)
            done = run_program(self._command(str(path)), limit_seconds=limit_seconds(1), max_bytes=MAX_OUTPUT_BYTES)
        if done.code == ACCEPTS:
            return [Verdict()]
        if done.code != REFUSES:
            raise done.failed(self.name)
        said = (done.output or done.errors).replace(str(path), _own_name(document))
        lines = [line for line in said.splitlines() if line.strip()]
        return [Verdict(tuple(map(_reason, lines[:MAX_REASONS])) or (Message("refused without a reason"),))]

    def _command(self, path: str) -> list[str]:
        program, *arguments = self.words
        if not any(PLACE in word for word in arguments):
            arguments.append(PLACE)
        return [program, *(word.replace(PLACE, path) for word in arguments)]


def is_command(text: str) -> bool:
    """Return whether a text names a judge by `NAME=COMMAND`."""
    return "=" in text


def command_judge(text: str) -> CommandJudge:
    """Return the judge of `NAME=COMMAND`; raises `ConfigurationError` if the text is something else."""
    given = _OPTION.fullmatch(text)
    try:
        words = tuple(shlex.split(given[2])) if given else ()
    except ValueError as error:
        raise ConfigurationError(f"the command of the judge {text!r} cannot be read: {error}") from None
    if given is None or not words:
        raise ConfigurationError(f"{text!r} is no judge; expected NAME=COMMAND, such as 'mine=./check {PLACE}'")
    return CommandJudge(given[1], words)


def _own_name(document: Document) -> str:
    """Return a name for the file: that of the document's own file, which some programs look at."""
    own = Path(document.name).name
    if _FILE_NAME.fullmatch(own):
        return own
    return "document.json" if document.text.lstrip().startswith("{") else "document.yml"


def _reason(line: str) -> Message:
    line = line[:_MAX_LINE_CHARACTERS].strip()
    found = _AT_LINE.fullmatch(line)
    if found is None:
        return Message(shorten(line))
    return Message(shorten(found[3] or line), int(found[1] or found[2]))
