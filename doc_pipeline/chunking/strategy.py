"""The door: settings and extracted text in, chunks out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise

from doc_pipeline.chunking.adaptive import cheapest_cuts, largest_chunk
from doc_pipeline.chunking.atoms import AtomSizes, atoms_of
from doc_pipeline.chunking.blocks import Block, blocks_of
from doc_pipeline.chunking.boundaries import boundary_costs
from doc_pipeline.chunking.context import words_after, words_before
from doc_pipeline.chunking.fixed import Window, fixed_spans
from doc_pipeline.chunking.profiles import profile_of
from doc_pipeline.chunking.sections import section_trails
from doc_pipeline.chunking.tokens import estimate_tokens
from doc_pipeline.domain.chunk import Chunk
from doc_pipeline.domain.element import ExtractedText
from doc_pipeline.domain.errors import SettingInvalid
from doc_pipeline.domain.identity import chunk_ids_of

__all__ = ["ChunkSettings", "chunk_document", "estimate_tokens"]


@dataclass(frozen=True, slots=True)
class ChunkSettings:
    """How texts are cut.

    `size` and `overlap` are characters and only for 'fixed'; `target_tokens` is only for
    'adaptive', None adapts it to the document. `max_tokens` is the limit of the model's input,
    the heading trail included.
    """

    strategy: str = "adaptive"
    size: int = 1000
    overlap: int = 0
    target_tokens: int | None = None
    max_tokens: int = 512

    def __post_init__(self) -> None:
        """Refuse what no text can be cut by."""
        _check(self.strategy in {"adaptive", "fixed"}, "chunk strategy", "adaptive or fixed")
        _check(self.size >= 1, "chunk size", "at least 1 character")
        _check(0 <= self.overlap < self.size, "chunk overlap", "0 to less than the chunk size")
        _check(self.target_tokens is None or self.target_tokens >= 1, "chunk target", "at least 1")
        _check(self.max_tokens >= 1, "chunk token limit", "at least 1 token")

    def to_fingerprint(self) -> dict[str, object]:
        """Only what shapes the chunks of the chosen strategy."""
        unused = {"size", "overlap"} if self.strategy == "adaptive" else {"target_tokens"}
        return {name: value for name, value in asdict(self).items() if name not in unused}


def _check(is_valid: bool, name: str, allowed: str) -> None:
    if not is_valid:
        raise SettingInvalid(name=name, allowed=allowed)


@dataclass(frozen=True, slots=True)
class _Passage:
    """A span, and the words around it."""

    start: int
    end: int
    before: str = ""
    after: str = ""


def chunk_document(
    document_id: str, extracted: ExtractedText, settings: ChunkSettings
) -> list[Chunk]:
    """Cut a text into chunks, in order; every word outside page furniture is in one of them."""
    blocks = blocks_of(extracted)
    if settings.strategy == "fixed":
        window = Window(settings.size, settings.overlap, settings.max_tokens)
        passages = [_Passage(*span) for span in fixed_spans(extracted.text, blocks, window)]
    else:
        passages = _adaptive_passages(extracted, blocks, settings)
    return _chunks(document_id, extracted.text, blocks, passages, settings.max_tokens)


def _adaptive_passages(
    extracted: ExtractedText, blocks: list[Block], settings: ChunkSettings
) -> list[_Passage]:
    text = extracted.text
    profile = profile_of(text, blocks, extracted.kind)
    target = min(settings.target_tokens or profile.target, settings.max_tokens)
    most = largest_chunk(target, settings.max_tokens)
    sizes = AtomSizes(limit=most, target=target)
    atoms = atoms_of(text, blocks, sizes, pages_are_units=profile.pages_are_units)
    firsts = cheapest_cuts(atoms, boundary_costs(text, atoms), target, most)
    passages: list[_Passage] = []
    for first, after in pairwise([*firsts, len(atoms)]):
        passages.append(
            _Passage(
                atoms[first].start,
                atoms[after - 1].end,
                words_before(text, atoms, first),
                words_after(text, atoms, after - 1),
            )
        )
    return passages


def _chunks(
    document_id: str,
    text: str,
    blocks: Sequence[Block],
    passages: Sequence[_Passage],
    max_tokens: int,
) -> list[Chunk]:
    texts = [text[passage.start : passage.end] for passage in passages]
    ids = chunk_ids_of(document_id, texts)
    trails = section_trails(text, blocks, [passage.start for passage in passages])
    chunks: list[Chunk] = []
    low = 0
    for index, (passage, trail) in enumerate(zip(passages, trails, strict=True)):
        while blocks[low].end <= passage.start:
            low += 1
        inside = _blocks_from(blocks, low, passage.end)
        pages = [block.page for block in inside if block.page is not None]
        chunk = Chunk(
            chunk_id=ids[index],
            index=index,
            text=texts[index],
            start=passage.start,
            end=passage.end,
            page_start=min(pages, default=None),
            page_end=max(pages, default=None),
            section=trail,
            element_types=tuple(dict.fromkeys(block.type for block in inside)),
            tokens=estimate_tokens(texts[index]),
            context_before=passage.before,
            context_after=passage.after,
        )
        chunks.append(_within(chunk, max_tokens))
    return chunks


def _blocks_from(blocks: Sequence[Block], low: int, end: int) -> list[Block]:
    high = low
    while high < len(blocks) and blocks[high].start < end:
        high += 1
    return list(blocks[low:high])


def _within(chunk: Chunk, max_tokens: int) -> Chunk:
    """Drop outermost headings until what is embedded keeps the limit."""
    while chunk.section and estimate_tokens(chunk.embedded_text) > max_tokens:
        chunk = replace(chunk, section=chunk.section[1:])
    return chunk
