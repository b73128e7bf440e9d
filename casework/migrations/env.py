"""Run by Alembic. The connection comes from `casework.kernel.database.Database.migrate`."""

from alembic import context

from casework.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,
    # SQLite can. Where each migration is committed by itself, two nodes that start at once come
    # between each other's: both have read what is lacking.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
