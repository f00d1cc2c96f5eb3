"""The accessibility statement of a site, as far as the study files tell; the rest is marked.

Its parts are those that the European model statement asks of a public body: what is covered, how
far it complies, what is not accessible, how and when it was assessed, whom to tell, and who
supervises. The words are our own.
"""

from collections.abc import Sequence
from datetime import date
from html import escape

from babel.dates import format_date

from evalkit.report.site_entries import IndexEntry, by_study
from evalkit.report.site_frame import link
from evalkit.report.text import Text
from evalkit.study import Study


def statement_body(text: Text, entries: Sequence[IndexEntry]) -> str:
    """Write the content of the statement: one for each publisher of the site."""
    groups: dict[tuple, list[Study]] = {}
    for own in by_study(entries):
        study = own[0].labels.study
        report = study.report
        key = (report.publisher, report.contact, report.statement)
        groups.setdefault(key, []).append(study)
    parts = [_statement(text, studies) for studies in groups.values()]
    incomplete = any("fill" in part for part in parts)
    warning = text.say(
        "This statement is a template. It becomes the publisher's own when the marked places are "
        "filled in; the study file has an entry for each of them, under report."
    )
    note = f'<div class="note"><p>{escape(warning)}</p></div>' if incomplete else ""
    return note + "\n".join(parts)


def contact_line(text: Text, studies: Sequence[Study]) -> str:
    """Say whom to tell about faults in the reports, or that no contact is given."""
    known = sorted({study.report.contact for study in studies if study.report.contact})
    if not known:
        said = text.say("No contact for questions and faults is given in the study file.")
        return f'<p class="quiet">{escape(said)}</p>'
    said = text.say("Questions, faults, or something you cannot read or use? Write to:")
    return f"<p>{escape(said)} {', '.join(_address(item) for item in known)}</p>"


def _statement(text: Text, studies: Sequence[Study]) -> str:
    report = studies[0].report
    publisher = report.publisher.in_language(text.language) if report.publisher else ""
    sections = [
        (text.say("What the statement covers"), _scope(text, studies, publisher)),
        (text.say("How far the reports meet the requirements"), _status(text, report.statement)),
        (text.say("What is not accessible"), _limits(text, report.statement)),
        (text.say("How it was assessed"), _assessment(text, report.statement)),
        (text.say("Tell us about faults"), _feedback(text, report.contact)),
        (text.say("If you are not content with the answer"), _supervision(text, studies)),
    ]
    return "".join(
        f"<section><h2>{escape(title)}</h2>{content}</section>" for title, content in sections
    )


def _scope(text: Text, studies: Sequence[Study], publisher: str) -> str:
    who = escape(publisher) or _fill(text, text.say("name of the publisher"))
    titles = "".join(f"<li>{escape(s.title.in_language(text.language))}</li>" for s in studies)
    return (
        _said(text.say("Publisher:"), who)
        + _p(text.say(
            "The publisher wants everybody to be able to read these reports. The statement covers "
            "the pages of this site and the documents that belong to them:"
        ))
        + f"<ul>{titles}</ul>"
        + _p(text.say(
            "The requirements are those of the European standard EN 301 549, which for pages and "
            "documents means WCAG 2.1, levels A and AA."
        ))
    )  # fmt: skip


def _status(text: Text, statement) -> str:
    known = {
        "full": text.say("The pages meet the requirements in full."),
        "partial": text.say(
            "The pages meet the requirements in part; what is lacking is told below."
        ),
        "none": text.say("The pages do not meet the requirements; what is lacking is told below."),
    }
    if statement.status:
        return _p(known[statement.status])
    missing = _fill(text, text.say("in full, in part, or not"))
    return f"<p>{missing}</p>"


def _limits(text: Text, statement) -> str:
    known = [
        text.say(
            "The words inside the pictures grow with the picture but do not wrap. Each picture "
            "has a text that tells what it shows, and its numbers stand in a table below it."
        ),
        text.say(
            "Numbers that could tell something about a single person are left out. The page says "
            "so where a number is missing."
        ),
    ]
    if statement.limits:
        known.append(statement.limits.in_language(text.language))
    items = "".join(f"<li>{escape(item)}</li>" for item in known)
    return f"<ul>{items}</ul>"


def _assessment(text: Text, statement) -> str:
    methods = {
        "self": text.say("by the publisher itself"),
        "external": text.say("by somebody outside"),
    }
    method = escape(methods[statement.method]) if statement.method else _fill(
        text, text.say("by the publisher itself, or by somebody outside")
    )  # fmt: skip
    day = _fill(text, text.say("date of the assessment"))
    if statement.assessed:
        when = date.fromisoformat(statement.assessed)
        day = escape(format_date(when, "long", locale=text.language))
    made = text.say(
        "The program that made the pages is tested with axe-core in a browser, in light and dark "
        "and at the width of a phone and of a desk. That finds many faults, but not all."
    )
    return _said(text.say("Assessed:"), method) + _said(text.say("Assessed on:"), day) + _p(made)


def _feedback(text: Text, contact: str | None) -> str:
    ask = text.say(
        "If there is something you cannot read or use, tell us. Say which page it is and what you "
        "need; you can also ask for the content in another form."
    )
    where = _address(contact) if contact else _fill(
        text, text.say("an e-mail address or a telephone number")
    )  # fmt: skip
    return _p(ask) + _said(text.say("Contact:"), where)


def _supervision(text: Text, studies: Sequence[Study]) -> str:
    known = {
        "SE": text.say(
            "In Sweden the Agency for Digital Government (Digg) supervises the Act on "
            "Accessibility to Digital Public Services (2018:1937). Tell Digg if you think that the "
            "publisher has not done enough."
        ),
        "FI": text.say(
            "In Finland the Finnish Transport and Communications Agency (Traficom) supervises the "
            "Act on the Provision of Digital Services (306/2019). Write to the publisher first. If "
            "the answer does not help, or none has come in two weeks, you can complain to Traficom."
        ),
    }
    countries = sorted({study.country for study in studies} & set(known))
    said = "".join(_p(known[country]) for country in countries)
    missing = _fill(text, text.say("the authority that supervises accessibility"))
    return said or f"<p>{missing}</p>"


def _said(name: str, markup: str) -> str:
    return f"<p>{escape(name)} {markup}</p>"


def _p(said: str) -> str:
    return f"<p>{escape(said)}</p>"


def _fill(text: Text, what: str) -> str:
    said = text.say("[to be filled in: {what}]", what=what)
    return f'<mark class="fill">{escape(said)}</mark>'


def _address(contact: str) -> str:
    is_mail = "@" in contact and " " not in contact.strip()
    return link(f"mailto:{contact.strip()}", contact.strip()) if is_mail else escape(contact)
