"""The inputs of `schemalm check` and `schemalm judge`: files, folders, patterns such as `**/*.yml`, and `-` for stdin.

A folder stands for the YAML and JSON files in it and below, except those in folders named `.git`. If GitHub workflows
are checked, a folder that contains `.github/workflows` stands for the workflows there, as on GitHub. In patterns, `*`,
`?` and `[...]` match within a name, and `**` any number of folders; as in a shell, names that begin with a dot are
matched only by a dot. Links to folders are not followed, nor links to files that lead out of the folder searched. Each
file is checked once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

import typer

from schemalm.messages.visible import visible_line
from schemalm.messages.wording import counted, reason_of

STANDARD_INPUT = "-"
SUFFIXES = (".yml", ".yaml", ".json")
MAX_ENTRIES = 1_000_000  # of the folders that are searched
WORKFLOW_SCHEMAS = ("github-workflow", "github-workflows")
WORKFLOW_FOLDER = Path(".github", "workflows")
_MAGIC = frozenset("*?[")


@dataclass(frozen=True)
class Source:
    """A file to check, with the name for messages; `path` is None for standard input."""

    name: str
    path: Path | None

    @property
    def argument(self) -> str | Path:
        """The argument of the command that names it."""
        return STANDARD_INPUT if self.path is None else self.path


@dataclass
class Inputs:
    """The files to check, and the folders that cannot be read, each with the reason."""

    sources: list[Source] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)


def find_inputs(arguments: Sequence[str], schema: str, say: Callable[[str], None]) -> Inputs:
    """Return the inputs in the order of the arguments, those of a folder or pattern sorted by path.

    `say` announces what is not obvious. Raises `BadParameter` for an argument that stands for no file.
    """
    search = _Search(schema, say)
    unique: dict[str, Source] = {}
    for argument in arguments:
        for source in search.sources(argument):
            unique.setdefault(os.path.realpath(source.path) if source.path else "", source)
    search.report()
    return Inputs(list(unique.values()), search.unreadable)


class _Search:
    """The search for the files of all arguments."""

    def __init__(self, schema: str, say: Callable[[str], None]) -> None:
        self.unreadable: dict[str, str] = {}
        self._schema, self._say = schema, say
        self._num_entries = 0
        self._num_links = 0

    def report(self) -> None:
        """Announce what was not followed."""
        if self._num_links:
            self._say(f"not followed: {counted(self._num_links, 'link')} to folders or out of the folder searched")

    def sources(self, argument: str) -> Iterator[Source]:
        """Yield the files that an argument stands for; raises `BadParameter` if there are none."""
        path = Path(argument)
        if argument == STANDARD_INPUT:
            yield Source("<stdin>", None)
        elif path.is_dir():
            yield from self._of_folder(path)
        elif os.path.lexists(path):
            yield Source(str(path), path)
        elif _MAGIC.isdisjoint(argument):
            raise _refusal(f"{visible_line(argument)!r}: no such file or folder")
        else:
            yield from self._of_pattern(path)

    def _of_folder(self, folder: Path) -> Iterator[Source]:
        workflows = folder / WORKFLOW_FOLDER
        if self._schema in WORKFLOW_SCHEMAS and workflows.is_dir():
            files = [path for path in self._entries(workflows, workflows) if _is_document(path)]
            number = counted(len(files), "workflow")
            self._say(f"{visible_line(str(folder))} is a repository: checking its {number} in {WORKFLOW_FOLDER}")
            folder = workflows
        else:
            files = list(self._below(folder, folder))
        if not files and not self.unreadable:
            raise _refusal(f"{visible_line(str(folder))!r}: no {', '.join(SUFFIXES)} file in this folder")
        yield from (Source(str(file), file) for file in files)

    def _of_pattern(self, pattern: Path) -> Iterator[Source]:
        fixed = next(index for index, part in enumerate(pattern.parts) if not _MAGIC.isdisjoint(part))
        root = Path(*pattern.parts[:fixed])
        files = sorted({path for path in self._matching(root, pattern.parts[fixed:], root) if path.is_file()})
        if not files and not self.unreadable:
            raise _refusal(f"{visible_line(str(pattern))!r}: no file matches this pattern")
        yield from (Source(str(file), file) for file in files)

    def _below(self, folder: Path, root: Path) -> Iterator[Path]:
        """Yield the documents in a folder and below, sorted."""
        for path in self._entries(folder, root):
            if path.is_dir():
                if path.name != ".git":
                    yield from self._below(path, root)
            elif _is_document(path):
                yield path

    def _matching(self, folder: Path, parts: Sequence[str], root: Path) -> Iterator[Path]:
        """Yield what matches the parts of a pattern, below a folder."""
        first, *rest = parts
        if first == "**":
            while rest[:1] == ["**"]:
                rest.pop(0)
            yield from self._matching(folder, rest or ["*"], root)
        for path in self._entries(folder, root):
            is_hidden = path.name.startswith(".") and not first.startswith(".")
            if is_hidden or (first != "**" and not fnmatchcase(path.name, first)):
                continue
            if first == "**":
                following = ["**", *rest]
            elif rest:
                following = rest
            else:
                yield path
                continue
            if path.is_dir():
                yield from self._matching(path, following, root)

    def _entries(self, folder: Path, root: Path) -> list[Path]:
        """Return the entries of a folder, sorted, without links that are not followed.

        Raises `BadParameter` if too many entries were searched.
        """
        try:
            entries = sorted(folder.iterdir())
        except FileNotFoundError:  # the folder before a pattern
            return []
        except OSError as error:
            self.unreadable[str(folder)] = f"the folder cannot be read: {reason_of(error)}"
            return []
        self._num_entries += len(entries)
        if self._num_entries > MAX_ENTRIES:
            message = f"{visible_line(str(root))!r}: more than {MAX_ENTRIES:,} files and folders; name fewer folders"
            raise _refusal(message)
        followed = [path for path in entries if not path.is_symlink() or _stays_inside(path, root)]
        self._num_links += len(entries) - len(followed)
        return followed


def _stays_inside(link: Path, root: Path) -> bool:
    """Return whether a link leads to a file inside the folder searched."""
    target = Path(os.path.realpath(link))
    return not target.is_dir() and target.is_relative_to(os.path.realpath(root))


def _is_document(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.is_dir()


def _refusal(message: str) -> typer.BadParameter:
    return typer.BadParameter(message, param_hint="FILES")
