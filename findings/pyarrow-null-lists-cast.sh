#!/bin/sh
# pyarrow 26.0.1: casting an array of lists of nulls to its own type returns an invalid array.
#
# JSON such as {"branches": [null, null]} is read as list<item: null>. A cast of [[null, null, null, null, null]] to the
# same type keeps the offsets 0 and 5, but the child has length 1, the number of lists. The cast itself raises nothing.
# validate(full=True) says "5 > 1", and to_pylist raises ArrowIndexError. Casts to list<string> and to large_list<null> are
# right, and so is an array of empty lists.
#
# SchemaLM casts tables to one schema for all of their batches, but does not cast columns that already have its type.
#
# Output: the result of each cast; then "as described".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pyarrow==26.0.1
"$folder/venv/bin/python" - <<'PYTHON'
import pyarrow as pa


def read(array):
    try:
        array.validate(full=True)
    except pa.ArrowInvalid as error:
        return f"not valid: {error}"
    return array.to_pylist()


nulls = pa.array([[None] * 5], pa.list_(pa.null()))
found = {str(kind): read(nulls.cast(kind)) for kind in (nulls.type, pa.list_(pa.string()), pa.large_list(pa.null()))}
for kind, content in found.items():
    print(f"{kind}: {content}")
assert read(nulls) == [[None] * 5]
assert found.pop(str(nulls.type)) == "not valid: Offset invariant failure: offset for slot 1 out of bounds: 5 > 1"
assert list(found.values()) == [[[None] * 5]] * 2, "the behaviour has changed"
print("as described")
PYTHON
