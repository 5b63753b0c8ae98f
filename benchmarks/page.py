"""Sections of docs/benchmarks.md: each benchmark writes its own section between two marks."""

from __future__ import annotations

import re


def replace_section(page: str, name: str, section: str) -> str:
    """Returns the page with the section between the marks of `name`, or at the end if it has no such marks."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    block = f"{begin}\n{section}\n{end}"
    if begin not in page:
        return f"{page.rstrip()}\n\n{block}\n"
    return re.sub(f"{re.escape(begin)}.*{re.escape(end)}", lambda _: block, page, flags=re.DOTALL)
