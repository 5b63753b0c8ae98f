#!/bin/sh
# trackio 0.43.0: resuming a run by its name silently continues the newest run of that name.
#
# If a name is in use, trackio.init(resume="never") creates a second run with the same name and its own id. From then on,
# resume="must" and resume="allow" with that name resume the newest run. init has no parameter for the id, so the older
# run cannot be resumed, and its later steps are added to the curve of the other one. The only message is
# "Resumed existing run". Two training folders that happen to have the same name are enough.
#
# SchemaLM gives each run a unique name, and stores it in the run folder.
#
# Expected output; the script fails if it changes:
#   first: steps 1, 2
#   second: steps 1, 2, 3
#   init takes an id: False
#
# Needs Python 3.11 or later and a package index; not part of the tests.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet trackio==0.43.0
export TRACKIO_DIR="$folder/data" HOME="$folder"
cd "$folder"

cat > example.py <<'PYTHON'
import inspect
import sqlite3
from pathlib import Path

import trackio


def track(resume, steps):
    run = trackio.init(project="example", name="run", resume=resume)
    for step in steps:
        trackio.log({"loss": 1.0 / step}, step=step)
    trackio.finish()
    return run.id


first = track("never", [1, 2])
second = track("never", [1, 2])
track("must", [3])  # meant for the first
(database,) = Path("data").glob("example*.db")
rows = sqlite3.connect(database).execute("select run_id, step from metrics order by step").fetchall()
for name, identifier in (("first", first), ("second", second)):
    steps = ", ".join(str(step) for run, step in rows if run == identifier)
    print(f"RESULT {name}: steps {steps}")
parameters = inspect.signature(trackio.init).parameters
print("RESULT init takes an id:", any(name in parameters for name in ("id", "run_id")))
PYTHON

"$folder/venv/bin/python" example.py > output.txt
sed -n 's/^RESULT //p' output.txt > result.txt
cat result.txt
diff - result.txt <<'EXPECTED'
first: steps 1, 2
second: steps 1, 2, 3
init takes an id: False
EXPECTED
