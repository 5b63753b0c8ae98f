"""`python -m schemalm.integrations.nanochat.train`: `schemalm train` with a script's options, also under torchrun.

AdamW trains all weights at `--learning_rate`; the loop, the checkpoints and the inputs of the model are SchemaLM's.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from schemalm.dataset.store import METADATA_FILE, PREPARED
from schemalm.integrations.nanochat.commands import at_least, parser_of, refuse, run_schemalm
from schemalm.training.launch import num_processes

CHECKPOINT_EVERY = 5000
# The defaults for a new run; a resumed run has its own settings.
DEFAULTS = {
    "model_size": "small",
    "num_iterations": 10_000,
    "device_batch_size": 32,
    "eval_every": 500,
    "learning_rate": 3e-4,
    "grad_clip": 1.0,
}
MOST_WARMUP_ITERS = 2000


def main(arguments: Sequence[str] | None = None) -> None:
    """Train a model, or resume training."""
    parser = parser_of("train", "Train a model on data of prepare_training_data.", "train")
    parser.add_argument("--data_dir", type=Path, required=True, help="the folder that prepare_training_data wrote")
    parser.add_argument("--checkpoint_dir", type=Path, required=True, help="the run folder to write")
    parser.add_argument(
        "--model_size", choices=("tiny", "small", "medium", "large"), help=_help("size of the model", "model_size")
    )
    parser.add_argument("--num_iterations", type=at_least(1), help=_help("number of steps", "num_iterations"))
    parser.add_argument(
        "--device_batch_size", type=at_least(1), help=_help("rows per step and process", "device_batch_size")
    )
    parser.add_argument("--eval_every", type=at_least(1), help=_help("steps between validations", "eval_every"))
    parser.add_argument("--learning_rate", type=float, help=_help("peak learning rate", "learning_rate"))
    parser.add_argument(
        "--warmup_iters",
        type=at_least(0),
        help=f"steps of warm-up; by default {MOST_WARMUP_ITERS}, but at most a fifth of the iterations",
    )
    parser.add_argument("--grad_clip", type=float, help=_help("maximum norm of the gradient", "grad_clip"))
    parser.add_argument(
        "--resume_from_iteration", type=at_least(1), help="continue from this checkpoint, with the run's settings"
    )
    options, others = parser.parse_known_args(arguments)
    if options.checkpoint_dir.is_file():
        refuse(f"--checkpoint_dir {options.checkpoint_dir} is a file: name the run folder to write")
    is_new = options.resume_from_iteration is None
    if is_new:
        _fill(options)
    run_schemalm("train", {**_options(options), **(_for_new_runs() if is_new else {})}, *others)


def _help(text: str, option: str) -> str:
    return f"{text}; by default {DEFAULTS[option]}"


def _fill(options: Namespace) -> None:
    for name, value in DEFAULTS.items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    if options.warmup_iters is None:
        options.warmup_iters = min(MOST_WARMUP_ITERS, options.num_iterations // 5)


def _options(options: Namespace) -> dict[str, object]:
    rows = options.device_batch_size
    return {
        "--data": _prepared(options.data_dir),
        "--out": options.checkpoint_dir,
        "--resume": options.resume_from_iteration,
        "--model": options.model_size,
        "--steps": options.num_iterations,
        "--batch-size": None if rows is None else rows * num_processes(),
        "--micro-batch-size": rows,
        "--evaluate-every": options.eval_every,
        "--checkpoint-every": CHECKPOINT_EVERY,
        "--learning-rate": options.learning_rate,
        "--warmup-steps": options.warmup_iters,
        "--gradient-clip": options.grad_clip,
        "--device": _device(),
    }


def _for_new_runs() -> dict[str, object]:
    return {"--optimizer": "adamw", "--dtype": "bfloat16" if _device() == "cuda" else "float32"}


def _device() -> str:
    import torch  # noqa: PLC0415 (so that --help is fast)

    return "cuda" if torch.cuda.is_available() else "cpu"


def _prepared(data_dir: Path) -> Path:
    """Return the folder of prepared data: a subfolder, or the folder itself."""
    if not data_dir.is_dir():
        refuse(f"--data_dir {data_dir} is not a folder: name the one that prepare_training_data wrote (its --output)")
    found = next((folder for folder in (data_dir / PREPARED, data_dir) if (folder / "train").is_dir()), None)
    if found is None or not (found / METADATA_FILE).exists():
        refuse(
            f"--data_dir {data_dir} has no folder {PREPARED!r}: this loop needs more than .pt files, so name the "
            "folder that prepare_training_data wrote (its --output)"
        )
    return found


if __name__ == "__main__":
    main()
