"""A run loads and generates on a system without Unix-only features, such as Windows."""

from __future__ import annotations

import subprocess
import sys

from schemalm.generation import Run

# The libraries are imported before the attributes are removed, because they have other code for Windows.
SCRIPT = """
import importlib, os, pkgutil, select, signal, sys

# What modules for users of an extra need may be missing.
EXTRAS = ("transformers",)

def load():
    import schemalm
    for found in pkgutil.walk_packages(schemalm.__path__, "schemalm."):
        if not found.name.endswith("__main__"):
            try:
                importlib.import_module(found.name)
            except ModuleNotFoundError as error:
                if error.name not in EXTRAS:
                    raise
    return schemalm

for name in ("fcntl", "resource", "pwd", "grp", "termios"):
    sys.modules[name] = None
load()
for name in [name for name in sys.modules if name.partition(".")[0] == "schemalm"]:
    del sys.modules[name]
for module, names in {
    os: "O_CLOEXEC O_DIRECTORY O_NOFOLLOW O_NONBLOCK fork getuid register_at_fork set_blocking sysconf",
    select: "epoll poll",
    signal: "SIGALRM SIGHUP SIGKILL SIGUSR1",
}.items():
    for name in names.split():
        if hasattr(module, name):
            delattr(module, name)
schemalm = load()
print(*(document.text() for document in schemalm.generate(schemalm.load_run(sys.argv[1]), num_samples=2, max_tokens=9)))
"""


def test_every_module_loads_and_a_run_generates_without_what_windows_lacks(run: Run) -> None:
    command = [sys.executable, "-W", "error", "-c", SCRIPT, str(run.folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
