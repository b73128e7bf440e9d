"""A comparison with InsightFace Server, here a stand-in that answers as its documentation says."""

import io
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from rich.console import Console

from benchmarks.load import beside
from benchmarks.load import report as load_report
from benchmarks.load.peer_server import PeerServerInvalid, find
from benchmarks.load.service import Cpus
from benchmarks.report import Report

KEY = "a-key-of-the-stand-in"


class StandIn(ThreadingHTTPServer):
    """What of that server's interface the comparison uses."""

    daemon_threads = True

    def __init__(self, *, checks: bool = False, model: str = "synthetic-recognition") -> None:
        super().__init__(("127.0.0.1", 0), Asked)
        self.checks, self.model = checks, model
        self.persons: dict[str, list[list[float]]] = {}
        self.searched = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Asked(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: StandIn

    def do_GET(self) -> None:
        if self.path == "/v1/health":
            health = {"status": "ready", "version": "0.2.0", "auth_enabled": self.server.checks}
            self.answer(200, health)
        else:
            self.collection(self.path.rpartition("/")[2])

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.checks and self.headers["Authorization"] != f"Bearer {KEY}":
            self.answer(401, {})
        elif self.path == "/v1/collections":
            self.server.persons[json.loads(body)["id"]] = []
            self.collection(json.loads(body)["id"], status=201)
        elif self.path.endswith("/persons"):
            (sent,) = re.findall(rb'name="external_embeddings"\r\n\r\n(.*?)\r\n', body)
            self.server.persons[self.path.split("/")[3]].append(json.loads(sent)[0])
            self.answer(201, {})
        else:
            self.server.searched += 1
            self.answer(200, {"matches": []})

    def collection(self, name: str, status: int = 200) -> None:
        if name not in self.server.persons:
            self.answer(404, {})
            return
        held = {
            "model_id": self.server.model,
            "embedding_dimension": 64,
            "embedding_contract_id": "a contract",
            "person_count": len(self.server.persons[name]),
        }
        self.answer(status, {"collection": held})

    def answer(self, status: int, content: dict[str, object]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def serve():
    servers: list[StandIn] = []

    def start(server: StandIn) -> StandIn:
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_both_answer_the_same_photos_and_each_is_judged_by_its_key_check(serve, tmp_path):
    open_one, checking = serve(StandIn()), serve(StandIn(checks=True))
    peers = [find(open_one.url, None), find(checking.url, KEY)]
    run = beside.measure(tmp_path / "ours", peers, 20, Cpus.choose(), seconds=0.1)
    assert run.dim == 64
    for server in (open_one, checking):
        (vectors,) = server.persons.values()
        assert len(vectors) == 20
        assert sum(value**2 for value in vectors[0]) == pytest.approx(1, abs=1e-4)
        assert server.searched > 3
    peers[0].filled(25)
    peers[0].filled(25)
    assert sorted(len(each) for each in open_one.persons.values()) == [20, 25]

    report = Report("load", "a test", {})
    load_report.add_beside(report, run)
    load_report.add_missing(report, [False, True])
    assert [target.wanted for target in report.targets] == [3.0, 12.0]
    assert report.unmeasured == {}
    printed = io.StringIO()
    report.print(Console(file=printed, width=200))
    assert "key check on" in printed.getvalue()
    json.loads(report.write(tmp_path / "load.json").read_text())


def test_what_was_not_compared_stands_in_the_table():
    report = Report("load", "a test", {})
    load_report.add_missing(report, [False])
    report.targets.clear()
    printed = io.StringIO()
    report.print(Console(file=printed, width=200))
    assert list(report.unmeasured) == [
        "CPU a request: times less than InsightFace Server, key check on"
    ]
    assert "not measured" in printed.getvalue()


def test_a_server_that_does_not_fit_is_refused_with_what_to_do(serve):
    real = serve(StandIn(model="buffalo_l"))
    with pytest.raises(PeerServerInvalid, match="INSIGHTFACE_INFERENCE_MODE=mock"):
        find(real.url, None).filled(3)
    with pytest.raises(PeerServerInvalid, match="--peer-key"):
        find(serve(StandIn(checks=True)).url, None)
    with pytest.raises(PeerServerInvalid, match="a server of this machine"):
        find("http://203.0.113.7:18097", None)
    wrong = serve(StandIn(checks=True))
    with pytest.raises(PeerServerInvalid, match="answered 401"):
        find(wrong.url, "another key").filled(3)
    closed = StandIn()
    closed.server_close()
    with pytest.raises(PeerServerInvalid, match="does not answer"):
        find(closed.url, None)


def test_a_key_is_not_sent_to_a_server_that_checks_none(serve):
    assert find(serve(StandIn()).url, KEY).key is None
