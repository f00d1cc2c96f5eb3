"""Words of need and of before and after: leavers only, who began, substitution, the area."""

import math

from evalkit.report.benefit_offset import TOTAL, offset_range, offset_words
from evalkit.report.certainty import estimand_label
from evalkit.report.figures.alluvial import OCCASIONS
from evalkit.report.figures.areas import area_rows, middle_share
from evalkit.report.markup import escape, paragraphs, span
from evalkit.report.names import arm_name, sentence_case
from evalkit.report.names_before_after import status_name
from evalkit.report.parts import Part
from evalkit.report.phrases import not_shown
from evalkit.report.reading import arms_of, is_without_rows, released_frame
from evalkit.report.replay import page_part
from evalkit.report.text import Text
from evalkit.report.words_method import missing

GROUP = "work_or_study"


@page_part
def leavers(change, text: Text) -> Part:
    """Say how occupation changed among those who have left, and who is missing from that.

    Parameters
    ----------
    change : Released StatusChange or None
        None where the records hold no statuses.
    """
    heading = text.say("Leavers only: at the start and at the end")
    if change is None or is_without_rows(change):
        return missing(heading, "statuses" if change is None else "too_few", text)
    frame = released_frame(change, "StatusChange")
    frame = frame[frame["stratum"] == arms_of(frame)[0]]
    row = frame[frame["category"] == GROUP].iloc[0]
    if not (math.isfinite(row["share_before"]) and math.isfinite(row["share_after"])):
        return Part(paragraphs(f"### {heading}", span(not_shown(change, text), "withheld")))
    before, after = (text.say(OCCASIONS[str(change.summary[key])]) for key in ("before", "after"))
    sentences = [
        text.say(
            "Of those who have left, {share_before} worked or studied {before} and {share_after} "
            "{after}.",
            share_before=text.percent(row["share_before"]), before=before,
            share_after=text.percent(row["share_after"]), after=after,
        ),
        text.say(
            "All who have left a package are counted, also those who do not meet the conditions "
            "above, so they can be more than the people followed."
        ),
        _still_in(row, text),
    ]  # fmt: skip
    return _answered(heading, " ".join(sentences), text)


def _still_in(row, text: Text) -> str:
    if not (math.isfinite(row["n_still_in"]) and math.isfinite(row["bound_low"])):
        return text.say(
            "Whoever is still in is missing from this, and who leaves early can differ from who "
            "stays long."
        )
    return text.plural(
        "{n} person who started is still in and is missing from this; among all who started the "
        "share afterwards lies in the range {range}.",
        "{n} people who started are still in and are missing from this; among all who started the "
        "share afterwards lies in the range {range}.",
        int(row["n_still_in"]), range=text.percent_range(row["bound_low"], row["bound_high"]),
    )  # fmt: skip


def _answered(heading: str, answer: str, text: Text) -> Part:
    return Part(paragraphs(f"### {heading}", _labelled(answer, text).markdown))


def _labelled(answer: str, text: Text) -> Part:
    label = span(estimand_label("description", text), "label")
    return Part(f"{answer} {label}")


@page_part
def began(shares, text: Text) -> Part | None:
    """Say how many of those in work or study began or do more than before.

    Parameters
    ----------
    shares : Released StatusShares or None
    """
    if shares is None or is_without_rows(shares):
        return None
    frame = released_frame(shares, "StatusShares")
    frame = frame[frame["stratum"] == arms_of(frame)[0]].set_index("quantity")
    work, more = (frame.loc[name] for name in (GROUP, "started_or_increased"))
    if not math.isfinite(work["share"]):
        return Part(span(not_shown(shares, text), "withheld"))
    if not math.isfinite(more["share"]):
        return _labelled(text.say("Of those who have left, {share} work or study.",
                                  share=text.percent(work["share"])), text)  # fmt: skip
    return _labelled(text.say(
        "Of those who have left, {share} work or study; of these, {more} began it or do more of it "
        "than before.",
        share=text.percent(work["share"]), more=text.percent(more["share"]),
    ), text)  # fmt: skip


