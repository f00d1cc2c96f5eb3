"""Who pays and who gains: double-entry ledger, pay-off time, break-even share."""

from evalkit.economics.ledger import ledger
from evalkit.economics.pay_off import break_even_share, pay_off

__all__ = ["break_even_share", "ledger", "pay_off"]
