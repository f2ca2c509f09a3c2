"""Names and ports that fail in ways which only a name server and a firewall can make: in a namespace of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from probe import lab
from probe.ask import Told, causes, steps

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def told(folder: Path) -> Iterator[dict[str, Told]]:
    """The report for each host."""
    tools = {name.upper(): lab.program(name) for name in ("dnsmasq", "unbound", "nft")}
    unshare = [lab.program("unshare"), "--net", "--mount"]
    lab.program("ip")
    if os.getuid() != 0:
        unshare += ["--user", "--map-root-user"]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("namespaces cannot be made here (the kernel or the container forbids it)")
    place = folder / "names"
    place.mkdir()
    path = os.pathsep.join((str(ROOT / "src"), str(ROOT / "tests")))
    environment: dict[str, Any] = {**os.environ, **tools, "PYTHONPATH": path, "PATH": lab.PATH}
    done = subprocess.run(
        [*unshare, sys.executable, "-m", "probe.namespace", str(place)],
        capture_output=True, env=environment, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    yield dict(json.loads(line) for line in done.stdout.splitlines())


@pytest.mark.parametrize(
    ("host", "seen"),
    [
        ("gone.contoso.test", "no such name"),
        ("a.refused.test", "no answer from the name server"),
        ("a.empty.test", "no address"),
        ("a.silent.test", "no answer from the name server"),
    ],
)
def test_names(told: dict[str, Told], host: str, seen: str) -> None:
    found = told[host]
    assert causes(found)["mp-name-not-resolved"] == "likely" and causes(found)["sup-name-not-resolved"] == "likely"
    assert steps(found) == {"way": None, "name": "name-not-resolved"}
    assert seen in found["probe_steps"][1]["seen"]


@pytest.mark.parametrize(("host", "seen"), [("filtered.contoso.test", "no answer"), ("reset.contoso.test", "refused")])
def test_ports(told: dict[str, Told], host: str, seen: str) -> None:
    found = told[host]
    assert causes(found)["mp-timeout"] == "likely" and causes(found)["sup-port-blocked"] == "likely"
    assert steps(found)["tcp"] == "connect-failed" and seen in found["probe_steps"][2]["seen"]
    slow = found["probe_steps"][2]["seconds"] > 1
    assert slow == (seen == "no answer")


def test_http_500_on_wsus_own_port(told: dict[str, Told]) -> None:
    found = told["broken.contoso.test"]
    assert causes(found)["mp-http-error"] == "likely" and causes(found)["wsus-scan-generic-error"] == "likely"
    assert causes(found)["wsus-not-maintained"] == "possible" and "sup-http-500-port-binding" not in causes(found)
