"""Our service and InsightFace Server in one run: same photos, dimension, clients, and CPU.

Both have their networks mocked, so what is compared is the service: HTTP, its key, decoding, the
search. Ours also assesses the photo, seals it, and has committed it with its audit record before it
answers; theirs keeps nothing of a search.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.load.load import PHOTOS, Server, Timed, closed, screening
from benchmarks.load.mock import mock_photo
from benchmarks.load.peer_server import PeerServer, PeerServerInvalid
from benchmarks.load.service import Cpus, prepare, serving
from benchmarks.processes import on_cpu

CLIENTS: Final = (1, 4)
ROUNDS: Final = 3


@dataclass(slots=True)
class Side:
    """One server's turns."""

    title: str
    loops: dict[int, list[Timed]] = field(default_factory=lambda: {each: [] for each in CLIENTS})
    """By clients: a closed loop of each round."""

    def cpu_ms(self, clients: int) -> float:
        """Processor time for an answer, median over the rounds."""
        return median(loop.cpu_ms for loop in self.loops[clients])

    def per_second(self, clients: int) -> float:
        """Answers a second, median over the rounds."""
        return median(loop.per_second for loop in self.loops[clients])

    def percentile(self, clients: int, share: float) -> float:
        """Milliseconds within which this share of the answers came, median over the rounds."""
        return median(loop.percentile(share) for loop in self.loops[clients])


@dataclass(frozen=True, slots=True)
class Beside:
    """All sides over galleries of one size."""

    subjects: int
    dim: int
    ours: Side
    peers: tuple[tuple[PeerServer, Side], ...]

    @property
    def sides(self) -> tuple[Side, ...]:
        """Ours, and then theirs."""
        return self.ours, *(side for _, side in self.peers)


def measure(
    folder: Path, peers: Sequence[PeerServer], subjects: int, cpus: Cpus, seconds: float
) -> Beside:
    """Ask all servers in turns, for so many seconds each, after some of warm-up.

    Raises:
        PeerServerInvalid: a peer is not what the comparison needs.
    """
    photos = [mock_photo(number) for number in range(PHOTOS)]
    collections = [peer.filled(subjects) for peer in peers]
    dims = {dim for _, dim in collections}
    if len(dims) > 1:
        raise PeerServerInvalid(f"the peers' embeddings differ in length: {sorted(dims)}")
    dim = dims.pop()
    data = prepare(folder, subjects, dim)
    ours = Side("Siaga, key check on")
    theirs = tuple((peer, Side(peer.title)) for peer in peers)
    with ExitStack() as stack:
        stack.enter_context(on_cpu(cpus.load))
        for peer in peers:
            stack.enter_context(on_cpu(cpus.service, peer.pid))
        served = stack.enter_context(serving(data, cpus.service, dim))
        asked: list[tuple[Side, Server, list[bytes]]] = [
            (ours, served, [screening(data, photo) for photo in photos])
        ]
        for (peer, side), (name, _) in zip(theirs, collections, strict=True):
            asked.append((side, peer, [peer.search(name, photo) for photo in photos]))
        for _ in range(ROUNDS):
            asked.append(asked.pop(0))  # who begins changes from round to round
            for side, server, requests in asked:
                for clients in CLIENTS:
                    side.loops[clients].append(closed(server, requests, clients, seconds))
    return Beside(subjects, dim, ours, theirs)
