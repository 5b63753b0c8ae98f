"""Measures how fast models train: tokens per second, share of the machine's matrix throughput, and memory.

    python benchmarks/training.py [--sizes tiny,small] [--batch-size 8] [--device cpu] [--nanochat PATH] [--publish]
    python benchmarks/training.py --device cuda --only "bfloat16 .* compiled" --batch-size 64

Every mode runs in a process of its own, on random tokens, in one thread on a CPU: matrix products first, then whole
steps (loss, gradients, clipping, AdamW or Muon). Seconds are CPU time on a CPU and wall time on a GPU; each figure is
the median over rounds. Operations per token are counted in the same way for all models (6 for each weight that
multiplies, and attention over the whole context). The plain model has no side features; "told" adds grammar states,
echoes, recalls and the loss under masks as wide as those of workflows. `--nanochat` takes a checkout of
karpathy/nanochat and trains its GPT with the same shape, batch and precision, by AdamW and, in bfloat16, by its own
optimizer. `--only` selects modes by their description, with a regular expression. `--publish` writes
`benchmarks/results/training.json` and the table of `docs/benchmarks.md`.
"""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from rich.console import Console
from rich.markdown import Markdown

from limits import processor
from page import replace_section
from peer import load_nanochat
from quality.nanochat_training import make_optimizer
from schemalm.dataset.echo import ORDERS
from schemalm.dataset.loader import Rows
from schemalm.dataset.recall import NUM_CERTAINTIES, RECALL_ORDERS
from schemalm.errors import ConfigurationError
from schemalm.files.writing import write_atomically
from schemalm.machine.masks import pack_masks
from schemalm.model.configuration import GPTConfiguration
from schemalm.model.gpt import GPT
from schemalm.training.compilation import compile_model
from schemalm.training.configuration import DTYPES, TrainingConfiguration
from schemalm.training.memory import needed_memory, peak_memory
from schemalm.training.optimizer import Optimizers
from schemalm.training.processes import Processes
from schemalm.training.step import GradientAccumulator

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / "benchmarks" / "results" / "training.json"
PAGE = REPOSITORY / "docs" / "benchmarks.md"
CONTEXT_SIZE, VOCAB_SIZE, NUM_STATES, NUM_NONTERMINALS = 512, 8192, 1024, 256
# As in batches of workflows: at 16 % of the positions, masks admit few tokens, all together 500 (decision 64).
NARROW_SHARE, NUM_NARROW_TOKENS = 0.16, 500
NUM_NARROW_MASKS = 128
# nanochat's own optimizer: a Muon of its own for matrices, AdamW for the rest.
OWN = "own"
GEMM_WIDTH = {"cpu": 1536, "cuda": 8192}
console = Console(stderr=True)


@dataclasses.dataclass(frozen=True)
class Mode:
    """One way to train a size: which model, with which optimizer, in which precision."""

    size: str
    dtype: str
    batch_size: int
    device: str
    num_steps: int
    contender: str = "plain"
    optimizer: str = "adamw"
    compiled: bool = False
    nanochat: str = ""

    def __str__(self) -> str:
        return f"{self.size} {self.contender} {self.dtype} {self.optimizer}{' compiled' if self.compiled else ''}"


def random_rows(batch_size: int, device: str) -> Rows:
    """Returns rows of random tokens that the masks of `make_masks` admit, one window each."""
    generator = torch.Generator().manual_seed(0)

    def draw(limit: int, *width: int) -> torch.Tensor:
        return torch.randint(limit, (batch_size, CONTEXT_SIZE, *width), generator=generator)

    is_narrow_BT = torch.rand(batch_size, CONTEXT_SIZE, generator=generator) < NARROW_SHARE
    wide_BT = NUM_NARROW_MASKS + draw(NUM_NONTERMINALS - NUM_NARROW_MASKS)
    return Rows(
        inputs_BT=draw(VOCAB_SIZE),
        targets_BT=torch.where(is_narrow_BT, draw(NUM_NARROW_TOKENS), draw(VOCAB_SIZE)),
        nonterminals_BT=torch.where(is_narrow_BT, draw(NUM_NARROW_MASKS), wide_BT),
        states_BT2=draw(NUM_STATES, 2),
        echoes_BTE=draw(VOCAB_SIZE, len(ORDERS)),
        recalls_BTR2=torch.stack(
            (draw(VOCAB_SIZE, len(RECALL_ORDERS)), draw(NUM_CERTAINTIES, len(RECALL_ORDERS))), dim=-1
        ),
        positions_BT=None,
        num_targets=batch_size * CONTEXT_SIZE,
    ).to(torch.device(device))


def clock(device: str) -> float:
    """Returns the time in seconds: CPU time, or wall time after the GPU has finished."""
    if device == "cpu":
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


