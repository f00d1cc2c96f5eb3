"""Errors and warnings of every room, with the exit code that each ends a run with."""


class EvalkitError(Exception):
    """Root of all errors that evalkit raises on purpose."""

    exit_code = 1


class ParameterError(EvalkitError):
    """A call, a command or a notebook got an argument that it does not know or cannot use."""

    exit_code = 2


class StudyError(ParameterError):
    """The study file is not a protocol that can be run."""


class RecordsError(EvalkitError):
    """The records break their schema; the message lists every fault by table, column and row."""

    exit_code = 3


class CohortError(EvalkitError):
    """The records are well formed, but no cohort can be built from them under this protocol."""

    exit_code = 3


class EstimationError(EvalkitError):
    """A quantity cannot be estimated from this sample."""

    exit_code = 4


class RenderError(EvalkitError):
    """No page could be made from an executed notebook."""

    exit_code = 4


class OutputError(EvalkitError):
    """The output cannot be written: a full disk, a used-up quota."""

    exit_code = 4


class DisclosureError(EvalkitError):
    """Something that did not pass the door was about to reach a page."""

    exit_code = 5


class AssumptionWarning(UserWarning):
    """An assumption of the method is in doubt for this sample."""


class SmallSampleWarning(UserWarning):
    """The sample is so small that the stated error rates may not hold."""
