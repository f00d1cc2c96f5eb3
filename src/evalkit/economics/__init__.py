"""Who pays and who gains: double-entry ledger, pay-off time, break-even share."""

from evalkit.economics.acceptability import acceptability, information_value
from evalkit.economics.amounts import split_amount
from evalkit.economics.balance import ledger_balances
from evalkit.economics.break_even import break_even_by_horizon, break_even_share
from evalkit.economics.cheers import cheers_checklist
from evalkit.economics.cost_utility import cost_utility
from evalkit.economics.costs_and_effects import CostsAndEffects
from evalkit.economics.curves import dynamic_pay_off, pay_off_curve
from evalkit.economics.joined import cost_utility_sample
from evalkit.economics.ledger import ledger
from evalkit.economics.net_benefit import net_benefit
from evalkit.economics.pay_off import pay_off
from evalkit.economics.present_value import net_present_value
from evalkit.economics.probabilistic import draw_parameters, probabilistic_sensitivity
from evalkit.economics.published import published_ratio, published_residual
from evalkit.economics.qaly import qaly
from evalkit.economics.sensitivity import sensitivity
from evalkit.economics.spell_ledger import ledger_from_spells
from evalkit.economics.strategy_draws import StrategyDraws
from evalkit.economics.tariffs import tariff_amounts, tariff_template

__all__ = [
    "CostsAndEffects",
    "StrategyDraws",
    "acceptability",
    "break_even_by_horizon",
    "break_even_share",
    "cheers_checklist",
    "cost_utility",
    "cost_utility_sample",
    "draw_parameters",
    "dynamic_pay_off",
    "information_value",
    "ledger",
    "ledger_balances",
    "ledger_from_spells",
    "net_benefit",
    "net_present_value",
    "pay_off",
    "pay_off_curve",
    "probabilistic_sensitivity",
    "published_ratio",
    "published_residual",
    "qaly",
    "sensitivity",
    "split_amount",
    "tariff_amounts",
    "tariff_template",
]