@page_part
def margins(bounds, text: Text) -> Part | None:
    """Say what two published shares leave open.

    Parameters
    ----------
    bounds : Released MarginBounds or None
    """
    if bounds is None:
        return None
    frame = released_frame(bounds, "MarginBounds").set_index("quantity")
    entered, left = frame.loc["entered"], frame.loc["left"]
    if not math.isfinite(entered["low"]):
        return Part(span(not_shown(bounds, text), "withheld"))
    return _labelled(text.say(
        "Two shares do not tell who changed: between {entered_low} and {entered_high} people came "
        "into it, and between {left_low} and {left_high} left it. This is a range of what is "
        "possible, not an interval of chance.",
        entered_low=text.number(entered["low"]), entered_high=text.number(entered["high"]),
        left_low=text.number(left["low"]), left_high=text.number(left["high"]),
    ), text)  # fmt: skip


@page_part
def substitution(change, text: Text) -> Part | None:
    """Say whether other benefits took the place of those that fell.

    Parameters
    ----------
    change : Released BenefitChange or None
        Of all benefits, in full-year equivalents.
    """
    if change is None or is_without_rows(change):
        return None
    frame = released_frame(change, "BenefitChange")
    rows = frame[(frame["benefit"] == TOTAL) & (frame["quantity"] == "equivalents")]
    sentences = [_substituted(row, change, text) for row in rows.to_dict("records")]
    label = span(estimand_label("description", text), "label")
    return Part(f"{' '.join(sentences)} {label}") if sentences else None


def _substituted(row, change, text: Text) -> str:
    group = escape(sentence_case(arm_name(row["stratum"], text)))
    frame = released_frame(change, "BenefitChange")
    rows = frame[frame["stratum"] == row["stratum"]]
    share = float(change.summary["alert_share"])
    if row["suppressed"]:
        return _offset_open(group, (rows["alert"] == 1).any(), share, text)
    if not math.isfinite(row["alert"]):
        return text.say("{group}: no benefit fell so much that it could be asked what took its "
                        "place.", group=group)  # fmt: skip
    found = offset_range(rows)
    if found is None:
        return _offset_open(group, row["alert"] == 1, share, text)
    slots = {"group": group, "offset": offset_words(found, text)}
    if row["alert"] == 1:
        said = text.say(
            "{group}: some benefits fell, but others rose by {offset} of that. One benefit took "
            "another's place; that is not self-support.", **slots,
        )  # fmt: skip
    else:
        said = text.say("{group}: some benefits fell; rises of others come to {offset} of that.",
                        **slots)  # fmt: skip
    if found[0] == found[1]:
        return said
    return f"{said} " + text.say("The range is what the benefits that are not shown leave open.")


def _offset_open(group: str, alert: bool, share: float, text: Text) -> str:
    """Say it where the shown amounts leave open how far rises offset falls."""
    if alert:
        return text.say(
            "{group}: some benefits fell, but others rose by at least {share} of that. One "
            "benefit took another's place; that is not self-support.",
            group=group, share=text.percent(share),
        )  # fmt: skip
    return text.say(
        "{group}: how far other benefits took the place of those that fell is not shown, because "
        "some are of too few people.", group=group,
    )  # fmt: skip


@page_part
def sick_days(change, text: Text) -> Part | None:
    """Say how the days with a benefit changed.

    Parameters
    ----------
    change : Released BenefitChange or None
        Of `quantity="days"`.
    """
    if change is None or is_without_rows(change):
        return None
    frame = released_frame(change, "BenefitChange")
    rows = frame[frame["quantity"] == "days"]
    row = rows[rows["benefit"] == TOTAL].iloc[0] if len(rows) else None
    if row is None or not math.isfinite(row["before"]):
        return Part(span(not_shown(change, text), "withheld"))
    names = [name for name in dict.fromkeys(rows["benefit"]) if name != TOTAL]
    label = span(estimand_label("description", text), "label")
    sentence = text.say(
        "Days per person ({benefits}): {before} before the start and {after} after it, a change of "
        "{change} ({range}).",
        benefits=text.list([status_name(name, text) for name in names]),
        before=text.number(row["before"]), after=text.number(row["after"]),
        change=text.number(row["change"], 0, signed=True),
        range=text.range(row["conf_low"], row["conf_high"], signed=True),
    )  # fmt: skip
    return Part(f"{sentence} {label}")


