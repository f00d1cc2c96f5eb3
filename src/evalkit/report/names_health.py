"""Names of what is described about health: dimensions, levels, classes of change, quantities."""

from evalkit.report.names import VARIABLES, sentence_case
from evalkit.report.text import Text, mark

DIMENSIONS = {
    "mo": mark("mobility"),
    "sc": mark("self-care"),
    "ua": mark("usual activities"),
    "pd": mark("pain or discomfort"),
    "ad": mark("anxiety or depression"),
    "profile": mark("all five together"),
    "level_sum": mark("sum of the levels"),
    "grid": mark("fifths of all states, before and after"),
    "rank": mark("by the value of the state"),
}
CLASSES = {
    "improved": mark("better"),
    "mixed": mark("better and worse"),
    "worsened": mark("worse"),
    "unchanged": mark("unchanged"),
    "no_problems": mark("no problems both times"),
    "other": mark("other profiles"),
}
QUANTITIES = {
    "mean_before": mark("mean before"),
    "mean_after": mark("mean after"),
    "mean_change": mark("mean change"),
    "share_improved": mark("share better by an important step"),
    "share_worsened": mark("share worse by an important step"),
    "share_between": mark("share in between"),
    "change_in_important": mark("change, in smallest changes that matter"),
    "probability_of_superiority": mark("probability of superiority"),
    "shannon_index": mark("Shannon's index, bits"),
    "shannon_evenness": mark("Shannon's evenness"),
    "alpha": mark("Cronbach's alpha"),
}
INSTRUMENT_SCALES = {
    "C": mark("inclusion"),
    "D": mark("mind"),
    "E": mark("everyday life"),
    "F": mark("skills"),
    "G": mark("body"),
}
INDEX = ("index", "outcome", "health_index")


def item_name(item: str, text: Text) -> str:
    """Name of a dimension or another thing described; a name from the data as it is."""
    if item in DIMENSIONS:
        return text.say(DIMENSIONS[item])
    if item in INSTRUMENT_SCALES:
        scale = text.say(INSTRUMENT_SCALES[item])
        return f"{item}: {scale}"
    if item in INDEX:
        return text.say("health index")
    if item in VARIABLES:
        return text.say(VARIABLES[item])
    return item.replace("_", " ")


def level_name(level: str, text: Text) -> str:
    """Name of a class of change; a level or a profile is its own name."""
    if level in CLASSES:
        return text.say(CLASSES[level])
    if level == "11111":
        return text.say("11111, no problems")
    return level.replace(" > ", " \N{RIGHTWARDS ARROW} ")


def quantity_title(quantity: str, text: Text) -> str:
    """Name of a number about health, with a capital letter."""
    return sentence_case(text.say(QUANTITIES[quantity]))
