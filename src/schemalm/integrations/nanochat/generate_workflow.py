"""`python -m schemalm.integrations.nanochat.generate_workflow`: `schemalm generate` with a script's options."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from schemalm.integrations.nanochat.commands import at_least, parser_of, refuse, run_schemalm


def main(arguments: Sequence[str] | None = None) -> None:
    """Write valid workflows with a trained model."""
    parser = parser_of("generate_workflow", "Write valid workflows with a trained model.", "generate")
    parser.add_argument("--checkpoint", type=Path, required=True, help="the run folder (--checkpoint_dir of train)")
    parser.add_argument(
        "--num_samples", type=at_least(1), default=10, help="number of workflows; by default %(default)s"
    )
    options, others = parser.parse_known_args(arguments)
    if not options.checkpoint.exists():
        refuse(f"--checkpoint {options.checkpoint} does not exist: name the folder given to train as --checkpoint_dir")
    run_schemalm("generate", {"-n": options.num_samples}, str(options.checkpoint), *others)


if __name__ == "__main__":
    main()
