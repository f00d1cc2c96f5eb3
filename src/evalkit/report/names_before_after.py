"""Names of what stands in the chapters on need and on before and after."""

from evalkit.report.names import QUANTITIES, STATES, benefit_name, code_name
from evalkit.report.text import Text, mark

STATUSES = {
    "work_or_study": mark("work or studies"),
    "any_support": mark("any public support"),
    "none": mark("no public support"),
    "all": mark("all"),
    "total": mark("all benefits together"),
    "hidden": mark("not shown"),
}
STEPS = {
    "population": mark("people of working age"),
    "in_records": mark("people in the records"),
    "on_support": mark("on public support"),
    "long_support": mark("of them for more than twelve months"),
    "several_actors": mark("of them in contact with several authorities"),
    "strict": mark("in need: of them without a pension for good"),
    "broad": mark("on support, with several authorities, however long"),
    "covered": mark("in need and took part"),
    "unmet": mark("in need, did not take part"),
    "expressed_unmet": mark("in need, did not take part, but want to"),
}
OF_AREAS = {"covered_per_need": mark("took part, per person in need")}
EXTENTS = {
    "work_or_study": mark("work or study afterwards"),
    "not_work_or_study": mark("neither work nor study afterwards"),
    "started_or_increased": mark("of these, began or do more"),
    "unchanged": mark("of these, as much as before"),
    "decreased": mark("of these, less than before"),
    "extent_unknown": mark("of these, not known how much"),
    "started": mark("began to work or study"),
    "increased": mark("do more of it than before"),
    "stopped": mark("stopped working or studying"),
    "neither_before": mark("did neither before either"),
}
MARGINS = {
    "before": mark("before"),
    "after": mark("after"),
    "entered": mark("came into it"),
    "left": mark("left it"),
    "change": mark("change"),
}
MEASURES = {
    "total": mark("together"),
    "all": mark("all public support"),
    "ill_health": mark("ill health"),
    "labour_market": mark("labour market support"),
    "economic": mark("economic assistance"),
    "context": mark("context"),
    "population_working_age": mark("people of working age"),
    "households_on_assistance": mark("households with social assistance"),
    "persons_on_assistance": mark("people with social assistance"),
    "young_on_assistance": mark("people under 45 with social assistance"),
}
AREA_QUANTITIES = {
    "equivalents": mark("full-year equivalents"),
    "amount": mark("thousands"),
    "count": mark("number"),
}


def status_name(category: str, text: Text) -> str:
    """Name of an occupation, a source of support or a benefit.

    Benefits have the names of the code book: a source of support is no exit for good.
    """
    return benefit_name(category, text) or code_name(category, text, STATUSES, STATES)


def step_name(step: str, text: Text) -> str:
    """Name of a step from population to unmet need."""
    return text.say(STEPS[step]) if step in STEPS else code_name(step, text)


def need_name(quantity: str, text: Text) -> str:
    """Name of a quantity of need of an area."""
    return code_name(quantity, text, OF_AREAS, QUANTITIES)


def extent_name(quantity: str, text: Text) -> str:
    """Name of who began, or does more."""
    return text.say(EXTENTS[quantity]) if quantity in EXTENTS else code_name(quantity, text)


def margin_name(quantity: str, text: Text) -> str:
    """Name of what two shares leave open."""
    return text.say(MARGINS[quantity]) if quantity in MARGINS else code_name(quantity, text)


def measure_name(measure: str, text: Text) -> str:
    """Name of a measure of an area; a column of the study's own keeps its name."""
    return text.say(MEASURES[measure]) if measure in MEASURES else status_name(measure, text)


def area_quantity_name(quantity: str, text: Text) -> str:
    """Name of what a measure is counted in."""
    known = quantity in AREA_QUANTITIES
    return text.say(AREA_QUANTITIES[quantity]) if known else code_name(quantity, text)
