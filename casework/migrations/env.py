"""Run by Alembic. The connection comes from `casework.kernel.database.Database.migrate`."""

from alembic import context

from casework.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
