"""The tables that prompts share: what is found for one prompt serves all others, and documents without a prompt.

A prompt changes few states of a grammar: those along the path to what it states. All others, and their masks, are the
same. But each prompt adds states, so after many prompts new tables are begun. The memory of the old ones is free as
soon as nobody writes under them, but for the first, which documents without a prompt keep.
"""

from __future__ import annotations

from schemalm.documents.partial import Partial
from schemalm.machine.tables import Tables

# How many states prompts may add before new tables are begun; 3 kB each for workflows under the strict rules.
MAX_STATES_ADDED = 100_000


class SharedTables:
    """The tables of one tokenizer under changing prompts."""

    def __init__(self, tables: Tables) -> None:
        """tables: the first that are shared, those of documents without a prompt."""
        self._tables = tables
        self._num_states_before = tables.grammar.num_states

    def with_prompt(self, prompt: Partial) -> Tables:
        """Returns the tables of the documents that a prompt states; raises SchemaError if there are none."""
        if self._tables.grammar.num_states - self._num_states_before > MAX_STATES_ADDED:
            self._tables = self._tables.begun_anew()
            self._num_states_before = self._tables.grammar.num_states
        return self._tables.with_prompt(prompt)
