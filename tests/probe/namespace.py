"""Runs in a network and mount namespace of its own: name servers, a firewall, and the probe as a user starts it.

``unshare --net --mount python -m probe.namespace FOLDER`` with the paths of dnsmasq, unbound and nft in the
environment; writes a line of JSON for each question: the host that was asked, and the report.
"""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from probe import responder

UNBOUND = """server:
  interface: 127.0.0.2@53
  access-control: 127.0.0.0/8 allow
  do-daemonize: no
  chroot: ""
  username: ""
  directory: "{0}"
  pidfile: "{0}/unbound.pid"
  use-syslog: no
  module-config: "iterator"
  local-zone: "refused.test." always_refuse
  local-zone: "empty.test." always_nodata
  local-zone: "silent.test." always_deny
remote-control:
  control-enable: no
"""
HOSTS = ("gone.contoso.test", "a.refused.test", "a.empty.test", "a.silent.test")
BROKEN = (
    "from http.server import *; h = BaseHTTPRequestHandler; h.do_GET = h.do_POST = lambda self: self.send_error(500);"
    " HTTPServer(('127.0.0.6', 8530), h).serve_forever()"
)
NFT = (
    "add table ip t; add chain ip t out { type filter hook output priority 0; };"
    " add rule ip t out tcp dport 8530 ip daddr 127.0.0.4 drop;"
    " add rule ip t out tcp dport 8530 ip daddr 127.0.0.5 reject with tcp reset"
)


def main(folder: Path) -> None:
    """Set the stage, ask, tell."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    (folder / "resolv.conf").write_text("nameserver 127.0.0.3\noptions timeout:1 attempts:1\n")
    (folder / "nsswitch.conf").write_text("hosts: files dns\n")
    (folder / "unbound.conf").write_text(UNBOUND.format(folder))
    for name in ("resolv.conf", "nsswitch.conf"):
        if Path("/etc", name).exists():
            subprocess.run(["mount", "--bind", str(folder / name), f"/etc/{name}"], check=True)
    commands = (
        [os.environ["UNBOUND"], "-d", "-c", str(folder / "unbound.conf")],
        [
            os.environ["DNSMASQ"], "--no-daemon", "--no-resolv", "--no-hosts", "--listen-address=127.0.0.3",
            "--bind-interfaces", "--user=root", f"--pid-file={folder}/dnsmasq.pid", "--conf-file=/dev/null",
            "--local=/contoso.test/", "--server=127.0.0.2", "--address=/filtered.contoso.test/127.0.0.4",
            "--address=/reset.contoso.test/127.0.0.5", "--address=/broken.contoso.test/127.0.0.6",
            "--address=/tls.contoso.test/127.0.0.7",
        ],
        [sys.executable, "-c", BROKEN],
    )  # fmt: skip
    servers = [subprocess.Popen(command, stdout=sys.stderr, stderr=sys.stderr) for command in commands]
    try:
        subprocess.run([os.environ["NFT"], NFT], check=True)
        time.sleep(0.5)
        for host in (*HOSTS, "filtered.contoso.test", "reset.contoso.test", "broken.contoso.test"):
            ask(f"http://{host}:8530")
        secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        secure.load_cert_chain(os.environ["CERTIFICATE"], os.environ["KEY"])
        with responder.running(responder.Wsus(), ("127.0.0.7", 8531), secure):
            ask("https://tls.contoso.test.:8531")
    finally:
        for server in servers:
            server.terminate()


def ask(root: str) -> None:
    """One probe of both servers at an address."""
    command = [
        sys.executable, "-m", "ccmdoctor.cli", "probe", "--mp", root, "--sup", root,
        "--timeout", "1.2", "--format", "json", "--lang", "en",
    ]  # fmt: skip
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    print(json.dumps([urlsplit(root).hostname, json.loads(done.stdout)]), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
