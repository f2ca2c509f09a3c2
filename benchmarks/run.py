"""All benchmarks in one run: prints them, and writes the page and the plots in ``docs/``.

    uv run --group bench python benchmarks/run.py [--quick] [--write]

Logs are made up in a temporary folder and never kept; the largest run needs twice its size there.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

import diagnose
import growth
import parse
import scan
from material import machine

from ccmdoctor.version import __version__

DOCS = Path(__file__).parent.parent / "docs"
PAGE = """# Benchmarks

Taken on {day} with ccmdoctor {version} on {machine}, by `uv run --group bench python benchmarks/run.py --write`.
Medians, every process cold, the page cache warm. Compare ratios, not seconds: another machine has other seconds.

{tables}
## How the figures come about

- **One pass.** Raw bytes, mapped or inflated in windows of 8 MB, go once through one automaton with the fixed piece of
  every known message. Only the record around a hit is framed and decoded, and a time is parsed only there, so that cost
  follows the matching records and not the size of the logs.
- **Columns.** The timeline takes records apart a window of 1 MB at a time: numpy finds where records open and close,
  reads eight bytes at a time as one number, and checks and converts digits within it. What is not in the usual form
  goes through the record-by-record reader, and a property test holds both to the same records.
- **Evidence once.** Each kind of evidence is read once for a bundle and shared by all rules that name it.
- **Late imports.** A command loads what it uses: `--help` loads the command line only, JSON needs neither the terminal
  nor the template library.
- **Bounded memory.** Of each message the newest 5,000 events of a file are kept, 500 once a file has given 50,000, and
  the report says when there were more; a quoted text is at most 4,000 characters; pages of a large file are given back
  after each window.

## Growth

Both grow in straight lines. The one over the size bends down where a log of this density (one record in fifteen is a
known line) gives more events than are kept, the one over the rules where all 181 are there and the rest are repetitions
that find their evidence read.

![Time against the size of the log](growth-size.svg)

![Time against the number of rules](growth-rules.svg)
"""


def table(title: str, rows: list[tuple[str, str]]) -> str:
    """A Markdown table."""
    return "\n".join(
        [f"## {title}", "", "| what | figure |", "| --- | --- |", *(f"| {a} | {b} |" for a, b in rows), ""]
    )


def plot(name: str, title: str, x: list[float], y: list[float], labels: tuple[str, str]) -> None:
    """A line through the measured points."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "ccmdoctor"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 3.6))
    axes.plot(x, y, marker="o", color="#0b5cad")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.set_title(title)
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    axes.grid(color="#d8dde3")
    figure.tight_layout()
    figure.savefig(DOCS / name, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)


def main() -> None:
    """Run, print, and write the page when asked."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true", help="small sizes and few runs: shows that it works")
    options.add_argument("--write", action="store_true", help="write docs/benchmarks.md and the plots")
    given = options.parse_args()
    size, runs, folder = (20, 3, 5) if given.quick else (200, 7, 30)
    sizes = (1, 5, 20) if given.quick else (1, 10, 50, 200, 1000, 2000, 5000)
    print(machine())
    tables = []
    for title, rows in (
        ("Scan", lambda: scan.rows(size, runs)),
        ("Every record", lambda: parse.rows(size, runs)),
        ("Diagnosis", lambda: diagnose.rows(folder, runs)),
        ("Over the network", lambda: diagnose.over_smb(folder, runs)),
    ):
        if found := rows():
            tables.append(table(title, found))
            print(tables[-1])
    grown = growth.by_size(sizes, 3)
    told = [(f"{megabytes:,.0f} MB", f"{seconds:.2f} s, {memory:.0f} MB peak") for megabytes, seconds, memory in grown]
    tables.append(table("One log of this size, cold `diagnose`", told))
    print(tables[-1])
    ruled = growth.by_rules(runs)
    tables.append(table("Rules judged on one bundle", [(f"{count:.0f} rules", f"{ms:.1f} ms") for count, ms in ruled]))
    print(tables[-1])
    if given.write:
        day = datetime.now(UTC).date().isoformat()
        page = PAGE.format(day=day, version=__version__, machine=machine(), tables="\n".join(tables))
        (DOCS / "benchmarks.md").write_text(page, encoding="utf-8")
        x, y = [one[0] for one in grown], [one[1] for one in grown]
        plot("growth-size.svg", "Cold diagnosis of one log", x, y, ("MB", "seconds"))
        x, y = [one[0] for one in ruled], [one[1] for one in ruled]
        plot("growth-rules.svg", "All rules on one bundle", x, y, ("rules", "milliseconds"))


if __name__ == "__main__":
    main()
