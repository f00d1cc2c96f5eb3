"""Names of made-up municipalities, put together from stems and endings.

No combination is the name of a real municipality of the country; that a farm or a village bears
one cannot be excluded.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class PlaceName:
    """A name in Swedish and Finnish, with the case forms of the Finnish one in Finland."""

    sv: str
    fi: str
    genitive: str = ""
    locative: str = ""


_STEMS_SE = (
    "Asp", "Björk", "Bro", "Dal", "Ek", "Fur", "Gran", "Hag", "Hjort", "Hassel", "Klöver", "Kvarn",
    "Lind", "Ljung", "Lund", "Lärk", "Moss", "Norr", "Orr", "Ren", "Rönn", "Skog", "Sol", "Sten",
    "Svan", "Säv", "Tall", "Tran", "Vinter", "Älg", "Äng", "Örn",
)  # fmt: skip
_ENDINGS_SE = (
    "backa", "dala", "fors", "hamra", "hed", "holma", "kulla", "lunda", "mossa", "näset", "strand",
    "torpa", "vik", "åker",
)  # fmt: skip

# Finnish stem and its Swedish counterpart.
_STEMS_FI = {
    "Haapa": "Asp", "Halla": "Frost", "Hiekka": "Sand", "Hirvi": "Älg", "Honka": "Furu",
    "Hopea": "Silver", "Joutsen": "Svan", "Kallio": "Klipp", "Karhu": "Björn", "Kivi": "Sten",
    "Koivu": "Björk", "Kulta": "Guld", "Kurki": "Tran", "Kuusi": "Gran", "Leppä": "Al",
    "Lohi": "Lax", "Lumi": "Snö", "Metsä": "Skogs", "Orava": "Ekorr", "Paju": "Vide",
    "Pihlaja": "Rönn", "Pitkä": "Lång", "Poro": "Ren", "Rauta": "Järn", "Sammal": "Moss",
    "Sarka": "Tegs", "Suvi": "Sommar", "Talvi": "Vinter", "Tuomi": "Hägg", "Tuuli": "Vind",
    "Vanha": "Gammel", "Vuori": "Berg",
}  # fmt: skip
# Finnish ending with genitive and locative (the one that such places take), and its Swedish
# counterpart.
_ENDINGS_FI = (
    ("harju", "harjun", "harjulla", "ås"), ("joki", "joen", "joella", "å"),
    ("järvi", "järven", "järvellä", "träsk"), ("koski", "kosken", "koskella", "fors"),
    ("kylä", "kylän", "kylässä", "by"), ("lahti", "lahden", "lahdessa", "viken"),
    ("lampi", "lammen", "lammella", "tjärn"), ("mäki", "mäen", "mäellä", "backa"),
    ("niemi", "niemen", "niemessä", "udden"), ("ranta", "rannan", "rannassa", "strand"),
    ("saari", "saaren", "saaressa", "holm"), ("salmi", "salmen", "salmella", "sund"),
    ("vaara", "vaaran", "vaarassa", "berg"),
)  # fmt: skip
# Combinations that real municipalities bear or bore.
REAL = frozenset({
    "Haapajärvi", "Haapasaari", "Hagfors", "Honkajoki", "Kivijärvi", "Koivulahti", "Kurkijoki",
    "Lumijoki", "Lumivaara", "Pitkäranta", "Rautalampi", "Rautavaara",
})  # fmt: skip

COUNTIES = {
    "SE": tuple(
        f"{side}{land}s län"
        for land in ("dalen", "bergen", "viken")
        for side in ("Norr", "Sunnan", "Östan", "Västan", "Mellan", "Ytter", "Inner")
    ),
    "FI": tuple(
        f"{side}{land}"
        for land in ("ranta", "salo", "kangas")
        for side in ("Pohjan", "Etelän", "Idän", "Lännen", "Keski", "Ylä", "Ala")
    ),
}


def place_names(country: str, n: int, rng: np.random.Generator) -> tuple[PlaceName, ...]:
    """Different names, by lot."""
    known = _all_names(country)
    order = np.argsort(rng.random(len(known)), kind="stable")
    return tuple(known[position] for position in order[:n])


def federation_name(country: str, first: PlaceName) -> str:
    """Name of a federation after its first member."""
    return f"{first.genitive} yhteistyöalue" if country == "FI" else f"Samordning {first.sv}"


def _all_names(country: str) -> list[PlaceName]:
    if country == "SE":
        names = [
            PlaceName(stem + ending, stem + ending)
            for stem in _STEMS_SE
            for ending in _ENDINGS_SE
            if _reads_well(stem, ending)
        ]
    else:
        names = [
            PlaceName(sv_stem + sv_ending, stem + ending, stem + genitive, stem + locative)
            for stem, sv_stem in _STEMS_FI.items()
            for ending, genitive, locative, sv_ending in _ENDINGS_FI
            if _reads_well(sv_stem, sv_ending)
        ]
    return [name for name in names if name.sv not in REAL and name.fi not in REAL]


def _reads_well(stem: str, ending: str) -> bool:
    return not ending.startswith(stem.lower()) and not stem.endswith(2 * ending[0])
