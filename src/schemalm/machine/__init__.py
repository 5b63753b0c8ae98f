"""The machine that keeps every derivation inside the schema.

In go tokens, one after another; out come the mask of tokens that may come next and the cheapest completion.
"""

from schemalm.machine.machine import Machine
from schemalm.machine.tables import Place, Tables

__all__ = ["Machine", "Place", "Tables"]
