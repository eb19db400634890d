"""Every error of the pipeline: code, sentence, remedy and verdict.

PipelineError
├── TransientError        try again with backoff, even though the file did not change
│   ├── StoreUnavailable  StoreAway*  CatalogUnavailable*  IndexUnavailable*  DiskFull*
│   ├── EmbeddingUnavailable*  EmbeddingRateLimited*  ExtractionUnavailable*
│   └── DocumentBusy  UploadChanging  RunLost
├── PermanentError        parked until the file, the code or the settings change
│   ├── FileUnreadable  FileEmpty  FileCorrupt  FileEncrypted  PasswordWrong  NoTextFound
│   ├── ExtractionFailed  ExtractionTimedOut  MemoryExceeded  ExtractorCrashed
│   ├── OcrUnavailable  OcrOff  OcrLanguageMissing  ExtraMissing  AttachmentMissing
│   ├── ObjectGone  ArtifactMissing  StoreRefused  NameInvalid  OptionsInvalid
│   ├── EmbeddingRefused*  EmbeddingQuotaSpent*  EmbeddingInvalid  InputTooLong  UnexpectedError
│   └── SettingInvalid*  StorageNotConfigured*  ModelMismatch*  SchemaNewer*
│       IndexIncomplete*  UploadsVanished*  AlreadyRunning*  PortInUse*  DocumentNotFound
└── RejectedError         quarantined, never retried
    └── TypeUnsupported  MimeNotAllowed  MimeMismatch  FileTooLarge  OverLimit

(*) concerns the whole batch or process, not one document: the batch stops and no document is
charged an attempt. What is stored of an error is its class, code and our own sentence, never a
library's text, which may carry secrets or content.
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import ClassVar

from doc_pipeline.domain.limit_names import FIXED_LIMITS, LIMIT_SETTINGS, figure


class Verdict(StrEnum):
    """What becomes of a document after an error."""

    TRANSIENT = "transient"
    PERMANENT = "permanent"
    REJECTED = "rejected"


class PipelineError(Exception):
    """Base of all errors of the pipeline.

    Fields given as keywords are put into `template`; they must never hold a secret or content.
    """

    code: ClassVar[str] = "PIPELINE_ERROR"
    verdict: ClassVar[Verdict] = Verdict.PERMANENT
    template: ClassVar[str] = "The pipeline failed."
    remedy: ClassVar[str] = "Look at the run's log."
    is_batch_wide: ClassVar[bool] = False

    def __init__(self, **fields: object) -> None:
        """Keep the fields and make the sentence."""
        self.fields = fields
        super().__init__(self.sentence)

    def __reduce__(self) -> tuple[object, ...]:
        """Errors cross from process to process with their fields."""
        return _restored, (type(self), self.fields)

    @property
    def sentence(self) -> str:
        """Our one sentence for people, one line, at most 2,000 characters."""
        shown = {name: _shown(value) for name, value in self.fields.items()}
        return self.template.format_map(_Missing(shown))[:2000]


def _restored(error_type: type[PipelineError], fields: dict[str, object]) -> PipelineError:
    return error_type(**fields)


def _shown(value: object) -> str:
    text = str(value)
    return text if text.isprintable() else json.dumps(text)


class _Missing(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


class TransientError(PipelineError):
    """Try again later, with backoff."""

    verdict = Verdict.TRANSIENT


class PermanentError(PipelineError):
    """Parked until the file, the code or the settings change."""


class RejectedError(PipelineError):
    """Quarantined: this file is not wanted, whatever is tried."""

    verdict = Verdict.REJECTED


# -- stores and services away ------------------------------------------------------------------


class StoreUnavailable(TransientError):
    """A blob store does not answer or refuses for the moment. Fields: store, key."""

    code = "STORE_UNAVAILABLE"
    template = "The {store} store did not answer for {key}."
    remedy = "Check that the store is up and reachable (doc-pipeline doctor), then retry."


class StoreAway(TransientError):
    """A blob store answers nothing at all, whichever document asks. Field: store."""

    code = "STORE_AWAY"
    template = "The {store} store does not answer or refuses everything."
    remedy = "Check that it is up, and its credentials and permissions: doc-pipeline doctor"
    is_batch_wide = True


class CatalogUnavailable(TransientError):
    """The SQL database does not answer or stays locked."""

    code = "CATALOG_UNAVAILABLE"
    template = "The catalog database did not answer or is locked."
    remedy = "Check the database (doc-pipeline doctor); close other writers of the SQLite file."
    is_batch_wide = True


class IndexUnavailable(TransientError):
    """LanceDB cannot be read or written for the moment."""

    code = "INDEX_UNAVAILABLE"
    template = "The index could not be read or written."
    remedy = "Check the index's folder or bucket (doc-pipeline doctor), then retry."
    is_batch_wide = True


class DiskFull(TransientError):
    """No space left on a device. Field: store."""

    code = "DISK_FULL"
    template = "No space is left to write to the {store} store."
    remedy = "Free space on that disk, then run: doc-pipeline retry --failed"
    is_batch_wide = True


class ExtractionUnavailable(TransientError):
    """The system gives no process to extract text in: memory, processes or /tmp are used up."""

    code = "EXTRACTION_UNAVAILABLE"
    template = "No process could be started to extract text in."
    remedy = "Free memory, processes or /tmp (doc-pipeline doctor), then retry."
    is_batch_wide = True


class EmbeddingUnavailable(TransientError):
    """The embedding service does not answer. Field: model."""

    code = "EMBEDDING_UNAVAILABLE"
    template = "The embedding service for {model} did not answer."
    remedy = "Check its address and state (doc-pipeline doctor), then retry."
    is_batch_wide = True


class EmbeddingRateLimited(TransientError):
    """The embedding service still says 'too many requests' after waiting. Field: model."""

    code = "EMBEDDING_RATE_LIMITED"
    template = "The embedding service for {model} kept refusing for its rate limit."
    remedy = "Retry later, or lower DOC_PIPELINE_EMBEDDING_MAX_PARALLEL."
    is_batch_wide = True


class DocumentBusy(TransientError):
    """Another live run holds the document. Field: run_id."""

    code = "DOCUMENT_BUSY"
    template = "Another run ({run_id}) is working on this document."
    remedy = "Wait for that run to end, then retry if the document is not completed."


class UploadChanging(TransientError):
    """The object changed while it was being read. Field: key."""

    code = "UPLOAD_CHANGING"
    template = "The upload {key} changed while it was being read."
    remedy = "Nothing to do: the new content comes with the next tick."


class RunLost(TransientError):
    """The run that held the document died. Field: run_id."""

    code = "RUN_LOST"
    template = "The run {run_id} ended without finishing this document."
    remedy = "Nothing to do: it is queued again. If it comes back, read that run's log."


# -- the file itself ----------------------------------------------------------------------------


class FileUnreadable(PermanentError):
    """The system refuses to read the file. Field: key."""

    code = "FILE_UNREADABLE"
    template = "The file {key} cannot be read."
    remedy = "Give the pipeline's user permission to read it, then retry."


class FileEmpty(PermanentError):
    """A file of zero bytes."""

    code = "FILE_EMPTY"
    template = "The file is empty (0 bytes)."
    remedy = "Upload it again with its content."


class FileCorrupt(PermanentError):
    """The bytes are not a whole file of their type. Field: kind."""

    code = "FILE_CORRUPT"
    template = "The file is damaged: it does not open as {kind}."
    remedy = "Upload an intact copy under the same name."


class FileEncrypted(PermanentError):
    """A password is needed. Field: kind."""

    code = "FILE_ENCRYPTED"
    template = "The {kind} file is protected by a password."
    remedy = (
        'Put {"password": "…"} into <name>.meta.json beside the file: it is taken up again by '
        "itself. Or upload a copy without password."
    )


class PasswordWrong(PermanentError):
    """The password that was given does not open the file. Field: kind."""

    code = "PASSWORD_WRONG"
    template = "The password given for the {kind} file does not open it."
    remedy = "Correct the password in <name>.meta.json; the document is taken up again by itself."


class NoTextFound(PermanentError):
    """Nothing to search: no text in a file that is not empty. Field: kind."""

    code = "NO_TEXT"
    template = "No text was found in the {kind} file."
    remedy = "Open it: if it has text that people can read, upload it as PDF, docx or plain text."


class ExtractionFailed(PermanentError):
    """The extractor raised something that has no better name. Fields: kind, reason (a class)."""

    code = "EXTRACTION_FAILED"
    template = "The text of the {kind} file could not be extracted ({reason})."
    remedy = "Open the file and save it again, or convert it to PDF, and upload that."


class ExtractionTimedOut(PermanentError):
    """Extraction took longer than one document may. Fields: limit ('wall' or 'cpu'), seconds."""

    code = "TIMEOUT"
    template = "Extracting the text was stopped after {seconds} seconds ({limit} time)."
    remedy = (
        "Split the file, or raise DOC_PIPELINE_EXTRACT_TIMEOUT_S (wall time) or "
        "DOC_PIPELINE_EXTRACT_CPU_S (cpu time), then retry."
    )


class MemoryExceeded(PermanentError):
    """Extraction asked for more memory than one document may. Field: allowed_mb."""

    code = "MEMORY_LIMIT"
    template = "Extracting the text needs more than {allowed_mb} MB of memory."
    remedy = "Split the file, or raise DOC_PIPELINE_EXTRACT_MEMORY_MB, then retry."


class ExtractorCrashed(PermanentError):
    """The process that extracted the file died, twice. Fields: kind, how ('signal SIGSEGV')."""

    code = "EXTRACTOR_CRASHED"
    template = "A library crashed on the {kind} file ({how}), also at the second try."
    remedy = "Save the file anew with another program and upload that; please report the crash."


class OcrUnavailable(PermanentError):
    """The file is a picture of text and the tesseract program is not there. Field: kind."""

    code = "OCR_UNAVAILABLE"
    template = "The {kind} file is a picture of text, and there is no tesseract to read it."
    remedy = "Install tesseract (Debian: apt-get install tesseract-ocr), then retry."


class OcrOff(PermanentError):
    """The file is a picture of text and the settings forbid to read it. Field: kind."""

    code = "OCR_OFF"
    template = "The {kind} file is a picture of text, and reading pictures is switched off."
    remedy = "Set DOC_PIPELINE_OCR_MODE=auto, then retry."


class OcrLanguageMissing(PermanentError):
    """tesseract lacks the data of a language. Fields: languages, installed."""

    code = "OCR_LANGUAGE_MISSING"
    template = "The tesseract program has no data for {languages}; it has {installed}."
    remedy = (
        "Install it (Debian: apt-get install tesseract-ocr-<language>), or change "
        "DOC_PIPELINE_OCR_LANGUAGES, then retry."
    )


class ExtraMissing(PermanentError):
    """The format needs an optional part of the package. Fields: kind, extra."""

    code = "EXTRA_MISSING"
    template = "Files of type {kind} need the optional part doc-pipeline[{extra}]."
    remedy = "Install that part, named so, with pip (in a clone: make extras), then retry."


class AttachmentMissing(PermanentError):
    """The bytes of an attachment are not in the artifact store."""

    code = "ATTACHMENT_MISSING"
    template = "The content of this attachment is gone from the artifact store."
    remedy = "Process its parent again with --force; 'doc-pipeline show' names the parent."


class ObjectGone(PermanentError):
    """The object was deleted between tick and run. Field: key."""

    code = "OBJECT_GONE"
    template = "The upload {key} is no longer there."
    remedy = "Upload it again if it is still wanted."


class ArtifactMissing(PermanentError):
    """The result of an earlier stage is not in the artifact store. Field: stage."""

    code = "ARTIFACT_MISSING"
    template = "The result of the stage '{stage}' is missing."
    remedy = "Materialize all five assets of this document, not only the last ones."


class StoreRefused(PermanentError):
    """A store refuses the credentials or the operation. Fields: store, key."""

    code = "STORE_REFUSED"
    template = "The {store} store refused access to {key}."
    remedy = "Check its credentials and permissions (doc-pipeline doctor), then retry."


class NameInvalid(PermanentError):
    """A name that cannot be an upload key. Field: key."""

    code = "NAME_INVALID"
    template = "The name {key} cannot be used."
    remedy = "Rename the file: at most 1,024 bytes of valid UTF-8, without '..' as a part."


class OptionsInvalid(PermanentError):
    """A sidecar or object metadata that cannot be used. Fields: source, problem."""

    code = "OPTIONS_INVALID"
    template = "The options in {source} are not valid: {problem}."
    remedy = "Mend the sidecar <name>.meta.json; the document is taken up again by itself."


class UnexpectedError(PermanentError):
    """A bug, or a fault nobody has named yet. Field: reason (a class name)."""

    code = "UNEXPECTED"
    template = "An unexpected error stopped this document ({reason})."
    remedy = "Read the run's log; if it looks like a bug, report it with the code and the log."


# -- embedding -----------------------------------------------------------------------------------


class EmbeddingRefused(PermanentError):
    """The embedding service refuses key, model or request. Fields: model, status."""

    code = "EMBEDDING_REFUSED"
    template = "The embedding service refused the request for {model} (status {status})."
    remedy = "Check the key, the model's name and the address (doc-pipeline config)."
    is_batch_wide = True


class EmbeddingQuotaSpent(PermanentError):
    """The account's quota is used up; retrying cannot help. Field: model."""

    code = "EMBEDDING_QUOTA_SPENT"
    template = "The quota of the embedding account for {model} is used up."
    remedy = "Raise the quota at the provider, then run: doc-pipeline retry --failed"
    is_batch_wide = True


