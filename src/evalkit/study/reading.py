"""Reading a study file: every scalar as text, typed by the schema; all faults in one message."""

import difflib
import re
from pathlib import Path
from typing import Any

from pydantic import (
    BaseModel,
    ValidationError,
)

from evalkit.errors import StudyError
from evalkit.study.protocol import Study
from evalkit.study.yaml_file import read_yaml


def read_study(path: str | Path) -> Study:
    """Read and check a study file.

    Raises
    ------
    StudyError
        If the file is missing, is not YAML, gives a key twice or breaks the schema; every fault of
        the schema in one message.
    """
    path = Path(path)
    if not path.is_file():
        raise StudyError(f"{path.name}: no such study file")
    raw = read_yaml(path)
    if not isinstance(raw, dict):
        raise StudyError(f"{path.name}: a study file is a mapping of keys; see the README")
    folder = path.resolve().parent.name  # "study.yaml" alone has no folder in its path
    return parse_study(raw, root=path.parent, name=folder, file=path.name)


def parse_study(raw: dict, *, root: Path, name: str, file: str = "study.yaml") -> Study:
    """Check a mapping of text scalars against the schema (see `read_study`)."""
    unknown = list(_unknown_keys(raw, Study))
    if unknown:
        raise StudyError(f"{file}: " + "; ".join(unknown))
    try:
        return Study.model_validate({"name": _slug(name), **_nulls(raw), "root": str(root)})
    except ValidationError as error:
        faults = [_plain(fault) for fault in error.errors(include_url=False, include_input=False)]
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise StudyError(f"{file}: {count}: " + "; ".join(faults)) from None


PLAIN_WORDS = {
    "float_parsing": "write a number",
    "int_parsing": "write a whole number",
    "missing": "is missing",
    "bool_parsing": "write true or false",
    "string_type": "write a text",
    "tuple_type": "write a list, such as [0, 12]",
    "model_type": "write keys of its own below it, see docs/study-file.md",
    "int_from_float": "write a whole number",
}


def _plain(fault: dict) -> str:
    """One fault of the schema in words for somebody who does not program."""
    place = ".".join(str(part) for part in fault["loc"])
    message = fault["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    said = PLAIN_WORDS.get(fault["type"], message)
    if fault["type"] == "literal_error":
        said = "use one of " + fault["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
    if fault["type"] == "string_pattern_mismatch":
        known = {"data_cut": "write year and month, such as 2025-12"}
        said = known.get(place, "write letters, digits, `-` and `_` only")
    return f"{place}: {said}" if place else said


def study_schema() -> dict:
    """JSON schema of the study file, for editors."""
    return Study.model_json_schema()


def _nulls(value: Any) -> Any:
    """Drop keys whose text is `null`, so that the schema's default stands."""
    if isinstance(value, dict):
        return {key: _nulls(item) for key, item in value.items() if item not in ("null", "~", "")}
    return value


def _unknown_keys(raw: dict, model: type[BaseModel], prefix: str = ""):
    for key, value in raw.items():
        field = model.model_fields.get(key)
        if field is None or key == "root":
            known = [name for name in model.model_fields if name != "root"]
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
            hint = f"did you mean `{near[0]}`?" if near else f"known keys: {', '.join(known)}"
            yield f"unknown key `{prefix}{key}`; {hint}"
            continue
        inner = _inner_model(field.annotation)
        if inner is not None and isinstance(value, dict):
            yield from _unknown_keys(value, inner, f"{prefix}{key}.")


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    options = [annotation, *getattr(annotation, "__args__", ())]
    models = [item for item in options if isinstance(item, type) and issubclass(item, BaseModel)]
    return models[0] if models else None


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-") or "study"
