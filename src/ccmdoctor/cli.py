"""The command line: arguments only. Results go to stdout, messages to stderr.

Exit codes of ``diagnose``: 0 nothing wrong found, 1 a cause found, 2 the input or the call is wrong,
3 not enough evidence.
"""

from __future__ import annotations

import contextlib
import gc
import locale
import os
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ccmdoctor.version import __version__

if TYPE_CHECKING:
    import re

    from ccmdoctor.model import Diagnosis, InputError, Progress
    from ccmdoctor.reasoning.diagnosis import Conclusion
    from ccmdoctor.sources import Source
    from ccmdoctor.sources.address import Credentials
    from ccmdoctor.timeline.entries import Entry

EXIT_CODES = {"nothing-wrong-found": 0, "cause-found": 1, "not-enough-evidence": 3}
LANGUAGES = ("ja", "en")
FORMATS = ("text", "json", "markdown", "html")


def default_language() -> str:
    """``ja`` on a Japanese system, else ``en``: the usual variables, then what the system says."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(variable):
            return "ja" if value.lower().startswith("ja") else "en"
    if sys.platform == "win32":
        import ctypes

        return "ja" if ctypes.windll.kernel32.GetUserDefaultUILanguage() & 0x3FF == 0x11 else "en"
    return "ja" if (locale.getlocale()[0] or "").lower().startswith("ja") else "en"


def _language_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--lang", type=click.Choice(LANGUAGES), default=None, help="Language of the answer (default: the system's)."
    )(command)


class _Group(click.Group):
    """Turns errors of the input into a message in the user's language and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        from ccmdoctor.model import InputError

        try:
            return super().invoke(ctx)
        except InputError as error:
            _complain(error, ctx)
        except (KeyboardInterrupt, click.Abort):
            click.echo(_say(default_language(), "errors.interrupted"), err=True)
            sys.exit(130)
        except BrokenPipeError:
            # the reader of our output has gone (head, a closed pager)
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)


def _say(language: str, key: str, **about: object) -> str:
    from ccmdoctor.report.words import words

    return words(language)(key, **about)


def _complain(error: InputError, ctx: click.Context) -> None:
    language = os.environ.get("CCMDOCTOR_LANG") or (ctx.meta.get("ccmdoctor.lang") or default_language())
    about = dict(error.about)
    if "reason" in about:
        with contextlib.suppress(KeyError):
            about["reason"] = _say(language, f"coverage.{about['reason']}")
    click.echo(f"ccmdoctor: {_say(language, f'errors.{error.key}', **about)}", err=True)
    sys.exit(2)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ccmdoctor")
def main() -> None:
    """Says why a Windows update is not shown, downloaded, installed or applied on a ConfigMgr client."""
    gc.set_threshold(100_000)  # what a run makes lives to its end; to look at it again and again costs a twentieth
    for stream in (sys.stdout, sys.stderr):
        # Japanese text must come out whatever the console's code page is
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure and not (stream.encoding or "").lower().startswith("utf"):
            reconfigure(errors="replace") if stream.isatty() else reconfigure(encoding="utf-8")


def _choose(ctx: click.Context, lang: str | None) -> str:
    language = lang or default_language()
    ctx.meta["ccmdoctor.lang"] = language
    return language


def _opened(addresses: tuple[str, ...], language: str) -> list[Source]:
    from ccmdoctor.sources import open_source

    _let_ask(language)
    return open_source(addresses)


def _let_ask(language: str) -> None:
    """A host that wants a password may ask for it at the terminal."""
    from ccmdoctor.sources.address import ask_with

    ask_with(lambda host, user: _credentials(host, user, language))


def _credentials(host: str, user: str | None, language: str) -> Credentials | None:
    """What somebody at a terminal types as name and password for a host; None when nobody sits there."""
    from ccmdoctor.sources.address import Credentials

    if not _can_ask():
        return None
    user = user or click.prompt(_say(language, "logon.user", host=host), err=True, default="", show_default=False)
    return Credentials(user, _hidden(_say(language, "logon.password", user=user, host=host))) if user else None


def _can_ask() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _hidden(prompt: str) -> str:
    return str(click.prompt(prompt, hide_input=True, err=True, default="", show_default=False))


