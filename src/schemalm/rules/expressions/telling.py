"""Names of states for labels: the same in every process and version.

They leave out how deep operands nest, and beyond a few how many arguments there are, which decide about few texts
only. Renaming a phase, role or bracket renames states, and so changes tokenizers.
"""

from __future__ import annotations

from schemalm.rules.expressions.states import Frame, Operand, Quoted, State
from schemalm.rules.expressions.types import Type, told_type

# More arguments than these are told alike.
MAX_TOLD_ARGUMENTS = 3


def told_state(state: State) -> str:
    """A text that names a state."""
    token = state.token
    told = _quoted(token) if isinstance(token, Quoted) else repr(token)
    return f"{state.phase.name} {_operand(state.operand)} {told} {_frames(state.frame)}"


def _quoted(quoted: Quoted) -> str:
    content = tuple(quoted.content) if isinstance(quoted.content, tuple) else quoted.content
    return f"{quoted.role.name} {quoted.pending} {quoted.ended} {quoted.matched} {content}"


def _operand(operand: Operand) -> str:
    narrowed = [told_type(part) for part in operand.narrowed or ()]
    return f"{told_type(operand.type)} {operand.level} {operand.negations} {narrowed} {operand.indexable}"


def _frames(frame: Frame | None) -> str:
    told = []
    while frame is not None:
        pending = [told_type(part) if isinstance(part, Type) else part for part in frame.pending or ()]
        function = frame.function.name if frame.function is not None else ""
        args = (min(frame.args, MAX_TOLD_ARGUMENTS), min(frame.due, MAX_TOLD_ARGUMENTS), frame.room == 0)
        told.append(f"{frame.kind.name} {function} {args} {frame.compared} {pending} {_operand(frame.owner)}")
        frame = frame.parent
    return f"{told}"
