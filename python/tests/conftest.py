"""The path of the command line: PLICA, or the repository's own build."""

import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def command_line():
    """Runs the command line, and returns its JSON output, one object per line."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    program = os.environ.get("PLICA", str(target / "release" / "plica"))
    if not os.path.exists(program):
        pytest.skip("the command line is not built: cargo build --release")

    def run(*arguments):
        found = subprocess.run([program, *map(str, arguments), "--format", "json"], capture_output=True, text=True)
        if found.returncode != 0:
            raise ValueError(found.stderr.strip().removeprefix("error: "))
        return [json.loads(line) for line in found.stdout.splitlines()]

    run.text = lambda *arguments: subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=True).stdout
    return run