@main.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option(
    "--symptom",
    type=click.Choice(("not-shown", "download", "install", "not-applied")),
    help="Name only causes of this complaint.",
)
@click.option("--update", metavar="KB", help="Follow one update: KB number, title or unique id.")
@click.option(
    "--format", "medium", type=click.Choice(FORMATS), default="text", show_default=True, help="Form of the report."
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the report to this file.")
@click.option(
    "--boundaries", type=click.Path(path_type=Path), help="CSV of the site's boundaries (Get-CMBoundary | Export-Csv)."
)
@click.option("--now", metavar="TIME", help="Judge at this time (ISO 8601) instead of the evidence's own.")
@click.option("--redact", "hidden", is_flag=True, help="Replace names, addresses and identifiers in the report.")
@_language_option
@click.pass_context
def diagnose(
    ctx: click.Context,
    sources: tuple[str, ...],
    symptom: str | None,
    update: str | None,
    medium: str,
    output: Path | None,
    boundaries: Path | None,
    now: str | None,
    hidden: bool,
    lang: str | None,
) -> None:
    """Diagnose a folder, a zip, files, or pasted lines (-)."""
    language = _choose(ctx, lang)
    conclusion = _conclude(sources, symptom, update, _time(now), boundaries, language, hidden)
    _report(conclusion, medium, language, output)
    sys.exit(EXIT_CODES[conclusion.outcome.value])


def _conclude(
    sources: tuple[str, ...],
    symptom: str | None,
    update: str | None,
    now: datetime | None,
    boundaries: Path | None,
    language: str,
    hidden: bool = False,
) -> Conclusion:
    from ccmdoctor.model import Symptom
    from ccmdoctor.reader import read
    from ccmdoctor.reasoning.diagnosis import conclude

    opened = _opened(sources, language)
    change = None
    if hidden:
        from ccmdoctor.redaction import Redaction

        redaction = Redaction(opened, _progress(language), extra=[_bytes(boundaries)] if boundaries else [])
        opened, change = redaction.sources, redaction.text
        update = redaction.text(update) if update else None
    reading = read(opened, _progress(language))
    if boundaries:
        reading.states.extend(_boundaries(boundaries, change))
    return conclude(reading, symptom=Symptom(symptom) if symptom else None, update=update, now=now)


def _time(text: str | None) -> datetime | None:
    from ccmdoctor.model import InputError

    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InputError("bad-time", value=text) from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _boundaries(path: Path, change: Callable[[str], str] | None = None) -> list[Any]:
    """The boundaries of a CSV, after ``change`` to its text and its name."""
    from ccmdoctor.formats.boundaries import parse_csv
    from ccmdoctor.formats.text import decode

    text, name = decode(_bytes(path)), path.name
    return parse_csv(change(text), change(name)) if change else parse_csv(text, name)


def _bytes(path: Path) -> bytes:
    from ccmdoctor.model import InputError

    try:
        return path.read_bytes()
    except OSError:
        raise InputError("source-not-found", source=str(path)) from None


def _progress(language: str) -> Progress:
    """A bar on a terminal and a word when minutes must be waited for, nothing elsewhere."""
    from ccmdoctor.model import Progress
    from ccmdoctor.sources import collector

    if not sys.stderr.isatty():
        return Progress()
    waited = False

    def tell(what: str, done: int, total: int) -> None:
        nonlocal waited
        if total > 8 << 20:
            click.echo(f"\r{what[-40:]:<40} {done * 100 // max(total, 1):3d} %", nl=False, err=True)
            if done >= total:
                click.echo("\r" + " " * 48 + "\r", nl=False, err=True)
        elif what == collector.NAME and total < 0 and not waited:
            waited = True
            click.echo(_say(language, "collector.running"), err=True)

    return Progress(tell)


def _report(conclusion: Conclusion, medium: str, language: str, output: Path | None) -> None:
    from ccmdoctor.report import render

    text = _html(conclusion, language) if medium == "html" else render(_told(conclusion, language), medium)
    if output is None:
        click.echo(text, nl=not text.endswith("\n"))
    else:
        _write(output, text)


def _told(conclusion: Conclusion, language: str) -> Diagnosis:
    from ccmdoctor.reasoning.diagnosis import tell
    from ccmdoctor.report.words import words

    return tell(conclusion, language, words(language))


def _html(conclusion: Conclusion, first: str) -> str:
    from ccmdoctor.report import html

    return html.render(
        {language: _told(conclusion, language) for language in (first, *(one for one in LANGUAGES if one != first))}
    )


def _write(output: Path, text: str) -> None:
    from ccmdoctor.model import InputError

    try:
        output.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise InputError("cannot-write", file=str(output), reason=error.strerror or type(error).__name__) from None


@main.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("ccmdoctor-demo.html"),
    show_default=True,
    help="Where to write the HTML report.",
)
@_language_option
@click.pass_context
def demo(ctx: click.Context, output: Path, lang: str | None) -> None:
    """Diagnose the bundled sample of a Japanese client and write its HTML report."""
    language = _choose(ctx, lang)
    conclusion = _conclude((str(Path(__file__).parent / "demo"),), None, None, None, None, language)
    _report(conclusion, "text", language, None)
    _write(output, _html(conclusion, language))
    click.echo(_say(language, "demo.report", file=str(output.resolve())))
    sys.exit(0)


