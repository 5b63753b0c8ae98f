"""Explains why a value breaks a schema: the locations and keywords, the one to look at first, and what would help.

    locations.py   the values inside a value, with the results for each; changes of a value
    tasks.py       recursion without Python's stack
    allowance.py   limits the work of each part of an explanation
    evaluator.py   tests whether a value satisfies a formula
    faults.py      what keeps a value from satisfying a formula, and the nearest of several alternatives
    finder.py      finds the faults of a value
    wording.py     the sentences
    independence.py  the faults that do not follow from others
    remedies.py    the smallest change that is known to help
    explainer.py   combines these steps

It runs only after the grammar has refused a value, and does not decide anything. Results are cached by formula and
location, so the work is at most proportional to the product of both, however deep alternatives are nested. The work is
counted; if a call exceeds its limit, the refusal has no reason.
"""

from schemalm.schema.explanation.explainer import Explainer, Failure
from schemalm.schema.explanation.locations import Path

__all__ = ["Explainer", "Failure", "Path"]
