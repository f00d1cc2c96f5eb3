"""Synthetic studies: a made-up population, its records, and the truth that it was made from."""

from evalkit.synthetic.write import synthesise

__all__ = ["synthesise"]
