"""`python -m schemalm.integrations.nanochat`: check every name and command of the integration, and print the results.

The exit code is 1 if a check failed.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from schemalm.cli.application import REJECTED
from schemalm.errors import SchemaLMError
from schemalm.integrations.nanochat.verification import CHECKS, run_commands, subject_of


def main(arguments: Sequence[str] | None = None) -> None:
    """Check everything; exit with 1 if a check failed."""
    parser = ArgumentParser(
        prog="python -m schemalm.integrations.nanochat", description="Check the names and commands for nanochat."
    )
    parser.add_argument("--data_dir", type=Path, help="the data for the checks; by default the embedded workflows")
    parser.add_argument("--tokenizer", type=Path, help="the tokenizer; by default that of the data")
    parser.add_argument("--context_size", type=int, help="the context size of the model, to check against the data")
    parser.add_argument("--vocab_size", type=int, help="the vocabulary size of the model, to check against the data")
    options = parser.parse_args(arguments)
    with TemporaryDirectory() as folder:
        if not all([*_lines(options, Path(folder))]):
            raise SystemExit(REJECTED)


def _lines(options: Namespace, folder: Path) -> Iterator[bool]:
    """Print the outcome of each check and yield whether it passed; checks that depend on a failed one are skipped."""
    try:
        for seen in run_commands(folder):
            yield _print(f"ok      {seen}", passed=True)
        data = options.data_dir or folder / "data"
        subject = subject_of(data, options.tokenizer, options.context_size, options.vocab_size)
    except (SchemaLMError, OSError) as error:
        yield _print(f"FAILED  {error}", passed=False)
        return
    for name, check in CHECKS.items():
        try:
            yield _print(f"ok      {name}: {check(subject)}", passed=True)
        except (SchemaLMError, OSError) as error:
            yield _print(f"FAILED  {name}: {error}", passed=False)


def _print(line: str, *, passed: bool) -> bool:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
    return passed


if __name__ == "__main__":
    main()
