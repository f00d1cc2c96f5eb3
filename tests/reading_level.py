"""How hard a text is to read, and words that a first page may not use.

LIX is words a sentence plus the per cent of long words. A word is long above six letters; in
Finnish, whose words are longer for the same meaning, above the length that makes as large a part
of the Finnish sentences of evalkit long as six letters make of the same sentences in Swedish.
"""

import re
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

import evalkit

LONG = 6
WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
SENTENCE_END = re.compile(r"[.!?:]+(?:\s|$)")
FORBIDDEN = {
    "sv": r"signifik|hasard|hazard|konfidens|p-värd|censur|regress|koefficient|incidens|kohort|"
    r"standardfel|standardavvik|propensity|oddskvot|kovariat|estimat|randomiser|median|utfallsmått",
    "fi": r"merkitsevyy|tilastollisesti|hasardi|riskitihey|luottamusv|p-arv|sensur|regress|"
    r"kertoime|insidens|ilmaantuvuu|kohort|keskivir|keskihajo|kovariaat|estim|satunnaist|mediaani",
    "en": r"significan|hazard|confidence|p-value|censor|regress|coefficient|incidence|cohort|"
    r"standard error|standard deviation|propensity|odds|covariate|estimand|random|median|outcome",
}


def words(text: str) -> list[str]:
    return WORD.findall(text)


def long_share(found: list[str], letters: int) -> float:
    return sum(len(word) > letters for word in found) / len(found)


def lix(text: str, language: str) -> float:
    found = words(text)
    sentences = max(1, len(SENTENCE_END.findall(text)))
    return len(found) / sentences + 100 * long_share(found, long_letters(language))


@cache
def long_letters(language: str) -> int:
    """Letters above which a word is long."""
    if language != "fi":
        return LONG
    target = long_share(_catalogue_words("sv"), LONG)
    finnish = _catalogue_words("fi")
    return min(range(LONG, 20), key=lambda letters: abs(long_share(finnish, letters) - target))


def jargon(text: str, language: str) -> list[str]:
    return re.findall(FORBIDDEN[language], text, re.IGNORECASE)


@cache
def _catalogue_words(language: str) -> list[str]:
    path = Path(evalkit.__file__).parent / "report" / "locale" / language / "evalkit.po"
    with path.open("rb") as stream:
        strings = [message.string for message in read_po(stream, locale=language) if message.id]
    spoken = " ".join(form for item in strings for form in
                      (item if isinstance(item, tuple) else (item,)))  # fmt: skip
    return words(re.sub(r"\{\w+\}", "", spoken))
