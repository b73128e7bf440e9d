"""A database is one to practise on, or a real one, from its first agency on."""

import pytest
from sqlalchemy import select

from casework.accounts.agencies import NewAgency
from casework.kernel.errors import AlreadyExists, SetUpError
from casework.kernel.installation import require_kind
from casework.review import case_number
from casework.tables import AuditRecord, Installation
from tests.services import OPERATOR, Desk, FakeClock, open_service

pytestmark = pytest.mark.every_database


def begun(database, **kind):
    service = open_service(database, **kind)
    desk = Desk(service, FakeClock())
    desk.enrol(1)
    return desk


def test_what_is_begun_to_practise_is_never_opened_as_real(database):
    begun(database, practice=True).service.close()
    with pytest.raises(SetUpError, match="practice = true") as refused:
        open_service(database)
    assert refused.value.message.code == "installation_is_practice"
    with open_service(database, practice=True) as again:
        assert again.kernel.practice


def test_what_is_begun_as_real_is_never_practised_on(database):
    begun(database).service.close()
    with pytest.raises(SetUpError, match="siaga init --practice") as refused:
        open_service(database, practice=True)
    assert refused.value.message.code == "installation_is_real"
    open_service(database).close()


def test_until_the_first_agency_a_database_is_neither(database):
    open_service(database).close()
    open_service(database, practice=True).close()
    open_service(database).close()
    begun(database, practice=True).service.close()
    with pytest.raises(SetUpError):
        open_service(database)


def test_a_database_of_before_is_real(database):
    desk = begun(database)
    with desk.service.kernel.database.write() as session:
        session.delete(session.get_one(Installation, 1))
    require_kind(desk.service.kernel.database, practice=False)
    with pytest.raises(SetUpError) as refused:
        require_kind(desk.service.kernel.database, practice=True)
    assert refused.value.message.code == "installation_is_real"
    desk.service.close()


def test_case_numbers_and_the_trail_say_what_it_is(database):
    desk = begun(database, practice=True)
    desk.enrol(2)
    numbers = [desk.screen(each).encounter.alerts[0].case_number for each in (1, 2)]
    assert [each[:-1] for each in numbers] == ["LATIHAN-IMI-00001-", "LATIHAN-IMI-00002-"]
    assert [case_number.read(each.lower().replace("-", " ")) for each in numbers] == numbers
    with desk.service.kernel.database.read() as session:
        made = session.scalars(
            select(AuditRecord.detail).where(AuditRecord.action == "agency.create")
        ).all()
    assert [each["practice"] for each in made] == [True]
    desk.service.close()


def test_no_agency_is_called_what_marks_practice(database):
    with open_service(database) as service:
        agencies = service.accounts.agencies
        for code in ("LATIHAN", "LATIHAN-IMI", "LATIHAN2"):
            with pytest.raises(AlreadyExists, match="LATIHAN"):
                agencies.create(OPERATOR, NewAgency(code, "Somebody"))
            with pytest.raises(AlreadyExists, match="LATIHAN"):
                agencies.begin(OPERATOR, code, "Somebody")
        assert agencies.create(OPERATOR, NewAgency("IMI", "Immigration")).code == "IMI"
