"""What the pages of this project share: their style, their templates' environment, the classes of probability.

In goes the name of a package with templates; out comes an environment that renders them.

The report, the inspection of tokens and the playground include `page.css`, so they look alike, in light and dark.
"""

from __future__ import annotations

import importlib.resources
from functools import cache

from jinja2 import Environment, FunctionLoader, StrictUndefined, select_autoescape

from schemalm.messages.visible import visible

# Classes of probability: a token belongs to the first bound that it reaches. The last four have the colours p1 to p4.
PROBABILITY_BOUNDS = (0.5, 0.2, 0.05, 0.01, 0.0)


@cache
def environment(package: str) -> Environment:
    """Return the environment of a package's templates: values are escaped and made visible, missing ones are errors."""
    folders = [importlib.resources.files(name) / "templates" for name in (package, __name__)]

    def read(name: str) -> str | None:
        found = next((folder / name for folder in folders if (folder / name).is_file()), None)
        return None if found is None else found.read_text(encoding="utf-8")

    return Environment(
        loader=FunctionLoader(read),
        autoescape=select_autoescape(("html.jinja",)),
        finalize=lambda value: visible(value) if type(value) is str else value,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