def make_masks() -> torch.Tensor:
    """Returns packed masks: narrow ones, then masks that admit every token."""
    masks = np.ones((NUM_NONTERMINALS, VOCAB_SIZE), dtype=bool)
    masks[:NUM_NARROW_MASKS, NUM_NARROW_TOKENS:] = False
    return torch.from_numpy(pack_masks(masks))


def gemm_seconds(device: str, dtype: torch.dtype) -> float:
    """Returns the seconds of one square matrix product."""
    width = GEMM_WIDTH[device]
    left, right = (torch.randn(width, width, device=device).to(dtype) for _ in range(2))
    started = clock(device)
    left @ right
    return clock(device) - started


def make_step(mode: Mode) -> tuple[Callable[[], None], int, int | None]:
    """Returns a function that makes one step, its operations per token, and its computed memory."""
    if mode.contender == "nanochat":
        return make_nanochat_step(mode)
    is_told = mode.contender == "told"
    shape = GPTConfiguration.named(
        mode.size,
        vocab_size=VOCAB_SIZE,
        context_size=CONTEXT_SIZE,
        num_states=NUM_STATES if is_told else 0,
        num_echoes=len(ORDERS) if is_told else 0,
        num_recalls=len(RECALL_ORDERS) if is_told else 0,
        num_certainties=NUM_CERTAINTIES if is_told else 0,
    )
    configuration = TrainingConfiguration(
        num_steps=1_000_000,
        batch_size=mode.batch_size,
        dtype=mode.dtype,
        optimizer=mode.optimizer,
        device=mode.device,
    )
    alone = Processes(torch.device(mode.device))
    model = GPT(shape)
    model.initialize(0)
    model.to(mode.device)
    if mode.compiled:
        compile_model(model, DTYPES[mode.dtype])
    packed = make_masks().to(mode.device) if is_told else None
    optimizers = Optimizers(model, configuration, alone)
    accumulator = GradientAccumulator(model, packed, configuration, alone)
    rows = random_rows(mode.batch_size, mode.device)
    counter = iter(range(1, 1_000_000))

    def step() -> None:
        number = next(counter)
        accumulator.gradients([rows], number)
        optimizers.step(number)

    return step, model.flops_per_token(), needed_memory(model, configuration, mode.device).total


def make_nanochat_step(mode: Mode) -> tuple[Callable[[], None], int, None]:
    """Returns the same for the GPT of a nanochat checkout; its embedding is float32 if products are."""
    shape = GPTConfiguration.named(mode.size, vocab_size=VOCAB_SIZE, context_size=CONTEXT_SIZE)
    model = load_nanochat(Path(mode.nanochat), shape)
    model.to(mode.device)
    dtype = DTYPES[mode.dtype]
    if dtype == torch.float32:
        model.transformer.wte.float()
    compute = torch.compile(model) if mode.compiled else model
    adamw = mode.optimizer == "adamw"
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True) if adamw else make_optimizer(model)
    rows = random_rows(mode.batch_size, mode.device)

    def step() -> None:
        with torch.autocast(mode.device, dtype=dtype, enabled=dtype != torch.float32):
            loss = compute(rows.inputs_BT, rows.targets_BT)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step, GPT(shape).flops_per_token(), None


def measure(mode: Mode) -> dict[str, Any]:
    """Measures steps and matrix products in turns, so that the state of the machine affects both alike."""
    if mode.device == "cpu":
        torch.set_num_threads(1)
    dtype = DTYPES[mode.dtype]
    step, flops_per_token, computed = make_step(mode)
    for _ in range(2):
        gemm_seconds(mode.device, dtype)
        step()
    seconds, products = [], []
    for _ in range(mode.num_steps):
        products.append(min(gemm_seconds(mode.device, dtype) for _ in range(3)))
        started = clock(mode.device)
        step()
        seconds.append(clock(mode.device) - started)
    rate = mode.batch_size * CONTEXT_SIZE / statistics.median(seconds)
    peak = 2 * GEMM_WIDTH[mode.device] ** 3 / statistics.median(products)
    settings = {name: value for name, value in dataclasses.asdict(mode).items() if name != "nanochat"}
    return {
        **settings,
        "tokens_per_second": rate,
        "gflops": rate * flops_per_token / 1e9,
        "peak_gflops": peak / 1e9,
        "share_of_peak": rate * flops_per_token / peak,
        "memory_bytes": peak_memory(torch.device(mode.device)),
        "computed_memory_bytes": computed,
    }


