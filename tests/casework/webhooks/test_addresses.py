"""Where webhooks may lead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.kernel.errors import TargetRefused
from casework.webhooks.addresses import is_public, parse, resolve


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",  # clouds tell secrets there
        "100.64.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::1",
        "2002:a00:1::1",
        "198.51.100.7",
        "203.0.113.7",
        "192.0.0.8",
        "192.88.99.1",
        "fec0::1",  # site-local, withdrawn and still routed in places
        "fd00::1",
        "100::1",
        "2001:2::1",
        "2001:10::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",  # Teredo
        "3fff::1",
        "5f00::1",
        "64:ff9b:1::7f00:1",
        "64:ff9b::c0a8:1",
        "64:ff9b::6440:1",
        "2002:c0a8:101::1",
        "2002:6440:1::1",
        "::8.8.8.8",
        "::ffff:0:8.8.8.8",
        "2606:2800:220:1:0:5efe:10.0.0.1",
        "2606:2800:220:1:200:5efe:127.0.0.1",
        "not an address",
        "",
    ],
)
def test_an_address_inside_is_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "93.184.216.34",
        "2606:2800:220:1::1",
        "64:ff9b::808:808",
        "2606:2800:220:1:200:5efe:808:808",
    ],
)
def test_an_address_outside_is_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://user@example.org/",
        "https://user:pass@example.org/",
        "https://example.org/#part",
        "https://example.org:99999/",
        "https://example.org:0/",
        "https://example.org:22/",
        "https://example.org:9200/",
        "https://exa mple.org/",
        "https://example.org/\nHost: inside",
        "https://beispiel.örg/",
        "https://[::1",
        "example.org",
        "",
        "https://example.org/" + "x" * 2000,
    ],
)
def test_what_is_no_plain_https_address_is_refused(url):
    with pytest.raises(TargetRefused):
        parse(url, private=False)


def test_an_address_is_taken_apart_and_put_together():
    target = parse("https://example.org:8443/hooks/siaga?a=1", private=False)
    assert target.authority == "example.org:8443"
    assert target.at("93.184.216.34") == "https://93.184.216.34:8443/hooks/siaga?a=1"
    assert parse("https://example.org", private=False).at("::1") == "https://[::1]:443/"
    assert parse("https://[2606:2800::1]/", private=False).authority == "[2606:2800::1]"


@pytest.mark.parametrize(
    "url",
    [
        "https://localhost/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://[::1]/",
        "https://[::ffff:7f00:1]/",
        "https://0/",
    ],
)
def test_every_spelling_of_this_machine_is_refused_unless_allowed(url):
    with pytest.raises(TargetRefused, match="private"):
        resolve(parse(url, private=False), private=False)
    assert resolve(parse(url, private=True), private=True)


def test_a_host_without_an_address_is_refused():
    with pytest.raises(TargetRefused, match="resolved"):
        resolve(parse("https://nobody.invalid/", private=True), private=True)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    for url in (text, f"https://{text}", f"https://example.org/{text}"):
        try:
            target = parse(url, private=False)
        except TargetRefused:
            continue
        assert target.host
        assert 0 < target.port < 65536
