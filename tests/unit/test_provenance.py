import numpy as np
import pandas as pd
import pytest

from evalkit.provenance import (
    BLOCK,
    PIECE,
    PROBED,
    digest_bytes,
    digest_file,
    digest_files,
    digest_frame,
    factorised,
    hash_rows,
)  # fmt: skip

N = 2**16 + BLOCK + 5  # more rows than 16 bits have values, and no whole number of blocks
TEXTS = np.array(["work", "died", None, np.nan, "none"], dtype=object)
DIGEST = "9a6612c5bf6f8c4db42c1a7dbe9d35a09ebab6dc5b69ff43282fd9821470c63f"
MIXED = np.array([1, True, "1", 2.5], dtype=object)


def columns(n: int) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "float": rng.normal(size=n),
            "half": rng.normal(size=n).astype(np.float32),
            "missing": np.where(rng.random(n) < 0.5, np.nan, -0.0),
            "int": rng.integers(-5, 5, n),
            "small": rng.integers(-5, 5, n).astype(np.int8),
            "short": rng.integers(-5, 5, n).astype(np.int16),
            "constant": np.full(n, 2.5),
            "bool": rng.random(n) < 0.5,
            "text": TEXTS[rng.integers(0, 5, n)],
            "mixed": MIXED[rng.integers(0, 4, n)],
            "id": [f"p{number}" for number in range(n)],
            "category": pd.Categorical(TEXTS[rng.integers(0, 2, n)]),
            "string": pd.array(TEXTS[rng.integers(0, 2, n)], dtype="string"),
            "nullable": pd.array(rng.integers(0, 9, n), dtype="Int64"),
            "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 99, n), unit="D"),
        }
    )


@pytest.mark.parametrize("n", [0, 1, N])
def test_rows_hash_to_the_values_of_pandas_for_every_type_of_column(n):
    frame = columns(n)
    for names in ([name] for name in frame):
        wanted = pd.util.hash_pandas_object(frame[names], index=False).to_numpy()
        assert np.array_equal(hash_rows([frame[names[0]]], n), wanted), names
    wanted = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    assert np.array_equal(hash_rows([column for _, column in frame.items()], n), wanted)


def test_a_digest_is_the_same_on_every_machine_and_in_every_version():
    frame = pd.DataFrame({"months": [3.0, 5.0], "arm": ["programme", "comparison"]})
    assert digest_frame(frame) == DIGEST


def test_columns_given_beside_a_frame_count_as_assigned():
    frame = columns(50)[["float", "int", "text"]]
    more = {"_duration": np.arange(50.0), "int": np.zeros(50, dtype=np.int16)}
    assert digest_frame(frame, **more) == digest_frame(frame.assign(**more))
    assert digest_frame(frame, **more) != digest_frame(frame)


def test_the_digest_follows_each_value_the_order_and_the_types():
    frame = columns(50)[["float", "int", "text"]]
    changed = frame.copy()
    changed.loc[49, "text"] = "another"
    others = [changed, frame[::-1], frame.astype({"int": float}), frame[["int", "float", "text"]]]
    assert len({digest_frame(other) for other in [frame, *others]}) == 5


@pytest.mark.parametrize("name", ["text", "mixed", "id"])
@pytest.mark.parametrize("n", [0, 1, 3 * PROBED])
def test_objects_are_numbered_as_by_pandas(name, n):
    values = columns(n)[name].to_numpy()
    for some in (values, values[::2]):
        codes, found = factorised(some)
        wanted, levels = pd.factorize(some)
        assert np.array_equal(codes, wanted)
        assert [(type(level), level) for level in found] == [(type(x), x) for x in levels]


def test_equal_objects_at_different_addresses_are_one_and_a_late_one_is_found():
    first, second = "".join(["wo", "rk"]), "".join(["w", "ork"])
    values = np.array([first, second] * PROBED + ["died"], dtype=object)
    codes, found = factorised(values)
    assert first is not second and list(found) == ["work", "died"]
    assert codes[:-1].max() == 0 and codes[-1] == 1


@pytest.mark.parametrize("size", [0, 1, PIECE, PIECE + 1])
def test_a_file_that_is_read_in_pieces_has_the_digest_of_its_bytes(size, tmp_path):
    a, b = bytes(size), b"b" * size
    (tmp_path / "b").write_bytes(b)
    (tmp_path / "a").write_bytes(a)

    assert digest_file(tmp_path / "a") == digest_bytes(a)
    assert digest_files(tmp_path.iterdir(), tmp_path) == digest_bytes(b"a", a, b"b", b)