@page_part
def need_by_area(areas, text: Text) -> Part | None:
    """Say how far apart the municipalities are in coverage.

    Parameters
    ----------
    areas : Released NeedByArea or None
    """
    if areas is None or is_without_rows(areas):
        return None
    frame = area_rows(areas, {})
    known = frame.dropna(subset=["middle"])
    if known.empty:
        return Part(span(not_shown(areas, text), "withheld"))
    label = span(estimand_label("description", text), "label")
    sentence = text.say(
        "If {need} of people of working age are in need, at most {range} of them took part, in the "
        "municipalities that can be shown ({shown} of {all}).",
        need=text.percent(middle_share(areas), 1),
        range=text.percent_range(known["middle"].min(), known["middle"].max()),
        shown=text.number(len(known)), all=text.number(len(frame)),
    )  # fmt: skip
    return Part(f"{sentence} {label}")


@page_part
def target_group(need, text: Text) -> Part | None:
    """Say how many are in the target group, and of whom that is.

    Parameters
    ----------
    need : Released NeedSteps or None
    """
    if need is None or is_without_rows(need):
        return None
    frame = released_frame(need, "NeedSteps")
    frame = frame[frame["stratum"] == arms_of(frame)[0]].set_index("step")
    strict = frame.loc["strict"]
    if not math.isfinite(strict["n_low"]):
        return Part(span(not_shown(need, text), "withheld"))
    slots = {"n": text.number(strict["n_low"]), "month": text.month(str(need.summary["period"]))}
    if need.summary["basis"] == "records":
        return _labelled(_in_records(frame, slots, text), text)
    return _labelled(text.say(
        "In {month}: {n} people of working age are in the target group ({share}): more than "
        "twelve months of public support, contact with several authorities, and no pension for "
        "good.",
        share=text.percent(strict["share_low"], 1), **slots,
    ), text)  # fmt: skip


def _in_records(frame, slots: dict, text: Text) -> str:
    """Say who is in the target group in the month, and of whom; only numbers that are shown."""
    total = float(frame.loc["in_records", "n_low"]) if "in_records" in frame.index else math.nan
    if math.isfinite(total):
        said = text.say(
            "In {month}: of {total} people in the records who live in the country and are of "
            "working age, {n} are in the target group ({share}).",
            total=text.number(total), share=text.percent(frame.loc["strict", "share_low"], 1),
            **slots,
        )  # fmt: skip
    else:
        said = text.say(
            "In {month}: of the people in the records {n} are in the target group.", **slots
        )
    return f"{said} " + text.say(
        "Only that month counts here, so those who met the conditions when they started can be "
        "more. The records are not of everybody, so this says nothing about need in the area."
    )


@page_part
def context(measures, text: Text) -> Part | None:
    """Say how many live in the area, and how many of them on assistance.

    Parameters
    ----------
    measures : Released AreaMeasures or None
        Of `area_context`, of one area.
    """
    if measures is None or is_without_rows(measures):
        return None
    frame = released_frame(measures, "AreaMeasures")
    frame = frame[frame["stratum"] == frame["stratum"].iloc[0]]
    people = frame[frame["measure"] == "population_working_age"].iloc[0]
    if not math.isfinite(people["value"]):
        return Part(span(not_shown(measures, text), "withheld"))
    number, year = text.number(people["value"]), str(int(people["year"]))
    sentences = [
        text.say("{n} people of working age live here ({year}).", n=number, year=year)
    ]  # fmt: skip
    households = frame[frame["measure"] == "households_on_assistance"]
    if len(households) and math.isfinite(households["value"].iloc[0]):
        row = households.iloc[0]
        if row["may_be_missing"] == 1:
            sentences.append(text.say("Social assistance: not delivered, or nobody."))
        elif math.isfinite(row["per_inhabitant"]):
            sentences.append(text.plural(
                "{n} household has social assistance: {rate} per 100 inhabitants.",
                "{n} households have social assistance: {rate} per 100 inhabitants.",
                int(row["value"]), rate=text.number(row["per_inhabitant"], 1),
            ))  # fmt: skip
    return Part(" ".join(sentences))
