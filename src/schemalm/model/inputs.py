"""Values with a meaning of their own in the model's inputs.

Data sets write these values and the model reads them, so nothing here imports torch.
"""

from typing import Final

# A target that the loss leaves out, such as padding.
IGNORED_TARGET: Final = -100
# The n-gram look-up's answer where the preceding tokens have not occurred before in the document.
NEVER: Final = 0
