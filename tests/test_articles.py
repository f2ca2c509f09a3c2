"""Articles: taken apart by headings, filled with facts, unwrapped for readers."""

from __future__ import annotations

import pytest

from ccmdoctor.rules.articles import HEADINGS, fill, parse, unwrapped

SOURCE = """# The point at {server} is down

## What happens

It fails with {error}
since {since}.

More.

## Why

Because.

## How we know

- line

## Fix

1. **wsus-admin**: Start it,
   now.

   ```powershell
   Start-It
   ```

   Undo: stop
   it.

2. **user**: Wait.

## How to verify

Look.

## References

- <https://example.com/>
"""


def test_an_article_is_taken_apart() -> None:
    found = parse(SOURCE, "en")
    facts = {"server": "sup", "error": "0x1", "since": None}
    assert found.headline(facts, "?") == "The point at sup is down"
    assert found.summary(facts, "?") == "It fails with 0x1 since ?."
    first, second = found.remedies(facts, "?")
    assert (first.role, first.do, first.command, first.undo, first.verify) == (
        "wsus-admin",
        "Start it, now.",
        "Start-It",
        "stop it.",
        None,
    )
    assert (second.role, second.do, second.verify) == ("user", "Wait.", "Look.")


@pytest.mark.parametrize(
    "broken", [SOURCE.replace("## Why", "## Reason"), SOURCE.replace("# The", "The", 1), SOURCE.replace("## Fix", "")]
)
def test_other_headings_are_an_error(broken: str) -> None:
    with pytest.raises(ValueError, match="headings must be"):
        parse(broken, "en")


def test_every_language_has_its_headings() -> None:
    assert {len(headings) for headings in HEADINGS.values()} == {6}


@pytest.mark.parametrize(
    ("text", "flat"),
    [
        ("one\ntwo\n\nthree", "one two\n\nthree"),
        ("更新が\n失敗します。", "更新が失敗します。"),
        ("エラー {error}\n(HTTP 503)", "エラー {error} (HTTP 503)"),
        ("- one\n  more\n- two", "- one more\n- two"),
        ("text\n\n```sh\na\nb\n```\n\nend\nof it", "text\n\n```sh\na\nb\n```\n\nend of it"),
    ],
)
def test_source_lines_are_joined_as_their_language_wants(text: str, flat: str) -> None:
    assert unwrapped(text) == flat


def test_unknown_facts_read_as_such() -> None:
    assert fill("{a} and {b}", {"a": 0}, "(not known)") == "0 and (not known)"
