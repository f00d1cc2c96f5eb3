"""Examples: public studies, written from installed packages as a user would have them."""

from evalkit.examples.help_trial import write_example

__all__ = ["write_example"]
