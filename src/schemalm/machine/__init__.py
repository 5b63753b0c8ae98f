"""The machine that keeps every derivation inside the schema."""

from schemalm.machine.machine import Machine
from schemalm.machine.tables import Place, Tables

__all__ = ["Machine", "Place", "Tables"]
