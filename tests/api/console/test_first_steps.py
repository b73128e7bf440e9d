"""The first steps of a new officer where a second factor is required, as it is by default."""

import re

import pyotp
import pytest
from starlette.testclient import TestClient

from api.app import create_app
from casework.accounts.officers import NewOfficer
from casework.kernel.vocabulary import Role
from casework.records import Records
from casework.service import Service
from tests.api.conftest import settings_for, wait_until_ready
from tests.fakes import fake_pipeline
from tests.services import DATA_KEYS, OPERATOR, PASSWORD, QUICK, drawn_pack, laid


@pytest.fixture
def client(tmp_path, clock):
    def opened(settings):
        url = laid(tmp_path / "siaga.db")
        records = Records.open(url, DATA_KEYS, clock, settings.sign_in_rules, QUICK)
        service = Service.over(records, drawn_pack(), fake_pipeline())
        service.start()
        return service

    app = create_app(settings_for(tmp_path, second_factor_required=True), opened)
    with TestClient(app, raise_server_exceptions=False) as client:
        wait_until_ready(client)
        yield client


def test_a_new_administrator_comes_in_and_is_shown_recovery_codes(browser, desk, clock):
    new = NewOfficer(desk.agency(), "baru", "Orang Baru", frozenset({Role.ADMIN}), "en")
    _, first = desk.service.accounts.officers.create(OPERATOR, new)
    visitor = browser()
    visitor.sign_in("baru", first)
    visitor.send("/account/password", present=first, new=PASSWORD, again=PASSWORD)
    assert "Set up a second factor first" in visitor.text
    visitor.open("/administration/officers")
    assert visitor.path == "/account"
    visitor.send("/account/second-factor", present=PASSWORD)
    totp = pyotp.TOTP(visitor.hidden("secret"))
    answer = visitor.send("/account/second-factor/confirm", code=totp.at(clock()))
    assert answer.status_code == 200
    assert len(re.findall(r'<code class="key">([a-z2-9-]{19})</code>', answer.text)) == 10
    visitor.open("/administration/officers")
    assert visitor.path == "/administration/officers"
