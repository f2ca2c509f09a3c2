"""The words of a cause: ``article.<language>.md`` with fixed headings, shown by every report, `explain` and the docs.

    # The update point answers 503

    ## What happens
    The scan that ended at {when} was refused by {server} with HTTP 503.
    ...
    ## Fix
    1. **wsus-admin**: Start the application pool.

       ```powershell
       Start-WebAppPool WsusPool
       ```

       Undo: ...

The steps of "Fix" begin with a role of the words files in bold; a fenced block in a step is its command.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec

from ccmdoctor.model import Fact, Remedy

HEADINGS: dict[str, tuple[str, ...]] = {
    "en": ("What happens", "Why", "How we know", "Fix", "How to verify", "References"),
    "ja": ("何が起きているか", "原因", "判断の根拠", "対処", "確認方法", "参考資料"),
}
UNDO = {"en": "Undo:", "ja": "元に戻すには:"}
PLACEHOLDER = re.compile(r"\{([a-z][a-z_]*)\}")
_HEADING = re.compile(r"^## +(.+?)\s*$", re.MULTILINE)
_STEP = re.compile(r"^\d+\. +\*\*(?P<role>[a-z-]+)\*\*\s*[::]\s*", re.MULTILINE)
_FENCE = re.compile(r"^ *```[a-z]*\n(?P<body>.*?)^ *```\s*$", re.MULTILINE | re.DOTALL)


class Article(msgspec.Struct, frozen=True):
    """An article taken apart; ``sections`` are by the English heading, whatever the language."""

    language: str
    title: str
    sections: dict[str, str]
    source: str

    def summary(self, facts: Mapping[str, Fact], unknown: str) -> str:
        """The first paragraph of "What happens" with its placeholders filled."""
        return fill(unwrapped(self.sections["What happens"].split("\n\n", 1)[0]), facts, unknown)

    def headline(self, facts: Mapping[str, Fact], unknown: str) -> str:
        """The title with its placeholders filled."""
        return fill(self.title, facts, unknown)

    def remedies(self, facts: Mapping[str, Fact], unknown: str) -> tuple[Remedy, ...]:
        """The steps of "Fix"; the last carries how to verify."""
        body = self.sections["Fix"]
        starts = list(_STEP.finditer(body))
        steps = []
        for index, found in enumerate(starts):
            stop = starts[index + 1].start() if index + 1 < len(starts) else len(body)
            steps.append(self._step(found["role"], body[found.end() : stop], facts, unknown))
        if steps:
            check = fill(unwrapped(self.sections["How to verify"].strip()), facts, unknown)
            steps[-1] = msgspec.structs.replace(steps[-1], verify=check)
        return tuple(steps)

    def _step(self, role: str, text: str, facts: Mapping[str, Fact], unknown: str) -> Remedy:
        commands = [_dedent(found["body"]) for found in _FENCE.finditer(text)]
        prose, _, undo = _FENCE.sub("", text).partition(UNDO[self.language])
        return Remedy(
            role=role,
            do=fill(unwrapped(_dedent(prose)), facts, unknown),
            command=fill("\n".join(commands), facts, unknown) or None,
            undo=fill(unwrapped(_dedent(undo)), facts, unknown) or None,
        )


def _dedent(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip("\n").splitlines())


def unwrapped(text: str) -> str:
    """Paragraphs and list items on one line each; fenced blocks stay as they are.

    Source lines are wrapped for editors. Japanese joins without a blank, unless both neighbours are Latin.
    """
    out: list[str] = []
    fenced = open_ = False
    for line in text.strip().splitlines():
        fence = line.lstrip().startswith("```")
        if open_ and not fenced and not fence and line.strip() and not line.lstrip().startswith(("- ", "|")):
            before, after = out[-1][-1], line.strip()[0]
            out[-1] += (" " if before.isascii() and after.isascii() else "") + line.strip()
        else:
            out.append(line.rstrip())
        fenced = fenced != fence
        open_ = bool(line.strip()) and not fenced and not fence
    return "\n".join(out)


def fill(text: str, facts: Mapping[str, Fact], unknown: str) -> str:
    """Placeholders replaced by facts; a fact that is not known reads as ``unknown``."""
    return PLACEHOLDER.sub(lambda found: unknown if facts.get(found[1]) is None else str(facts[found[1]]), text)


def parse(source: str, language: str) -> Article:
    """An article from its text. Raises ValueError when headings differ from HEADINGS."""
    title, _, body = source.partition("\n")
    found = _HEADING.split(body)[1:]
    headings = tuple(found[0::2])
    if headings != HEADINGS[language] or not title.startswith("# "):
        raise ValueError(f"headings must be {HEADINGS[language]}, found {headings}")
    texts = dict(zip(HEADINGS["en"], (text.strip() for text in found[1::2]), strict=True))
    return Article(language, title[2:].strip(), texts, source)


@cache
def article(folder: Path, language: str) -> Article:
    """The article of a rule folder in a language."""
    return parse((folder / f"article.{language}.md").read_text(encoding="utf-8"), language)
