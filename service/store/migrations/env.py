"""Entry of Alembic: runs the migrations on the connection that it is given."""

from alembic import context

from service.store import job_tables  # noqa: F401 - its tables belong to Base
from service.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
