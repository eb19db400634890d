"""Find what is new, changed or gone in the upload store, and write it into the catalog.

Reads names, sizes and sidecars, never a document's content. Starts no runs.
"""

from __future__ import annotations

import fnmatch
import json
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

from doc_pipeline.catalog.catalog import Catalog
from doc_pipeline.catalog.registration import Registration
from doc_pipeline.domain.document import (
    SIDECAR_SUFFIX,
    DocumentOptions,
    UploadObject,
    parse_options,
)
from doc_pipeline.domain.errors import (
    FileUnreadable,
    ObjectGone,
    OptionsInvalid,
    PipelineError,
    UploadsVanished,
)
from doc_pipeline.domain.identity import document_id_of
from doc_pipeline.storage.uploads import UploadStore

ROOT_STATE = "uploads_root"
WATERMARK_STATE = "listing_after"
ACCEPT_STATE = "accept_deletes"
PROBLEMS_STATE = "upload_problems"

VANISHED_LEAST = 20
VANISHED_SHARE = 0.10
"""More than a tenth and at least twenty gone at once looks like a share that is not mounted."""

YOUNG_STATE = "young_uploads"

PAGE = 200
AT_ONCE = 16
OLD_ENOUGH_S = 300.0


@dataclass(frozen=True, slots=True)
class DiscoverySettings:
    """How a tick looks at the uploads.

    A file changed within the last minutes is taken when two looks saw it alike and it is at least
    `settle_s` old: it may still be written. 0 takes all at once, for buckets, whose objects appear
    whole. One look ends after `seconds` or `max_objects`; the next goes on from there.
    """

    ignored_names: Sequence[str] = ()
    hold_prefix: str = "hold/"
    settle_s: float = 2.0
    seconds: float = 40.0
    max_objects: int = 20_000


@dataclass(slots=True)
class Discovery:
    """What one look found. Lists hold document ids."""

    listed: int = 0
    new: list[str] = field(default_factory=list[str])
    changed: list[str] = field(default_factory=list[str])
    deleted: list[str] = field(default_factory=list[str])
    held: int = 0
    ignored: int = 0
    waiting: int = 0
    is_cut: bool = False
    problems: list[PipelineError] = field(default_factory=list[PipelineError])

    def figures(self) -> dict[str, int]:
        """The counts, for the tick's log."""
        return {
            "listed": self.listed,
            "new": len(self.new),
            "changed": len(self.changed),
            "deleted": len(self.deleted),
            "held": self.held,
            "ignored": self.ignored,
            "still being written": self.waiting,
            "unusable names": len(self.problems),
        }


def discover_uploads(
    uploads: UploadStore,
    catalog: Catalog,
    settings: DiscoverySettings,
    clock: Callable[[], float] = time.time,
) -> Discovery:
    """Compare the upload store with the catalog and register every difference.

    A cut look loses nothing: its watermark is kept in the catalog, what it registered stays.

    Raises:
        UploadsVanished: so much is gone that it looks like a share that is not mounted.
        StoreUnavailable: the store does not answer.
        CatalogUnavailable: the catalog does not answer.
    """
    return _Look(uploads, catalog, settings, clock).run()


def accept_deletes(catalog: Catalog) -> None:
    """Let the next whole look believe what it sees, however much is gone."""
    catalog.discovery.set_state(ACCEPT_STATE, True)


