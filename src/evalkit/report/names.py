"""Names of codes on the page: states, sources, actors, arms, variables, rules of attrition."""

import re
from functools import cache

from evalkit.codes import read_codes
from evalkit.report.text import Text, mark

# The last letters of the Swedish and Finnish alphabets, in the order of their own.
ALPHABET = str.maketrans({"å": "{", "ä": "|", "æ": "|", "ö": "}", "ø": "}"})
AGES = re.compile(r"(?<=^\d\d)-(?=\d\d$)")
# A book of both countries tells them apart; a study is of one.
COUNTRY = re.compile(r" \((?:Sverige|Ruotsi|Sweden|Finland|Suomi)\)$")
ARMS = {
    "programme": mark("programme group"),
    "comparison": mark("comparison group"),
    "": mark("all participants"),
}
EXITS = {
    "self_support": mark("self-support"),
    "disability_pension": mark("permanent disability pension"),
    "old_age_pension": mark("old-age pension"),
    "emigrated": mark("moved abroad"),
    "died": mark("died"),
    "moved": mark("moved away"),
    "censored": mark("still followed at the end"),
}
STATES = {
    "work": mark("work"),
    "subsidised_work": mark("subsidised work"),
    "study": mark("studies"),
    "parental": mark("parental benefit"),
    "sickness": mark("sickness benefit"),
    "partial_sickness": mark("partial sickness benefit"),
    "full_sickness": mark("full sickness benefit"),
    "medical_rehabilitation": mark("medical rehabilitation"),
    "vocational_rehabilitation": mark("vocational rehabilitation"),
    "partial_disability_pension": mark("partial disability pension"),
    "disability": mark("disability benefit"),
    "unemployment": mark("unemployment benefit"),
    "programme": mark("labour market measure"),
    "last_resort": mark("social assistance"),
    "support": mark("public support"),
    "public_support": mark("public support"),
    "any_support": mark("any public support"),
    "no_support": mark("no public support"),
    "none": mark("no public support"),
    "health_related": mark("benefit in ill health"),
    "ill_health": mark("benefit in ill health"),
    "labour_market": mark("benefit when unemployed"),
    "economic": mark("social assistance"),
    "job_seeker": mark("looking for work"),
    "other": mark("other"),
}
ACTORS = {
    "society": mark("society as a whole"),
    "public": mark("public sector as a whole"),
    "municipality": mark("municipality"),
    "municipalities": mark("municipalities"),
    "region": mark("region"),
    "wellbeing_county": mark("wellbeing services county"),
    "state": mark("state"),
    "employment_service": mark("Employment Service"),
    "employment_authority": mark("employment authority"),
    "social_insurance": mark("Social Insurance Agency"),
    "kela": mark("Kela"),
    "unemployment_fund": mark("unemployment fund"),
    "pension_insurer": mark("pension insurers"),
    "student_aid": mark("student aid"),
    "federation": mark("coordination federation"),
    "individual": mark("participants themselves"),
    "employer": mark("employers"),
    "insurer": mark("private insurers"),
    "resources": mark("resources used"),
    "production": mark("production"),
}
VARIABLES = {
    "arm": mark("group"),
    "age": mark("age, years"),
    "age_group": mark("age group"),
    "sex": mark("sex"),
    "female": mark("women"),
    "woman": mark("women"),
    "women": mark("women"),
    "man": mark("men"),
    "men": mark("men"),
    "male": mark("men"),
    "education": mark("education"),
    "compulsory": mark("compulsory school"),
    "primary": mark("compulsory school"),
    "secondary": mark("upper secondary school"),
    "tertiary": mark("higher education"),
    "born_in_country": mark("born in the country"),
    "municipality": mark("municipality"),
    "needs": mark("needs"),
    "need_psychological": mark("psychological needs"),
    "need_physical": mark("physical needs"),
    "need_work": mark("needs concerning work"),
    "need_social": mark("social needs"),
    "psychological": mark("psychological needs"),
    "physical": mark("physical needs"),
    "social": mark("social needs"),
    "months_of_support": mark("months with support before the start"),
    "support_months": mark("months with support before the start"),
    "origin": mark("country of birth"),
    "born_abroad": mark("born abroad"),
    "n_actors": mark("authorities involved"),
    "actors": mark("authorities involved"),
    "index_0": mark("health index at the start"),
    "baseline_index": mark("health index at the start"),
    "health_index": mark("health index"),
    "racegrp": mark("ethnic group"),
    "homeless": mark("homeless"),
    "substance": mark("main substance"),
    "cesd": mark("depressive symptoms (CESD)"),
    "pcs": mark("physical health score (PCS)"),
    "mcs": mark("mental health score (MCS)"),
    "treat": mark("programme group"),
    "yes": mark("yes"),
    "no": mark("no"),
    "True": mark("yes"),
    "False": mark("no"),
    "missing": mark("not known"),
    "unknown": mark("not known"),
}
RULES = {
    "no_package": mark("took part in no package"),
    "other_package": mark("took part in another package"),
    "outside_ages": mark("outside the ages"),
    "left_before_start": mark("moved, died or had a pension before the start"),
    "not_on_support": mark("no public support just before the start"),
    "too_short_support": mark("too few months of support"),
    "too_few_actors": mark("too few authorities involved"),
    "too_short_follow_up": mark("started too late to be followed"),
    "no_arm": mark("in none of the groups"),
    "no_outcome": mark("no follow-up recorded"),
    "analysed": mark("followed"),
}
QUANTITIES = {
    "population": mark("people of working age"),
    "need": mark("in need"),
    "covered": mark("took part"),
    "coverage": mark("in need and took part"),
    "unmet": mark("in need, did not take part"),
    "unmet_need": mark("in need, did not take part"),
    "expressed_unmet": mark("in need, did not take part, but want to"),
    "expressed_unmet_need": mark("in need, did not take part, but want to"),
}
EFFECT_TERMS = {"intercept": mark("starting level")}
KNOWN = STATES | EXITS | ACTORS | VARIABLES | ARMS


