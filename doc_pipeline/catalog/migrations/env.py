"""How alembic runs a migration: on the connection that schema.py hands over.

Opens no connection and configures no logging of its own.
"""

from __future__ import annotations

from alembic import context

from doc_pipeline.catalog.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
