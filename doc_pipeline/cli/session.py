"""What every command needs: the settings, the open services, and whom a person means by a name."""

from __future__ import annotations

import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager

import typer

from doc_pipeline.catalog.rows import DocumentView
from doc_pipeline.cli.output import printable, say_aside
from doc_pipeline.domain.document import Lifecycle
from doc_pipeline.domain.errors import DocumentNotFound
from doc_pipeline.services import Services
from doc_pipeline.settings import Settings, read_settings

MOST_NAMED = 20


def load_settings() -> Settings:
    """Read the settings; warnings go to standard error."""
    settings = read_settings()
    for warning in settings.warnings:
        typer.secho(f"Warning: {warning}", fg="yellow", err=True)
    return settings


@contextmanager
def open_services() -> Generator[Services]:
    """The services of this command, closed at its end."""
    services = Services(load_settings())
    try:
        yield services
    finally:
        services.close()


def resolve(
    services: Services, names: Sequence[str], *, active: bool = False
) -> list[DocumentView]:
    """Documents for what a person typed: an id, an upload key, or a part that is unique.

    Raises `DocumentNotFound`, with `active` also for a deleted one; a part that fits several
    ends the command with the list.
    """
    views: dict[str, DocumentView] = {}
    for name in names:
        found = services.catalog.reading.find(name) if name.strip() else []
        if active:
            found = [view for view in found if view.lifecycle is Lifecycle.ACTIVE]
        if not found:
            raise DocumentNotFound(document_id=name)
        if len(found) > 1:
            say_aside(f"'{name}' fits {len(found)} documents; say which:")
            for view in found[:MOST_NAMED]:
                say_aside(f"  {view.document_id}  ({printable(view.source_key)})")
            if len(found) > MOST_NAMED:
                say_aside("  …")
            sys.exit(2)
        views[found[0].document_id] = found[0]
    return list(views.values())
