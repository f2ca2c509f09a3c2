"""Group Policy results.

Seen in public material: the XML (root, namespaces, ``Path/Identifier``, ``LocalGPO``, ``GPO/Identifier`` in the
namespace ``Types``), the text copied from a browser, the HTML's classes (``info3``, ``subtable_frame``,
``sectionTitle``, ``explainlink``) and attributes (``gpmc_settingName``, ``gpmc_settingPath``), a German row with its
options inside the second cell, Japanese titles and option labels. Assumed: ``Precedence`` as a child of the policy,
the exact nesting of the option rows in HTML, the Japanese words of the ``General`` table.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmdoctor.formats.gpresult import MARKERS, read
from ccmdoctor.model import State

SUP = "http://sup01.contoso.com:8530"
EN_TITLE = "Specify intranet Microsoft update service location"
JA_TITLE = "イントラネットの Microsoft 更新サービスの場所を指定する"
EN_LABELS = (
    "Set the intranet update service for detecting updates:",
    "Set the intranet statistics server:",
    "Set the alternate download server:",
)
JA_LABELS = (
    "更新を検出するためのイントラネットの更新サービスを設定する:",
    "イントラネット統計サーバーの設定:",
    "代替ダウンロード サーバーの設定:",
)


def html_setting(title: str, path: str, state: str, gpo: str) -> str:
    return (
        f'<tr><td><span class="explainlink" tabindex="1" gpmc_settingName="{title}" gpmc_settingPath="{path}" '
        f'gpmc_settingDescription="Long &lt;text&gt; about it." gpmc_supported="">{title}</span></td>'
        f"<td>{state}</td><td>{gpo}</td></tr>\n"
    )


def html_options(rows: list[tuple[str, str]]) -> str:
    inner = "".join(f"<tr><td>{label}</td><td>{value}</td></tr>\n" for label, value in rows)
    return f'<tr><td colspan="3"><table class="subtable_frame" cellpadding="0">\n{inner}</table></td></tr>\n'


def html_report(rows: str, section: str = "Windows Components/Windows Update", general: str = "") -> str:
    return (
        '<html dir="ltr" xmlns:v="urn:schemas-microsoft-com:vml" gpmc_reportInitialized="false">\n<head>\n'
        '<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=UTF-16" />\n<title>CONTOSO\\PC0123</title>\n'
        "<script><!-- if (a < b && c) {} --></script></head>\n<body>\n"
        f"{general}"
        f'<div class="he3"><span class="sectionTitle" tabindex="0">{section}</span><a class="expando" href="#"></a></div>\n'
        '<div class="container"><div class="he4i"><table class="info3" cellpadding="0" cellspacing="0">\n'
        '<tr><th scope="col">Policy</th><th scope="col">Setting</th><th scope="col">Winning GPO</th></tr>\n'
        f"{rows}</table></div></div>\n</body></html>\n"
    )


EN_PATH = "Computer Configuration/Administrative Templates/Windows Components/Windows Update"
JA_PATH = "コンピューターの構成/管理用テンプレート/Windows コンポーネント/Windows Update"

ENGLISH = html_report(
    html_setting("Configure Automatic Updates", EN_PATH, "Disabled", "Workstations &amp; Kiosks")
    + html_options([("Configure automatic updating:", "3 - Auto download")])
    + html_setting(EN_TITLE, EN_PATH, "Enabled", "Local Group Policy")
    + html_options(
        [
            (EN_LABELS[0], SUP),
            (EN_LABELS[1], "http://sup01.contoso.com:8531"),
            (EN_LABELS[2], "http://localhost:8005"),
            ("(example: https://IntranetUpd01)", ""),
            ("Download files with no Url in the metadata if alternate download server is set.", "Disabled"),
        ]
    )
)
JAPANESE = html_report(
    html_setting(JA_TITLE, JA_PATH, "有効", "ローカル グループ ポリシー")
    + html_options(
        [
            (JA_LABELS[0], SUP),
            (JA_LABELS[1], SUP),
            (JA_LABELS[2], ""),
            ("(例: https://IntranetUpd01)", ""),
            (
                "代替ダウンロード サーバーが設定されている場合は、メタデータに URL が示されていないファイルをダウンロードします。",
                "無効",
            ),
        ]
    ),
    section="Windows コンポーネント/Windows Update",
)

XML = """<?xml version="1.0" encoding="utf-16"?>
<Rsop xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns="http://www.microsoft.com/GroupPolicy/Rsop">
  <ReadTime>2025-03-25T01:02:03.1234567Z</ReadTime>
  <DataType>LoggedData</DataType>
  <ComputerResults>
    <Name>CONTOSO\\PC0123$</Name>
    <Domain>contoso.com</Domain>
    <GPO>
      <Name>Local Group Policy</Name>
      <Path><Identifier xmlns="http://www.microsoft.com/GroupPolicy/Types">LocalGPO</Identifier></Path>
    </GPO>
    <GPO>
      <Name>Old WSUS</Name>
      <Path><Identifier xmlns="http://www.microsoft.com/GroupPolicy/Types">{10000000-0000-0000-0000-000000000001}</Identifier></Path>
    </GPO>
    <ExtensionData>
      <Extension xmlns:q1="http://www.microsoft.com/GroupPolicy/Settings/Registry" xsi:type="q1:RegistrySettings" xmlns="http://www.microsoft.com/GroupPolicy/Settings">
        <q1:Policy>
          <GPO xmlns="http://www.microsoft.com/GroupPolicy/Settings/Base">
            <Identifier xmlns="http://www.microsoft.com/GroupPolicy/Types">%(winner)s</Identifier>
          </GPO>
          <Precedence xmlns="http://www.microsoft.com/GroupPolicy/Settings/Base">1</Precedence>
          <q1:Name>%(title)s</q1:Name>
          <q1:State>Enabled</q1:State>
          <q1:Explain>Long text.</q1:Explain>
          <q1:Category>%(category)s</q1:Category>
          <q1:EditText><q1:Name>%(detection)s</q1:Name><q1:State>Enabled</q1:State><q1:Value>http://sup01.contoso.com:8530</q1:Value></q1:EditText>
          <q1:EditText><q1:Name>%(statistics)s</q1:Name><q1:State>Enabled</q1:State><q1:Value>http://sup02.contoso.com:8530</q1:Value></q1:EditText>
          <q1:EditText><q1:Name>%(alternate)s</q1:Name><q1:State>Disabled</q1:State><q1:Value /></q1:EditText>
          <q1:Text><q1:Name>(example: https://IntranetUpd01)</q1:Name></q1:Text>
          <q1:CheckBox><q1:Name>Download files with no Url in the metadata if alternate download server is set.</q1:Name><q1:State>Disabled</q1:State></q1:CheckBox>
        </q1:Policy>
        <q1:Policy>
          <GPO xmlns="http://www.microsoft.com/GroupPolicy/Settings/Base">
            <Identifier xmlns="http://www.microsoft.com/GroupPolicy/Types">LocalGPO</Identifier>
          </GPO>
          <Precedence xmlns="http://www.microsoft.com/GroupPolicy/Settings/Base">2</Precedence>
          <q1:Name>%(title)s</q1:Name>
          <q1:State>Enabled</q1:State>
          <q1:Category>%(category)s</q1:Category>
          <q1:EditText><q1:Name>%(detection)s</q1:Name><q1:State>Enabled</q1:State><q1:Value>http://loser.contoso.com:8530</q1:Value></q1:EditText>
        </q1:Policy>
        <q1:Policy>
          <GPO xmlns="http://www.microsoft.com/GroupPolicy/Settings/Base">
            <Identifier xmlns="http://www.microsoft.com/GroupPolicy/Types">LocalGPO</Identifier>
          </GPO>
          <q1:Name>Turn on Module Logging</q1:Name>
          <q1:State>Enabled</q1:State>
          <q1:Category>Windows Components/Windows PowerShell</q1:Category>
        </q1:Policy>
      </Extension>
    </ExtensionData>
  </ComputerResults>
  <UserResults>
    <Name>CONTOSO\\akari</Name>
  </UserResults>
</Rsop>
"""
DOMAIN_GPO = "{10000000-0000-0000-0000-000000000001}"


def xml(winner: str = DOMAIN_GPO, japanese: bool = False) -> str:
    labels = JA_LABELS if japanese else EN_LABELS
    return XML % {
        "winner": winner,
        "title": JA_TITLE if japanese else EN_TITLE,
        "category": "Windows コンポーネント/Windows Update" if japanese else "Windows Components/Windows Update",
        "detection": labels[0],
        "statistics": labels[1],
        "alternate": labels[2],
    }


PASTED = f"""Windows Components/Windows Update


Policy

Setting

Winning GPO

Configure Automatic Updates Enabled Servers WSUS

Configure automatic updating: 3 - Auto download and notify for install
Every week Enabled

Policy

Setting

Winning GPO

{EN_TITLE} Enabled Servers WSUS

{EN_LABELS[0]} {SUP}
{EN_LABELS[1]} {SUP}
{EN_LABELS[2]}
(example: https://IntranetUpd01)
Download files with no Url in the metadata if alternate download server is set. Disabled

Preferences

Hidden Disabled x
"""


def settings(text: str) -> dict[str, State]:
    return {state.name: state for state in read(text, "gpresult.html") if state.kind == "gpo-setting"}


def location(text: str) -> dict[str, object]:
    return settings(text)["wsus-location"].values


def clients(text: str) -> list[State]:
    return [state for state in read(text, "f") if state.kind == "client"]


# --- HTML ---------------------------------------------------------------------------------------------------------


def test_the_location_set_by_the_local_policy_is_read_from_english_html() -> None:
    assert location(ENGLISH) == {
        "state": "enabled",
        "gpo": "Local Group Policy",
        "local": True,
        "detection": SUP,
        "statistics": "http://sup01.contoso.com:8531",
        "alternate": "http://localhost:8005",
    }


def test_the_location_is_read_from_japanese_html() -> None:
    assert location(JAPANESE) == {
        "state": "enabled",
        "gpo": "ローカル グループ ポリシー",
        "local": True,
        "detection": SUP,
        "statistics": SUP,
        "alternate": None,
    }


def test_every_other_setting_below_windows_update_is_a_row_of_its_own() -> None:
    state = settings(ENGLISH)["Configure Automatic Updates"]
    assert state.values == {"state": "disabled", "gpo": "Workstations & Kiosks", "local": False}
    assert state.text == "Configure Automatic Updates | Disabled | Workstations & Kiosks"


def test_the_quote_shows_the_row_and_its_addresses_and_stands_at_the_row() -> None:
    state = settings(ENGLISH)["wsus-location"]
    assert state.text.splitlines()[:2] == [f"{EN_TITLE} | Enabled | Local Group Policy", f"{EN_LABELS[0]} {SUP}"]
    assert EN_TITLE in ENGLISH.splitlines()[state.place.line - 1]


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_line_numbers_count_bare_carriage_returns_as_well(newline: str) -> None:
    text = "\ufeff" + ENGLISH.replace("\n", newline)
    assert settings(text)["wsus-location"].place == settings(ENGLISH)["wsus-location"].place


def test_line_numbers_are_right_far_down_in_a_long_report() -> None:
    text = "\n" * 70_000 + ENGLISH
    assert settings(text)["wsus-location"].place.line == settings(ENGLISH)["wsus-location"].place.line + 70_000


def test_a_setting_outside_windows_update_is_left_out() -> None:
    other = html_setting("Turn on Module Logging", EN_PATH.replace("Update", "PowerShell"), "Enabled", "Hardening")
    assert settings(html_report(other, section="Windows Components/Windows PowerShell")) == {}


def test_without_the_path_attribute_the_section_heading_counts() -> None:
    row = f"<tr><td>{EN_TITLE}</td><td>Enabled</td><td>Old WSUS</td></tr>"
    deep = "Windows Components/Windows Update/Manage updates offered from Windows Server Update Service"
    assert location(html_report(row, section=deep))["gpo"] == "Old WSUS"
    plain = "<tr><td>Select when Quality Updates are received</td><td>Enabled</td><td>WUfB</td></tr>"
    assert (
        settings(html_report(plain, section=deep))["Select when Quality Updates are received"].values["local"] is False
    )


@pytest.mark.parametrize(
    ("gpo", "local"),
    [
        ("Local Group Policy", True),
        ("ローカル グループ ポリシー", True),
        ("ローカル セキュリティ ポリシー", True),
        ("Локальная групповая политика", True),
        ("Default Domain Policy", False),
        ("Local Group Policy settings for kiosks", False),
    ],
)
def test_the_local_policy_is_known_by_its_whole_name(gpo: str, local: bool) -> None:
    assert location(html_report(html_setting(EN_TITLE, EN_PATH, "Enabled", gpo)))["local"] is local


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("Enabled", "enabled"),
        ("無効", "disabled"),
        ("Включено", "enabled"),
        ("Deaktiviert", "disabled"),
        ("Huh?", "Huh?"),
    ],
)
def test_states_of_known_languages_are_translated_and_others_kept(word: str, state: str) -> None:
    assert location(html_report(html_setting(EN_TITLE, EN_PATH, word, "X")))["state"] == state


def test_the_location_of_another_language_is_known_by_its_two_addresses() -> None:
    report = html_report(
        html_setting("Указать размещение службы обновлений", "Компоненты/Центр обновления Windows", "Включено", "WSUS")
        + html_options([("Служба обновления:", SUP), ("Сервер статистики:", "http://st.contoso.com"), ("Пример", "")]),
        section="Компоненты Windows/Центр обновления Windows",
    )
    assert location(report) == {
        "state": "enabled",
        "gpo": "WSUS",
        "local": False,
        "detection": SUP,
        "statistics": "http://st.contoso.com",
        "alternate": None,
    }


def test_options_inside_the_second_cell_are_options_and_not_the_state() -> None:
    row = (
        f'<tr><td><span class="explainlink" gpmc_settingName="{EN_TITLE}" gpmc_settingPath="{EN_PATH}">{EN_TITLE}</span></td>'
        f"<td>Aktiviert<table><tr><td>{EN_LABELS[0]}</td><td>{SUP}</td></tr></table></td><td>Old WSUS</td></tr>"
    )
    assert location(html_report(row))["state"] == "enabled"
    assert location(html_report(row))["detection"] == SUP


def test_a_table_with_three_columns_among_the_options_is_no_setting() -> None:
    inner = '<table class="subtable"><tr><td>Name</td><td>Value</td><td>Note</td></tr></table>'
    rows = html_setting("Configure Automatic Updates", EN_PATH, "Enabled", "X") + html_options([("List", inner)])
    assert list(settings(html_report(rows))) == ["Configure Automatic Updates"]


def test_an_address_without_a_scheme_is_kept_as_written() -> None:
    rows = html_setting(EN_TITLE, EN_PATH, "Enabled", "X") + html_options(
        [(EN_LABELS[0], "sup01:8530"), (EN_LABELS[1], "")]
    )
    assert location(html_report(rows))["detection"] == "sup01:8530"


def test_signed_content_from_an_intranet_location_is_another_policy() -> None:
    title = "Allow signed updates from an intranet Microsoft update service location"
    assert list(settings(html_report(html_setting(title, EN_PATH, "Enabled", "X")))) == [title]


@pytest.mark.parametrize(
    ("label", "domain_label"),
    [("Computer name", "Domain"), ("コンピューター名", "ドメイン"), ("コンピュータ名", "ドメイン")],
)
def test_the_computer_of_a_report_is_named(label: str, domain_label: str) -> None:
    general = (
        f'<table class="info"><tr><td>{label}</td><td>CONTOSO\\PC0123</td></tr>'
        f"<tr><td><strong>{domain_label}</strong></td><td>contoso.com</td></tr></table>"
    )
    (client,) = clients(html_report("", general=general))
    assert (client.name, client.values) == ("PC0123", {"name": "PC0123", "domain": "contoso.com"})


def test_a_report_without_its_end_keeps_what_was_read() -> None:
    cut = ENGLISH[: ENGLISH.index(EN_LABELS[2])]
    assert location(cut)["detection"] == SUP


# --- XML ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("japanese", [False, True])
def test_the_winner_of_a_domain_is_named_by_the_list_of_policies(japanese: bool) -> None:
    assert location(xml(japanese=japanese)) == {
        "state": "enabled",
        "gpo": "Old WSUS",
        "local": False,
        "detection": SUP,
        "statistics": "http://sup02.contoso.com:8530",
        "alternate": None,
    }


def test_the_local_policy_is_known_by_its_identifier_in_any_language() -> None:
    text = xml(winner="LocalGPO").replace("Local Group Policy", "Política de grupo del equipo")
    assert location(text)["local"] is True
    assert location(text)["gpo"] == "Política de grupo del equipo"


def test_a_winner_that_the_report_does_not_list_keeps_its_identifier() -> None:
    assert location(xml(winner="{2}"))["gpo"] == "{2}"


def test_only_the_winner_is_told_and_only_windows_update() -> None:
    states = [state for state in read(xml(), "f") if state.kind == "gpo-setting"]
    assert [state.name for state in states] == ["wsus-location"]
    assert "loser" not in states[0].text


def test_an_xml_report_names_the_computer_and_not_the_user() -> None:
    (client,) = clients(xml())
    assert client.values == {"name": "PC0123", "domain": "contoso.com"}
    assert client.place.line == 6


def test_an_xml_setting_stands_at_its_title_even_below_other_text() -> None:
    text = "こちらが結果です。\n\n" + xml()
    line = settings(text)["wsus-location"].place.line
    assert EN_TITLE in text.splitlines()[line - 1]


def test_a_cut_xml_report_keeps_what_was_read() -> None:
    text = xml()
    assert location(text[: text.index("Turn on Module")])["detection"] == SUP


@pytest.mark.parametrize(
    "evil",
    [
        '<!DOCTYPE Rsop [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>\n<Rsop>&b;</Rsop>',
        '<!DOCTYPE Rsop SYSTEM "file:///etc/passwd">\n<Rsop><x/></Rsop>',
        '<Rsop><!ENTITY x SYSTEM "file:///etc/passwd">&x;</Rsop>',
    ],
)
def test_a_report_with_a_dtd_or_entities_is_refused(evil: str) -> None:
    assert read(evil.replace("<x/>", xml()[xml().index("<ComputerResults>") : xml().index("</Rsop>")]), "f") == []


def test_nesting_that_nobody_writes_ends_the_reading() -> None:
    assert read("<Rsop>" + "<a>" * 100_000, "f") == []
    assert read("<html>" + "<table><tr><td>" * 20_000, "f") == []


# --- copied text --------------------------------------------------------------------------------------------------


def test_a_report_copied_out_of_a_browser_is_read() -> None:
    found = settings(PASTED)
    assert set(found) == {"Configure Automatic Updates", "wsus-location"}
    assert found["wsus-location"].values == {
        "state": "enabled",
        "gpo": "Servers WSUS",
        "local": False,
        "detection": SUP,
        "statistics": SUP,
        "alternate": None,
    }
    assert found["wsus-location"].place.line == 21


def test_a_copied_row_may_be_broken_into_its_cells() -> None:
    text = f"ポリシー\t設定\t優勢な GPO\n{JA_TITLE}\n有効\nローカル グループ ポリシー\n{JA_LABELS[0]} {SUP}\n"
    assert location(text)["local"] is True
    assert location(text)["detection"] == SUP


def test_tabs_between_the_cells_are_fine() -> None:
    text = f"{JA_TITLE}\t有効\t旧 WSUS\n{JA_LABELS[0]}\t{SUP}\n{JA_LABELS[1]}\t{SUP}\n"
    assert location(text)["gpo"] == "旧 WSUS"
    assert location(text)["detection"] == SUP


@pytest.mark.parametrize(
    "prose",
    [
        f"Check that {EN_TITLE} is Enabled in the GPO.",
        f"{EN_TITLE} Enabled means that a server is set.",
        f"[{JA_TITLE}] を 有効 に設定してください。",
        "Winning GPO is what you look for.",
    ],
)
def test_instructions_about_the_policy_are_no_report(prose: str) -> None:
    assert read(f"Hello,\n{prose}\nBye", "f") == []


# --- all ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [ENGLISH, JAPANESE, xml(), xml(japanese=True), PASTED])
def test_markers_let_every_report_through(text: str) -> None:
    assert any(marker in text.lower() for marker in MARKERS)
    assert all(marker == marker.lower() for marker in MARKERS)


PIECES = st.sampled_from(
    [
        *ENGLISH.splitlines(),
        *JAPANESE.splitlines(),
        *xml().splitlines(),
        *PASTED.splitlines(),
        "<Rsop>",
        "</Rsop>",
        "<tr>",
        "<td>",
        "</table>",
        "<![CDATA[",
        "<!--",
        "&#0;",
        "&x;",
        "\r",
        "\0",
        "\ud800",
    ]
)


@given(st.lists(PIECES | st.text(max_size=40), max_size=40).map("\n".join))
def test_any_text_gives_a_list_of_states_that_stand_in_it(text: str) -> None:
    count = len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    for state in read(text, "f"):
        assert isinstance(state, State)
        assert 1 <= state.place.line <= count


@given(st.integers(0, len(XML)), st.text(max_size=5))
def test_any_damage_to_a_report_never_raises(at: int, noise: str) -> None:
    for text in (xml(), ENGLISH):
        assert isinstance(read(text[:at] + noise + text[at + 3 :], "f"), list)
