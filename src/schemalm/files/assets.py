"""Compressed files that the package contains, read with a size limit and checked for damage."""

from __future__ import annotations

from importlib.resources import files

import zstandard

from schemalm.errors import DataError
from schemalm.messages.wording import reason_of


def read_asset(package: str, name: str, max_bytes: int) -> bytes:
    """Return the content, at most `max_bytes`, of the zstd file `name` next to the modules of `package`.

    Raises `DataError` if the file is missing, damaged or larger.
    """
    try:
        with files(package).joinpath(name).open("rb") as file:
            packed = file.read(max_bytes)
        if zstandard.frame_content_size(packed) > max_bytes:
            raise damaged(name, f"it has more than {max_bytes:,} bytes")
        return zstandard.decompress(packed)
    except OSError as error:
        raise damaged(name, reason_of(error)) from None
    except zstandard.ZstdError as error:
        raise damaged(name, str(error)) from None


def damaged(name: str, reason: str) -> DataError:
    """Return the error for a file of the package that is not as it was installed."""
    return DataError(f"the file {name} of the package schemalm cannot be used: {reason}; install the package again")
