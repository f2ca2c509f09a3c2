"""What the client says of each update: products by their titles, the update that was asked for, what a list proves."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ccmdoctor.evidence.base import Bundle, Target
from ccmdoctor.evidence.updates import UpdateState, UpdateStates, is_feature_update
from ccmdoctor.reader import read
from ccmdoctor.sources import open_source

ID = "22223333-cccc-4444-dddd-5555eeee6666"
OTHER = "0f7a4a3e-1111-4f6e-8b8a-000000000001"
CUMULATIVE = "2025-03 Cumulative Update for Windows 11 Version 24H2 for x64-based Systems (KB5053598)"
CUMULATIVE_JA = "2025-03 x64 ベース システム用 Windows 11 Version 24H2 の累積更新プログラム (KB5053598)"

WINDOWS = (
    CUMULATIVE,
    CUMULATIVE_JA,
    "2018-07 x64 ベース システム用 Windows 10 Version 1607 の累積更新プログラム (KB4338822)",
    "2026-08 x64 ベース システム用 Microsoft server operating system version 21H2 の累積更新プログラム (KB5120242)",
    "2025-03 Cumulative Update for Windows Server 2019 for x64-based Systems (KB5053596)",
    "2021-03 Servicing Stack Update for Windows 10 Version 1909 for x64-based Systems (KB5000908)",
    "2025-03 Security Monthly Quality Rollup for Windows Server 2012 R2 for x64-based Systems (KB5053887)",
    "Feature update to Windows 10 (business editions), version 22H2, ja-jp x64",
    "Windows 11 バージョン 24H2 の機能更新プログラム",
    "2025-03　x64 ベース システム用　Ｗｉｎｄｏｗｓ 11 Version 24H2 の累積更新プログラム (KB5053598)",
)
OTHERS = (
    "Security Intelligence Update for Microsoft Defender Antivirus - KB2267602 (Version 1.425.1.0) - Current Channel (Broad)",
    "Microsoft Defender Antivirus のセキュリティ インテリジェンス更新プログラム - KB2267602 (バージョン 1.425.1.0)",
    "Windows Defender Antivirus のマルウェア対策プラットフォームの更新プログラム - KB4052623 (バージョン 4.18.25010.11)",
    "Update for Windows Security platform - KB5007651 (Version 10.0.27703.1006)",
    "Update for Microsoft Defender for Endpoint for Windows Server 2016 (KB5005292)",
    "Security Update for Microsoft Office 2016 (KB5002700) 32-Bit Edition",
    "Microsoft Office 2016 (KB5002700) 32 ビット版のセキュリティ更新プログラム",
    "Microsoft 365 Apps Update - Semi-annual Enterprise Channel Version 2408 for x64 based Edition (Build 17928.20468)",
    "Microsoft Edge-Stable チャネル バージョン 134 の x64 ベース エディション用更新プログラム (ビルド 134.0.3124.72)",
    "2025-03 .NET 8.0.14 Security Update for x64 Client (KB5054229)",
    "Intel - System - 10.1.1.42",
    "Intel Corporation ドライバー更新プログラム (31.0.101.5522)",
    "Contoso Reader 2025.1 (x64)",
)
# of the Windows family in the catalogue, but they say nothing of Windows itself
FAMILY = (
    "2025-03 Cumulative Update for .NET Framework 3.5 and 4.8.1 for Windows 11, version 24H2 for x64 (KB5054979)",
    "2025-03 x64 用 Windows 10 Version 22H2 の .NET Framework 3.5、4.8 および 4.8.1 の累積的な更新プログラム (KB5054001)",
    "Windows Malicious Software Removal Tool x64 - v5.132 (KB890830)",
    "悪意のあるソフトウェアの削除ツール x64 - v5.132 (KB890830)",
)


def one(title: str, status: str = "Installed", id: str = OTHER, article: str = "") -> UpdateState:
    return UpdateState(id, title, status, article, ())


def listing(*updates: UpdateState, update: str | None = None, complete: bool = True) -> UpdateStates:
    return UpdateStates(updates, complete, Target(update))


def bundle(folder: Path, update: str | None = None, now: datetime | None = None, **files: str) -> UpdateStates | None:
    """The evidence of files; ``_`` in a name stands for a dot."""
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text, encoding="utf-8")
    return UpdateStates.read(Bundle(read(open_source([str(folder)])), Target(update), now))


# --- products -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("title", WINDOWS)
def test_updates_of_windows_are_known_by_their_titles(title: str) -> None:
    assert one(title).of_windows
    assert not one(title).of_another_product
    assert listing(one(title)).windows


@pytest.mark.parametrize("title", OTHERS)
def test_other_products_are_no_windows(title: str) -> None:
    assert not one(title).of_windows
    assert one(title).of_another_product


@pytest.mark.parametrize("title", FAMILY)
def test_parts_of_the_windows_family_prove_neither(title: str) -> None:
    assert not one(title).of_windows
    assert not one(title).of_another_product
    assert not listing(one(OTHERS[0]), one(title)).lists_no_windows


@pytest.mark.parametrize("end", ["...", "…", "... "])
def test_a_title_that_was_cut_proves_nothing(end: str) -> None:
    cut = one(f"2025-03 Cumulative Update for{end}")
    assert cut.title_is_cut and not cut.of_another_product
    assert not listing(one(OTHERS[0]), cut).lists_no_windows


def test_feature_updates_are_known_in_both_languages() -> None:
    assert is_feature_update("Feature Update to Windows 10 (business editions), version 22H2")
    assert is_feature_update("windows 11 バージョン 24h2 の機能更新プログラム")
    assert not is_feature_update(CUMULATIVE)
    assert not is_feature_update(CUMULATIVE_JA)


# --- what a list proves -------------------------------------------------------------------------------------------


def test_a_whole_list_of_other_products_holds_no_windows() -> None:
    assert listing(one(OTHERS[0]), one(OTHERS[5], "Missing")).lists_no_windows


@pytest.mark.parametrize(
    "updates",
    [
        (),
        (one(OTHERS[0]), one(CUMULATIVE)),
        (one(OTHERS[0]), one("")),
        (one(OTHERS[0], "Missing"), one(OTHERS[5], "Missing")),  # filtered: installed updates would not stand in it
    ],
    ids=["empty", "with Windows", "without a title", "only missing"],
)
def test_other_lists_do_not_prove_that(updates: tuple[UpdateState, ...]) -> None:
    assert not listing(*updates).lists_no_windows


def test_a_log_is_no_whole_list() -> None:
    found = listing(one(OTHERS[0]), update="KB5053598", complete=False)
    assert not found.lists_no_windows and not found.would_show_asked


def test_only_missing_rows_may_be_a_filter() -> None:
    assert listing(one(CUMULATIVE, "Missing")).shows_only_missing
    assert not listing(one(CUMULATIVE, "Missing"), one(OTHERS[0])).shows_only_missing
    assert not listing().shows_only_missing


def test_windows_updates_are_offered_when_one_is_missing() -> None:
    assert listing(one(CUMULATIVE, "Missing")).offers_windows
    assert not listing(one(CUMULATIVE), one(OTHERS[5], "Missing")).offers_windows


def test_a_number_needs_titles_or_articles_to_be_found() -> None:
    cut = "2025-03 Cumulative Update for..."
    assert listing(one(CUMULATIVE), update="KB1").would_show_asked
    assert listing(one(cut, article="5053598"), update="KB1").would_show_asked
    assert not listing(one(cut), update="KB1").would_show_asked
    assert not listing(one(""), update="KB1").would_show_asked
    assert listing(one(""), update=ID).would_show_asked


# --- the update that was asked for --------------------------------------------------------------------------------


@pytest.mark.parametrize("update", ["KB5053598", "kb5053598", "5053598", " KB5053598 "])
@pytest.mark.parametrize("title", [CUMULATIVE, CUMULATIVE_JA])
def test_an_update_is_found_by_its_number(title: str, update: str) -> None:
    found = listing(one(OTHERS[5]), one(title), update=update).asked_for
    assert found is not None and found.title == title


def test_an_update_is_found_by_its_article_alone() -> None:
    assert listing(one("2025-03 Cumulative Update", article="5053598"), update="KB5053598").asked_for
    assert listing(one("", article="KB5053598"), update="KB5053598").asked_for


@pytest.mark.parametrize("update", ["KB505359", "KB053598", "KB50535981", "KB22223333"])
def test_a_number_is_not_a_part_of_another(update: str) -> None:
    assert listing(one(CUMULATIVE, id=ID), update=update).asked_for is None


@pytest.mark.parametrize(
    "update",
    [
        ID,
        ID.upper(),
        f"{{{ID}}}",
        f"SUM_{ID}",
        f"Site_11112222-BBBB-3333-CCCC-4444DDDD5555/SUM_{ID.upper()}",
    ],
)
def test_an_update_is_found_by_its_id_in_every_writing(update: str) -> None:
    found = listing(one(OTHERS[5]), one(CUMULATIVE, id=ID), update=update).asked_for
    assert found is not None and found.id == ID


@pytest.mark.parametrize("update", ["24H2 の累積更新プログラム", "windows 11 version 24h2"])
def test_an_update_is_found_by_a_part_of_its_title(update: str) -> None:
    assert listing(one(CUMULATIVE_JA), update=update).asked_for


def test_nothing_is_found_when_nothing_was_asked() -> None:
    assert listing(one(CUMULATIVE)).asked_for is None
    assert listing(one(CUMULATIVE), update=" ").asked_for is None


@pytest.mark.parametrize("turn", [1, -1])
def test_of_several_updates_with_one_number_the_missing_one_counts(turn: int) -> None:
    both = (one(FAMILY[3], "Missing"), one(FAMILY[3].replace("5.132", "5.131"), "Installed", ID))[::turn]
    found = listing(*both, update="KB890830").asked_for
    assert found is not None and found.missing


# --- reading ------------------------------------------------------------------------------------------------------


def test_the_newest_line_of_the_log_counts(tmp_path: Path) -> None:
    found = bundle(
        tmp_path,
        "KB5053598",
        UpdatesStore_log=(
            f"Queried Update ({ID}): Status=Installed, Title={CUMULATIVE}\n"
            f"Successfully raised state message for update ({ID}) with state (Missing).\n"
        ),
    )
    assert found is not None and not found.complete
    assert found.asked_for is not None and found.asked_for.missing and found.asked_for.title == CUMULATIVE


def test_the_deployment_log_tells_the_number_of_an_id(tmp_path: Path) -> None:
    found = bundle(
        tmp_path,
        "KB5053598",
        UpdatesStore_log=f"Successfully raised state message for update ({ID}) with state (Installed).\n",
        UpdatesDeployment_log=(
            f"Update (Site_11112222-BBBB-3333-CCCC-4444DDDD5555/SUM_{ID}) Name ({CUMULATIVE_JA}) ArticleID (5053598)"
            " added to the targeted list of deployment ({09985588-0EFF-47E1-9F9D-3846EFCE8C2B})\n"
        ),
    )
    assert found is not None and found.asked_for is not None
    assert found.asked_for.installed and found.asked_for.article == "5053598"


def test_the_list_comes_before_the_log(tmp_path: Path) -> None:
    found = bundle(
        tmp_path,
        "KB5053598",
        UpdatesStore_log=f"Queried Update ({ID}): Status=Missing, Title={CUMULATIVE}\n",
        CCM_UpdateStatus_txt=f"UniqueId : {ID}\nTitle    : {CUMULATIVE_JA}\nStatus   : Installed\n",
    )
    assert found is not None and found.complete and len(found.updates) == 1
    assert found.asked_for is not None and found.asked_for.installed


def test_an_empty_answer_is_a_whole_list(tmp_path: Path) -> None:
    (tmp_path / "CCM_UpdateStatus.json").write_text("[]\n", encoding="utf-8")
    found = bundle(tmp_path, "KB5053598")
    assert found is not None and found.complete and not found.updates
    assert found.proof and found.asked_for is None


def test_nothing_is_no_evidence(tmp_path: Path) -> None:
    assert bundle(tmp_path, WUAHandler_log="Successfully completed scan.\n") is None


@pytest.mark.parametrize(("day", "overdue"), [(24, False), (16, True)])
def test_the_age_of_the_list_is_judged_at_the_bundle_time(tmp_path: Path, day: int, overdue: bool) -> None:
    text = f'[{{"UniqueId": "{ID}", "Title": "{CUMULATIVE}", "Status": "Missing", "ScanTime": "202503{day}010203.000000+000"}}]'
    (tmp_path / "CCM_UpdateStatus.json").write_text(text, encoding="utf-8")
    found = bundle(tmp_path, now=datetime(2025, 3, 25, tzinfo=UTC))
    assert found is not None and found.is_overdue is overdue


def test_a_list_without_times_has_no_age() -> None:
    assert listing(one(CUMULATIVE)).is_overdue is None
