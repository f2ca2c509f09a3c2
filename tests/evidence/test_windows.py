"""Maintenance windows from the client's own text: schedule strings, recurrence, overlaps, zones, the next that fits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmdoctor.evidence.base import Bundle, Target
from ccmdoctor.evidence.windows import MaintenanceWindows, Recurrence, Schedule, log_time
from ccmdoctor.reader import judged_at, read
from ccmdoctor.sources import open_source

ONE = "{1E957DDD-0A26-434C-952A-586F3E31E319}"
TWO = "{811D3CCB-5CDD-4A50-8227-E204D941064A}"
HOURS = "ad27b0ca-8c74-43c7-8200-1f601880bd75"
SUNDAYS = "00302B0018192000"  # Sunday 1:00 for 3 hours, from 2014-02-16 on
NIGHTLY = "02D68AC040100008"  # every day at 22:00 for 8 hours, from 2013-08-22 on
MONDAYS = "02C159C0381A2000"  # Monday 22:00 for 7 hours
WEEKDAYS = "02C159C0381A200002C159C0381B200002C159C0381C200002C159C0381D200002C159C0381E2000"


def encode(
    start: datetime,
    *,
    minutes: int = 0,
    hours: int = 0,
    days: int = 0,
    recurrence: Recurrence = Recurrence.ONCE,
    rest: int = 0,
    utc: bool = False,
) -> str:
    """A schedule string, built bit by bit and not with the code under test. ``rest``: the bits of the recurrence."""
    fields = (
        (start.minute, 6), (start.hour, 5), (start.day, 5), (start.month, 4), (start.year - 1970, 6),
        (minutes, 6), (hours, 5), (days, 5), (recurrence, 3), (rest, 18), (int(utc), 1),
    )  # fmt: skip
    text = "".join(f"{value:0{width}b}" for value, width in fields)
    return f"{int(text, 2):016X}"


def record(text: str, at: str = "2025-03-25 10:02:03", bias: str = "-540") -> str:
    day, time = at.split()
    year, month, date = day.split("-")
    frame = (
        f'<time="{time}.412{bias}" date="{month}-{date}-{year}" component="ServiceWindowManager" context="" type="1"'
    )
    return f'<![LOG[{text}]LOG]!>{frame} thread="4120" file="servicewindowhandler.cpp:2258">\n'


def window(
    schedule: str, type: int = 1, id: str = ONE, starts: str | None = None, lasts: str | None = None, over: bool = False
) -> list[str]:
    """The lines that the client writes for one window."""
    lines = [f"    Populating instance of ServiceWindow with ID={id}, ScheduleString={schedule}, Type={type}"]
    if over:
        lines.append("        This is a one shot Service Window that has already finished.")
    if starts:
        lines.append(f"        StartTime is {starts}")
    if lasts:
        lines.append(f"        Duration for the Service Window is Total {lasts}")
    return lines


def log(*lines: str, at: str = "2025-03-25 10:02:03", bias: str = "-540") -> str:
    return "".join(record(line, at, bias) for line in ("Refreshing Service Windows.....", *lines))


def windows(folder: Path, now: datetime | None = None, **files: str) -> MaintenanceWindows:
    for name, text in files.items():
        (folder / f"{name}.{'txt' if name.startswith('CCM_') else 'log'}").write_text(text, encoding="utf-8")
    reading = read(open_source([str(folder)]))
    found = MaintenanceWindows.read(Bundle(reading, Target(None), judged_at(reading, now)))
    assert found is not None
    return found


# schedule strings


def test_every_sunday_at_one_for_three_hours() -> None:
    plan = Schedule.parse(SUNDAYS)
    assert plan is not None
    assert (plan.start, plan.length) == (datetime(2014, 2, 16, 1), timedelta(hours=3))
    assert plan.recurrence is Recurrence.WEEKLY and plan.weekday == 6 and not plan.utc
    assert list(islice(plan.starts(datetime(2014, 2, 17), datetime(2014, 3, 4)), 2)) == [
        datetime(2014, 2, 23, 1),
        datetime(2014, 3, 2, 1),
    ]


def test_every_day_at_ten_for_eight_hours() -> None:
    plan = Schedule.parse(NIGHTLY)
    assert plan is not None
    assert (plan.start, plan.length) == (datetime(2013, 8, 22, 22), timedelta(hours=8))
    assert plan.every == timedelta(days=1)


def test_a_length_of_a_day_and_five_hours() -> None:
    plan = Schedule.parse("00084AC028592000")
    assert plan is not None and plan.length == timedelta(days=1, hours=5)


def test_the_first_of_several_schedules() -> None:
    assert Schedule.parse(WEEKDAYS) == Schedule.parse(MONDAYS)


@pytest.mark.parametrize("text", ["", "00302B001819200", "no schedule at all", "0000000000000000", "-0302B0018192000"])
def test_no_schedule(text: str) -> None:
    assert Schedule.parse(text) is None


@given(
    start=st.datetimes(datetime(1970, 1, 1), datetime(2033, 12, 31)),
    minutes=st.integers(0, 59),
    hours=st.integers(0, 23),
    days=st.integers(0, 31),
    utc=st.booleans(),
)
def test_start_length_and_zone_come_back(start: datetime, minutes: int, hours: int, days: int, utc: bool) -> None:
    plan = Schedule.parse(encode(start, minutes=minutes, hours=hours, days=days, utc=utc))
    assert plan == Schedule(
        start.replace(second=0, microsecond=0), timedelta(minutes=minutes, hours=hours, days=days), utc=utc
    )


def starts(text: str, since: datetime, count: int = 3) -> list[str]:
    plan = Schedule.parse(text)
    assert plan is not None
    return [f"{at:%Y-%m-%d %H:%M}" for at in islice(plan.starts(since, since + timedelta(days=900)), count)]


def test_every_other_wednesday() -> None:
    text = encode(datetime(2025, 3, 3, 20), hours=4, recurrence=Recurrence.WEEKLY, rest=0b100_010 << 12)
    assert starts(text, datetime(2025, 3, 6)) == ["2025-03-19 20:00", "2025-04-02 20:00", "2025-04-16 20:00"]


def test_the_second_tuesday_of_the_month() -> None:
    text = encode(
        datetime(2025, 1, 1, 2, 30), hours=4, recurrence=Recurrence.WEEKDAY_OF_MONTH, rest=0b011_0001_010 << 8
    )
    assert starts(text, datetime(2025, 3, 1)) == ["2025-03-11 02:30", "2025-04-08 02:30", "2025-05-13 02:30"]


def test_the_last_friday_of_every_third_month() -> None:
    text = encode(datetime(2025, 1, 1, 2), hours=4, recurrence=Recurrence.WEEKDAY_OF_MONTH, rest=0b110_0011_000 << 8)
    assert starts(text, datetime(2025, 1, 1)) == ["2025-01-31 02:00", "2025-04-25 02:00", "2025-07-25 02:00"]


def test_the_last_day_of_the_month() -> None:
    text = encode(datetime(2024, 1, 31, 2), hours=4, recurrence=Recurrence.DAY_OF_MONTH, rest=0b00000_0001 << 9)
    assert starts(text, datetime(2024, 2, 1)) == ["2024-02-29 02:00", "2024-03-31 02:00", "2024-04-30 02:00"]


def test_a_day_that_short_months_do_not_have() -> None:
    text = encode(datetime(2024, 1, 31, 2), hours=4, recurrence=Recurrence.DAY_OF_MONTH, rest=0b11111_0001 << 9)
    assert starts(text, datetime(2024, 2, 1)) == ["2024-03-31 02:00", "2024-05-31 02:00", "2024-07-31 02:00"]


def test_no_start_before_the_first() -> None:
    text = encode(datetime(2030, 1, 1, 2), hours=4, recurrence=Recurrence.DAY_OF_MONTH, rest=0b00001_0001 << 9)
    assert starts(text, datetime(2029, 1, 1), 1) == ["2030-01-01 02:00"]


# what the client says of its windows


def test_the_next_time_of_a_weekly_window_comes_from_its_schedule(tmp_path: Path) -> None:
    """The log names the start as it was when the windows were read; eleven years have gone by since."""
    found = windows(
        tmp_path,
        datetime(2025, 3, 25, 1, 2, tzinfo=UTC),
        ServiceWindowManager=log(
            *window(SUNDAYS, starts="02/16/14 01:00:00", lasts="days: 0, hours: 03, mins: 00, secs: 00")
        ),
    )
    span = found.next(3600)
    assert span and (span.start, span.end) == (datetime(2025, 3, 30, 1), datetime(2025, 3, 30, 4))
    assert found.restrict and found.is_sure and not found.none_comes and found.longest == 180


def test_a_window_of_three_hours_never_holds_four(tmp_path: Path) -> None:
    found = windows(tmp_path, ServiceWindowManager=log(*window(SUNDAYS)))
    assert found.next(3 * 3600) is not None
    assert found.next(4 * 3600) is None


def test_what_is_left_of_an_open_window_counts(tmp_path: Path) -> None:
    """At 5:30 half an hour of last night's window is left; the next night holds the update."""
    found = windows(tmp_path, ServiceWindowManager=log(*window(NIGHTLY), at="2025-03-25 05:30:00"))
    now, tonight = found.next(1200), found.next(3600)
    assert now and now.start == datetime(2025, 3, 25, 5, 30, 0, 412000)
    assert tonight and tonight.start == datetime(2025, 3, 25, 22)
    assert found.is_open


