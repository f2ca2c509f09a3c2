"""The certificates that the computer holds for itself: ``Cert:\\LocalMachine\\My``, as a listing shows them."""

from __future__ import annotations

from datetime import datetime

from ccmdoctor.evidence.base import Bundle, Evidence, Proof, newest
from ccmdoctor.model import State

_STORE = "My"


class HeldCertificates(Evidence, frozen=True):
    """What stands in the store. ``now`` is the moment at which the evidence is judged, None where it is not known."""

    asks = "client-certificates"

    held: tuple[State, ...]
    store: State | None
    now: datetime | None

    @classmethod
    def read(cls, bundle: Bundle) -> HeldCertificates | None:
        """None when the store was not listed. An empty listing of a person cannot be told from none."""
        held, store = bundle.states("certificate"), newest(bundle.states("certificate-store", _STORE))
        return cls(held=tuple(held), store=store, now=bundle.now) if held or store else None

    @property
    def usable(self) -> State | None:
        """One with which a client can sign in: valid, with its key, made for it; unread dates count as fine."""
        return next((one for one in self.held if self._is_usable(one)), None)

    def _is_usable(self, one: State) -> bool:
        before, after = one.values["before"], one.values["after"]
        begun = self.now is None or before is None or before <= self.now
        ended = self.now is not None and after is not None and after < self.now
        return bool(one.values["key"] and one.values["client"] and begun and not ended)

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The one that can be used; else all that cannot, or the empty store."""
        if self.usable is not None:
            return (self.usable,)
        return self.held[:3] or ((self.store,) if self.store is not None else ())
