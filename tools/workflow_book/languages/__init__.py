"""The languages of the fictional repositories: one table of toolchains, one module per family."""

from __future__ import annotations

from workflow_book.languages.javascript import JAVASCRIPT
from workflow_book.languages.jvm import JVM
from workflow_book.languages.others import OTHERS
from workflow_book.languages.python import PYTHON
from workflow_book.languages.scripting import SCRIPTING
from workflow_book.languages.systems import SYSTEMS

TOOLCHAINS = (*PYTHON, *JAVASCRIPT, *SYSTEMS, *JVM, *SCRIPTING, *OTHERS)

__all__ = ["TOOLCHAINS"]