# Where the two countries have different words for what one code means.
NATIONAL = {
    ("SE", "disability_pension"): mark("permanent disability pension (Sweden)"),
    ("FI", "last_resort"): mark("social assistance (Finland)"),
    ("FI", "economic"): mark("social assistance (Finland)"),
}


def arm_name(arm: str, text: Text) -> str:
    """Name of an arm; a level that is not an arm is a name from the data, returned as it is."""
    return text.say(ARMS[arm]) if arm in ARMS else arm


def exit_name(cause: str, text: Text) -> str:
    """Name of an exit; the outcome of an events table has the name that the study gives it."""
    if cause == text.labels.study.outcome.cause:
        return text.outcome
    return code_name(cause, text, EXITS)


def state_name(state: str, text: Text) -> str:
    """Name of a state of the month or of a source of support."""
    if state in ("self_support", "self_supporting"):
        return text.outcome
    return code_name(state, text, STATES, EXITS)


def name_key(name: str) -> str:
    """Key that sorts names of places as the Swedish and Finnish alphabets do, in every language."""
    return name.casefold().translate(ALPHABET)


def actor_name(party: str, text: Text) -> str:
    """Name of a payer or payee."""
    return code_name(party, text, ACTORS)


def rule_name(reason: str, text: Text) -> str:
    """Name of the condition at which people were left out."""
    return code_name(reason, text, RULES)


def quantity_name(quantity: str, text: Text) -> str:
    """Name of a quantity of need and coverage."""
    return code_name(quantity, text, QUANTITIES)


def term_name(term: str, text: Text) -> str:
    """Name of a model term: `arm[programme]` is the level, `C(sex)[man]` variable and level."""
    if "[" not in term:
        return text.say(EFFECT_TERMS[term]) if term in EFFECT_TERMS else code_name(term, text)
    variable, level = term.rstrip("]").split("[", 1)
    variable = variable.removeprefix("C(").removesuffix(")")
    level = level.removeprefix("T.")
    if variable == "arm":
        return arm_name(level, text)
    return f"{code_name(variable, text)}: {code_name(level, text)}"


def code_name(code: str, text: Text, *first: dict[str, str]) -> str:
    """Name of a code: from the given lists, then any list, then the benefit code book.

    A code that none of them has is a name from the data, returned with spaces for underscores.
    """
    national = NATIONAL.get((text.labels.study.country, code))
    if national is not None:
        return text.say(national)
    for known in (*first, KNOWN):
        if code in known:
            return text.say(known[code])
    return benefit_name(code, text) or _from_data(code)


def benefit_name(code: str, text: Text) -> str:
    """Name of a benefit of the study's country in the code book; empty where it has none."""
    return _benefit_names(text.labels.study.country, text.language).get(code, "")


@cache
def _benefit_names(country: str, language: str) -> dict[str, str]:
    book = read_codes("benefits.csv")
    book = book[book["country"] == country]
    names = (COUNTRY.sub("", name) for name in book[f"name_{language}"])
    return dict(zip(book["code"], names, strict=True))


def _from_data(code: str) -> str:
    """Write a name from the data: spaces for underscores, a dash between two numbers."""
    return AGES.sub("\N{EN DASH}", code.replace("_", " "))


def sentence_case(name: str) -> str:
    """Start a name with a capital letter, and leave the rest as it is."""
    return name[:1].upper() + name[1:]