@main.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--around", metavar="TIME", help="Only records near this moment (ISO 8601; UTC without an offset).")
@click.option(
    "--within", metavar="MINUTES", type=click.FloatRange(0), default=10.0, show_default=True, help="How near."
)
@click.option(
    "--component", "components", multiple=True, metavar="NAME", help="Only this component or log; repeatable."
)
@click.option("--grep", metavar="PATTERN", help="Only records whose text fits this expression (case does not count).")
@click.option("--errors", is_flag=True, help="Only records that tell of an error.")
@click.option("--redact", "hidden", is_flag=True, help="Replace names, addresses and identifiers in the timeline.")
@click.option(
    "--format",
    "medium",
    type=click.Choice(("text", "jsonl", "html")),
    default="text",
    show_default=True,
    help="Form of the timeline.",
)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the timeline to this file."
)
@_language_option
@click.pass_context
def timeline(
    ctx: click.Context,
    sources: tuple[str, ...],
    around: str | None,
    within: float,
    components: tuple[str, ...],
    grep: str | None,
    errors: bool,
    hidden: bool,
    medium: str,
    output: Path | None,
    lang: str | None,
) -> None:
    """Show the records of all logs merged in UTC."""
    from datetime import timedelta

    from ccmdoctor.report.words import words
    from ccmdoctor.timeline.entries import Wanted
    from ccmdoctor.timeline.streams import merged

    language = _choose(ctx, lang)
    wanted = Wanted.of(_time(around), timedelta(minutes=within), components, _expression(grep), errors)
    opened = _opened(sources, language)
    title = ", ".join(source.address for source in opened)
    if hidden:
        from ccmdoctor.redaction import Redaction

        redaction = Redaction(opened, _progress(language))
        opened, title = redaction.sources, redaction.text(title)
    with merged(opened, wanted, _progress(language)) as (entries, unread):
        _put(_told_in(medium, entries, title, words(language), language), output)
        for name, why in unread:
            if why != "empty":
                click.echo(f"{name}: {_say(language, f'coverage.{why}')}", err=True)


def _expression(text: str | None) -> re.Pattern[str] | None:
    import re

    from ccmdoctor.model import InputError

    try:
        return re.compile(text, re.IGNORECASE) if text else None
    except re.error as error:
        raise InputError("bad-expression", value=text, reason=str(error)) from None


def _told_in(
    medium: str, entries: Iterator[Entry], title: str, say: Callable[..., str], language: str
) -> Iterator[bytes]:
    from ccmdoctor.timeline import media

    if medium == "jsonl":
        return media.as_json(entries)
    text = media.as_html(entries, title, say, language) if medium == "html" else media.as_text(entries)
    return (piece.encode("utf-8", "replace") for piece in text)


def _put(pieces: Iterator[bytes], output: Path | None) -> None:
    """Long output as it comes, to a file or to standard output."""
    from ccmdoctor.model import InputError

    if output is None:
        out = sys.stdout.buffer
        for piece in pieces:
            out.write(piece)
        out.flush()
        return
    try:
        with output.open("wb") as file:
            file.writelines(pieces)
    except OSError as error:
        raise InputError("cannot-write", file=str(output), reason=error.strerror or type(error).__name__) from None


@main.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option(
    "-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The zip to write."
)
@click.option(
    "--map",
    "key",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write what stands for what (CSV). Keep it to yourself.",
)
@_language_option
@click.pass_context
def redact(ctx: click.Context, sources: tuple[str, ...], output: Path, key: Path | None, lang: str | None) -> None:
    """Write a copy of the evidence without names, addresses and identifiers, to pass on."""
    from ccmdoctor.model import InputError
    from ccmdoctor.redaction import Redaction, write, write_key
    from ccmdoctor.report.redaction import note, summary

    language = _choose(ctx, lang)
    opened = _opened(sources, language)
    for target in (output, key):
        for source in sources if target else ():
            if source != "-" and target and _is_within(target, Path(source)):
                raise InputError("output-in-source", file=str(target), source=source)
    redaction = Redaction(opened, _progress(language), remember=key is not None)
    try:
        done = write(redaction, output, lambda found: note(found, language))
        if key:
            write_key(redaction, key)
    except OSError as error:
        place = str(key if key and error.filename == str(key) else output)
        raise InputError("cannot-write", file=place, reason=error.strerror or type(error).__name__) from None
    click.echo(summary(done, str(output), language))