class EmbeddingInvalid(PermanentError):
    """The service returned vectors that cannot be used. Fields: model, problem."""

    code = "EMBEDDING_INVALID"
    template = "The embedding service for {model} returned unusable vectors ({problem})."
    remedy = "Check that model and dimensions fit each other (doc-pipeline config)."


class InputTooLong(PermanentError):
    """A text longer than the model takes. Field: model."""

    code = "INPUT_TOO_LONG"
    template = "A passage is longer than {model} accepts."
    remedy = "Lower DOC_PIPELINE_CHUNK_MAX_TOKENS, then retry."


# -- set-up ----------------------------------------------------------------------------------------


class SettingInvalid(PermanentError):
    """A setting that cannot be used. Fields: name, allowed."""

    code = "SETTING_INVALID"
    template = "The setting {name} is not valid: it takes {allowed}."
    remedy = "Correct it in the environment or in .env; 'doc-pipeline config' shows all."
    is_batch_wide = True


class StorageNotConfigured(PermanentError):
    """A store is chosen but its settings are missing. Field: name."""

    code = "STORAGE_NOT_CONFIGURED"
    template = "The store cannot be opened: {name} is not set."
    remedy = "Set it in the environment or in .env; see 'doc-pipeline config'."
    is_batch_wide = True


