"""Computes digests of the package's outputs: run it on two commits to check that a change of code keeps behaviour.

    python benchmarks/digest.py ../shared/data/workflows --out digest.json

It uses only the public surface and the command line, so it runs on commits before and after a change of structure. It
writes SHA-256 digests of: two tokenizer files, the token ids of real documents, the masks before all of their tokens,
decoded values, completions of cut documents, prepared data, the losses and weights of a short run, and documents that
the run generates. On one machine, equal behaviour gives equal digests.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

import schemalm
from rows import read_valid_rows

SCHEMA = "github-workflow"
# Completions take longer than masks, so only one for each of this many masks is computed.
COMPLETION_STRIDE = 97
NUM_STEPS = 20
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1"}
# The fields of the metrics that do not depend on time.
FIELDS = ("kind", "step", "loss", "gradient_norm", "learning_rate", "bits_per_byte", "num_tokens")


def workflow_schema() -> dict[str, Any]:
    """The schema of workflows, which has no default rules as a value: rules refuse some of its valid documents.

    Commits that know no rules have this way to it too.
    """
    schema: dict[str, Any] = schemalm.compile_schema(SCHEMA).schema
    return schema


def digest(parts: Iterable[bytes]) -> str:
    """Returns the SHA-256 of all parts, each preceded by its length."""
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "little") + part)
    return found.hexdigest()


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def digests_of_documents(tokenizer: Any, values: list[Any]) -> dict[str, str]:
    """Returns digests of ids, masks, decoded values and completions."""
    ids = tokenizer.encode_batch(values)
    masks, completions, endings = hashlib.sha256(), [], []
    for document in ids:
        machine = tokenizer.machine()
        for position, token in enumerate(document):
            masks.update(np.packbits(machine.mask()))
            if position % COMPLETION_STRIDE == COMPLETION_STRIDE - 1:
                completions.append(machine.completion())
                endings.append(tokenizer.decode_prefix(document[:position]))
            machine.advance(token)
    return {
        "ids": digest(map(as_json, ids)),
        "masks": masks.hexdigest(),
        "values": digest(as_json(tokenizer.decode(document)) for document in ids),
        "completions": digest(map(as_json, completions)),
        "cut documents": digest(map(as_json, endings)),
    }


def run_command(*arguments: object) -> str:
    """Returns the standard output of a command of the package; ends the script if the command fails."""
    command = [sys.executable, "-m", "schemalm", *map(str, arguments)]
    found = subprocess.run(command, check=False, capture_output=True, text=True, env=ENVIRONMENT)
    if found.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{found.stderr}")
    return found.stdout


def digest_of_files(folder: Path, pattern: str) -> str:
    paths = sorted(path for path in folder.rglob(pattern) if path.is_file())
    if not paths:
        sys.exit(f"no {pattern} in {folder}")
    return digest(part for path in paths for part in (str(path.relative_to(folder)).encode(), path.read_bytes()))


def metrics_of(path: Path) -> bytes:
    """Returns the metrics of a run without the fields that depend on time."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return as_json([{name: row[name] for name in FIELDS if name in row} for row in rows])


def digests_of_run(folder: Path, corpus: Path, tokenizer: Path) -> dict[str, str]:
    """Returns digests of prepared data, losses, weights and generated documents."""
    found = {}
    for name, options in (("windows", ("--stride", 128)), ("windows without overlap", ("--stride", 256))):
        data = folder / name.replace(" ", "-")
        run_command(
            *("prepare", "--input", corpus, "--tokenizer", tokenizer, "--output", data),
            *("--context-size", 256, *options),
        )
        found[f"prepared data, {name}"] = digest_of_files(data, "*")
        run = folder / f"run-{name.replace(' ', '-')}"
        packing = "documents" if "without" in name else "windows"
        run_command(
            *("train", "--data", data, "--out", run, "--model", "tiny", "--steps", NUM_STEPS, "--batch-size", 4),
            *("--packing", packing, "--log-every", 1, "--evaluate-every", NUM_STEPS, "--checkpoint-every", NUM_STEPS),
            *("--device", "cpu", "--samples", 2),
        )
        found[f"losses, {name}"] = digest([metrics_of(run / "metrics.jsonl")])
        found[f"weights, {name}"] = digest_of_files(run / "checkpoints", "model.safetensors")
        documents = folder / f"documents-{name.replace(' ', '-')}"
        run_command("generate", run, "-n", 8, "--max-tokens", 300, "--out", documents)
        found[f"documents, {name}"] = digest_of_files(documents, "*.y*ml")
    return found


def main(
    data: Annotated[Path, typer.Argument(help="The folder with train.jsonl.zst.")],
    num_documents: Annotated[int, typer.Option(min=100, help="How many real documents to encode.")] = 2000,
    out: Annotated[Path | None, typer.Option(help="A JSON file to write.")] = None,
) -> None:
    """Writes the digests."""
    rows = read_valid_rows(data / "train.jsonl.zst", num_documents)
    values = [row["json"] for row in rows]
    grammar = schemalm.compile_schema(workflow_schema())
    learned = schemalm.Tokenizer.train(grammar, values, 4096, sources=[row["repo"] for row in rows])
    found = {"coverage": digest(as_json([use.pointer, use.keyword, use.status]) for use in grammar.coverage())}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tokenizer_file = folder / "tokenizer.json"
        learned.save(tokenizer_file)
        found["tokenizer"] = digest([tokenizer_file.read_bytes()])
        schemalm.Tokenizer.from_grammar(grammar).save(folder / "symbols.json")
        found["tokenizer of symbols"] = digest([(folder / "symbols.json").read_bytes()])
        found |= digests_of_documents(schemalm.Tokenizer.load(tokenizer_file), values)
        corpus = folder / "corpus.jsonl"
        corpus.write_text("".join(json.dumps({"value": row["json"], "repo": row["repo"]}) + "\n" for row in rows))
        found |= digests_of_run(folder, corpus, tokenizer_file)
    text = json.dumps({"documents": len(values), **found}, indent=2)
    print(text)
    if out:
        out.write_text(text + "\n")


if __name__ == "__main__":
    typer.run(main)
