"""`python -m schemalm.integrations.nanochat`: checks every name and command here, and prints what was seen.

The exit code is 1 where a check failed.
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
    """Check everything; exits with 1 where something is not as it should be."""
    parser = ArgumentParser(prog="python -m schemalm.integrations.nanochat", description="Check what is here.")
    parser.add_argument("--data_dir", type=Path, help="data to check the names on; by default the embedded workflows")
    parser.add_argument("--tokenizer", type=Path, help="by default the data's own")
    parser.add_argument("--context_size", type=int, help="what a model is to have; checked against the data")
    parser.add_argument("--vocab_size", type=int, help="what a model is to have; checked against the data")
    options = parser.parse_args(arguments)
    with TemporaryDirectory() as folder:
        if not all([*_lines(options, Path(folder))]):
            raise SystemExit(REJECTED)


def _lines(options: Namespace, folder: Path) -> Iterator[bool]:
    """Prints the outcome of each check; yields whether it is good. What depends on a failed one is left out."""
    try:
        for seen in run_commands(folder):
            yield _tell(f"ok      {seen}", is_good=True)
        data = options.data_dir or folder / "data"
        subject = subject_of(data, options.tokenizer, options.context_size, options.vocab_size)
    except (SchemaLMError, OSError) as error:
        yield _tell(f"FAILED  {error}", is_good=False)
        return
    for name, check in CHECKS.items():
        try:
            yield _tell(f"ok      {name}: {check(subject)}", is_good=True)
        except (SchemaLMError, OSError) as error:
            yield _tell(f"FAILED  {name}: {error}", is_good=False)


def _tell(line: str, *, is_good: bool) -> bool:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
    return is_good


if __name__ == "__main__":
    main()
