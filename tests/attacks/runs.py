"""Hostile run folders: a changed `run/`."""

from __future__ import annotations

from typing import Any

from tests.attacks.attack import Attack, Content, Fifo, Link, Members, Removed, Zeros

CHECKPOINT = "run/checkpoints/000001"
FILES = (
    "run/config.json",
    "run/tokenizer.json",
    f"{CHECKPOINT}/manifest.json",
    f"{CHECKPOINT}/model.safetensors",
    f"{CHECKPOINT}/training.json",
)
IN_ITS_PLACE: dict[str, Content] = {
    "missing": Removed(),
    "empty": "",
    "no JSON": "{",
    "nested without end": "[" * 100_000,
    "a pipe": Fifo(),
    "a device": Link("/dev/zero"),
    "a link": Link("tokenizer.json"),
    "of many gigabytes": Zeros(1 << 40),
}
CONFIGURATION: dict[str, Any] = {
    "/model": [],
    "/model/num_layers": 10**9,
    "/model/num_heads": 0,
    "/model/model_width": 10**30,
    "/model/mlp_width": 1 << 20,
    "/model/vocab_size": 1 << 24,
    "/model/context_size": 10**9,
    "/model/num_states": -1,
    "/model/num_echoes": "4",
    "/model/rope_theta": 1e-300,
    "/model/dropout": 1.0,
    "/model/unheard of": 1,
    "/training": {},
    "/training/batch_size": 10**9,
    "/training/model": {"a": 1},
    "/training/packing": "everything",
    "/training/learning_rate": -1,
    "/training/seed": 10**30,
    "/data": {},
    "/data/stride": 0,
    "/data_sha256": 3,
    "/tokenizer_sha256": "0" * 64,
    "/environment": "text",
    "/versions": {"a": []},
    "/lengths": [{}],
    "/from": {"run": "..", "step": -1, "sha256": ""},
    "/parent": 3,
    "/unheard of": 1,
}
HEADERS: dict[str, bytes] = {
    "longer than the file": (1 << 60).to_bytes(8, "little") + b"{}",
    "that is no JSON": (2).to_bytes(8, "little") + b"{x",
    "nested without end": (100_000).to_bytes(8, "little") + b"[" * 100_000,
    "of no tensors": (2).to_bytes(8, "little") + b"{}",
}

ATTACKS: dict[str, Attack] = {
    "run: as it was trained": Attack("run", ("value",)),
    **{
        f"run: {name.rsplit('/')[-1]} is {what}": Attack("run", ("CheckpointError",), files={name: content})
        for name in FILES
        for what, content in IN_ITS_PLACE.items()
    },
    **{
        f"run: another {pointer}": Attack(
            "run", ("CheckpointError",), files={"run/config.json": Members({pointer: value})}
        )
        for pointer, value in CONFIGURATION.items()
    },
    **{
        f"run: weights with a header {name}": Attack(
            "run", ("CheckpointError",), files={f"{CHECKPOINT}/model.safetensors": content}
        )
        for name, content in HEADERS.items()
    },
    "run: checkpoints that are a link": Attack(
        "run", ("CheckpointError",), files={"run/checkpoints": Link("elsewhere")}
    ),
    "run: a checkpoint that is a link": Attack("run", ("CheckpointError",), files={CHECKPOINT: Link("elsewhere")}),
    "run: a configuration with a key twice": Attack(
        "run", ("CheckpointError",), files={"run/config.json": '{"model": {}, "model": {}, "training": {}}'}
    ),
}
