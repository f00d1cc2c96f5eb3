"""Names of what is told about working together: respondents, forms, phases, criteria, numbers."""

from collections.abc import Mapping

from evalkit.report.names import arm_name, code_name, sentence_case
from evalkit.report.text import Text, mark

GROUPS = {
    "participant": mark("participants"),
    "staff": mark("staff"),
    "manager": mark("managers"),
    "board": mark("board members"),
    "referrer": mark("referrers"),
    "": mark("all who answered"),
}
INSTRUMENTS = {
    "": mark("questionnaire"),
    "collaboration_quality": mark("quality of collaboration"),
    "climate": mark("climate of collaboration"),
    "ips_fidelity": mark("fidelity to individual placement and support (IPS)"),
    "indicators_ongoing": mark("indicators: participants during a package"),
    "indicators_end": mark("indicators: participants at the end of a package"),
    "indicators_staff": mark("indicators: staff"),
    "indicators_manager": mark("indicators: managers"),
    "indicators_board": mark("indicators: board members"),
    "indicators_referrer": mark("indicators: referrers"),
}
FORMS = {
    "multiparty_talk": mark("talks with several parties"),
    "personal_ombudsman": mark("personal ombudsman"),
    "contact_person": mark("contact person who coordinates"),
    "joint_plan": mark("joint individual plan"),
    "joint_activity": mark("joint activity"),
    "none": mark("none of them"),
}
PHASES = {
    "assessment": mark("assessment"),
    "planning": mark("planning and choice of measures"),
    "measures": mark("the measures"),
    "valuing_measures": mark("valuation of the measures"),
    "valuing_process": mark("valuation of the whole process and its results"),
}
NEEDS = {
    "psychological": mark("psychological needs"),
    "physical": mark("physical needs"),
    "work": mark("needs concerning work"),
    "social": mark("social needs"),
}
ITEMS = {
    "holistic_view": mark("the person is seen as a whole"),
    "participation": mark("the person takes part"),
    "engaged_reception": mark("committed reception"),
    "enough_time": mark("enough time"),
    "continuity": mark("continuous support"),
    "personal_commitment": mark("personal commitment"),
    "mutual_knowledge": mark("professionals know and accept each other's possibilities"),
    "professional_approach": mark("professional approach"),
    "interest": mark("interest"),
    "professional_attitude": mark("professional approach"),
    "joint_leadership": mark("joint leadership"),
    "room_for_action": mark("room for action"),
    "managers_double_role": mark("managers' double role"),
    "political_legitimacy": mark("political legitimacy and steering"),
    "dialogue": mark("dialogue and meetings"),
    "shared_values": mark("shared values"),
    "role_models": mark("role models"),
    "shared_premises": mark("premises near each other"),
    "index": mark("index of all questions"),
    "questionnaire": mark("answered the questionnaire"),
    "scale": mark("the scale"),
}
QUANTITIES = {
    "mean": mark("mean, 0 to 100"),
    "share_top": mark("share of top answers"),
    "share_answered": mark("share who answered"),
    "slope": mark("change for each wave, points"),
    "mean_change": mark("mean change, points"),
    "share_up": mark("share with a higher answer"),
    "share_down": mark("share with a lower answer"),
    "alpha": mark("Cronbach's alpha"),
    "omega": mark("McDonald's omega"),
    "loading": mark("loading on one factor"),
    "item_rest": mark("correlation with the other questions"),
    "share_alike": mark("share alike"),
    "mean_difference": mark("mean difference, steps"),
    "kappa": mark("kappa"),
    "kappa_linear": mark("kappa, linear weights"),
    "kappa_quadratic": mark("kappa, quadratic weights"),
}
NUMBERS = {
    "0": mark("none at all"),
    "1": mark("one"),
    "2": mark("two"),
    "3": mark("three"),
    "4+": mark("four or more"),
}
SITE_PARTS = {
    "pooled": mark("all people together"),
    "site mean": mark("mean of the sites"),
    "random effects": mark("mean of sites like these"),
    "prediction": mark("a new site"),
}
FIDELITY_PARTS = {
    "total": mark("sum of all points"),
    "slope": mark("outcome for each point of the total"),
    "correlation": mark("correlation of outcome and total"),
    "band": mark("sites in a band"),
}
DOSES = {"quality": mark("quality of collaboration")}
LABEL_KINDS = {"phase": PHASES, "need": NEEDS, "form": FORMS}
JOINED = " + "


def group_name(stratum: str, text: Text) -> str:
    """Name of a group of respondents or an arm; other parts, such as a place, as they are."""
    if stratum in GROUPS:
        return text.say(GROUPS[stratum])
    parts = [
        text.say(GROUPS[part]) if part in GROUPS else arm_name(part, text)
        for part in stratum.split(", ")
    ]
    return ", ".join(parts)


def people_name(stratum: str, text: Text) -> str:
    """Name of a group of people of whom something is counted, as a group of respondents else."""
    return group_name(stratum, text) if stratum else arm_name("", text)


def instrument_name(instrument: str, text: Text) -> str:
    """Name of a questionnaire."""
    if instrument in INSTRUMENTS:
        return text.say(INSTRUMENTS[instrument])
    return instrument.replace("_", " ")


def question_name(item: str, text: Text, names: Mapping[str, str] | None = None) -> str:
    """Name of a question: as given, else by its code, else "question 1" for `item_01`."""
    if names and item in names:
        return names[item]
    if item in ITEMS:
        return text.say(ITEMS[item])
    head, _, number = item.rpartition("_")
    if head == "item" and number.isdigit():
        return text.say("question {number}", number=str(int(number)))
    return item.replace("_", " ")


def label_name(level: str, what: str, text: Text) -> str:
    """Name of a form, phase, need or theme, or of several joined by ` + `."""
    known = LABEL_KINDS.get(what, {})
    parts = [
        text.say(known[part]) if part in known
        else text.say(FORMS["none"]) if part == "none"
        else part.replace("_", " ")
        for part in level.split(JOINED)
    ]  # fmt: skip
    return JOINED.join(parts)


def number_name(level: str, text: Text) -> str:
    """Name of a number of labels."""
    return text.say(NUMBERS[level])


def measure_name(quantity: str, text: Text) -> str:
    """Name of a number made of answers, with a capital letter."""
    return sentence_case(text.say(QUANTITIES[quantity]))


def site_name(part: str, site: str, text: Text) -> str:
    """Name of a row of a summary of sites."""
    return text.say(SITE_PARTS[part]) if part in SITE_PARTS else site


def fidelity_name(part: str, item: str, text: Text, names: Mapping[str, str] | None = None) -> str:
    """Name of a row about fidelity."""
    if part == "item":
        head, _, number = item.rpartition("_")
        if not (names and item in names) and head == "item" and number.isdigit():
            return text.say("item {number}", number=str(int(number)))
        return question_name(item, text, names)
    if part == "band":
        return item
    return text.say(FIDELITY_PARTS[part])


def dose_name(code: str, text: Text, names: Mapping[str, str] | None = None) -> str:
    """Name of a dose or an outcome: as given, else by its code, else with spaces in it."""
    if names and code in names:
        return names[code]
    for known in (ITEMS, INSTRUMENTS, DOSES):
        if code in known:
            return text.say(known[code])
    return code_name(code, text)
