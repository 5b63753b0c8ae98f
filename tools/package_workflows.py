"""Writes the workflows that the package contains: `make packaged-workflows`."""

from __future__ import annotations

from pathlib import Path

import orjson
import zstandard

from schemalm.dataset import embedded
from workflow_book import compose_workflows

FILE = Path(embedded.__file__).with_name(embedded.WORKFLOWS_ASSET)
SEED = 0


def embedded_rows() -> bytes:
    """Return the first workflows of the book as JSON Lines."""
    workflows = compose_workflows(embedded.NUM_EMBEDDED_WORKFLOWS, SEED)
    rows = ({"value": each.value, "repo": each.repository, "path": each.path} for each in workflows)
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


def main() -> None:
    rows = embedded_rows()
    compressor = zstandard.ZstdCompressor(level=22, write_checksum=True)
    FILE.write_bytes(compressor.compress(rows))
    print(f"{embedded.NUM_EMBEDDED_WORKFLOWS:,} workflows, {len(rows):,} bytes, packed {FILE.stat().st_size:,}: {FILE}")


if __name__ == "__main__":
    main()
