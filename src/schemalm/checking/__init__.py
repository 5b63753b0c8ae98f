"""Checks documents: every error of each, with its line and column.

In goes the text of a file, read as documents, and a grammar; out come findings, in the order of the text.

    checker.py     what is wrong with a value, by the schema and by the rules about names, without repetitions
    positions.py   the line and column of a value, and the excerpt that is shown
    offsets.py     the position of a character inside a scalar
    spans.py       where each symbol of a value is written
    findings.py    the findings of all documents of a file
"""

from schemalm.checking.checker import Checker
from schemalm.checking.findings import Finding, findings_of

__all__ = ["Checker", "Finding", "findings_of"]
