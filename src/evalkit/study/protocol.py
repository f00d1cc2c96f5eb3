"""The whole protocol, and the names of one unit beside it."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    Field,
    model_validator,
)

from evalkit.codes import read_codes
from evalkit.provenance import digest_json
from evalkit.study.parts import (
    Adjustment,
    Arms,
    Collaboration,
    Data,
    Economics,
    Health,
    Level,
    Month,
    Need,
    OptionalText,
    Outcome,
    Part,
    Population,
    Report,
    SelfSupport,
    UsefulSize,
    Words,
    named,
)


class Study(Part):
    """The whole protocol. Made by `read_study`; `root` is the folder of the file."""

    name: str = Field("study", pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")
    root: str = Field(".", exclude=True)
    title: Annotated[Words, AfterValidator(named)]
    country: Literal["SE", "FI", "other"]
    data: Data = Data()
    data_cut: Month
    outcome: Outcome = Outcome()
    population: Population = Population()
    arms: Arms = Arms()
    assignment: Literal["observational", "randomised"] = "observational"
    self_support: SelfSupport = SelfSupport()
    competing: tuple[str, ...] = (
        "died",
        "emigrated",
        "disability_pension",
        "old_age_pension",
    )
    horizon_months: int = Field(24, ge=1)
    cluster: OptionalText = None
    useful_size: UsefulSize
    health: Health | None = None
    adjustment: Adjustment = Adjustment()
    economics: Economics = Economics()
    need: Need = Need()
    collaboration: Collaboration = Collaboration()
    disclosure: str = "strict10"
    report: Report = Report()
    edition: int = 1
    seed: int = 20261

    @model_validator(mode="after")
    def _consistent(self) -> "Study":
        if self.arms.comparison == "given" and self.outcome.source != "events":
            raise ValueError("arms.comparison: `given` needs outcome.source: events")
        if self.disclosure == "public" and not (self.data.public and self.data.source):
            raise ValueError("disclosure: `public` needs data.public: true and a data.source")
        if self.arms.comparison == "none" and self.assignment == "randomised":
            raise ValueError("assignment: `randomised` needs a comparison, arms.comparison is none")
        if self.population.ages[0] > self.population.ages[1]:
            raise ValueError("population.ages: the lower age comes first")
        if not self.collaboration.scale[0] < self.collaboration.scale[1]:
            raise ValueError("collaboration.scale: the lowest answer comes first")
        if self.health and self.health.instrument != "SF-36":
            self._check_value_sets(self.health)
        return self

    @staticmethod
    def _check_value_sets(health: Health) -> None:
        """A value set belongs to one instrument; the other's answers would give wrong indices."""
        if not health.value_set:
            raise ValueError("health.value_set: choose one, there is no default")
        table = read_codes("value_sets.csv")
        own = list(table.loc[table["instrument"] == health.instrument, "value_set"])
        for name in (health.value_set, *health.sensitivity):
            if name not in own:
                raise ValueError(
                    f"health.value_set: {name} is no value set of {health.instrument}; there are "
                    f"{', '.join(own)}"
                )

    @property
    def folder(self) -> Path:
        """Folder of the study file; data paths are relative to it."""
        return Path(self.root)

    @property
    def data_folder(self) -> Path:
        """Folder of the records."""
        return self.folder / self.data.path

    @property
    def digest(self) -> str:
        """Digest of the canonical protocol, independent of layout, comments and place."""
        return digest_json(self.model_dump(mode="json"))


class Labels(Part):
    """What a page says about itself: the protocol, and the names of the unit that it is about.

    Attributes
    ----------
    study : Study
    level : str
        `municipality`, `federation`, `county`, `national` or `study`.
    code : str
        Code of the unit, for example `0114`; `national` or `study` for those levels.
    place : Words
        Name of the unit; empty for a study.
    parent : Words
        Federation or county that the unit belongs to; empty where there is none.
    """

    study: Study
    level: Level
    code: str
    place: Words = Words()
    parent: Words = Words()

    @property
    def contrast_label(self) -> str:
        """`effect` (randomised) or `description`: what a contrast in this study may be called."""
        return "effect" if self.study.assignment == "randomised" else "description"
