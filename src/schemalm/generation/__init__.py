"""Writing documents with a trained model, every one valid."""

from schemalm.generation.generate import Generated, generate
from schemalm.generation.run import Run, load_run

__all__ = ["Generated", "Run", "generate", "load_run"]
