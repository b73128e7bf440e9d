"""Failed sign-ins, counted in the database by login and by network address.

A login is counted alike whether it is anybody's or not: neither the rows nor the time they take
tell which are.

A restart, or another process, forgets none. What is counted stands there as a keyed digest, which
tells nobody what was typed or from where. Rows are bounded: the oldest give way to new ones, so
that nobody fills the database with names.
"""

import hmac
import threading
from collections import Counter
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from casework.accounts.lockout import SignInRules
from casework.kernel.errors import TooManyAttempts
from casework.kernel.kernel import Kernel
from casework.tables import SignInCount

MOST_ROWS: Final = 10_000
_KEPT_FOR: Final = timedelta(days=30)
_PURPOSE: Final = "siaga sign-in counts"
# A success is noted again only after a while: a write for every sign-in is too many.
_NOTED_EVERY: Final = timedelta(days=1)


class Counted(StrEnum):
    """What failures are counted by."""

    LOGIN = "login"
    ADDRESS = "address"


class Throttle:
    """Lets a name fail so many times, then locks it for a while. Made for many threads."""

    def __init__(
        self,
        kernel: Kernel,
        counted: Counted,
        attempts: int,
        lock: timedelta,
        forget: timedelta,
        most_rows: int = MOST_ROWS,
    ) -> None:
        """Count on.

        Args:
            kernel: where the counts are.
            counted: what the names are.
            attempts: failures after which a name is locked.
            lock: for how long.
            forget: after this time from the first failure, counting starts again.
            most_rows: rows that all counts may take.
        """
        self._database = kernel.database
        self._clock = kernel.clock
        self._key = kernel.vault.derived(_PURPOSE)
        self._counted = counted
        self._attempts = attempts
        self._lock_for = lock
        self._forget = forget
        self._most_rows = most_rows
        self._under_way: Counter[str] = Counter()
        self._turn = threading.Lock()

    @classmethod
    def of_logins(cls, kernel: Kernel, rules: SignInRules) -> "Throttle":
        """Return the counts of logins."""
        return cls(kernel, Counted.LOGIN, rules.attempts, rules.lock, _NOTED_EVERY)

    @classmethod
    def of_addresses(cls, kernel: Kernel, rules: SignInRules) -> "Throttle":
        """Return the counts of network addresses."""
        return cls(kernel, Counted.ADDRESS, rules.attempts_per_address, rules.lock, rules.lock)

    def begin(self, name: str) -> None:
        """Let an attempt begin; `ended` must follow.

        Raises:
            TooManyAttempts: the name is locked, or those under way may use up what is left.
        """
        digest, now = self._digest(name), self._clock()
        with self._database.read() as session:
            row = session.get(SignInCount, digest)
        if row is not None and row.locked_until is not None and now < row.locked_until:
            raise TooManyAttempts(row.locked_until - now)
        failures = 0 if row is None or now - row.since >= self._forget else row.failures
        with self._turn:
            if failures + self._under_way[digest] >= self._attempts:
                raise TooManyAttempts(timedelta(seconds=1))
            self._under_way[digest] += 1

    def ended(self, name: str) -> None:
        """Let an attempt end."""
        digest = self._digest(name)
        with self._turn:
            self._under_way[digest] -= 1
            if self._under_way[digest] <= 0:
                del self._under_way[digest]

    def failed(self, session: Session, name: str) -> TooManyAttempts | None:
        """Count a failure within a transaction; returns what to answer if it is one too many."""
        now, row = self._clock(), self._row(session, name)
        if row.locked_until is not None and now < row.locked_until:
            return TooManyAttempts(row.locked_until - now)
        if now - row.since >= self._forget:
            row.since, row.failures = now, 0
        row.failures += 1
        if row.failures < self._attempts:
            return None
        row.failures, row.locked_until = 0, now + self._lock_for
        return TooManyAttempts(self._lock_for)

    def lock(self, session: Session, name: str) -> TooManyAttempts | None:
        """Return within a transaction what to answer while a name is locked, None if it is not."""
        until = self.locked_until(session, name)
        return TooManyAttempts(until - self._clock()) if until is not None else None

    def locked_until(self, session: Session, name: str) -> datetime | None:
        """Return until when a name is locked, None if it is not."""
        row = session.get(SignInCount, self._digest(name))
        until = row.locked_until if row is not None else None
        return until if until is not None and self._clock() < until else None

    def forget(self, session: Session, name: str) -> None:
        """Take back within a transaction what a name has failed, and its lock."""
        row = session.get(SignInCount, self._digest(name))
        if row is not None:
            row.failures, row.locked_until = 0, None

    def succeeded(self, session: Session, name: str) -> None:
        """Note within a transaction that somebody signed in; failures stay counted."""
        now, found = self._clock(), session.get(SignInCount, self._digest(name))
        noted = found.succeeded_at if found is not None else None
        if noted is None or now - noted >= _NOTED_EVERY:
            self._row(session, name).succeeded_at = now

    def is_known(self, name: str) -> bool:
        """Whether somebody signed in there of late."""
        with self._database.read() as session:
            row = session.get(SignInCount, self._digest(name))
        found = row.succeeded_at if row is not None else None
        return found is not None and self._clock() - found < _KEPT_FOR

    def _row(self, session: Session, name: str) -> SignInCount:
        digest, now = self._digest(name), self._clock()
        row = session.get(SignInCount, digest)
        if row is None:
            self._make_room(session)
            row = SignInCount(
                digest=digest, failures=0, since=now, locked_until=None, succeeded_at=None
            )
            session.add(row)
        return row

    def _make_room(self, session: Session) -> None:
        """Delete what is no longer needed, and the oldest where that is not enough."""
        session.execute(delete(SignInCount).where(SignInCount.since < self._clock() - _KEPT_FOR))
        surplus = (session.scalar(select(func.count()).select_from(SignInCount)) or 0) + 1
        surplus -= self._most_rows
        if surplus > 0:
            # Where somebody signed in is of use for longer than that somebody did not.
            order = SignInCount.succeeded_at.is_not(None), SignInCount.since
            oldest = select(SignInCount.digest).order_by(*order).limit(surplus)
            session.execute(delete(SignInCount).where(SignInCount.digest.in_(oldest)))

    def _digest(self, name: str) -> str:
        return hmac.new(self._key, f"{self._counted}:{name}".encode(), "sha256").hexdigest()