def test_overlapping_windows_are_one(tmp_path: Path) -> None:
    early = encode(datetime(2025, 3, 26, 20), hours=2)
    late = encode(datetime(2025, 3, 26, 21), hours=3)
    found = windows(tmp_path, ServiceWindowManager=log(*window(early), *window(late, id=TWO)))
    span = found.next(4 * 3600)
    assert span and (span.start.hour, span.end.hour) == (20, 0)
    assert found.next(4 * 3600 + 1) is None


def test_windows_that_touch_are_one_and_a_gap_parts_them(tmp_path: Path) -> None:
    one, two = encode(datetime(2025, 3, 26, 20), hours=2), encode(datetime(2025, 3, 26, 22), hours=2)
    apart = encode(datetime(2025, 3, 27, 0, 1), hours=2)
    lines = (*window(one), *window(two, id=TWO), *window(apart, id="{3}"))
    assert windows(tmp_path, ServiceWindowManager=log(*lines)).longest == 240


def test_windows_of_different_rhythm_meet_some_day(tmp_path: Path) -> None:
    """Sundays from 1 to 4 and the 30th of each month from 4 to 6: together five hours, for the first time on 2025-03-30."""
    monthly = encode(datetime(2025, 1, 30, 4), hours=2, recurrence=Recurrence.DAY_OF_MONTH, rest=0b11110_0001 << 9)
    found = windows(tmp_path, ServiceWindowManager=log(*window(SUNDAYS), *window(monthly, id=TWO)))
    span = found.next(5 * 3600)
    assert span and span.start == datetime(2025, 3, 30, 1)


