"""No text makes redaction slow: what it looks for, again and again, torn, and with something endless in it."""

from __future__ import annotations

import random
import time

import pytest

from ccmdoctor.redaction.text import Learner
from redaction.every_format import SAMPLES
from redaction.test_text import KEPT, REPLACED

SIZE = 40_000
FILLERS = (" ", "a", "1, ", "\n", "<td>", "68,00,", "\t", "@", "x/")


def cost(text: str) -> float:
    """Seconds of the processor to learn from a text and to replace in it."""
    raw = text.encode()
    begun = time.process_time()
    learner = Learner()
    learner.learn(raw, with_tables=True)
    learner.settled(bytes(32)).change(raw)
    return time.process_time() - begun


def pieces() -> list[str]:
    lines = [line for text, _ in SAMPLES.values() for line in text.split("\n")]
    return sorted(
        {
            one
            for one in (*(text for text, _ in REPLACED), *KEPT, *lines, *(text for text, _ in SAMPLES.values()))
            if len(one) > 15
        }
    )


@pytest.mark.parametrize("part", range(4))
def test_time_grows_with_the_size(part: int) -> None:
    chance, slow = random.Random(part), {}
    for piece in pieces()[part::4]:
        place = chance.randrange(len(piece))
        filler = chance.choice(FILLERS)
        makers = {
            "line": lambda size: (piece.replace("\n", " ") * (size // len(piece) + 1))[:size],  # noqa: B023
            "lines": lambda size: (f"{piece}\n" * (size // len(piece) + 1))[:size],  # noqa: B023
            filler: lambda size: piece[:place] + filler * (size // len(filler)) + piece[place:],  # noqa: B023
        }
        for what in (chance.choice(("line", "lines")), filler):
            made = makers[what]
            spent = cost(made(SIZE))
            if spent > 0.2 and (longer := cost(made(4 * SIZE))) > max(1.5, 9 * spent):
                slow[piece[max(0, place - 40) : place], what] = spent, longer
    assert not slow
