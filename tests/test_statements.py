"""What a test run shares is compiled for one kind of dialect only."""

from sqlalchemy import JSON, Column, Integer, MetaData, Table, create_engine, insert, select

from casework.kernel.database import Database, to_json
from tests import statements
from tests.services import url_of


def test_engines_share_what_they_compile(tmp_path):
    one, two = (Database(url_of(tmp_path / name)) for name in ("one.db", "two.db"))
    assert one.engine.dialect == two.engine.dialect
    assert isinstance(one.engine.dialect, statements.SqliteOfTests)
    other = create_engine("sqlite://")
    assert other.dialect != one.engine.dialect
    for each in (one, two):
        each.close()
    other.dispose()


def test_engines_that_write_values_differently_do_not():
    table = Table("t", MetaData(), Column("id", Integer, primary_key=True), Column("said", JSON))
    found = []
    for how in ({}, {"json_serializer": to_json}):
        engine = create_engine("sqlite://", **how)
        with engine.begin() as connection:
            table.create(connection)
            connection.execute(insert(table).values(said={"a": "Š"}))
            found.append(connection.exec_driver_sql("SELECT said FROM t").scalar())
            assert connection.execute(select(table.c.said)).scalar() == {"a": "Š"}
        engine.dispose()
    assert found == ['{"a": "\\u0160"}', '{"a": "Š"}']
