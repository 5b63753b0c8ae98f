"""How long an editor waits for a run: from a keystroke to completions, and to a continuation.

    python benchmarks/editor.py RUN DOCUMENT [--rounds 3]

Types at several places of a document, each as the end of a text, with the server in a process of its own, and asks
again, as an editor does, until there is an answer. Prints the seconds that pass and the processor seconds of the
server: on a busy machine only the latter mean something. The first round is cold: no mask was needed before.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.client import LanguageClient

URI = "file:///document.yml"
WHOLE_SECONDS, MAX_ASKED = 1800, 10


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("document", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    asyncio.run(asyncio.wait_for(measured(given.run, given.document.read_text(), given.rounds), WHOLE_SECONDS))


def places(document: str) -> Iterator[str]:
    """Yield the texts at whose ends somebody types: after each key, and after half of each line."""
    lines = document.splitlines(keepends=True)
    for number, line in enumerate(lines):
        before = "".join(lines[:number])
        content = line.lstrip(" -")
        yield before + line[: len(line) - len(content)]
        if ": " in line:
            yield before + line.partition(": ")[0] + ": "


async def measured(run: Path, document: str, rounds: int) -> None:
    """Start a server, and ask it everywhere."""
    client = LanguageClient("benchmark", "1")
    started = time.monotonic()
    await client.start_io(sys.executable, "-m", "schemalm", "lsp", str(run))
    await client.initialize_async(types.InitializeParams(capabilities=types.ClientCapabilities()))
    client.initialized(types.InitializedParams())
    print(f"start: {time.monotonic() - started:.1f} s")
    item = types.TextDocumentItem(URI, "yaml", 0, "")
    client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    version = 0

    async def typed(text: str, ask: Callable[[types.Position], Awaitable[Any]]) -> tuple[float, float, bool]:
        nonlocal version
        version += 1
        begun, cpu = time.monotonic(), cpu_seconds(client._server.pid)
        client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(version, URI),
                [types.TextDocumentContentChangeWholeDocument(text)],
            )
        )
        found = None
        for _ in range(MAX_ASKED):
            found = await ask(types.Position(text.count("\n"), len(text) - text.rfind("\n") - 1))
            if found and found.items:
                break
        return time.monotonic() - begun, cpu_seconds(client._server.pid) - cpu, bool(found and found.items)

    document_id = types.TextDocumentIdentifier(URI)
    context = types.InlineCompletionContext(types.InlineCompletionTriggerKind.Automatic)
    asks = {
        "completion": lambda at: client.text_document_completion_async(types.CompletionParams(document_id, at)),
        "continuation": lambda at: client.text_document_inline_completion_async(
            types.InlineCompletionParams(context, document_id, at)
        ),
    }
    print(f"{'':14}{'round':>6}{'median s':>10}{'most s':>8}{'median CPU s':>14}{'answered':>10}")
    for number in range(1, rounds + 1):
        for name, ask in asks.items():
            found = [await typed(text, ask) for text in places(document)]
            walls, cpus, answered = zip(*found, strict=True)
            figures = f"{statistics.median(walls):>10.2f}{max(walls):>8.2f}{statistics.median(cpus):>14.2f}"
            print(f"{name:14}{number:>6}{figures}{sum(answered):>6} of {len(answered)}")
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()


def cpu_seconds(process: int) -> float:
    """Return how much processor time a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
