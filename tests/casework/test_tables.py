"""What every table keeps to, those to come too."""

import pytest
from sqlalchemy import ForeignKeyConstraint, UniqueConstraint

from casework.tables import Table

FOREIGN_KEYS = [
    foreign
    for table in Table.metadata.sorted_tables
    for foreign in sorted(table.foreign_key_constraints, key=lambda each: tuple(each.column_keys))
]


def named(foreign: ForeignKeyConstraint) -> str:
    return f"{foreign.table.name}.{','.join(foreign.column_keys)}"


@pytest.mark.parametrize("foreign", FOREIGN_KEYS, ids=named)
def test_what_refers_to_a_record_is_found_by_index(foreign):
    """Else each record that is removed costs a scan of the table, while no one else can write."""
    table = foreign.table
    unique = [each for each in table.constraints if isinstance(each, UniqueConstraint)]
    led_by = [
        [column.name for column in each.columns]
        for each in (table.primary_key, *table.indexes, *unique)
    ]
    own = list(foreign.column_keys)
    assert own in [names[: len(own)] for names in led_by]
