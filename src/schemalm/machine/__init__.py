"""The machine that keeps every derivation inside the schema."""

from schemalm.machine.finite_tables import StackEntry
from schemalm.machine.machine import Machine
from schemalm.machine.tables import Tables

__all__ = ["Machine", "StackEntry", "Tables"]