def test_a_window_for_updates_hides_those_for_all_deployments(tmp_path: Path) -> None:
    own = encode(datetime(2025, 3, 26, 20), hours=1)
    found = windows(tmp_path, ServiceWindowManager=log(*window(NIGHTLY), *window(own, 4, TWO)))
    assert found.next(7200) is None
    span = found.hidden_fit(7200)
    assert span and span.start == datetime(2025, 3, 25, 22)


def test_business_hours_and_task_sequences_restrict_nothing(tmp_path: Path) -> None:
    found = windows(tmp_path, ServiceWindowManager=log(*window(MONDAYS, 6, HOURS), *window(NIGHTLY, 5)))
    assert found.restrict is False and not found.hidden and not found.none_comes


def test_a_window_that_is_over_still_restricts(tmp_path: Path) -> None:
    once = encode(datetime(2024, 3, 26, 20), hours=1)
    lines = window(once, lasts="days: 0, hours: 00, mins: 00, secs: 00", over=True)
    found = windows(tmp_path, ServiceWindowManager=log(*lines))
    assert found.restrict and found.none_comes and found.is_sure and found.next(60) is None


def test_a_window_that_once_was_is_over_without_the_clients_word(tmp_path: Path) -> None:
    found = windows(tmp_path, ServiceWindowManager=log(*window(encode(datetime(2024, 3, 26, 20), hours=1))))
    assert found.none_comes and found.is_sure


