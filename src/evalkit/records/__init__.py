"""Records: the tables of a study, read, brought to one schema and checked."""

from evalkit.records.eligibility import check_eligibility
from evalkit.records.faults import Fault
from evalkit.records.inventory import Possibility, what_is_possible
from evalkit.records.mapping import TableMapping, read_mapping
from evalkit.records.reader import Records, read_records, record_files

__all__ = [
    "Fault",
    "Possibility",
    "Records",
    "TableMapping",
    "check_eligibility",
    "read_mapping",
    "read_records",
    "record_files",
    "what_is_possible",
]
