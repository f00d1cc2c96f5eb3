"""Examples: public studies and data, from installed packages as a user would have them."""

from evalkit.examples.data import example_data
from evalkit.examples.help_trial import write_example

__all__ = ["example_data", "write_example"]