def run(mode: Mode) -> dict[str, Any] | None:
    """Measures a mode in a process of its own; prints a message and returns None if it fails."""
    console.print(str(mode))
    environment = {**os.environ, **({"OMP_NUM_THREADS": "1"} if mode.device == "cpu" else {})}
    arguments = [sys.executable, __file__, "--one", json.dumps(dataclasses.asdict(mode))]
    done = subprocess.run(arguments, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        console.print(f"  failed: {done.stderr.strip().splitlines()[-1]}", markup=False)
        return None
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    console.print(f"  {result['tokens_per_second']:,.0f} tokens/s, {result['share_of_peak']:.1%} of the peak")
    return result


def modes(sizes: list[str], batch_size: int, device: str, num_steps: int, nanochat: Path | None) -> list[Mode]:
    """Returns all modes: both precisions, then Muon and told models, and the other contender."""
    found = []
    for size in sizes:
        plain = Mode(size, "float32", batch_size, device, num_steps)
        mixed = dataclasses.replace(plain, dtype="bfloat16")
        found += [plain, dataclasses.replace(plain, compiled=True), mixed, dataclasses.replace(mixed, compiled=True)]
        told = dataclasses.replace(mixed, contender="told", optimizer="muon")
        found += [dataclasses.replace(mixed, optimizer="muon"), told, dataclasses.replace(told, compiled=True)]
        found.append(dataclasses.replace(found[-1], dtype="float32"))
        if nanochat is not None:
            other = dataclasses.replace(plain, contender="nanochat", nanochat=str(nanochat.resolve()))
            both = (other, dataclasses.replace(other, dtype="bfloat16"))
            found += [*both, *(dataclasses.replace(mode, compiled=True) for mode in both)]
            found.append(dataclasses.replace(found[-1], optimizer=OWN))
    return found


def table(results: list[dict[str, Any]]) -> list[str]:
    """Returns the results as lines of Markdown; "against nanochat" divides by its tokens per second by AdamW."""
    columns = (
        "size",
        "model",
        "products",
        "optimizer",
        "compiled",
        "tokens/s",
        "GFLOP/s",
        "of the peak",
        "peak memory, MiB",
    )
    lines = [f"| {' | '.join((*columns, 'computed, MiB', 'against nanochat'))} |", "|" + " --- |" * (len(columns) + 2)]
    for result in results:
        peers = [
            other["tokens_per_second"]
            for other in results
            if other["contender"] == "nanochat"
            and other["optimizer"] == "adamw"
            and all(other[name] == result[name] for name in ("size", "dtype", "compiled"))
        ]
        computed = result["computed_memory_bytes"]
        cells = (
            result["size"],
            result["contender"],
            result["dtype"],
            result["optimizer"],
            "yes" if result["compiled"] else "no",
            f"{result['tokens_per_second']:,.0f}",
            f"{result['gflops']:,.0f}",
            f"{result['share_of_peak']:.1%}",
            f"{result['memory_bytes'] / (1 << 20):,.0f}",
            "" if computed is None else f"{computed / (1 << 20):,.0f}",
            f"{result['tokens_per_second'] / peers[0]:.2f} times" if peers else "",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def machine(device: str) -> str:
    """Returns a description of the machine."""
    name = torch.cuda.get_device_name() if device == "cuda" else f"1 thread of {processor()}"
    load = f", with a load of {os.getloadavg()[0]:.1f}" if device == "cpu" else ""
    return f"{name}{load}; python {platform.python_version()}, torch {torch.__version__}"


def main(
    sizes: Annotated[str, typer.Option(help="Some of tiny, small, medium, large, separated by commas.")] = "tiny,small",
    batch_size: Annotated[int, typer.Option(min=1)] = 8,
    steps: Annotated[int, typer.Option(min=1, help="Rounds of each mode.")] = 7,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    nanochat: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="A checkout to compare with.")
    ] = None,
    only: Annotated[str, typer.Option(help="Only modes whose description has a match of this.")] = "",
    publish: Annotated[bool, typer.Option(help="Write the results and the page.")] = False,
    one: Annotated[str, typer.Option(hidden=True)] = "",
) -> None:
    """Measure all modes."""
    if one:
        print(json.dumps(measure(Mode(**json.loads(one)))))
        return
    if device == "cuda" and not torch.cuda.is_available():
        raise ConfigurationError("no CUDA device is available here")
    wanted = modes(sizes.split(","), batch_size, device, steps, nanochat)
    found = [run(mode) for mode in wanted if re.search(only, str(mode))]
    results = [result for result in found if result is not None]
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    conditions = f"Measured on {today}: {machine(device)}. Context {CONTEXT_SIZE}, {batch_size} windows a step."
    lines = [conditions, "", *table(results)]
    Console().print(Markdown("\n".join(lines)))
    if publish:
        content = {"machine": machine(device), "date": today, "results": results}
        name = RESULTS if device == "cpu" else RESULTS.with_stem("training-cuda")
        write_atomically(name, json.dumps(content, indent=2).encode() + b"\n")
        write_atomically(PAGE, replace_section(PAGE.read_text(), f"training-{device}", "\n".join(lines)).encode())


if __name__ == "__main__":
    typer.run(main)
