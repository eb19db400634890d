"""The SQL tables: models, repositories, migrations and the views for analysts.

The only home of sqlalchemy and alembic. Knows no stores, no settings, no Dagster.
"""
