#!/bin/sh
# Ray 2.60.0 (Python): ray.init takes over SIGTERM, and ray.get loses the class of an exception from a signal handler.
#
# A program that ends cleanly on a signal sets a handler that raises a subclass of KeyboardInterrupt with its state.
# ray.init replaces this handler for SIGTERM by its own, which calls sys.exit, so the program's handler never runs.
# If it is set again after ray.init, it runs; but if it interrupts ray.get, a bare KeyboardInterrupt is raised, without
# the class and its fields. reference.future().result() raises the exception unchanged.
#
# SchemaLM restores its handlers after ray.init, and waits for futures.
#
# Output: whether the handler is kept after ray.init, and the exception of each way to wait; then "as described".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ray==2.60.0
cat > "$folder/example.py" <<'PYTHON'
import logging
import os
import signal
import threading
import time

import ray


class Ended(KeyboardInterrupt):
    """Raised by the program's handler."""


def handler(number, frame):
    raise Ended(number)


@ray.remote
def slow():
    time.sleep(60)


def ended_while(wait):
    threading.Timer(3, os.kill, (os.getpid(), signal.SIGTERM)).start()
    try:
        wait(slow.remote())
    except BaseException as error:
        return type(error).__name__
    return "nothing"


signal.signal(signal.SIGTERM, handler)
ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
is_kept = signal.getsignal(signal.SIGTERM) is handler
signal.signal(signal.SIGTERM, handler)
of_get = ended_while(ray.get)
of_future = ended_while(lambda reference: reference.future().result())
print(f"RESULT handler kept: {is_kept}; ray.get: {of_get}; future: {of_future}")
PYTHON
RAY_USAGE_STATS_ENABLED=0 "$folder/venv/bin/python" "$folder/example.py" > "$folder/output.txt" 2> "$folder/errors.txt" || cat "$folder/errors.txt"
sed -n 's/^RESULT //p' "$folder/output.txt"
grep -q "^RESULT handler kept: False; ray.get: KeyboardInterrupt; future: Ended$" "$folder/output.txt"
echo "as described"
