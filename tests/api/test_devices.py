"""What a User-Agent header says, for people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.devices import device_of

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36"
)


@pytest.mark.parametrize(
    ("text", "device"),
    [
        (CHROME, "Chrome, Windows"),
        (CHROME + " Edg/140.0", "Edge, Windows"),
        (
            "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/130.0",
            "Firefox, Linux",
        ),
        ("Mozilla/5.0 (iPhone; CPU) Version/18 Mobile Safari/604.1", "Safari, iOS"),
        ("python-httpx/0.28", "python-httpx"),
        ("", None),
        (None, None),
    ],
)
def test_a_browser_and_its_system_or_a_program(text, device):
    assert device_of(text) == device


@given(st.text(max_size=300))
def test_any_text_is_short_and_printable(text):
    device = device_of(text)
    assert device is None or (0 < len(device) <= 40 and device.isprintable())
