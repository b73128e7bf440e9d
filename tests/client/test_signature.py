"""A webhook's signature as the service makes it is what the client accepts, and nothing else."""

import pytest
from siaga_client import SignatureInvalid, verify

from casework.webhooks.signature import new_key, secret_of, signed

BODY, NOW = b'{"id": "1"}', 1_772_352_000
KEY = bytes(range(32))
SECRET = secret_of(KEY)
GENUINE = signed("evt_1", BODY, [KEY], NOW)


def test_the_services_signature_is_accepted_by_old_and_new_secret():
    old, new = new_key(), new_key()
    headers = signed("evt_1", BODY, [new, old], NOW)
    verify(headers, BODY, secret_of(old), NOW)
    verify(headers, BODY, secret_of(new), NOW + 300)
    verify(headers, BODY, secret_of(new), NOW - 300)


def test_headers_are_found_in_any_case():
    verify({name.title(): value for name, value in GENUINE.items()}, BODY, SECRET, NOW)


def test_a_signature_of_another_version_beside_is_passed_over():
    both = "v1a,bm90IG91cnM= " + GENUINE["webhook-signature"]
    verify(GENUINE | {"webhook-signature": both}, BODY, SECRET, NOW)


def test_a_tampered_body_is_refused():
    with pytest.raises(SignatureInvalid):
        verify(GENUINE, BODY + b" ", SECRET, NOW)


@pytest.mark.parametrize("now", [NOW + 301, NOW - 301])
def test_a_message_of_another_time_is_refused(now):
    with pytest.raises(SignatureInvalid, match="old"):
        verify(GENUINE, BODY, SECRET, now)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("webhook-id", "evt_2"),
        ("webhook-id", "é"),
        ("webhook-timestamp", str(NOW + 1)),
        ("webhook-timestamp", "x"),
        ("webhook-timestamp", "²"),
        ("webhook-timestamp", "9" * 30),
        ("webhook-signature", ""),
        ("webhook-signature", "v1"),
        ("webhook-signature", "v1,é"),
        ("webhook-signature", GENUINE["webhook-signature"].removeprefix("v1,")),
        ("webhook-signature", GENUINE["webhook-signature"].replace("v1,", "v2,")),
    ],
)
def test_a_changed_header_is_refused(name, value):
    verify(GENUINE, BODY, SECRET, NOW)
    with pytest.raises(SignatureInvalid):
        verify(GENUINE | {name: value}, BODY, SECRET, NOW)


@pytest.mark.parametrize("name", GENUINE)
def test_a_missing_header_is_named(name):
    with pytest.raises(SignatureInvalid, match=name):
        verify({key: value for key, value in GENUINE.items() if key != name}, BODY, SECRET, NOW)


def test_another_secret_is_not_accepted():
    with pytest.raises(SignatureInvalid):
        verify(GENUINE, BODY, secret_of(new_key()), NOW)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_aVh3_0xk2-", "whsec_é"])
def test_what_is_no_secret_is_said_to_be_none(secret):
    with pytest.raises(ValueError, match="whsec_"):
        verify(GENUINE, BODY, secret, NOW)
