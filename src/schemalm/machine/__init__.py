"""The machine that keeps every derivation inside the schema.

In go the tokens of a document, one by one; out come the mask of the tokens that may come next and the cheapest
completion.
"""

from schemalm.machine.finite_tables import StackEntry
from schemalm.machine.machine import Machine
from schemalm.machine.tables import Tables

__all__ = ["Machine", "StackEntry", "Tables"]
