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
from probe.ask import Told, causes, steps, wanted

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def told(folder: Path, issuer: lab.Issuer) -> Iterator[dict[str, Told]]:
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
    certificate, key, *_ = issuer.issue("tls", ("tls.contoso.test",))
    tools |= {"CERTIFICATE": str(certificate), "KEY": str(key), "SSL_CERT_FILE": str(issuer.root)}
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
        ("a.refused.test", "the name server did not answer, or refused"),
        ("a.empty.test", "no address"),
        ("a.silent.test", "the name server did not answer, or refused"),
    ],
)
def test_names(told: dict[str, Told], host: str, seen: str) -> None:
    found = told[host]
    assert [causes(found)[cause] for cause in wanted("name: NXDOMAIN, REFUSED")] == ["likely", "likely"]
    assert steps(found) == {"way": None, "name": "name-not-resolved"}
    assert seen in found["probe_steps"][1]["seen"]


@pytest.mark.parametrize(("host", "seen"), [("filtered.contoso.test", "no answer"), ("reset.contoso.test", "refused")])
def test_ports(told: dict[str, Told], host: str, seen: str) -> None:
    found = told[host]
    assert [causes(found)[cause] for cause in wanted("port refused, reset by a firewall, or filtered")] == [
        "likely"
    ] * 2
    assert steps(found)["tcp"] == "connect-failed" and seen in found["probe_steps"][2]["seen"]
    slow = found["probe_steps"][2]["seconds"] > 1
    assert slow == (seen == "no answer")


def test_http_500_on_wsus_own_port(told: dict[str, Told]) -> None:
    found = told["broken.contoso.test"]
    assert [causes(found)[cause] for cause in wanted("HTTP 500 on port 8530 or 8531")] == ["likely", "likely"]
    assert causes(found)["wsus-not-maintained"] == "possible" and "sup-http-500-port-binding" not in causes(found)


def test_a_full_name_with_the_dot_at_its_end(told: dict[str, Told]) -> None:
    found = told["tls.contoso.test."]
    assert causes(found) == {} and steps(found)["tls"] is None and steps(found)["sync"] is None
