"""Independent judges of documents: what programs that nobody here wrote say about them, with reasons.

In go documents and the names of judges; out come verdicts, and counts of them.

`interface.py` has what judges share, `known.py` the judges of a format, and `asking.py` asks them. A judge by schema is
in `schema_judge.py` and `python_judge.py`, `selection.py` chooses between the two. Each other program has a file;
`installation.py` knows where it is, `programs.py` runs it within bounds, and `batches.py` keeps one document from
spoiling the verdicts on others. The folder `required` has the pinned packages, and what runs in Node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemalm.loading import lazily

if TYPE_CHECKING:
    from schemalm.judging.asking import ask, judge
    from schemalm.judging.interface import Document, Judge, Message, Verdict
    from schemalm.judging.intervals import share_interval
    from schemalm.judging.known import judges_for
    from schemalm.judging.selection import announcement, judge_for

__all__ = [
    "Document",
    "Judge",
    "Message",
    "Verdict",
    "announcement",
    "ask",
    "judge",
    "judge_for",
    "judges_for",
    "share_interval",
]

__getattr__ = lazily(
    __name__,
    {
        "asking": ("ask", "judge"),
        "interface": ("Document", "Judge", "Message", "Verdict"),
        "intervals": ("share_interval",),
        "known": ("judges_for",),
        "selection": ("announcement", "judge_for"),
    },
)
