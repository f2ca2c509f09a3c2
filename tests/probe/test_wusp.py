"""The beginning of a scan against a server that speaks MS-WUSP, both sides checked with a WSDL."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zeep
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ccmdoctor.probe import wusp
from probe import responder
from probe.ask import causes, first, probe, steps, wanted

WSDL = Path(__file__).parent / "wusp.wsdl"
SCHEMA = "{http://www.w3.org/2001/XMLSchema}schema"


def test_zeep_takes_the_responders_answers(responding: int) -> None:
    """``CCMDOCTOR_WUSP_WSDL`` may name the WSDL of the specification, which then checks as well."""
    for path in filter(None, (str(WSDL), os.environ.get("CCMDOCTOR_WUSP_WSDL"))):
        client = zeep.Client(path)
        binding = next(name for name in map(str, client.wsdl.bindings) if "Client" in name)
        service = client.create_service(binding, f"http://127.0.0.1:{responding}{wusp.CLIENT_PATH}")
        config = service.GetConfig(protocolVersion=wusp.PROTOCOL)
        assert config.AuthInfo.AuthPlugInInfo[0].PlugInID == "SimpleTargeting"
        with pytest.raises(zeep.exceptions.Fault):
            service.GetCookie(
                authCookies={"AuthorizationCookie": [{"PlugInId": "SimpleTargeting", "CookieData": b"forged"}]},
                oldCookie=None, lastChange=config.LastChange, currentTime=datetime.now(UTC), protocolVersion="1.20",
            )  # fmt: skip
        done = service.SyncUpdates(
            cookie={"Expiration": datetime.now(UTC), "EncryptedData": b"cookie"},
            parameters={"ExpressQuery": False, "SkipSoftwareSync": False},
        )
        assert [one.ID for one in done.NewUpdates.UpdateInfo] == [1, 2, 3] and done.Truncated


def test_the_probes_requests_are_valid(responding: int, wsus: responder.Wsus) -> None:
    found = probe("--sup", f"http://127.0.0.1:{responding}", code=0)
    assert list(steps(found)) == ["way", "name", "tcp", "http", "config", "auth", "cookie", "sync"]
    assert "3 updates" in found["probe_steps"][-1]["seen"]
    schemas = {
        one.get("targetNamespace"): etree.XMLSchema(etree.fromstring(etree.tostring(one)))
        for one in etree.parse(WSDL).iter(SCHEMA)
    }
    operations = []
    for body in wsus.bodies:
        asked = etree.fromstring(body)[0][0]
        schemas[etree.QName(asked).namespace].assertValid(asked)
        operations.append(etree.QName(asked).localname)
    assert operations == ["GetConfig", "GetAuthorizationCookie", "GetCookie", "SyncUpdates"]
    client = zeep.Client(str(WSDL))
    assert all(client.get_element(f"{{{wusp.CLIENT}}}{one}") for one in operations if one != "GetAuthorizationCookie")


def test_one_request_each_and_it_says_who_asks(responding: int, wsus: responder.Wsus) -> None:
    probe("--mp", f"http://127.0.0.1:{responding}", "--sup", f"http://127.0.0.1:{responding}", code=0)
    assert [(method, path) for method, path, _ in wsus.asked] == [
        ("GET", "/sms_mp/.sms_aut?mplist"),
        ("GET", wusp.CLIENT_PATH),
        ("POST", wusp.CLIENT_PATH),
        ("POST", wusp.AUTH_PATH),
        ("POST", wusp.CLIENT_PATH),
        ("POST", wusp.CLIENT_PATH),
    ]
    assert all(agent.startswith("ccmdoctor/") for _, _, agent in wsus.asked)
    assert not any(b"RegisterComputer" in body for body in wsus.bodies)


def test_slow_is_not_dead(responding: int, wsus: responder.Wsus) -> None:
    wsus.slow = 3.0
    slow = probe("--sup", f"http://127.0.0.1:{responding}", code=1, timeout="1")
    assert first(slow) == "sup-timeout" and causes(slow)["wsus-not-maintained"] == "possible"
    assert steps(slow)["sync"] == "timeout" and steps(slow)["config"] is None
    dead = probe("--sup", "http://127.0.0.1:1", code=1, timeout="1")
    assert first(dead) == "sup-port-blocked" and list(steps(dead))[-1] == "tcp"
    wsus.slow = 0.3  # slow and in time: no cause, and the time is told
    done = probe("--sup", f"http://127.0.0.1:{responding}", code=0)
    assert done["probe_steps"][-1]["seconds"] >= 0.3


@pytest.mark.parametrize(
    ("fault", "row"),
    [
        (("GetConfig", "Server", "InternalServerError"), "SOAP fault of the server"),
        (("SyncUpdates", "Server", "InternalServerError"), "SOAP fault of the server"),
        (("SyncUpdates", "Client", "ServerChanged"), "other SOAP fault"),
        (("GetCookie", "Client", "InvalidAuthorizationCookie"), "other SOAP fault"),
    ],
)
def test_soap_faults(responding: int, wsus: responder.Wsus, fault: tuple[str, str, str], row: str) -> None:
    wsus.fault = fault
    found = probe("--sup", f"http://127.0.0.1:{responding}", code=1)
    assert first(found) == wanted(row)[1] and fault[2] in found["causes"][0]["quotes"][0]["text"]


@pytest.mark.parametrize(
    "raw",
    [
        b"<x/>",
        b"<a>" * 100_000,
        b'<!DOCTYPE x [<!ENTITY a "' + b"a" * 1000 + b'">'
        + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)) + b"]><x>&j;</x>",
    ],
)  # fmt: skip
def test_an_answer_that_is_no_soap(responding: int, wsus: responder.Wsus, raw: bytes) -> None:
    wsus.raw = raw
    found = probe("--sup", f"http://127.0.0.1:{responding}", code=1)
    assert first(found) == wanted("other SOAP fault, or an answer that is no SOAP")[1]
    assert steps(found)["config"] == "not-soap" and found["probe_steps"][-1]["seconds"] < 1


def test_a_server_that_wants_the_registration_first_is_alive(responding: int, wsus: responder.Wsus) -> None:
    wsus.fault = ("SyncUpdates", "Client", "RegistrationRequired")
    found = probe("--sup", f"http://127.0.0.1:{responding}", code=0)
    assert "RegistrationRequired" in found["probe_steps"][-1]["seen"]


def test_a_service_without_a_page_of_its_own_is_asked_all_the_same(responding: int, wsus: responder.Wsus) -> None:
    wsus.page, wsus.page_status = b"Request format is unrecognized", 500
    assert causes(probe("--sup", f"http://127.0.0.1:{responding}", code=0)) == {}


def test_more_updates_than_are_read(responding: int, wsus: responder.Wsus) -> None:
    wsus.big = 2 << 20
    found = probe("--sup", f"http://127.0.0.1:{responding}", code=0)
    assert "more than 1048576 bytes" in found["probe_steps"][-1]["seen"]


@given(st.binary(max_size=400))
def test_any_answer_is_taken_or_refused(body: bytes) -> None:
    try:
        found = wusp.result(body, "GetConfig")
    except wusp.NotSoapError:
        return
    assert isinstance(found, wusp.SoapFault) or found is not None


@pytest.mark.parametrize(
    "inside",
    [
        '<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><x>&c;</x>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><x/>',
        '<x xmlns="}"/>',
        "<soap:Envelope xmlns:soap='" + responder.SOAP + "'><soap:Body/></soap:Envelope>",
    ],
)
def test_hostile_xml(inside: str) -> None:
    with pytest.raises(wusp.NotSoapError):
        wusp.result(inside.encode(), "GetConfig")


def test_the_wsdl_holds_what_the_probe_asks() -> None:
    actions = set(re.findall(r'soapAction="([^"]+)"', WSDL.read_text(encoding="utf-8")))
    calls = (
        wusp.get_config(),
        wusp.get_authorization_cookie(),
        wusp.get_cookie("x", b"y", "z"),
        wusp.sync_updates("x", b"y"),
    )
    assert {call.action for call in calls} == actions
