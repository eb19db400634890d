"""Real file type and admission verdict. Reads bytes, never content."""
