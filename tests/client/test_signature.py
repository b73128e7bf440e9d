"""A webhook's signature as the service makes it is what the client accepts, and nothing else."""

import pytest
from siaga_client import SignatureInvalid, verify

from casework.exchange.signature import new_secret, sign

BODY, NOW = b'{"id": "1"}', 1_772_352_000


def test_the_services_signature_is_accepted_by_old_and_new_secret():
    old, new = new_secret(), new_secret()
    header = sign(BODY, [new, old], NOW)
    verify(header, BODY, old, NOW)
    verify(header, BODY, new, NOW + 299)


@pytest.mark.parametrize(
    ("header", "body", "now"),
    [
        (None, BODY + b" ", NOW),
        (None, BODY, NOW + 301),
        (None, BODY, NOW - 301),
        ("", BODY, NOW),
        ("t=x,v1=00", BODY, NOW),
        (f"t={NOW}", BODY, NOW),
        (f"t={NOW},v1=é", BODY, NOW),
        (f"t={NOW},t={NOW},v1=00", BODY, NOW),
    ],
)
def test_anything_else_is_not(header, body, now):
    secret = new_secret()
    with pytest.raises(SignatureInvalid):
        verify(sign(BODY, [secret], NOW) if header is None else header, body, secret, now)


def test_another_secret_is_not():
    with pytest.raises(SignatureInvalid):
        verify(sign(BODY, [new_secret()], NOW), BODY, new_secret(), NOW)
