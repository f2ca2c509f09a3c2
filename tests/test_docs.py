"""Generated files are fresh, documentation names what exists, and imports go one way."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from ccmdoctor import cli

ROOT = Path(__file__).parent.parent
COMMANDS = sorted(cli.main.commands)


def _generate() -> object:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "tools" / "generate.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_files_are_fresh() -> None:
    stale = [
        path.name
        for path, content in _generate().generated().items()
        if not path.exists() or path.read_text(encoding="utf-8") != content
    ]  # type: ignore[attr-defined]
    assert stale == [], "run: uv run python tools/generate.py"


@pytest.mark.parametrize("readme", ["README.md", "README.ja.md"])
def test_the_readme_shows_every_command_and_option_of_diagnose(readme: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    assert all(f"ccmdoctor {command}" in text for command in COMMANDS)
    options = {
        option
        for parameter in cli.main.commands["diagnose"].params
        for option in parameter.opts
        if option.startswith("--")
    }
    assert all(option in text for option in options - {"--output"})


def test_both_readmes_hold_the_same_commands() -> None:
    blocks = [
        re.findall(
            r"`([^`\n]*(?:Get-|Invoke-|Copy-|netsh|gpresult|reg export|ipconfig)[^`\n]*)`",
            (ROOT / name).read_text(encoding="utf-8"),
        )
        for name in ("README.md", "README.ja.md")
    ]
    assert blocks[0] == blocks[1] and len(blocks[0]) >= 10


@pytest.mark.parametrize("readme", ["README.md", "README.ja.md", "CONTRIBUTING.md"])
def test_links_to_files_of_the_project_exist(readme: str) -> None:
    for target in re.findall(r"\]\((?!https?://)([^)#]+)\)", (ROOT / readme).read_text(encoding="utf-8")):
        assert (ROOT / target).exists(), target


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_option_has_help(command: str) -> None:
    found = cli.main.commands[command]
    assert found.help and all(option.help for option in found.params if isinstance(option, click.Option))


def test_imports_go_one_way() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from importlinter.cli import lint_imports_command as c; sys.exit(c())"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_help_does_not_load_the_heavy_parts() -> None:
    code = "import sys, ccmdoctor.cli; print([m for m in ('hyperscan','lxml','jinja2','rich','msgspec') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