class ModelMismatch(PermanentError):
    """The index holds vectors of another model. Fields: found, wanted."""

    code = "MODEL_MISMATCH"
    template = "The index holds vectors of {found}, the settings say {wanted}."
    remedy = "Set the model back, or choose a new DOC_PIPELINE_INDEX_URL and process again."
    is_batch_wide = True


class SchemaNewer(PermanentError):
    """Data written by a newer version of the code. Field: store."""

    code = "SCHEMA_NEWER"
    template = "The {store} was written by a newer version of doc_pipeline."
    remedy = "Install that newer version, or point the settings at another data folder."
    is_batch_wide = True


class UploadsVanished(PermanentError):
    """So many uploads are gone at once that it looks like a share not mounted.

    Fields: gone, known, why.
    """

    code = "UPLOADS_VANISHED"
    template = "{gone} of {known} uploads are gone at once ({why}); nothing was deleted."
    remedy = (
        "Check that the share or bucket is there. If the files were really deleted, "
        "run: doc-pipeline accept-deletes"
    )
    is_batch_wide = True


class AlreadyRunning(PermanentError):
    """Another process uses the data folder. Fields: pid, host."""

    code = "ALREADY_RUNNING"
    template = "doc-pipeline is already up on this data folder (process {pid} on {host})."
    remedy = "Stop it with 'doc-pipeline down', or use that one."
    is_batch_wide = True


