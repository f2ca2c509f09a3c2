"""Object stores: memory, and S3 as moto serves it on loopback."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ccmdoctor import cli
from ccmdoctor.model import InputError
from ccmdoctor.reader import read
from ccmdoctor.sources import open_source

fsspec = pytest.importorskip("fsspec")
DEMO = Path(__file__).parent.parent.parent / "src/ccmdoctor/demo"


def told(address: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli.main, ["diagnose", address, "--lang", "en"])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout + done.stderr


def demo() -> dict[str, bytes]:
    return {str(one.relative_to(DEMO).as_posix()): one.read_bytes() for one in sorted(DEMO.rglob("*")) if one.is_file()}


@pytest.fixture
def memory() -> Iterator[Any]:
    files = fsspec.filesystem("memory")
    for name, raw in demo().items():
        files.pipe(f"/evidence/PC0123/{name}", raw)
    yield files
    files.rm("/evidence", recursive=True)


def test_a_store_gives_what_the_folder_gives(memory: Any) -> None:
    remote, local = read(open_source(["memory://evidence/PC0123"])), read(open_source([str(DEMO)]))
    assert sorted(remote.coverage, key=str) == sorted(local.coverage, key=str)
    assert remote.events.keys() == local.events.keys()


def test_one_file_of_a_store(memory: Any) -> None:
    assert [one.name for one in open_source(["memory://evidence/PC0123/winhttp.txt"])[0].artifacts()] == ["winhttp.txt"]


def test_a_prefix_without_files_ends_with_the_reason(memory: Any) -> None:
    code, said = told("memory://evidence/PC9999")
    assert code == 2 and "it is not there" in said


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    server = pytest.importorskip("moto.server")
    pytest.importorskip("s3fs")
    running = server.ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    patch = pytest.MonkeyPatch()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
    }.items():  # fmt: skip
        patch.setenv(name, value)
    import boto3

    client = boto3.client("s3")
    client.create_bucket(Bucket="evidence")
    for name, raw in demo().items():
        client.put_object(Bucket="evidence", Key=f"PC0123/{name}", Body=raw)
    client.put_object(Bucket="evidence", Key="PC0123/Logs/Large.log", Body=b"x" * (9 << 20))
    yield client
    patch.undo()
    running.stop()


def test_a_bucket_is_read(s3: Any) -> None:
    found = read(open_source(["s3://evidence/PC0123"]))
    local = read(open_source([str(DEMO)]))
    assert found.events.keys() == local.events.keys()
    assert {one.artifact for one in found.coverage} == {one.artifact for one in local.coverage} | {"Logs/Large.log"}


def test_a_missing_bucket_ends_with_the_reason(s3: Any) -> None:
    code, said = told("s3://no-such-bucket/PC0123")
    assert code == 2 and "it is not there" in said


def test_without_credentials_the_way_out_is_told(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    s3fs = pytest.importorskip("s3fs")
    s3fs.S3FileSystem.clear_instance_cache()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    code, said = told("s3://evidence/PC0123")
    s3fs.S3FileSystem.clear_instance_cache()
    assert code == 2 and "AWS_ACCESS_KEY_ID" in said


def test_a_store_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    s3fs = pytest.importorskip("s3fs")
    s3fs.S3FileSystem.clear_instance_cache()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    code, said = told("s3://evidence/PC0123")
    s3fs.S3FileSystem.clear_instance_cache()
    assert code == 2 and "does not answer" in said


def test_a_web_address_is_one_file_and_no_page_is_searched() -> None:
    pytest.importorskip("aiohttp")
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            """Nothing is logged."""

        def do_GET(self) -> None:
            asked.append(self.path)
            body = b'<a href="secret.log">x</a>'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_HEAD(self) -> None:
            self.do_GET()

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        found = [one.name for one in open_source([f"http://127.0.0.1:{server.server_port}/logs/"])[0].artifacts()]
        server.shutdown()
    assert found == ["logs"] and set(asked) == {"/logs/"}


class Web:
    """One file at any address whose first part is 200; else the status that stands there."""

    def __init__(self) -> None:
        body = (
            b'<![LOG[Scan failed with error = 0x80244022.]LOG]!><time="10:02:03.412-540" date="03-25-2025" '
            b'component="WUAHandler" context="" type="3" thread="9596" file="x.cpp:1">\n'
        )

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *arguments: object) -> None:
                """Nothing is logged."""

            def do_GET(self) -> None:
                status = int(self.path.split("/")[1])
                self.send_response(status)
                self.send_header("Content-Length", str(len(body) if status == 200 else 0))
                self.end_headers()
                if status == 200 and self.command == "GET":
                    self.wfile.write(body)

            def do_HEAD(self) -> None:
                self.do_GET()

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def at(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/{path}"


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    pytest.importorskip("aiohttp")
    found = Web()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.mark.parametrize(
    ("status", "why"),
    [(401, "access is denied"), (403, "access is denied"), (404, "it is not there"), (500, "answered with an error")],
)
def test_a_web_address_that_gives_nothing_ends_with_the_reason(web: Web, status: int, why: str) -> None:
    code, said = told(web.at(f"{status}/PC0123.zip"))
    assert code == 2 and why in said


def test_a_web_server_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("aiohttp")
    monkeypatch.setattr("ccmdoctor.sources.cloud.SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for port in (silent.getsockname()[1], 1):
            code, said = told(f"http://127.0.0.1:{port}/PC0123.zip")
            assert code == 2 and "does not answer" in said


@pytest.mark.parametrize("command", [["diagnose"], ["diagnose", "--format", "json"], ["timeline", "--format", "html"]])
def test_the_signature_of_a_presigned_address_is_shown_nowhere(web: Web, command: list[str]) -> None:
    address = web.at("200/WUAHandler.log?sig=s3cr3t&until=2025")
    done = CliRunner().invoke(cli.main, [command[0], address, *command[1:]])
    assert "WUAHandler.log" in done.stdout
    assert "s3cr3t" not in done.stdout + done.stderr
    assert "s3cr3t" not in told(web.at("403/WUAHandler.log?sig=s3cr3t"))[1]


@pytest.mark.parametrize("address", ["nothing://x", "zip://a::s3://b", "simplecache::s3://b", "file:///etc"])
def test_a_scheme_that_is_not_known_or_chained_is_refused(address: str) -> None:
    with pytest.raises(InputError) as caught:
        open_source([address])
    assert caught.value.key == "scheme-unknown"


def test_a_scheme_whose_package_is_missing_names_it() -> None:
    with pytest.raises(InputError) as caught:
        open_source(["oss://bucket/x"])
    assert caught.value.about == {"scheme": "oss", "package": "ossfs"}


def test_keys_in_an_address_are_refused_and_not_repeated() -> None:
    code, said = told("s3://AKIA:secretkey@bucket/x")
    assert code == 2 and "secretkey" not in said and "AKIA" not in said
