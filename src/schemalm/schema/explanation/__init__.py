"""Why a value breaks a schema: the location and the keyword that a person should look at first, and what would help.

    locations.py   the values inside a value, each with what was found out about it; changes of a value
    tasks.py      recursion that does not take Python's stack
    allowance.py  what a part of this may cost
    judge.py      whether a value satisfies a formula
    faults.py     what keeps a value from it, and which of several alternatives is nearest
    finder.py     finds faults of values against formulas
    wording.py    the sentences
    remedies.py   the smallest change that was seen to help
    explainer.py  all of it together

It runs only after the grammar has refused a value, and decides nothing. What was found is remembered by formula and
location, so the work grows with the product of both, whatever the alternatives inside one another. It is counted: where
a call may take no more, the refusal comes without a reason.
"""

from schemalm.schema.explanation.explainer import Explainer, Failure
from schemalm.schema.explanation.locations import Path

__all__ = ["Explainer", "Failure", "Path"]