class PortInUse(PermanentError):
    """The web page's port is taken. Field: port."""

    code = "PORT_IN_USE"
    template = "Port {port} is in use by another program."
    remedy = "Choose another with --port or DOC_PIPELINE_WEB_PORT."
    is_batch_wide = True


class IndexIncomplete(PermanentError):
    """The index lacks rows of completed documents. Fields: found, wanted."""

    code = "INDEX_INCOMPLETE"
    template = "The index holds {found} chunks, the completed documents have {wanted}."
    remedy = "Bring them back from artifacts and cache: doc-pipeline process --force"
    is_batch_wide = True


class DocumentNotFound(PermanentError):
    """No document of that id or name. Field: document_id."""

    code = "DOCUMENT_NOT_FOUND"
    template = "There is no document {document_id}."
    remedy = "See the ids with: doc-pipeline ls"


# -- rejected ------------------------------------------------------------------------------------


class TypeUnsupported(RejectedError):
    """A type that the pipeline has no extractor for. Field: kind."""

    code = "TYPE_UNSUPPORTED"
    template = "Files of type {kind} are not supported."
    remedy = "Convert it to PDF, docx or plain text and upload that."


class MimeNotAllowed(RejectedError):
    """The settings do not let this type in. Fields: mime, setting."""

    code = "MIME_NOT_ALLOWED"
    template = "Files of type {mime} are not let in by the setting {setting}."
    remedy = "If they should be let in: change that setting, then retry."


