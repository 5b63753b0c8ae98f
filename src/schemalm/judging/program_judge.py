"""A judge that is a program of the installed packages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from schemalm.errors import ConfigurationError
from schemalm.judging.installation import pinned_version, why_not
from schemalm.judging.interface import Document, Verdict


@dataclass(frozen=True)
class ProgramJudge:
    """A program that accepts or refuses documents.

    package: the pinned npm or Python package that has it. program: what people call it. path: what must exist for it
    to run. ask: returns the verdicts on documents.
    """

    name: str
    package: str
    program: str
    meaning: str
    path: Path
    ask: Callable[[Sequence[Document]], list[Verdict]]
    needs_node: bool = False

    @property
    def title(self) -> str:
        """The program with its version."""
        return f"{self.program} {pinned_version(self.package)}"

    @property
    def why_not(self) -> str:
        """What is missing and how to install it, or an empty text."""
        return why_not(self.package, self.path, needs_node=self.needs_node)

    def judge(self, documents: Sequence[Document]) -> list[Verdict]:
        """Return one verdict for each document; raises `ConfigurationError` if the program is missing."""
        if self.why_not:
            raise ConfigurationError(f"the judge {self.name} is missing: {self.why_not}")
        return self.ask(documents)
