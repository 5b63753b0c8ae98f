"""Rules: what a schema cannot say about its documents.

In go a rules file and a schema; out come the amended schema, and what the rules say about expressions and names.

    rules_file.py    reads a file, a value or a built-in file; `structure.py` has the records that it becomes
    extension.py     includes the rules that others extend
    consistency.py   checks that the names that rules use exist
    built_in.py      the rules files of the package
    amendments.py    changes a schema
    paths.py         value paths, and the tree of all places that rules name
    names.py         kinds of names, compiled: what each place declares and refers to
    checking.py      checks the names of a whole value, with `declarations.py`, `circles.py` and `violations.py`
"""

from schemalm.rules.rules_file import AnyRules, read_rules
from schemalm.rules.structure import RulesFile

__all__ = ["AnyRules", "RulesFile", "read_rules"]
