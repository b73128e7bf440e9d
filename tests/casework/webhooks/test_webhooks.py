"""Who may keep webhooks, and what is kept of them."""

import base64
from datetime import timedelta

import pytest
from sqlalchemy import select

from casework.accounts.api_keys import NewKey
from casework.kernel import rows
from casework.kernel.errors import NotFound, NotPermitted, StaleVersion, TargetRefused
from casework.kernel.vocabulary import EventKind, Role, Scope
from casework.tables import AuditRecord, Webhook
from casework.webhooks.signature import secret_of
from casework.webhooks.webhooks import NewWebhook, Webhooks
from tests.services import OPERATOR, officer

RAISED = frozenset({EventKind.ALERT_RAISED})
URL = "https://127.0.0.1:9/siaga"


@pytest.fixture
def webhooks(desk):
    """Webhooks where private targets are allowed, so that no name has to be resolved."""
    records = desk.service
    return Webhooks(records.kernel, private=True)


def admin(desk, code="IMI"):
    return officer(desk.agency(code), Role.ADMIN, name=f"admin.{code}")


def test_an_administrator_keeps_the_agency_s_webhooks_and_no_other_s(desk, webhooks):
    row, _ = webhooks.create(admin(desk), NewWebhook(URL, RAISED, agency_id=desk.agency()))
    assert webhooks.get(admin(desk), row.id).url == URL
    assert [each.id for each in webhooks.page(admin(desk), None, 10)] == [row.id]
    stranger = admin(desk, "POL")
    assert webhooks.page(stranger, None, 10) == []
    for act in (
        lambda: webhooks.get(stranger, row.id),
        lambda: webhooks.edit(stranger, row.id, {"active": False}, None, "moved"),
        lambda: webhooks.rotate(stranger, row.id),
        lambda: webhooks.remove(stranger, row.id),
        lambda: desk.service.exchange.deliveries.page(stranger, row.id, None, 10),
        lambda: desk.service.exchange.deliveries.ping(stranger, row.id),
        lambda: webhooks.create(stranger, NewWebhook(URL, RAISED, agency_id=desk.agency())),
        lambda: webhooks.get(admin(desk), "whk_none"),
    ):
        with pytest.raises(NotFound):
            act()
    for role in (Role.OFFICER, Role.SUPERVISOR, Role.ANALYST, Role.AUDITOR, Role.COORDINATOR):
        with pytest.raises(NotPermitted):
            webhooks.get(officer(desk.agency(), role), row.id)


def test_a_port_system_s_webhook_belongs_to_a_key_that_screens(desk, webhooks):
    keys = desk.service.accounts.keys
    port, _ = keys.create(OPERATOR, NewKey("port", frozenset({Scope.SCREEN})))
    office, _ = keys.create(
        OPERATOR, NewKey("office", frozenset({Scope.ENROL}), agency_id=desk.agency())
    )
    row, _ = webhooks.create(OPERATOR, NewWebhook(URL, RAISED, key_id=port.id))
    assert (row.key_id, row.agency_id) == (port.id, None)
    for key_id in (office.id, "key_none"):
        with pytest.raises(NotFound):
            webhooks.create(OPERATOR, NewWebhook(URL, RAISED, key_id=key_id))
    # The key is nobody's but the operator's.
    with pytest.raises(NotFound):
        webhooks.create(admin(desk), NewWebhook(URL, RAISED, key_id=port.id))
    keys.revoke(OPERATOR, port.id)
    with pytest.raises(NotFound):
        webhooks.create(OPERATOR, NewWebhook(URL, RAISED, key_id=port.id))


def test_a_target_inside_is_refused_when_registered_and_when_changed(desk, webhooks):
    guarded = desk.service.exchange.webhooks
    with pytest.raises(TargetRefused):
        guarded.create(admin(desk), NewWebhook(URL, RAISED, agency_id=desk.agency()))
    row, _ = webhooks.create(admin(desk), NewWebhook(URL, RAISED, agency_id=desk.agency()))
    with pytest.raises(TargetRefused):
        guarded.edit(admin(desk), row.id, {"url": "https://169.254.169.254/"}, None)
    assert guarded.get(admin(desk), row.id).url == URL


def test_a_secret_is_sealed_and_both_are_kept_while_one_replaces_the_other(desk, webhooks):
    records = desk.service
    made, first = webhooks.create(admin(desk), NewWebhook(URL, RAISED, agency_id=desk.agency()))
    assert base64.b64decode(first.removeprefix("whsec_")) not in made.sealed_secret
    row, second = webhooks.rotate(admin(desk), made.id, timedelta(hours=1))
    assert second != first
    opened = [
        secret_of(records.kernel.vault.open(sealed, rows.webhook_secret(row.id)))
        for sealed in (row.sealed_secret, row.sealed_former_secret)
    ]
    assert opened == [second, first]
    assert row.former_until == desk.clock() + timedelta(hours=1)
    row, _ = webhooks.rotate(admin(desk), made.id, timedelta())
    assert row.sealed_former_secret is None


def test_an_edit_of_an_outdated_version_changes_nothing(desk, webhooks):
    row, _ = webhooks.create(admin(desk), NewWebhook(URL, RAISED, agency_id=desk.agency()))
    webhooks.edit(admin(desk), row.id, {"active": False}, row.version, "moved")
    with pytest.raises(StaleVersion):
        webhooks.edit(admin(desk), row.id, {"active": True}, row.version)
    webhooks.remove(admin(desk), row.id)
    with desk.service.kernel.database.read() as session:
        assert session.scalars(select(Webhook)).all() == []


def test_every_change_is_audited_without_address_or_secret(desk, webhooks):
    row, secret = webhooks.create(admin(desk), NewWebhook(URL, RAISED, agency_id=desk.agency()))
    webhooks.edit(admin(desk), row.id, {"description": "the police's"}, None)
    webhooks.rotate(admin(desk), row.id)
    desk.service.exchange.deliveries.ping(admin(desk), row.id)
    webhooks.remove(admin(desk), row.id)
    with desk.service.kernel.database.read() as session:
        records = session.scalars(
            select(AuditRecord).where(AuditRecord.object_id == row.id).order_by(AuditRecord.seq)
        ).all()
    assert [record.action for record in records] == [
        "webhook.create",
        "webhook.edit",
        "webhook.rotate",
        "webhook.ping",
        "webhook.remove",
    ]
    for record in records:
        assert secret not in str(record.detail)
        assert URL not in str(record.detail)
