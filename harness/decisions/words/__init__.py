"""Verdicts in words: terminal lines, Markdown and plain JSON values."""
