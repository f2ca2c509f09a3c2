"""Finds the rule folders. There is no list: a folder with a ``rule.py`` is a rule."""

from __future__ import annotations

import importlib.util
import types
import typing
from collections.abc import Callable
from functools import cache, cached_property
from pathlib import Path

from ccmdoctor.evidence.base import Evidence
from ccmdoctor.model import Finding, Stage
from ccmdoctor.rules import RuleFacts

FOLDER = Path(__file__).parent


class Rule:
    """One cause: its id and stage (from the folders), what it states, and the function that judges."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.id = folder.name.replace("_", "-")
        self.stage = Stage(folder.parent.name)

    def __repr__(self) -> str:
        return f"Rule({self.id})"

    @cached_property
    def module(self) -> types.ModuleType:
        """The module ``rule.py``, loaded from its file: to import each folder as a package takes twice as long."""
        name = f"{__package__}.{self.folder.parent.name}.{self.folder.name}.rule"
        spec = importlib.util.spec_from_file_location(name, self.folder / "rule.py")
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    @cached_property
    def judge(self) -> Callable[..., Finding]:
        """The one function marked with ``@rule``. Raises ValueError when there is none, or more."""
        marked = [one for one in vars(self.module).values() if callable(one) and "rule" in getattr(one, "__dict__", {})]
        if len(marked) != 1:
            raise ValueError(f"{self.folder}: exactly one function is marked with @rule, found {len(marked)}")
        return typing.cast(Callable[..., Finding], marked[0])

    @property
    def facts(self) -> RuleFacts:
        """What ``@rule`` states."""
        return typing.cast(RuleFacts, self.judge.__dict__["rule"])

    @cached_property
    def inputs(self) -> dict[str, tuple[type[Evidence], bool]]:
        """Parameter name to (evidence class, required), from annotations of the form ``Kind`` or ``Kind | None``."""
        found = {}
        for name, hint in self.judge.__annotations__.items():
            if name != "return":
                # a lookup by name: evaluating hundreds of annotations would cost more than the whole diagnosis
                kind = hint.removesuffix("| None").strip()
                found[name] = (vars(self.module)[kind], kind == hint.strip())
        return found


@cache
def rules() -> tuple[Rule, ...]:
    """All rules, by stage on the ladder and id."""
    order = list(Stage)
    found = [Rule(path.parent) for path in FOLDER.glob("*/*/rule.py")]
    return tuple(sorted(found, key=lambda one: (order.index(one.stage), one.id)))


@cache
def rule_by_id(id: str) -> Rule | None:
    """The rule of a cause id."""
    return next((one for one in rules() if one.id == id), None)