def test_the_newest_list_counts(tmp_path: Path) -> None:
    old = log(*window(NIGHTLY), at="2025-03-20 10:00:00")
    found = windows(tmp_path, ServiceWindowManager=old + log(*window(SUNDAYS, id=TWO)))
    assert [one.id for one in found.windows] == [TWO]


def test_a_deleted_window_restricts_no_more(tmp_path: Path) -> None:
    left = record("No Service Windows Left. There is no next event....", "2025-03-26 10:00:00")
    found = windows(tmp_path, ServiceWindowManager=log(*window(NIGHTLY)) + left)
    assert found.restrict is False


def test_an_offset_of_days_moves_all_times(tmp_path: Path) -> None:
    """The client says Thursday 13 March for a schedule of the second Tuesday: two days later, every month."""
    text = encode(datetime(2025, 1, 1, 2), hours=4, recurrence=Recurrence.WEEKDAY_OF_MONTH, rest=0b011_0001_010 << 8)
    found = windows(
        tmp_path,
        ServiceWindowManager=log(
            *window(text, starts="03/13/25 02:00:00", lasts="days: 0, hours: 04, mins: 00, secs: 00")
        ),
    )
    span = found.next(3600)
    assert span and span.start == datetime(2025, 4, 10, 2)


# zones


@pytest.mark.parametrize(("bias", "hour"), [("-540", 9), ("+300", 19), ("+000", 0)])
def test_a_window_in_utc_is_shown_in_local_time(tmp_path: Path, bias: str, hour: int) -> None:
    text = encode(datetime(2025, 3, 1), hours=1, recurrence=Recurrence.INTERVAL, rest=1 << 2, utc=True)
    found = windows(tmp_path, ServiceWindowManager=log(*window(text), bias=bias))
    span = found.next(600)
    assert span and span.start.hour == hour
    assert found.here is not None and timedelta(0) <= span.start - found.here < timedelta(days=1)


def test_local_windows_are_compared_with_local_time(tmp_path: Path) -> None:
    """2025-03-25 13:30 UTC is 22:30 in Tokyo: the window that begins at 22:00 there is open."""
    now = datetime(2025, 3, 25, 13, 30, tzinfo=UTC)
    assert windows(tmp_path, now, ServiceWindowManager=log(*window(NIGHTLY))).is_open


def test_the_same_moment_elsewhere(tmp_path: Path) -> None:
    now = datetime(2025, 3, 25, 13, 30, tzinfo=UTC)
    assert not windows(tmp_path, now, ServiceWindowManager=log(*window(NIGHTLY), bias="+300")).is_open


# other ways in which windows come to us


def test_bare_lines_without_times(tmp_path: Path) -> None:
    lines = window(SUNDAYS, starts="02/16/14 01:00:00", lasts="days: 0, hours: 03, mins: 00, secs: 00")
    found = windows(tmp_path, ServiceWindowManager="\n".join(["Refreshing Service Windows.....", *lines]))
    assert found.now is None and found.longest == 180 and found.next(4 * 3600) is None


SDK = """PS C:\\> Get-WmiObject -Namespace "root\\ccm\\ClientSDK" -Class CCM_ServiceWindow | Format-List ID, Type, StartTime, EndTime, Duration

ID        : {1E957DDD-0A26-434C-952A-586F3E31E319}
Type      : 4
StartTime : 20250326010000.000000+000
EndTime   : 20250326040000.000000+000
Duration  : 10800

ID        : ad27b0ca-8c74-43c7-8200-1f601880bd75
Type      : 6
StartTime : 20250326220000.000000+000
EndTime   : 20250327050000.000000+000
Duration  : 25200

"""


