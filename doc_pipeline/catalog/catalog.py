"""The door to the SQL catalog: open it, and hand out its repositories."""

from __future__ import annotations

from doc_pipeline.catalog.children import ChildRepository
from doc_pipeline.catalog.database import Database
from doc_pipeline.catalog.discovery import DiscoveryRepository
from doc_pipeline.catalog.reading import ReadingRepository
from doc_pipeline.catalog.schema import ensure_schema
from doc_pipeline.catalog.work import WorkRepository

BUSY_TIMEOUT_S = 30.0


class Catalog:
    """The SQL database, as its users see it.

    `discovery` is for the sensor, `work` for stages, `children` for what is found inside
    documents, `reading` for people. May be shared by threads; each call is one short transaction.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.discovery = DiscoveryRepository(database)
        self.work = WorkRepository(database)
        self.reading = ReadingRepository(database)
        self.children = ChildRepository(database)

    @property
    def url(self) -> str:
        """Where it is, without its password."""
        return self._database.url

    def close(self) -> None:
        """Close all connections."""
        self._database.close()


def open_catalog(
    url: str, *, upgrade: bool = True, busy_timeout_s: float = BUSY_TIMEOUT_S
) -> Catalog:
    """Open the catalog, with its schema brought to the newest version.

    `busy_timeout_s` is how long a statement waits for another's lock.

    Raises:
        CatalogUnavailable: it does not answer, stays locked, or is old while `upgrade` is off.
        SchemaNewer: a newer version of the code wrote it.
        SettingInvalid: the URL is of no database that can be used.
    """
    database = Database(url, busy_timeout_s)
    try:
        ensure_schema(database, upgrade=upgrade)
    except BaseException:
        database.close()
        raise
    return Catalog(database)
