"""What every command needs: the settings, the open services, and where Dagster's home is."""

from __future__ import annotations

import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager

import typer

from doc_pipeline.domain.errors import DocumentNotFound
from doc_pipeline.services import Services
from doc_pipeline.settings import Settings, read_settings


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


def resolve_ids(services: Services, names: Sequence[str]) -> list[str]:
    """Document ids for what a person typed: an id, an upload key, or a part that is unique.

    Raises `DocumentNotFound`; a part that fits several ends the command with the list.
    """
    ids: list[str] = []
    for name in names:
        found = services.catalog.reading.find(name)
        if not found:
            raise DocumentNotFound(document_id=name)
        if len(found) > 1:
            typer.echo(f"'{name}' fits {len(found)} documents; say which:", err=True)
            for view in found[:20]:
                typer.echo(f"  {view.document_id}", err=True)
            sys.exit(2)
        ids.append(found[0].document_id)
    return ids
