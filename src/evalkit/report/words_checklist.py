"""The reporting checklists STROBE and RECORD: where each item stands, and which ones are open."""

from evalkit.report.markup import callout, escape, paragraphs, pipe_table
from evalkit.report.text import Text, mark

# Numbers of the published lists, items in evalkit's own words, and the chapter that holds them;
# OPEN where the run cannot know the answer.
OPEN = ""
SHORT, LIMITS, PEOPLE, OUTCOME, HEALTH, METHOD = (
    "in_short", "limits", "participants", "self_support", "health", "method",
)  # fmt: skip
ITEMS = (
    ("1", mark("Design and result in title or summary"), SHORT),
    ("1.1", mark("Kind of records that were used"), METHOD),
    ("1.2", mark("Place and period in title or summary"), SHORT),
    ("1.3", mark("Linkage of records in title or summary"), OPEN),
    ("2", mark("Background and reasons"), OPEN),
    ("3", mark("Aims, and hypotheses set beforehand"), OPEN),
    ("4", mark("Study design"), METHOD),
    ("5", mark("Setting, places and dates"), METHOD),
    ("6", mark("Who could take part, and how they were followed"), METHOD),
    ("6.1", mark("How people were found in the records"), METHOD),
    ("6.2", mark("Whether the codes have been validated"), OPEN),
    ("6.3", mark("Diagram of how records were linked"), OPEN),
    ("7", mark("Definitions of outcome, exposure and other variables"), METHOD),
    ("7.1", mark("List of all codes"), OPEN),
    ("8", mark("Sources, and how things were measured"), METHOD),
    ("9", mark("What was done against bias"), LIMITS),
    ("10", mark("Size of the study"), OUTCOME),
    ("11", mark("How quantities were grouped"), PEOPLE),
    ("12", mark("Statistical methods"), METHOD),
    ("12.1", mark("Access to the source registers"), OPEN),
    ("12.2", mark("Cleaning of the data"), OPEN),
    ("12.3", mark("How well records were linked"), OPEN),
    ("13", mark("Number of people at each step"), PEOPLE),
    ("13.1", mark("Selection of people for the analysis"), PEOPLE),
    ("14", mark("Description of those who took part"), PEOPLE),
    ("15", mark("Number who reached the outcome"), OUTCOME),
    ("16", mark("Main results with intervals"), OUTCOME),
    ("17", mark("Other analyses"), HEALTH),
    ("18", mark("Key results"), SHORT),
    ("19", mark("Limits of the study"), LIMITS),
    ("19.1", mark("Consequences of records made for another purpose"), OPEN),
    ("20", mark("Interpretation"), OPEN),
    ("21", mark("Whether it holds elsewhere"), OPEN),
    ("22", mark("Funding"), OPEN),
    ("22.1", mark("Where protocol, program and data can be found"), OPEN),
)


def checklist(text: Text) -> str:
    """Fold away the checklists of observational studies from records, open items marked.

    Parameters
    ----------
    text : Text

    Returns
    -------
    str
        Markdown; empty for a single trial, which other checklists are for.

    References
    ----------
    von Elm E, et al. (2007), doi 10.1371/journal.pmed.0040296 (STROBE).
    Benchimol EI, et al. (2015), doi 10.1371/journal.pmed.1001885 (RECORD).
    """
    if text.labels.level == "study":
        return ""
    places = _places(text)
    to_fill = text.say("**Not found in the records:** to be filled in")
    rows = [
        [number, text.say(item), escape(places[place]) if place in places else to_fill]
        for number, item, place in ITEMS
    ]
    n_open = sum(place not in places for *_, place in ITEMS)
    told = text.plural(
        "{n} of {all} items is open. The items are in our own words; read the publications before "
        "you submit (doi 10.1371/journal.pmed.0040296, doi 10.1371/journal.pmed.1001885).",
        "{n} of {all} items are open. The items are in our own words; read the publications before "
        "you submit (doi 10.1371/journal.pmed.0040296, doi 10.1371/journal.pmed.1001885).",
        n_open, all=text.number(len(ITEMS)),
    )  # fmt: skip
    if text.labels.study.assignment == "randomised":
        told += " " + text.say(
            "The groups were drawn by lot, so the checklist of trials (CONSORT) applies too."
        )
    header = [text.say("Number"), text.say("Item"), text.say("Chapter that reports it")]
    caption = text.say("STROBE and RECORD: where each item stands.")
    table = pipe_table(header, rows, caption=caption, name="checklist", text_columns=3)
    title = text.say("Checklists for studies from records: STROBE and RECORD")
    return callout(title, paragraphs(told, table))


def _places(text: Text) -> dict[str, str]:
    """Headings of the chapters that this study has, by what the items call them."""
    study = text.labels.study
    outcome = text.say("How many come to support themselves, and when?")
    if text.is_events:
        outcome = text.say("When was this reached: {outcome}?", outcome=text.outcome)
    found = {
        SHORT: text.say("In short"),
        LIMITS: text.say("What this cannot tell you"),
        PEOPLE: text.say("Who took part?"),
        OUTCOME: outcome,
        METHOD: text.say("How was it done?"),
    }
    if study.health is not None and not text.is_score:
        found[HEALTH] = text.say("How did health change?")
    return found
