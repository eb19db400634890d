"""Names of file types: what an ending claims, and the media type of each kind. Reads no file."""

from __future__ import annotations

_MIME = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xlsb": "application/vnd.ms-excel.sheet.binary.macroenabled.12",
    "doc": "application/msword",
    "ppt": "application/vnd.ms-powerpoint",
    "xls": "application/vnd.ms-excel",
    "msg": "application/vnd.ms-outlook",
    "vsd": "application/vnd.visio",
    "vsdx": "application/vnd.ms-visio.drawing",
    "wpd": "application/vnd.wordperfect",
    "ole": "application/x-ole-storage",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "odg": "application/vnd.oasis.opendocument.graphics",
    "sxw": "application/vnd.sun.xml.writer",
    "epub": "application/epub+zip",
    "zip": "application/zip",
    "jar": "application/java-archive",
    "apk": "application/vnd.android.package-archive",
    "xps": "application/vnd.ms-xpsdocument",
    "iwork": "application/vnd.apple.iwork",
    "gz": "application/gzip",
    "7z": "application/x-7z-compressed",
    "rar": "application/vnd.rar",
    "tar": "application/x-tar",
    "bz2": "application/x-bzip2",
    "xz": "application/x-xz",
    "rtf": "application/rtf",
    "html": "text/html",
    "xml": "application/xml",
    "svg": "image/svg+xml",
    "eml": "message/rfc822",
    "mbox": "application/mbox",
    "txt": "text/plain",
    "md": "text/markdown",
    "rst": "text/x-rst",
    "org": "text/org",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "png": "image/png",
    "jpg": "image/jpeg",
    "gif": "image/gif",
    "bmp": "image/bmp",
    "tiff": "image/tiff",
    "webp": "image/webp",
    "heic": "image/heic",
    "avif": "image/avif",
    "jp2": "image/jp2",
    "psd": "image/vnd.adobe.photoshop",
    "ico": "image/vnd.microsoft.icon",
    "fdf": "application/vnd.fdf",
    "ps": "application/postscript",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "mp4": "video/mp4",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
    "avi": "video/x-msvideo",
    "mkv": "video/x-matroska",
    "exe": "application/vnd.microsoft.portable-executable",
    "elf": "application/x-executable",
    "sqlite": "application/vnd.sqlite3",
    "parquet": "application/vnd.apache.parquet",
    "empty": "application/x-empty",
}
UNKNOWN_MIME = "application/octet-stream"

_OTHER_ENDINGS = {
    "html": "htm xhtml xht shtml htmls",
    "md": "markdown mdown mkd mdx qmd rmd",
    "txt": "text log",
    "rst": "rest",
    "jpg": "jpeg jpe jfif",
    "tiff": "tif",
    "png": "apng",
    "bmp": "dib",
    "heic": "heif hif",
    "json": "geojson ipynb",
    "ndjson": "jsonl",
    "tsv": "tab",
    "eml": "mht mhtml",
    "docx": "docm dotx dotm",
    "pptx": "pptm ppsx ppsm potx potm",
    "xlsx": "xlsm xltx xltm xlam",
    "doc": "dot",
    "ppt": "pps pot",
    "xls": "xlt xla",
    "odt": "ott odm",
    "ods": "ots",
    "odp": "otp",
    "mp4": "mov m4v m4a",
    "ps": "eps ai",
    "exe": "dll",
    "sqlite": "db",
    "tar": "tgz",
}
_SAME_KIND = {other: kind for kind, others in _OTHER_ENDINGS.items() for other in others.split()}

_TEXT = frozenset(
    {"txt", "md", "rst", "org", "csv", "tsv", "json", "ndjson", "html", "xml", "eml", "mbox"}
)
_ZIPPED = frozenset({"docx", "pptx", "xlsx", "xlsb", "odt", "ods", "odp", "epub", "jar", "apk"})
_ALSO_CALLED: dict[str, frozenset[str]] = {
    "txt": _TEXT | {"svg"},
    "md": frozenset({"txt", "html"}),
    "csv": frozenset({"tsv", "txt"}),
    "tsv": frozenset({"csv", "txt"}),
    "json": frozenset({"ndjson"}),
    "ndjson": frozenset({"json"}),
    "xml": frozenset({"svg", "html"}),
    "html": frozenset({"xml"}),
    "eml": frozenset({"mbox"}),
    "mbox": frozenset({"eml"}),
    "zip": _ZIPPED,
    "ps": frozenset({"pdf"}),
    "tar": frozenset({"gz"}),
    "xls": frozenset({"xlsb"}),
}
"""Kinds that may well stand under the ending of another."""


def can_be_called(kind: str, claimed_kind: str) -> bool:
    """Whether a file of a kind may have the ending of `claimed_kind`.

    An ending that nobody knows, or none, claims nothing.
    """
    if kind == claimed_kind or claimed_kind not in _MIME:
        return True
    return kind in _ALSO_CALLED.get(claimed_kind, ())


def kind_of_name(name: str) -> str:
    """Kind that the name's ending claims; '' when it has none, the ending itself when unknown."""
    _, dot, ending = name.rsplit("/", 1)[-1].rpartition(".")
    ending = ending.lower().strip() if dot else ""
    return _SAME_KIND.get(ending, ending)


def mime_of_kind(kind: str) -> str:
    """Media type of a kind; `application/octet-stream` when nobody knows."""
    return _MIME.get(kind, UNKNOWN_MIME)
