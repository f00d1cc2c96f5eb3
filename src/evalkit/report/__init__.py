"""Words, figures, tables and pages, made of released results and nothing else."""

from evalkit.report import figures, tables, words
from evalkit.report.display import display
from evalkit.report.parts import Part
from evalkit.report.text import Text, open_text

__all__ = ["Part", "Text", "display", "figures", "open_text", "tables", "words"]
