"""`python -m schemalm`: the same program as `schemalm`."""

from schemalm.cli import main

main()