@dataclass(slots=True)
class _Look:
    uploads: UploadStore
    catalog: Catalog
    settings: DiscoverySettings
    clock: Callable[[], float]
    found: Discovery = field(default_factory=Discovery)
    root: str = ""
    started: float = 0.0
    young: dict[str, str] = field(default_factory=dict[str, str])
    young_before: dict[str, str] = field(default_factory=dict[str, str])

    def run(self) -> Discovery:
        self.started = self.clock()
        state = self.catalog.discovery
        is_accepted = bool(state.get_state(ACCEPT_STATE))
        has_moved = self._has_moved()
        self.young_before = state.get_state(YOUNG_STATE) or {}
        after: str | None = state.get_state(WATERMARK_STATE)
        objects = self._list(after)
        last = objects[-1].key if self.found.is_cut and objects else None
        listed = {item.key for item in objects}
        if after is not None or last is not None:
            # Other parts of the store keep what was seen there.
            self.young = {k: v for k, v in self.young_before.items() if k not in listed}
        self._check_gone(after, last, objects, is_trusted=is_accepted, has_moved=has_moved)
        state.set_state(ROOT_STATE, self.root)
        sidecars = self._sidecars(objects, last)
        documents = [item for item in objects if self._is_document(item, sidecars)]
        last = self._register_all(documents, sidecars) or last
        state.set_state(WATERMARK_STATE, last)
        state.set_state(YOUNG_STATE, self.young)
        state.set_state(PROBLEMS_STATE, [error.sentence for error in self.found.problems])
        if is_accepted and not self.found.is_cut:
            state.set_state(ACCEPT_STATE, False)
        return self.found

    # -- what is there ----------------------------------------------------------------------

    def _list(self, after: str | None) -> list[UploadObject]:
        deadline = self.started + self.settings.seconds / 2
        objects: list[UploadObject] = []
        for item in self.uploads.list(after):
            objects.append(item)
            # At least one, so that each look gets on.
            if len(objects) > self.settings.max_objects or self.clock() > deadline:
                self.found.is_cut = True
                break
        if len(objects) > self.settings.max_objects:
            objects.pop()
        self.found.listed = len(objects)
        self.found.problems = list(self.uploads.problems)
        return objects

    def _is_document(self, item: UploadObject, sidecars: Collection[str]) -> bool:
        if item.key in sidecars:
            return False
        if any(_is_ignored(part, self.settings.ignored_names) for part in item.key.split("/")):
            self.found.ignored += 1
            return False
        return True

    def _is_settled(self, item: UploadObject) -> bool:
        """Whether a new or changed object is whole: old, or seen as it is at the last look.

        Clocks of file servers differ, so a file of the last minutes is never taken at first sight.
        """
        age_s = self.clock() - item.modified_at.timestamp()
        if self.settings.settle_s <= 0 or age_s >= max(self.settings.settle_s, OLD_ENOUGH_S):
            return True
        if self.young_before.get(item.key) == item.etag and not 0 <= age_s < self.settings.settle_s:
            return True
        self.young[item.key] = item.etag
        self.found.waiting += 1
        return False

    def _sidecars(
        self, objects: Sequence[UploadObject], last: str | None
    ) -> dict[str, UploadObject]:
        """Sidecars by key; where the look is cut, also those that sort behind the cut."""
        sidecars = {item.key: item for item in objects if item.key.endswith(SIDECAR_SUFFIX)}
        if last is None:
            return sidecars
        for item in objects:
            key = item.key + SIDECAR_SUFFIX
            if key.encode() > last.encode() and item.key not in sidecars:
                with suppress(ObjectGone):
                    sidecars[key] = self.uploads.head(key)
        return sidecars

    def _register_all(
        self, documents: Sequence[UploadObject], sidecars: dict[str, UploadObject]
    ) -> str | None:
        """Register page by page while there is time; the last key done where there was not."""
        for start in range(0, len(documents), PAGE):
            if start and self.clock() > self.started + self.settings.seconds:
                self.found.is_cut = True
                return documents[start - 1].key
            self._register(documents[start : start + PAGE], sidecars)
        return None

    def _register(self, objects: Sequence[UploadObject], sidecars: dict[str, UploadObject]) -> None:
        state = self.catalog.discovery
        known_sidecars = state.options_hashes([item.key for item in objects])
        compared = state.compare(objects)
        is_new = {item.key for item in compared.new}
        touched = {item.key for item in (*compared.new, *compared.changed)}
        registrations: list[Registration] = []
        wanted: list[tuple[UploadObject, UploadObject | None, str]] = []
        for item in objects:
            sidecar = sidecars.get(item.key + SIDECAR_SUFFIX)
            options_hash = sidecar.etag if sidecar else ""
            if item.key not in touched and known_sidecars.get(item.key, "") == options_hash:
                continue
            if self._is_settled(item):
                wanted.append((item, sidecar, options_hash))
        # A bucket is asked for the metadata of each object: many at once, or a tick takes minutes.
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = list(pool.map(self._registration, wanted))
        for registration in filter(None, found):
            registrations.append(registration)
            self.found.held += registration.held
            ids = self.found.new if registration.upload.key in is_new else self.found.changed
            ids.append(registration.document_id)
        if registrations:
            state.register(registrations)

    def _registration(
        self, wanted: tuple[UploadObject, UploadObject | None, str]
    ) -> Registration | None:
        item, sidecar, options_hash = wanted
        options: DocumentOptions = DocumentOptions()
        error: PipelineError | None = None
        try:
            options = self._options(item, sidecar)
        except ObjectGone:
            return None  # deleted since the listing: the next look sees how it stands
        except (OptionsInvalid, FileUnreadable) as unusable:
            error = unusable
        is_held = options.hold or (
            bool(self.settings.hold_prefix) and item.key.startswith(self.settings.hold_prefix)
        )
        return Registration(
            upload=item,
            document_id=document_id_of(item.key),
            storage_url=f"{self.uploads.url.rstrip('/')}/{item.key}",
            options=options,
            options_hash=options_hash,
            held=is_held,
            error=error,
        )

    def _options(self, item: UploadObject, sidecar: UploadObject | None) -> DocumentOptions:
        data: dict[str, object] = dict(self.uploads.metadata(item.key))
        if sidecar is not None:
            source = sidecar.key.rsplit("/", 1)[-1]
            try:
                read = json.loads(self.uploads.read_small(sidecar.key))
            except (ValueError, RecursionError):
                raise OptionsInvalid(source=source, problem="it is not JSON") from None
            if not isinstance(read, dict):
                raise OptionsInvalid(source=source, problem="it must be a JSON object")
            data.update(read)
            return parse_options(data, source)
        return parse_options(data, "the object's metadata")

    # -- what is gone -------------------------------------------------------------------------

    def _has_moved(self) -> bool:
        """Whether another disk or bucket is there than at the last look."""
        self.root = self.uploads.root_identity()
        known_root = self.catalog.discovery.get_state(ROOT_STATE)
        return known_root is not None and known_root != self.root

    def _check_gone(
        self,
        after: str | None,
        last: str | None,
        objects: Sequence[UploadObject],
        *,
        is_trusted: bool,
        has_moved: bool,
    ) -> None:
        state = self.catalog.discovery
        present = {item.key for item in objects}
        gone = state.gone_between(after, last, present)
        # What lies below a folder that cannot be opened is unknown, not gone.
        closed = tuple(
            str(error.fields["key"])
            for error in self.found.problems
            if isinstance(error, FileUnreadable)
        )
        keys = [pair for pair in gone.keys if not pair[0].startswith(closed)]
        if not keys:
            return
        count = len(keys)
        if not is_trusted:
            if has_moved:
                # Device numbers change at some reboots: only together with missing files.
                why = "the folder is on another device than before"
                raise UploadsVanished(gone=count, known=gone.known, why=why)
            if not objects and after is None:
                raise UploadsVanished(gone=count, known=gone.known, why="the folder is empty")
            if count >= VANISHED_LEAST and count > VANISHED_SHARE * gone.known:
                raise UploadsVanished(gone=count, known=gone.known, why="more than a tenth")
        self.found.deleted = [document_id for _, document_id in keys]
        state.mark_deleted(self.found.deleted)


def _is_ignored(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
