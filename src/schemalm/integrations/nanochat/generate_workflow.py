"""`python -m schemalm.integrations.nanochat.generate_workflow`: `schemalm generate` under a script's options."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from schemalm.integrations.nanochat.commands import at_least, parser_of, refuse, run_product


def main(arguments: Sequence[str] | None = None) -> None:
    """Write workflows with a trained model, each of them valid."""
    parser = parser_of("generate_workflow", "Write workflows with a trained model, each of them valid.", "generate")
    parser.add_argument("--checkpoint", type=Path, required=True, help="the run folder: train's --checkpoint_dir")
    parser.add_argument("--num_samples", type=at_least(1), default=10, help="by default %(default)s")
    options, others = parser.parse_known_args(arguments)
    if not options.checkpoint.exists():
        refuse(f"--checkpoint {options.checkpoint} does not exist: name the folder that was train's --checkpoint_dir")
    run_product("generate", {"-n": options.num_samples}, str(options.checkpoint), *others)


if __name__ == "__main__":
    main()