def test_the_class_of_the_sdk_holds_local_time(tmp_path: Path) -> None:
    """Its offset says +000 all the same."""
    other = record("ServiceWindowManager::FinalConstruct entered") + record("Refreshing Service Windows.....")
    found = windows(tmp_path, CCM_ServiceWindow=SDK, ServiceWindowManager=other)
    span = found.next(3600)
    assert span and span.start == datetime(2025, 3, 26, 1)
    assert found.next(4 * 3600) is None and not found.is_sure


def test_the_log_tells_the_recurrence_that_the_class_does_not(tmp_path: Path) -> None:
    found = windows(
        tmp_path,
        datetime(2025, 4, 1, tzinfo=UTC),
        CCM_ServiceWindow=SDK.replace("20250326", "20250330"),
        ServiceWindowManager=log(*window(SUNDAYS, 4)),
    )
    span = found.next(3600)
    assert span and span.start == datetime(2025, 4, 6, 1)


def test_the_class_of_policy_holds_a_schedule(tmp_path: Path) -> None:
    text = f"""PS C:\\> Get-WmiObject -Namespace "root\\CCM\\Policy\\Machine\\ActualConfig" -Class CCM_ServiceWindow

PolicyInstanceID  : {ONE}
Schedules         : {SUNDAYS}
ServiceWindowType : 1

"""
    found = windows(tmp_path, datetime(2025, 3, 25, tzinfo=UTC), CCM_ServiceWindow=text)
    assert found.is_sure and found.longest == 180


def test_a_class_without_instances_restricts_nothing(tmp_path: Path) -> None:
    text = (
        'PS C:\\> Get-WmiObject -Namespace "root\\ccm\\ClientSDK" -Class CCM_ServiceWindow\nPS C:\\> hostname\nPC01\n'
    )
    assert windows(tmp_path, CCM_ServiceWindow=text).restrict is False


# questions and answers


def asked(seconds: int, *answer: str, type: int = 4) -> str:
    lines = (f"OnIsServiceWindowAvailable called with: Runtime:{seconds}, Type:{type}", *answer)
    return "".join(record(line) for line in lines)


NO = "Program cannot Run! Setting *canProgramRun to FALSE"
YES = "Program can run! Setting *canProgramRun to TRUE"
EVENTUALLY = "There exists a Service Window of this Type, for this duration. The Program will run eventually."


def test_a_refusal_that_stands(tmp_path: Path) -> None:
    found = windows(tmp_path, ServiceWindowManager=asked(3600, NO))
    assert found.refused and found.refused.seconds == 3600 and found.refused.later is None


def test_a_refusal_for_now(tmp_path: Path) -> None:
    text = asked(3600, NO, "WillProgramRun called with: Runtime:3600, Type:4", EVENTUALLY) + asked(1, NO, type=6)
    found = windows(tmp_path, ServiceWindowManager=text)
    assert found.refused and found.refused.later is True


def test_a_refusal_for_ever_has_no_words(tmp_path: Path) -> None:
    text = asked(3600, NO, "WillProgramRun called with: Runtime:3600, Type:4") + asked(1, NO, type=6)
    found = windows(tmp_path, ServiceWindowManager=text)
    assert found.refused and found.refused.later is False


def test_a_log_that_ends_with_the_question_decides_nothing(tmp_path: Path) -> None:
    text = asked(3600, NO, "WillProgramRun called with: Runtime:3600, Type:4")
    found = windows(tmp_path, ServiceWindowManager=text)
    assert found.refused and found.refused.later is None


def test_a_later_permission_ends_the_refusal(tmp_path: Path) -> None:
    assert windows(tmp_path, ServiceWindowManager=log() + asked(3600, NO) + asked(3600, YES)).refused is None


