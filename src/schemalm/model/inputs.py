"""Special values in the model's inputs.

Data sets write these values and the model reads them, so nothing here imports torch.
"""

from typing import Final

# A target that the loss ignores, such as padding.
IGNORED_TARGET: Final = -100
# The result of the n-gram look-up if the preceding tokens have not occurred before in the document.
NEVER: Final = 0
