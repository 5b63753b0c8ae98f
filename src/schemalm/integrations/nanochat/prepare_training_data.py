"""`python -m schemalm.integrations.nanochat.prepare_training_data`: `schemalm prepare --format pt`.

If no tokenizer is given, the packaged tokenizer is used and written to the output folder, beside the data.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from schemalm.errors import ConfigurationError
from schemalm.integrations.nanochat.commands import at_least, parser_of, refuse, run_schemalm


def main(arguments: Sequence[str] | None = None) -> None:
    """Turn a folder of workflows into train.pt, val.pt and metadata.json."""
    parser = parser_of(
        "prepare_training_data", "Turn a folder of workflows into train.pt, val.pt and metadata.json.", "prepare"
    )
    parser.add_argument("--input", type=Path, required=True, help="a folder of workflows, or JSON Lines")
    parser.add_argument("--output", type=Path, required=True, help="the folder to write")
    parser.add_argument(
        "--context-size", type=at_least(1), default=512, help="tokens per window; by default %(default)s"
    )
    parser.add_argument(
        "--stride",
        type=at_least(1),
        default=32,
        help="tokens from the start of one window to the next; by default %(default)s",
    )
    parser.add_argument(
        "--train-split", type=float, default=0.8, help="the share of documents to train on; by default %(default)s"
    )
    parser.add_argument("--max-files", type=at_least(1), help="the maximum number of documents")
    parser.add_argument("--tokenizer", type=Path, help="a tokenizer file; by default the packaged tokenizer")
    options, others = parser.parse_known_args(arguments)
    if not options.input.exists():
        refuse(f"--input {options.input} does not exist: name a folder of workflows, one of them, or JSON Lines")
    settings = {f"--{name.replace('_', '-')}": value for name, value in vars(options).items()}
    settings["--tokenizer"] = options.tokenizer or _packaged(options.output)
    run_schemalm("prepare", {**settings, "--format": "pt"}, *others)


def _packaged(output: Path) -> Path:
    """Write the packaged tokenizer to the output folder, for the command and for readers of its data."""
    from schemalm.dataset.store import TOKENIZER_FILE  # noqa: PLC0415
    from schemalm.files.writing import check_writable, write_atomically  # noqa: PLC0415
    from schemalm.integrations.nanochat.packaged import packaged_content  # noqa: PLC0415

    file = output / TOKENIZER_FILE
    try:
        check_writable(output, TOKENIZER_FILE, advice="choose another folder with --output")
        if not file.exists():
            write_atomically(file, packaged_content())
        is_packaged = file.read_bytes() == packaged_content()
    except (ConfigurationError, OSError) as error:
        refuse(str(error))
    if not is_packaged:
        refuse(
            f"{file} is another tokenizer than the packaged one: name it with --tokenizer, or choose another --output"
        )
    return file


if __name__ == "__main__":
    main()
