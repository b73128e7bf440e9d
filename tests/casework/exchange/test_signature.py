"""Signatures of webhooks."""

import hashlib
import hmac
import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.exchange.signature import TOLERANCE_S, new_secret, sign, verify

AT = 1_772_352_000
DOCUMENTATION = (Path(__file__).parents[3] / "docs" / "exchange.md").read_text(encoding="utf-8")


def example(language: str) -> str:
    """The documentation's code in one language."""
    found = re.search(rf"```{language}\n(.*?)```", DOCUMENTATION, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_signature_is_what_the_documentation_says():
    expected = hmac.new(b"whsec_x", f"{AT}.".encode() + b'{"a":1}', hashlib.sha256).hexdigest()
    assert sign(b'{"a":1}', ["whsec_x"], AT) == f"t={AT},v1={expected}"


def test_both_secrets_are_accepted_while_one_replaces_the_other():
    old, new = new_secret(), new_secret()
    header = sign(b"body", [new, old], AT)
    assert verify(header, b"body", old, AT)
    assert verify(header, b"body", new, AT)
    assert not verify(header, b"body", new_secret(), AT)


def test_another_time_body_or_age_is_refused():
    key = new_secret()
    header = sign(b"body", [key], AT)
    assert verify(header, b"body", key, AT + TOLERANCE_S)
    assert not verify(header, b"body", key, AT + TOLERANCE_S + 1)
    assert not verify(header, b"bodz", key, AT)
    assert not verify(header.replace(str(AT), str(AT + 1)), b"body", key, AT)
    assert not verify(f"t={AT + 1}," + header, b"body", key, AT)


@given(st.text(max_size=200), st.binary(max_size=50))
def test_whatever_stands_in_the_header_is_refused_without_an_error(header, body):
    assert not verify(header, body, "whsec_x", AT)
    assert not verify(f"t={AT},v1={header}", body, "whsec_x", AT)


def test_a_receiver_that_follows_the_documentation_tells_the_genuine_from_the_forged():
    names: dict[str, Any] = {}
    exec(example("python"), names)
    now = int(time.time())
    header = sign(b'{"a":1}', ["whsec_new", "whsec_old"], now)
    assert names["genuine"](header, b'{"a":1}', "whsec_old")
    assert names["genuine"](header, b'{"a":1}', "whsec_new")
    assert not names["genuine"](header, b'{"a":2}', "whsec_old")
    assert not names["genuine"](header, b'{"a":1}', "whsec_other")
    assert not names["genuine"](sign(b"", ["whsec_x"], now - 301), b"", "whsec_x")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the example uses openssl")
@pytest.mark.parametrize(("body", "expected"), [(b'{"a":1}', "genuine\n"), (b'{"a":2}', "")])
def test_the_documentation_s_shell_commands_do_the_same(tmp_path, body, expected):
    (tmp_path / "body").write_bytes(body)
    header = sign(b'{"a":1}', ["whsec_new", "whsec_old"], AT)
    done = subprocess.run(
        ["sh", "-c", example("sh")],
        cwd=tmp_path,
        env={**os.environ, "HEADER": header, "SECRET": "whsec_old"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == expected, done.stderr
