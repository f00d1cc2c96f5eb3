"""Names of what stands in figures and tables of money: kinds of flows, parameters, units."""

from evalkit.report.names import code_name
from evalkit.report.text import Text, mark

KINDS = {
    "transfer": mark("benefits and other transfers"),
    "tax": mark("taxes and charges"),
    "production": mark("production"),
    "real_resource": mark("care and services used"),
    "intervention": mark("the programme"),
    "all": mark("all together"),
}
PARAMETERS = {
    "discount_rate": mark("discount rate"),
    "horizon_years": mark("years counted"),
    "share_due": mark("share due to the programme"),
    "package": mark("cost of the package"),
    "benefits": mark("benefits"),
    "wage_subsidy": mark("wage subsidy"),
    "work": mark("value of work"),
    "care": mark("care"),
    "casework": mark("casework"),
}


def kind_name(kind: str, text: Text) -> str:
    """Name of a kind of flow."""
    return text.say(KINDS[kind]) if kind in KINDS else code_name(kind, text)


def parameter_name(parameter: str, text: Text) -> str:
    """Name of an assumption: an item of the ledger, a rate, a horizon or a share."""
    return (
        text.say(PARAMETERS[parameter]) if parameter in PARAMETERS else code_name(parameter, text)
    )


def parameter_value(value: float, unit: str, text: Text) -> str:
    """Write the value of an assumption in its unit; a factor as a percentage of what was given."""
    if unit == "years":
        return text.plural("{n} year", "{n} years", round(value))
    return text.percent(value, 0 if round(100 * value, 6).is_integer() else 1)


def years_label(years: float, text: Text) -> str:
    """Write a horizon on one line; halves of a year in months."""
    if float(years).is_integer():
        written = text.plural("{n} year", "{n} years", int(years))
    else:
        written = text.plural("{n} month", "{n} months", round(12 * years))
    return written.replace(" ", "\N{NO-BREAK SPACE}")