class MimeMismatch(RejectedError):
    """Bytes and name disagree while the settings say to refuse that. Fields: found, claimed."""

    code = "MIME_MISMATCH"
    template = "The file is named as {claimed} but its bytes are {found}."
    remedy = "Upload it under a name with the right ending."


class FileTooLarge(RejectedError):
    """More bytes than a file may have; told before anything is read. Fields: allowed, found."""

    code = "TOO_LARGE"
    template = "The file has {found} bytes; DOC_PIPELINE_MAX_FILE_MB allows {allowed}."
    remedy = "Split the file, or raise DOC_PIPELINE_MAX_FILE_MB and retry."

    @property
    def sentence(self) -> str:
        """With thousands marked, for people."""
        return _with_figures(self.template, self.fields)


class OverLimit(RejectedError):
    """Larger than a limit allows. Fields: limit (a name of `Limits`), found, allowed."""

    code = "OVER_LIMIT"
    template = "The file is over the limit {limit}: {found} found, {allowed} allowed."
    remedy = "Split the file; or raise the setting that the sentence names, if any, and retry."

    @property
    def sentence(self) -> str:
        """With the setting that allows more, where there is one."""
        limit = str(self.fields.get("limit"))
        if limit in LIMIT_SETTINGS:
            what, setting = LIMIT_SETTINGS[limit]
            form = f"The file has {{found}} {what}; {setting} allows {{allowed}}."
        elif limit in FIXED_LIMITS:
            form = f"The file has {{found}} {FIXED_LIMITS[limit]}; {{allowed}} are allowed."
        else:
            form = self.template
        return _with_figures(form, self.fields)


def _with_figures(form: str, fields: dict[str, object]) -> str:
    shown = {name: figure(value) or _shown(value) for name, value in fields.items()}
    return form.format_map(_Missing(shown))[:2000]


def all_error_types() -> list[type[PipelineError]]:
    """Every concrete error, sorted by code, for docs and tests."""
    found: list[type[PipelineError]] = []
    waiting: list[type[PipelineError]] = [PipelineError]
    while waiting:
        error_type = waiting.pop()
        children = error_type.__subclasses__()
        waiting.extend(children)
        if not children and "code" in error_type.__dict__:
            found.append(error_type)
    return sorted(found, key=lambda error_type: error_type.code)


def as_pipeline_error(error: BaseException) -> PipelineError:
    """Name an unknown exception without keeping its text."""
    if isinstance(error, PipelineError):
        return error
    named = UnexpectedError(reason=type(error).__name__)
    named.__cause__ = error
    return named
