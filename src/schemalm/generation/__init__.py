"""Write documents with a trained model; every document is valid.

In go a run and a prompt; out come values that the schema accepts, each with its tokens and log-probability.
"""

from schemalm.generation.generate import generate, stream
from schemalm.generation.results import Generated, Piece
from schemalm.generation.run import Run, load_run
from schemalm.generation.scoring import score

__all__ = ["Generated", "Piece", "Run", "generate", "load_run", "score", "stream"]
