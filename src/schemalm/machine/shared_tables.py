"""The tables that documents share: what is found for one serves all others, whether they have prompts or not.

A prompt changes few states of a grammar: those along the path to what it states. All others, and their masks, are the
same. But prompts add states, and so do the names that documents declare. So after many documents new tables are begun.
The memory of the old ones is free as soon as nobody writes under them, but for the first, which the tokenizer keeps.
"""

from __future__ import annotations

from schemalm.documents.partial import Partial
from schemalm.machine.tables import Tables

# How many states documents may add before new tables are begun; 3 kB each for workflows under the strict rules.
MAX_STATES_ADDED = 100_000


class SharedTables:
    """The tables of one tokenizer's documents, one after another."""

    def __init__(self, tables: Tables) -> None:
        """tables: the first that are shared."""
        self._tables = tables
        self._num_states_before = tables.grammar.num_states

    def current(self) -> Tables:
        """Returns the tables under which to begin a document."""
        if self._tables.grammar.num_states - self._num_states_before > MAX_STATES_ADDED:
            self._tables = self._tables.begun_anew()
            self._num_states_before = self._tables.grammar.num_states
        return self._tables

    def with_prompt(self, prompt: Partial) -> Tables:
        """Returns the tables of the documents that a prompt states; raises SchemaError if there are none."""
        return self.current().with_prompt(prompt)
