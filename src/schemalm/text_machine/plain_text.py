"""The walk of a trie through a string that may be any text: the same for every grammar, so done once per vocabulary.

Most tokens are text, and most strings of schemas are free somewhere. A walk that reaches such a string at a node where
this walk was also between two characters takes the result for the whole subtree from here.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemalm.compilation import compile_schema
from schemalm.machine.masks import pack_masks
from schemalm.text_machine.byte_trie import ROOT, ByteTrie, Numbers
from schemalm.text_machine.reader import Place
from schemalm.text_machine.spellings import QUOTE, Spellings
from schemalm.text_machine.states import ReadingState, StateTable


class PlainText(NamedTuple):
    """What the tokens of a trie are inside of a string that may be any text.

    is_inside: for each of the sorted tokens, whether it is text and does not end the string. mask: these tokens, as
    bits. is_between: for each node, whether the string stands between two characters. closings: the nodes at which the
    string has just ended, in the order of their tokens; closing_begins: where the ranges of their tokens begin.
    """

    is_inside: NDArray[np.bool_]
    mask: NDArray[np.uint8]
    is_between: NDArray[np.bool_]
    closings: Numbers
    closing_begins: Numbers

    def below(self, trie: ByteTrie, nodes: Numbers) -> tuple[Numbers, NDArray[np.int64]]:
        """Returns the nodes below some nodes at which the string ends, and for each the index of the latter."""
        firsts = np.searchsorted(self.closing_begins, trie.begins[nodes])
        counts = np.searchsorted(self.closing_begins, trie.ends[nodes]) - firsts
        above = np.repeat(np.arange(len(nodes)), counts)
        begins = np.cumsum(counts) - counts
        return self.closings[np.arange(len(above)) + (firsts - begins)[above]], above

    def mark(self, mask: NDArray[np.bool_], trie: ByteTrie, nodes: Numbers) -> None:
        """Marks the tokens of some subtrees that are text."""
        ends = np.zeros(len(self.is_inside) + 1, np.int32)
        np.add.at(ends, trie.begins[nodes], 1)
        np.add.at(ends, trie.ends[nodes], -1)
        mask[trie.sorted_tokens[(np.cumsum(ends[:-1]) > 0) & self.is_inside]] = True


def plain_text(trie: ByteTrie) -> PlainText:
    """Walks a trie through a string that may be any text."""
    grammar = compile_schema({"type": "string"})
    table = StateTable(Spellings(grammar))
    start = table.number(ReadingState(Place.STRING, b"", (grammar.start,)))
    is_between = np.zeros(len(trie.bytes), np.bool_)
    mask = np.zeros(trie.vocab_size, np.bool_)
    closings = [np.empty(0, np.int32)]
    nodes, numbers = np.array([ROOT], np.int32), np.array([start], np.int32)
    while len(nodes):
        is_between[nodes[numbers == start]] = True
        children, parents = trie.children(nodes)
        closings.append(children[(numbers[parents] == start) & (trie.bytes[children] == QUOTE)])
        after = table.after(numbers[parents], trie.bytes[children])
        goes_on = (after >= 0) & (table.outcomes[after] == 0)
        nodes, numbers = children[goes_on], after[goes_on]
        mask[trie.own_tokens(nodes)] = True
    found = np.concatenate(closings)
    found = found[np.argsort(trie.begins[found], kind="stable")]
    return PlainText(mask[trie.sorted_tokens], pack_masks(mask), is_between, found, trie.begins[found])
