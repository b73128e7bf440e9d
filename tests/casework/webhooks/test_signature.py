"""Signatures of webhooks."""

import base64
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

from casework.webhooks.signature import new_key, secret_of, signed
from tests.casework.webhooks.receivers import genuine

AT = 1_772_352_000
DOCUMENTATION = (Path(__file__).parents[3] / "docs" / "exchange.md").read_text(encoding="utf-8")


def example(language: str) -> str:
    """The documentation's code in one language."""
    found = re.search(rf"```{language}\n(.*?)```", DOCUMENTATION, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_signature_is_that_of_the_published_example():
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    assert signed("msg_p5jXN8AQM9LWM0D4loKWxJek", body, [key], 1_614_265_330) == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_secret_is_shown_as_base64_of_a_key_of_256_bits():
    key = new_key()
    assert key != new_key()
    shown = secret_of(key)
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", shown)
    assert base64.b64decode(shown.removeprefix("whsec_")) == key


@given(
    message_id=st.from_regex(r"evt_[0-9A-Z]{1,26}", fullmatch=True),
    body=st.binary(max_size=200),
    keys=st.lists(st.binary(min_size=1, max_size=64), min_size=1, max_size=2),
    at=st.integers(0, 2**40),
)
def test_any_message_is_accepted_by_every_key_in_force(message_id, body, keys, at):
    headers = signed(message_id, body, keys, at)
    assert all(genuine(headers, body, secret_of(key), at) for key in keys)


def test_both_secrets_are_accepted_while_one_replaces_the_other():
    old, new = new_key(), new_key()
    headers = signed("evt_1", b"body", [new, old], AT)
    assert genuine(headers, b"body", secret_of(old), AT)
    assert genuine(headers, b"body", secret_of(new), AT)
    assert not genuine(headers, b"body", secret_of(new_key()), AT)


@pytest.mark.parametrize(
    "changed",
    [{"webhook-id": "evt_2"}, {"webhook-timestamp": str(AT + 1)}, {"webhook-signature": "v1,"}],
)
def test_another_id_time_or_signature_is_refused(changed):
    key = new_key()
    headers = signed("evt_1", b"body", [key], AT)
    assert genuine(headers, b"body", secret_of(key), AT)
    assert not genuine(headers | changed, b"body", secret_of(key), AT)


def test_a_receiver_that_follows_the_documentation_tells_the_genuine_from_the_forged():
    names: dict[str, Any] = {}
    exec(example("python"), names)
    old, new, now = new_key(), new_key(), int(time.time())
    headers = signed("evt_1", b'{"a":1}', [new, old], now)
    assert names["genuine"](headers, b'{"a":1}', secret_of(old))
    assert names["genuine"](headers, b'{"a":1}', secret_of(new))
    assert not names["genuine"](headers, b'{"a":2}', secret_of(old))
    assert not names["genuine"](headers | {"webhook-id": "evt_2"}, b'{"a":1}', secret_of(old))
    assert not names["genuine"](headers, b'{"a":1}', secret_of(new_key()))
    assert not names["genuine"](signed("evt_1", b"", [new], now - 301), b"", secret_of(new))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the example uses openssl")
@pytest.mark.parametrize(("body", "expected"), [(b'{"a":1}', "genuine\n"), (b'{"a":2}', "")])
def test_the_documentation_s_shell_commands_do_the_same(tmp_path, body, expected):
    (tmp_path / "body").write_bytes(body)
    old, new = new_key(), new_key()
    headers = signed("evt_1", b'{"a":1}', [new, old], AT)
    given = {
        "ID": headers["webhook-id"],
        "AT": headers["webhook-timestamp"],
        "SIGNATURE": headers["webhook-signature"],
        "SECRET": secret_of(old),
    }
    done = subprocess.run(
        ["sh", "-c", example("sh")],
        cwd=tmp_path,
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == expected, done.stderr


def test_a_secret_of_the_older_form_is_converted_as_the_documentation_says():
    commands = re.findall(r"`(printf [^`]+base64[^`]*)`", DOCUMENTATION)
    assert len(commands) == 1
    old = "whsec_aVh3_0xk2mEJ9yCwKfR7v-6Qp4sTzLuNbGdHiO1Mj5A"
    environment = {**os.environ, "OLD": old}
    done = subprocess.run(
        ["sh", "-c", commands[0]], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == secret_of(old.encode())
