"""What an agency usually hands over, by purpose."""

import pytest

from casework.kernel.errors import (
    AlreadyExists,
    InvalidReferral,
    NotFound,
    NotPermitted,
    StaleVersion,
)
from casework.kernel.vocabulary import ReferralKind, Role
from casework.referrals.presets import NewPreset
from tests.services import officer

pytestmark = pytest.mark.every_database


@pytest.fixture
def presets(desk):
    return desk.service.exchange.referral_presets


@pytest.fixture
def keeper(desk):
    return officer(desk.agency("IMI"), Role.SUPERVISOR, name="keeper")


def pro_justitia(desk, **fields):
    values = {
        "kind": ReferralKind.ALERT,
        "name": "Pro justitia",
        "receiver_id": desk.agency("POL"),
        "fields": ("name", "case_number", "probe_photo"),
        "note": "For your investigation.",
        "days": 7,
    }
    return NewPreset(**(values | fields))


def test_a_preset_is_kept_changed_and_removed(desk, presets, keeper):
    row = presets.create(keeper, pro_justitia(desk))
    assert row.fields == ["case_number", "name", "probe_photo"]
    presets.create(keeper, pro_justitia(desk, kind=ReferralKind.TIP, fields=("text",)))
    reader = officer(desk.agency("IMI"), Role.OFFICER)
    found = presets.page(reader, None, None, ReferralKind.ALERT)
    assert [(each.name, each.days) for each in found] == [("Pro justitia", 7)]
    presets.edit(keeper, row.id, {"days": 14, "fields": ["name"]}, row.version)
    changed = presets.get(reader, row.id)
    assert (changed.days, changed.fields, changed.note) == (14, ["name"], row.note)
    with pytest.raises(StaleVersion):
        presets.edit(keeper, row.id, {"days": 1}, 1)
    presets.remove(keeper, row.id)
    with pytest.raises(NotFound):
        presets.get(reader, row.id)
    assert desk.service.kernel.audit.verify().whole


def test_what_cannot_be_sent_is_no_preset(desk, presets, keeper):
    row = presets.create(keeper, pro_justitia(desk))
    for wrong, field in (
        ({"name": "a", "receiver_id": "agc_none"}, "receiver_id"),
        ({"name": "a", "receiver_id": desk.agency("IMI")}, "receiver_id"),
        ({"name": "a", "fields": ("text",)}, "fields"),
        ({"name": "a", "kind": ReferralKind.TIP}, "fields"),
    ):
        with pytest.raises(InvalidReferral) as refused:
            presets.create(keeper, pro_justitia(desk, **wrong))
        assert refused.value.field == field
    with pytest.raises(AlreadyExists):
        presets.create(keeper, pro_justitia(desk))
    with pytest.raises(InvalidReferral):
        presets.edit(keeper, row.id, {"fields": ["text"]}, None)
    other = presets.create(keeper, pro_justitia(desk, name="Other"))
    with pytest.raises(AlreadyExists):
        presets.edit(keeper, other.id, {"name": "Pro justitia"}, None)
    assert presets.get(keeper, other.id).name == "Other"


def test_only_the_agency_s_own_supervisors_and_administrators_keep_them(desk, presets, keeper):
    row = presets.create(keeper, pro_justitia(desk))
    plain = officer(desk.agency("IMI"), Role.OFFICER)
    with pytest.raises(NotPermitted):
        presets.create(plain, pro_justitia(desk, name="Other"))
    with pytest.raises(NotPermitted):
        presets.remove(plain, row.id)
    receiver = officer(desk.agency("POL"), Role.SUPERVISOR)
    assert presets.page(receiver, None, None) == []
    with pytest.raises(NotFound):
        presets.edit(receiver, row.id, {"days": 1}, None)
    admin = officer(desk.agency("IMI"), Role.ADMIN)
    assert presets.edit(admin, row.id, {"days": 1}, None).days == 1
