"""The study file: one YAML file that is the protocol, checked before anything runs.

Every scalar is read as text and typed by the schema, so that `0114` stays `0114` and `no` stays
`no`. Unknown keys are errors that name the nearest known key.
"""

from evalkit.study.parts import Health, Need, Statement, Words
from evalkit.study.protocol import Labels, Study
from evalkit.study.reading import parse_study, read_study, study_schema

__all__ = [
    "Health",
    "Labels",
    "Need",
    "Statement",
    "Study",
    "Words",
    "parse_study",
    "read_study",
    "study_schema",
]
