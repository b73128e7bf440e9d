"""InsightFace Server as a peer: one that the reader has started, asked over HTTP beside ours.

Nothing of it is installed or started here. It has to run on this machine, with its mock engine
(`INSIGHTFACE_INFERENCE_MODE=mock`) so that no network's time is in the comparison, as none is in
ours. Persons are enrolled once, with vectors made beforehand, and kept for the next run.
"""

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from benchmarks.load.client import Answer, Connection, closed_loop, get, post_form, post_json
from benchmarks.load.gallery import unit_vectors
from benchmarks.load.mock import mock_photo
from benchmarks.processes import listening, look

NAME: Final = "InsightFace Server"
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost"})
_MOCKED: Final = "synthetic-recognition"
_ENROLLING: Final = 4
"""Connections that persons are enrolled over."""
_CHUNK: Final = 1_000
"""Requests that are made at a time."""


class PeerServerInvalid(ValueError):
    """The peer's address or answers are not what is needed; the message says what to do."""


@dataclass(frozen=True, slots=True)
class PeerServer:
    """A server that answers on this machine."""

    url: str
    port: int
    pid: int
    version: str
    key: str | None
    """None where it checks none."""

    @property
    def title(self) -> str:
        """What a table calls it."""
        return f"{NAME} {self.version}, key check {'on' if self.key else 'off'}"

    def cpu_s(self) -> float:
        """Return the processor seconds that its process has used."""
        return look(self.pid).cpu_s

    def search(self, collection: str, photo: bytes) -> bytes:
        """Return the bytes of a request that searches for a photo's face."""
        path = f"/v1/collections/{collection}/search"
        return post_form(path, self.key, {}, {"image": photo})

    def filled(self, subjects: int) -> tuple[str, int]:
        """Return a collection of so many persons and its length of embedding.

        Persons that are missing are enrolled.

        Raises:
            PeerServerInvalid: it does not do as its documentation says.
        """
        name = f"siaga-bench-{subjects}"
        found = self._ask(get(f"/v1/collections/{name}", self.key))
        if found.status != 200:
            made = post_json("/v1/collections", self.key, {"id": name, "name": name})
            found = self._expect(made, 201)
        collection: dict[str, Any] = found.json()["collection"]
        if collection["model_id"] != _MOCKED:
            raise PeerServerInvalid(
                f"{self.url} runs a real network: start it with INSIGHTFACE_INFERENCE_MODE=mock"
            )
        dim = int(collection["embedding_dimension"])
        self._enrol(name, collection, subjects, dim)
        # Its index is loaded by the first search.
        self._expect(self.search(name, mock_photo(0)), 200)
        return name, dim

    def _enrol(self, name: str, collection: dict[str, Any], subjects: int, dim: int) -> None:
        vectors = unit_vectors(subjects, dim, 1)[int(collection["person_count"]) :]
        image, contract = mock_photo(0), str(collection["embedding_contract_id"])
        for start in range(0, len(vectors), _CHUNK):
            requests = [
                post_form(
                    f"/v1/collections/{name}/persons",
                    self.key,
                    {
                        "embedding_mode": "external_trusted",
                        "embedding_contract_id": contract,
                        "external_embeddings": json.dumps([vector.tolist()]),
                    },
                    {"images": image},
                )
                for vector in vectors[start : start + _CHUNK]
            ]
            answers = _all(self.port, requests)
            wrong = next((answer for answer in answers if answer.status != 201), None)
            if wrong is not None:
                raise PeerServerInvalid(f"{self.url} did not enrol: {wrong.body[:300]!r}")

    def _expect(self, request: bytes, status: int) -> Answer:
        answer = self._ask(request)
        if answer.status != status:
            raise PeerServerInvalid(f"{self.url} answered {answer.status}: {answer.body[:300]!r}")
        return answer

    def _ask(self, request: bytes) -> Answer:
        return _ask(self.port, request)


def find(url: str, key: str | None) -> PeerServer:
    """Look at a server that has been started.

    Args:
        url: its address on this machine.
        key: its API key; left out where it says that it checks none.

    Raises:
        PeerServerInvalid: it is on another machine, does not answer, or wants a key.
    """
    parts = urlsplit(url)
    if parts.hostname not in _LOOPBACK or parts.port is None:
        raise PeerServerInvalid(f"{url}: give http://127.0.0.1:PORT, a server of this machine")
    try:
        answer = _ask(parts.port, get("/v1/health"))
        health = answer.json()
        version, checks = str(health["version"]), bool(health["auth_enabled"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise PeerServerInvalid(f"{url} does not answer as {NAME} does: {error}") from error
    if checks and not key:
        raise PeerServerInvalid(f"{url} checks a key: give it with --peer-key")
    pid = listening(parts.port)
    return PeerServer(url, parts.port, pid, version, key if checks else None)


def _all(port: int, requests: list[bytes]) -> list[Answer]:
    answers, _ = asyncio.run(
        closed_loop(port, requests, _ENROLLING, lambda sent, _: sent >= len(requests))
    )
    return answers


def _ask(port: int, request: bytes) -> Answer:
    async def ask() -> Answer:
        connection = Connection(port)
        try:
            return await connection.send(request)
        finally:
            connection.close()

    return asyncio.run(ask())
