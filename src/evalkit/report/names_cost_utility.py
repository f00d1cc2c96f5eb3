"""Names of what a cost-utility analysis speaks of: quadrants, measures, items of a checklist."""

from evalkit.report.text import Text, mark

QUADRANTS = {
    "more_effect_more_cost": mark("more health, higher cost"),
    "more_effect_less_cost": mark("more health, lower cost"),
    "less_effect_more_cost": mark("less health, higher cost"),
    "less_effect_less_cost": mark("less health, lower cost"),
    "no_difference": mark("no difference in health or in cost"),
}
TOPICS = {
    "title": mark("Title names the evaluation and what is compared"),
    "abstract": mark("Summary with context, methods, results"),
    "background": mark("Background, question and why it matters"),
    "analysis_plan": mark("Analysis plan and where it is found"),
    "population": mark("Who was studied"),
    "setting": mark("Place and setting"),
    "comparators": mark("What is compared, and why"),
    "perspective": mark("Whose costs are counted"),
    "horizon": mark("Time horizon"),
    "discounting": mark("Discount rate"),
    "outcomes": mark("Measure of benefit"),
    "outcome_measurement": mark("How benefit was measured"),
    "outcome_valuation": mark("How benefit was valued"),
    "resources_and_costs": mark("How costs were measured and valued"),
    "currency": mark("Currency and price year"),
    "model": mark("Model, if one was used"),
    "analysis": mark("Statistical methods and assumptions"),
    "heterogeneity": mark("How results differ between groups of people"),
    "distribution": mark("Who gains and who loses"),
    "uncertainty": mark("How uncertainty was described"),
    "engagement": mark("How people concerned took part in the study"),
    "parameters": mark("Inputs of the analysis, with their uncertainty"),
    "main_results": mark("Main results: costs, effects and their difference"),
    "effect_of_uncertainty": mark("What uncertainty does to the results"),
    "effect_of_engagement": mark("What taking part did to the study"),
    "findings": mark("Findings, limits and to whom they apply"),
    "funding": mark("Who paid for the study"),
    "conflicts": mark("Conflicts of interest"),
}
MISSING = {
    "none": mark("Everybody answered each time."),
    "complete": mark("Only people who answered each time."),
    "interpolate": mark("Gaps between two answers were bridged by a straight line."),
    "imputed": mark("Missing answers were filled in several times, group by group."),
}


def quadrant_name(quadrant: str, text: Text) -> str:
    """Name of a quadrant of the plane, of the programme group compared with the other."""
    return text.say(QUADRANTS[quadrant]) if quadrant in QUADRANTS else ""


def measure_title(measure: str, currency: str, text: Text) -> str:
    """Name of a measure with its unit."""
    if measure == "cost":
        return text.say("Cost, {unit} per person", unit=text.thousands(currency))
    return text.say("Quality-adjusted life years per person")


def topic_name(topic: str, text: Text) -> str:
    """Name of an item of the checklist."""
    return text.say(TOPICS[topic])


def answers_name(missing: str, text: Text) -> str:
    """Say what became of missing answers; empty where that is not known."""
    return text.say(MISSING[missing]) if missing in MISSING else ""
