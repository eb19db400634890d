"""PDF to elements: lines, blocks, headings, tables; and which pages need OCR."""
