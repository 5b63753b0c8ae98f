"""`schemalm serve` says where it listens, answers, and ends when it is told to; what cannot be is refused before."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request

import pytest

pytest.importorskip("starlette", reason="needs the extra `serve`")
pytest.importorskip("uvicorn", reason="needs the extra `serve`")


@pytest.mark.slow
def test_it_answers_until_it_is_interrupted(pipeline) -> None:
    command = [sys.executable, "-m", "schemalm", "serve", str(pipeline.run), "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")
            with urllib.request.urlopen(f"{ready['url']}/v1/models") as answer:
                assert [model["id"] for model in json.load(answer)["data"]] == ready["models"]
            process.send_signal(signal.SIGINT)
            assert process.wait() == 130
            assert process.stderr is not None
            assert "Traceback" not in process.stderr.read()
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("RUN", "--host", "0.0.0.0"), "others can reach 0.0.0.0: give a token"),
        (("RUN", "--token", "short"), "at least 16 printable characters"),
        (("nosuch",), "nosuch"),
        (("RUN", "RUN"), "named twice"),
    ],
)
def test_what_cannot_be_served_is_refused(invoke, pipeline, arguments: tuple[str, ...], message: str) -> None:
    given = [pipeline.run if argument == "RUN" else argument for argument in arguments]
    result = invoke("serve", *given)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
