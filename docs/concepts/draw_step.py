"""Draws the graph of the training step in `scalar-step.md`: as a picture if graphviz is installed, else as text.

    python docs/concepts/draw_step.py [FILE.svg]

Without a file, or without graphviz, the graph goes to standard output as a tree. A value that several others are
computed from appears under each of them. `dot` and `tree` draw any graph of values.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from schemalm.reference.scalar.value import Value, topological_order

Names = Mapping[Value, str]


def step() -> tuple[Value, Names]:
    """Returns the loss of one example after `backward`, and the names of the named values in its graph."""
    z0, z1 = Value(0.5), Value(-0.2)  # the logits of the two tokens that may follow
    loss = (z0.exp() + z1.exp()).log() - z1  # token 1 came
    loss.backward()
    return loss, {z0: "z0", z1: "z1", loss: "loss"}


def title(value: Value, names: Names) -> str:
    """Returns a node's title: its name and the operation that made it."""
    return " = ".join(filter(None, (names.get(value), value.operation))) or "constant"


def tree(value: Value, names: Names, first: str = "", rest: str = "") -> list[str]:
    """Returns a line for each value with its number and derivative; parents are indented below their results."""
    node = f"{first}{title(value, names)}"
    lines = [f"{node:<26}{value.data:9.4f}{value.grad:9.4f}"]
    for number, parent in enumerate(value.parents, start=1):
        is_last = number == len(value.parents)
        lines += tree(parent, names, rest + ("└─ " if is_last else "├─ "), rest + ("   " if is_last else "│  "))
    return lines


def dot(root: Value, names: Names) -> str:
    """Returns the graph in graphviz's language, with an arrow from each parent to its result: the local derivative."""
    numbers = {value: number for number, value in enumerate(topological_order(root))}
    lines = ["digraph {", "rankdir=LR", 'node [shape=record fontname="sans-serif" fontsize=11]', "edge [fontsize=10]"]
    for value, number in numbers.items():
        lines.append(f'{number} [label="{title(value, names)} | {value.data:.4f} | grad {value.grad:.4f}"]')
        for parent, derivative in zip(value.parents, value.local_derivatives, strict=True):
            lines.append(f'{numbers[parent]} -> {number} [label="{derivative:.4f}"]')
    return "\n".join([*lines, "}"])


def main(arguments: list[str]) -> None:
    """Draws the graph into the given file, or as text."""
    loss, names = step()
    if arguments and shutil.which("dot"):
        picture = subprocess.run(["dot", "-Tsvg"], input=dot(loss, names), capture_output=True, text=True, check=True)
        Path(arguments[0]).write_text(picture.stdout)
        return
    sys.stdout.write("\n".join([f"{'':<26}{'data':>9}{'grad':>9}", *tree(loss, names)]) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
