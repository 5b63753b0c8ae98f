"""The machine that keeps every derivation inside the schema.

In go the tokens of a document, one by one; out come the mask of the tokens that may come next and the cheapest
completion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemalm.loading import lazily

if TYPE_CHECKING:
    from schemalm.machine.finite_tables import StackEntry
    from schemalm.machine.machine import Machine
    from schemalm.machine.tables import Tables

__all__ = ["Machine", "StackEntry", "Tables"]

__getattr__ = lazily(
    __name__,
    {
        "finite_tables": ("StackEntry",),
        "machine": ("Machine",),
        "tables": ("Tables",),
    },
)
