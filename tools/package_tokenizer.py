"""Makes the tokenizer that the package carries anew: `make packaged-tokenizer`."""

from __future__ import annotations

from pathlib import Path

import zstandard

from schemalm.compilation import compile_schema
from schemalm.integrations.nanochat import packaged

FILE = Path(packaged.__file__).with_name(packaged.ASSET)


def main() -> None:
    schema = compile_schema("github-workflow").schema
    tokenizer = packaged.train_packaged_tokenizer(schema)
    FILE.write_bytes(zstandard.ZstdCompressor(level=19).compress(tokenizer.to_json()))
    print(f"{tokenizer.vocab_size:,} entries, sha256 {tokenizer.digest}, {FILE.stat().st_size:,} bytes: {FILE}")


if __name__ == "__main__":
    main()
