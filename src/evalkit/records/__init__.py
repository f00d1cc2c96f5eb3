"""Records: the tables of a study, read, brought to one schema and checked."""

from evalkit.records.eligibility import check_eligibility
from evalkit.records.faults import Fault
from evalkit.records.inventory import Possibility, what_is_possible
from evalkit.records.mapping import TableMapping, read_mapping
from evalkit.records.reader import Records, read_records, record_files
from evalkit.records.stored import StoredRecords, store_records

__all__ = [
    "Fault",
    "Possibility",
    "Records",
    "StoredRecords",
    "TableMapping",
    "check_eligibility",
    "read_mapping",
    "read_records",
    "record_files",
    "store_records",
    "what_is_possible",
]