def test_the_probe_of_one_second_asks_for_nothing(tmp_path: Path) -> None:
    assert windows(tmp_path, ServiceWindowManager=log() + asked(1, NO)).refused is None


# what the client could not read


def failed(schedule: str) -> str:
    return (
        "CServiceWindow::CServiceWindow: Failed to initialize ServiceWindowSchedule instance from schedule string "
        f"({schedule})"
    )


def test_business_hours_that_cannot_be_read_are_no_maintenance_window(tmp_path: Path) -> None:
    lines = (*window(WEEKDAYS, 6, HOURS)[:1], failed(WEEKDAYS), *window(WEEKDAYS, 6, HOURS, over=True)[1:])
    assert windows(tmp_path, ServiceWindowManager=log(*lines)).broken is None


def test_a_window_of_a_collection_that_cannot_be_read(tmp_path: Path) -> None:
    found = windows(tmp_path, ServiceWindowManager=log(*window(SUNDAYS, 4), failed(SUNDAYS)))
    assert found.broken and (found.broken.id, found.broken.type) == (ONE, 4)


def test_a_window_that_could_be_read_later(tmp_path: Path) -> None:
    text = log(*window(SUNDAYS, 4), failed(SUNDAYS)) + log(*window(SUNDAYS, 4, starts="03/30/25 01:00:00"))
    assert windows(tmp_path, ServiceWindowManager=text).broken is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("02/16/14 01:00:00", datetime(2014, 2, 16, 1)),
        ("10/11/2013 5:00:00 AM", datetime(2013, 10, 11, 5)),
        ("10/10/2013 10:00:00 PM", datetime(2013, 10, 10, 22)),
        ("2025/03/25 22:00:00", datetime(2025, 3, 25, 22)),
        ("02/16/14 01:00:00 ServiceWindowManager", datetime(2014, 2, 16, 1)),
        ("31/12/2014 01:00:00", None),
        ("soon", None),
    ],
)
def test_times_of_the_log(text: str, expected: datetime | None) -> None:
    assert log_time(text) == expected


@given(
    start=st.datetimes(datetime(2020, 1, 1), datetime(2025, 12, 31)),
    recurrence=st.sampled_from(list(Recurrence)),
    rest=st.integers(0, 2**18 - 1),
    later=st.integers(0, 900),
)
def test_starts_do_not_depend_on_when_one_asks(start: datetime, recurrence: Recurrence, rest: int, later: int) -> None:
    """Whoever asks later gets the end of the same list, in order and without doubles, and never one before the first."""
    plan = Schedule.parse(encode(start, hours=1, recurrence=recurrence, rest=rest))
    assert plan is not None
    if plan.recurrence is Recurrence.INTERVAL and plan.every < timedelta(days=1):
        return  # so many that the list is cut
    since = start + timedelta(days=later)
    until = since + timedelta(days=100)
    whole = list(plan.starts(start - timedelta(days=40), until))
    assert whole == sorted(set(whole)) and all(at >= plan.start for at in whole)
    assert list(plan.starts(since, until)) == [at for at in whole if at >= since]


@pytest.mark.parametrize("rest", [0, 1 << 12, 1 << 7, 3 << 2])
def test_any_interval_ends(rest: int) -> None:
    """Even one of a minute, or of nothing at all, gives a bounded list."""
    plan = Schedule.parse(encode(datetime(2020, 1, 1), minutes=1, recurrence=Recurrence.INTERVAL, rest=rest))
    assert plan is not None
    assert len(list(plan.starts(datetime(2025, 1, 1), datetime(2026, 1, 1)))) <= 2000


def test_a_window_that_has_gone_by_since(tmp_path: Path) -> None:
    found = windows(tmp_path, ServiceWindowManager=log(*window(NIGHTLY)))
    assert found.missed(3600, datetime(2025, 3, 23, tzinfo=UTC)) is not None
    assert found.missed(3600, datetime(2025, 3, 25, tzinfo=UTC)) is None
    assert found.missed(9 * 3600, datetime(2025, 3, 1, tzinfo=UTC)) is None
