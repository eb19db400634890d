"""Pictures of text to text, through the tesseract program."""
