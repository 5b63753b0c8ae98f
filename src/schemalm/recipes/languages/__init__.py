"""The languages of the fictional repositories: one table of toolchains, one module per family."""

from __future__ import annotations

from schemalm.recipes.languages.javascript import JAVASCRIPT
from schemalm.recipes.languages.jvm import JVM
from schemalm.recipes.languages.others import OTHERS
from schemalm.recipes.languages.python import PYTHON
from schemalm.recipes.languages.scripting import SCRIPTING
from schemalm.recipes.languages.systems import SYSTEMS

TOOLCHAINS = (*PYTHON, *JAVASCRIPT, *SYSTEMS, *JVM, *SCRIPTING, *OTHERS)

__all__ = ["TOOLCHAINS"]
