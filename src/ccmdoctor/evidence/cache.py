"""Room for content: the client's cache with its limit, and the disk below it.

    Not enough non-active cache to delete
    Not enough space in Cache

Software updates are requested with size 0 and pass the limit of the cache; a full disk stops them all the same.
Source: https://jpmem.github.io/blog/mecm/20220511_01/
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ccmdoctor.evidence.base import Bundle, Evidence, Mark, Proof, newest
from ccmdoctor.evidence.content import Downloads, Failed, Successes, Trail
from ccmdoctor.evidence.install import Failure
from ccmdoctor.evidence.servicing import Fault, Servicing
from ccmdoctor.evidence.transfer import Transfer, Transfers
from ccmdoctor.knowledge import codes
from ccmdoctor.model import Event, Stage, State

_SHORT = 2048  # MB below which a disk is too full for a cumulative update and its installation
_FULL = 0.9  # of the limit


class ContentRoom(Evidence, frozen=True):
    """Refusals for want of room that no success followed, and what is known of cache and disk."""

    asks = "cache-state"

    refused: Event | None
    nothing_to_delete: Event | None
    coded: tuple[Failed | Transfer, ...]
    installing: Failure | Fault | None  # an installation that ended for want of room
    config: State | None
    items: tuple[State, ...]
    disk: State | None
    success: Event | None
    recovered: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> ContentRoom | None:
        """None when no refusal, no end of a download and no state of cache or disk is in the bundle."""
        successes = Successes(bundle, bundle.once(Trail.of))
        downloads, transfers = bundle.evidence(Downloads), bundle.evidence(Transfers)
        told = newest(bundle.events("cache-no-space")), newest(bundle.events("cache-nothing-to-delete"))
        open_ = [None if one is not None and successes.after(one) else one for one in told]
        past = [one for one, now in zip(told, open_, strict=True) if one is not None and now is None]
        coded: list[Failed | Transfer] = [*(transfers.failing if transfers else ())]
        coded += downloads.failing if downloads else ()
        servicing = bundle.evidence(Servicing)
        installing = servicing.firstly("disk-space-insufficient") if servicing else None
        config, disk = _last(bundle.states("wmi", "CacheConfig")), _disk(bundle)
        success = successes.last
        if not any(told) and not coded and installing is None and config is None and disk is None and success is None:
            return None
        return cls(
            refused=open_[0],
            nothing_to_delete=open_[1],
            coded=tuple(coded),
            installing=installing,
            config=config,
            items=tuple(bundle.states("wmi", "CacheInfoEx")),
            disk=disk,
            success=success,
            recovered=past[-1] if past else None,
        )

    def first_pointing(self, cause: str) -> Failed | Transfer | Failure | Fault | None:
        """The newest failure whose code points first to the cause, of a download before that of an installation."""
        found = next((one for one in reversed(self.coded) if one.points_first_to(cause)), None)
        told = self.installing
        return found or (told if told and told.error and cause in codes.points_to(told.error)[:1] else None)

    @property
    def free(self) -> int | None:
        """Free space of the system disk in MB, where known."""
        value = _number(self.disk, "freespace")
        return None if value is None else value // (1024 * 1024)

    @property
    def disk_is_short(self) -> bool:
        """The disk is known to be too full for an update."""
        return self.free is not None and self.free < _SHORT

    @property
    def disk_has_room(self) -> bool:
        """The disk is known to have room."""
        return self.free is not None and not self.disk_is_short

    @property
    def size(self) -> int | None:
        """The limit of the cache in MB."""
        return _number(self.config, "size")

    @property
    def used(self) -> int | None:
        """What lies in the cache in MB, where its items were listed."""
        if not self.items:
            return None
        return sum(_number(item, "contentsize") or 0 for item in self.items) // 1024

    @property
    def cache_is_full(self) -> bool:
        """The items in the cache come close to its limit."""
        return bool(self.size and self.used is not None and self.used >= _FULL * self.size)

    @property
    def when(self) -> datetime | None:
        """When the newest refusal was written (UTC)."""
        event = self.refused or self.nothing_to_delete
        return event.utc if event else None

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The refusals, and the states that belong to them."""
        told = [one for one in (self.nothing_to_delete, self.refused) if one is not None]
        states = [one for one in (self.config, self.disk) if one is not None]
        return (*told, *states) or ((self.success,) if self.success else ())

    def marks(self) -> Iterable[Mark]:
        """A refusal for want of room fails the content stage."""
        bad = self.refused or self.nothing_to_delete
        if bad:
            yield Mark(Stage.CONTENT, "room", None, bad, True)


def _last(states: list[State]) -> State | None:
    return states[-1] if states else None


def _disk(bundle: Bundle) -> State | None:
    """The system disk (C:) of ``Win32_LogicalDisk``."""
    disks = [one for one in bundle.states("wmi", "Win32_LogicalDisk") if one.values.get("freespace") is not None]
    named = [one for one in disks if str(one.values.get("deviceid") or "").upper().startswith("C")]
    return _last(named or (disks if len(disks) == 1 else []))


def _number(state: State | None, name: str) -> int | None:
    try:
        return int(str(state.values.get(name)).strip()) if state is not None else None
    except ValueError:
        return None