def _is_within(path: Path, source: Path) -> bool:
    """Whether writing to ``path`` would change the evidence."""
    path, source = path.resolve(), source.resolve()
    return path == source or (source.is_dir() and source in path.parents)


@main.command()
@click.option("--mp", metavar="HOST|URL", help="The management point to ask.")
@click.option("--sup", metavar="URL", help="The software update point to ask; a bare host means port 8530.")
@click.option("--proxy", metavar="HOST:PORT", help="Go through this proxy, as WinHTTP would.")
@click.option("--bypass", metavar="LIST", default="", help="Exceptions of the proxy, as <local>;*.contoso.com.")
@click.option(
    "--cert",
    "certificate",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Client certificate (PFX); its password from CCMDOCTOR_PFX_PASSWORD, the keyring or a prompt.",
)
@click.option(
    "--from-client",
    "client",
    multiple=True,
    metavar="SOURCE",
    help="Take servers and proxy from this client's evidence, and judge both together; repeatable.",
)
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(0.1, 600),
    default=20.0,
    show_default=True,
    help="Longest time for each step.",
)
@click.option(
    "--format", "medium", type=click.Choice(FORMATS), default="text", show_default=True, help="Form of the report."
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the report to this file.")
@_language_option
@click.pass_context
def probe(
    ctx: click.Context,
    mp: str | None,
    sup: str | None,
    proxy: str | None,
    bypass: str,
    certificate: Path | None,
    client: tuple[str, ...],
    timeout: float,
    medium: str,
    output: Path | None,
    lang: str | None,
) -> None:
    """Ask a management point and an update point as a client does, step by step, from here."""
    from ccmdoctor.probe import Request
    from ccmdoctor.probe import probe as ask
    from ccmdoctor.reasoning.diagnosis import conclude

    language = _choose(ctx, lang)
    request = Request(mp, sup, proxy, bypass, certificate, client, timeout)
    _let_ask(language)
    conclusion = conclude(ask(request, lambda: _pfx_password(certificate, language), _progress(language)))
    _report(conclusion, medium, language, output)
    sys.exit(EXIT_CODES[conclusion.outcome.value])


def _pfx_password(certificate: Path | None, language: str) -> str | None:
    """From the environment, the keyring, or a prompt on a terminal; None when there is none."""
    if word := os.environ.get("CCMDOCTOR_PFX_PASSWORD"):
        return word
    from ccmdoctor.sources.address import stored

    name = certificate.name if certificate else ""
    if word := stored(name):
        return word
    return _hidden(_say(language, "probe.password", file=name)) if _can_ask() else None


@main.command()
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the script to this file.")
@_language_option
@click.pass_context
def collector(ctx: click.Context, output: Path | None, lang: str | None) -> None:
    """Write the PowerShell script that collects the evidence from a client."""
    from ccmdoctor.collect import script

    language = _choose(ctx, lang)
    if output is None:
        click.echo(script(), nl=False)
        return
    _write(output, script())
    click.echo(_say(language, "collector.written", file=str(output.resolve())), err=True)


@main.command(context_settings={"ignore_unknown_options": True})  # -2145107934 is a code, not an option
@click.argument("what", required=False)
@_language_option
@click.pass_context
def explain(ctx: click.Context, what: str | None, lang: str | None) -> None:
    """Explain a cause, an error code in any form, or a symbol; without a name, list the causes."""
    from ccmdoctor.report.explain import explain as text

    click.echo(text(what, _choose(ctx, lang)))


@main.command()
@click.option(
    "--address", required=True, metavar="ADDRESS/PREFIX", help="The client's address with its prefix, as 10.0.1.10/24."
)
@click.option(
    "--boundaries",
    "path",
    required=True,
    type=click.Path(path_type=Path),
    help="CSV of the boundaries (Get-CMBoundary | Export-Csv).",
)
@click.option("--ad-site", metavar="NAME", help="The Active Directory site of the client.")
@_language_option
@click.pass_context
def boundary(ctx: click.Context, address: str, path: Path, ad_site: str | None, lang: str | None) -> None:
    """Say which boundaries match an address, and which only look as if they did."""
    from ipaddress import IPv4Interface

    from ccmdoctor.evidence.boundary import compare
    from ccmdoctor.model import InputError
    from ccmdoctor.report.boundary import table

    language = _choose(ctx, lang)
    try:
        interface = IPv4Interface(address)
    except ValueError:
        raise InputError("bad-address", value=address) from None
    if "/" not in address:
        raise InputError("bad-address", value=address)
    matches = [compare(one, interface, ad_site) for one in _boundaries(path)]
    click.echo(table(matches, interface, language))
    sys.exit(0 if any(one.matches for one in matches) else 1)


if __name__ == "__main__":
    main()
