"""Names of what is told of organisations: key figures, services, groups, financiers, statuses."""

from collections.abc import Mapping

from evalkit.codes import read_codes
from evalkit.report.names import actor_name, code_name, sentence_case
from evalkit.report.text import Text, mark

FIGURES = {
    "took_part": mark("participations at any time"),
    "took_part_persons": mark("people who took part"),
    "started": mark("participations started"),
    "started_persons": mark("people who started"),
    "left": mark("participations ended"),
    "left_persons": mark("people who left"),
    "in_package": mark("participations running on the last day"),
    "in_package_persons": mark("people taking part on the last day"),
    "anonymous": mark("anonymous participations"),
    "left_per_start": mark("ended for each one started"),
    "median_days": mark("median days in the package"),
    "mean_days_left": mark("mean days, ended participations only"),
    "reached_outcome": mark("participations that ended with the wanted outcome"),
    "outcome_share": mark("ended with the wanted outcome, per cent of those ended"),
    "budget": mark("budget"),
    "spent": mark("money spent"),
    "budget_used": mark("spent, per cent of the budget"),
    "planned": mark("planned participations"),
    "fulfilment": mark("started, per cent of planned"),
    "cost_per_participation": mark("cost for each participation"),
    "cost_per_person": mark("cost for each person"),
    "cost_per_leaver": mark("cost for each participation ended"),
    "cost_per_outcome": mark("cost for each participation with the wanted outcome"),
}
STEPS = {
    "joint_plan": mark("joint plan"),
    "first_form": mark("first joint step of any form"),
    "multiparty_talk": mark("talk with several parties"),
    "contact_person": mark("contact person"),
    "personal_ombudsman": mark("personal ombudsman"),
    "joint_activity": mark("joint activity"),
}
KINDS = {
    "funds": mark("funds of the year"),
    "own_capital": mark("own capital"),
    "administration": mark("administration"),
    "package": mark("packages"),
}
SERVICES = {
    "rehabilitative_work": mark("rehabilitative work"),
    "job_coaching": mark("job coaching"),
    "work_ability_team": mark("team for work ability support"),
    "social_rehabilitation": mark("social rehabilitation"),
    "escort": mark("escort who goes along"),
    "pay_subsidy_supplement": mark("municipal supplement to pay subsidy"),
}
GROUPS = {
    "long_term_unemployed": mark("long-term unemployed people"),
    "below_work_capacity": mark("people who cannot yet take part in rehabilitative work"),
    "partially_work_able": mark("people who are partly able to work"),
    "disabled": mark("people with disabilities"),
    "substance_use": mark("people who use substances"),
    "": mark("all groups"),
}
STATUSES = {
    "done": mark("done"),
    "partly": mark("partly done"),
    "not_done": mark("not done"),
    "not_relevant": mark("not relevant here"),
    "open": mark("open: not answered"),
}
ANSWERS = {"yes": mark("yes"), "no": mark("no"), "unknown": mark("not known")}
UNITS = {
    "participations": mark("participations"),
    "persons": mark("people"),
    "percent": mark("per cent"),
    "days": mark("days"),
    "leavers per start": mark("ended for each one started"),
}
ALL_TOGETHER = mark("All together")
NO_FINANCIER = mark("all financiers")


def figure_name(quantity: str, text: Text) -> str:
    """Name of a key figure, with a capital letter."""
    return sentence_case(text.say(FIGURES[quantity]) if quantity in FIGURES else quantity)


def stratum_name(stratum: str, text: Text, names: Mapping[str, str] | None = None) -> str:
    """Name of a package or another stratum: as given, else its code; empty is all together."""
    if not stratum:
        return text.say(ALL_TOGETHER)
    if names is not None and stratum in names:
        return names[stratum]
    parts = [(names or {}).get(part, part) for part in stratum.split(", ")]
    return sentence_case(", ".join(code_name(part, text) for part in parts))


def unit_name(unit: str, text: Text) -> str:
    """Name of a unit; a currency is its own code."""
    return text.say(UNITS[unit]) if unit in UNITS else unit


def step_name(step: str, text: Text) -> str:
    """Name of a step of working together."""
    return code_name(step, text, STEPS)


def financier_name(financier: str, text: Text) -> str:
    """Name of a financier; `all` is the sum over them."""
    return text.say(NO_FINANCIER) if financier == "all" else actor_name(financier, text)


def kind_name(kind: str, text: Text) -> str:
    """Name of a kind of money."""
    return code_name(kind, text, KINDS)


def service_name(service: str, text: Text) -> str:
    """Name of a service."""
    return code_name(service, text, SERVICES)


def group_name(group: str, text: Text) -> str:
    """Name of a group of persons that services are for."""
    return code_name(group, text, GROUPS)


def status_name(status: str, text: Text) -> str:
    """Name of a status of a recommendation."""
    return text.say(STATUSES[status])


def coordination_name(code: str, text: Text) -> str:
    """Name of a level of coordination, from the code book."""
    return _from_book("coordination_levels.csv", code, text)


def recommendation_name(code: str, text: Text) -> str:
    """A recommendation in the words of the code book."""
    return _from_book("recommendations.csv", code, text)


def _from_book(book: str, code: str, text: Text) -> str:
    table = read_codes(book)
    found = table.loc[table["code"] == code, f"name_{text.language}"]
    return found.iloc[0] if len(found) else code.replace("_", " ")
