"""The papermill engine: in a warm process, what a kernel gives, and every way to end."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import tomllib
from importlib import import_module
from pathlib import Path

import nbformat
import papermill
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from papermill.exceptions import PapermillExecutionError

from evalkit.run import engine, fork
from evalkit.run.engine import Limits, _Process, register
from evalkit.run.execute import NotebookError, run_notebook
from evalkit.run.fork import start_warm

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"
MAY_RAISE = {"tags": ["raises-exception"]}
BROKEN = (
    "class Broken:\n    def _repr_html_(self): raise ValueError('no')\n"
    "    def __repr__(self): return 'Broken'\nBroken()"
)
CELLS = [
    "import sys\nprint('a'); print('e', file=sys.stderr); print('b')\n"
    "display({'x': 1}); print('c')\n5",
    "import warnings\nwarnings.warn('careful'); warnings.warn(DeprecationWarning('old'))",
    "import pandas as pd\nframe = pd.DataFrame({'a': [1, 2], 'b': ['x', 'ö']}); frame",
    "{'k': [1, 2, {'z': 3}], 's': 'å'}",
    "Out[3] is frame, In[1][:3], __name__",
    "import asyncio\nawait asyncio.sleep(0.01); print('awaited')",
    "from IPython.display import HTML, Markdown, clear_output\ndisplay(1, display_id='a')\n"
    "print('x'); clear_output()\ndisplay(Markdown('# hi'), metadata={'q': 1})\n"
    "later = display(HTML('<b>x</b>'), display_id='b')",
    "later.update(HTML('<i>y</i>'))",
    "import matplotlib.pyplot as plt\nplt.plot([1, 2]); print('after')",
    "figure, _ = plt.subplots(figsize=(1, 1)); display(figure); figure",
    "x = 3; x;",
    "",
    "sys.stdout.isatty(), type(get_ipython()).__name__",
    "class Picture:\n    def _repr_png_(self): return b'\\x89PNG123'\n"
    "    def __repr__(self): return 'Picture'\nPicture()",
    "print('not printed', end=''); sys.stdout.flush(); print(' twice')",
    "def deep(n):\n    return deep(n - 1) if n else 1 / 0\ndeep(3)",
    "print('never')",
]


def notebook(*sources: str) -> nbformat.NotebookNode:
    first = new_code_cell("x = 1", metadata={"tags": ["parameters"]})
    cells = [new_markdown_cell("# A notebook"), first, *map(new_code_cell, sources)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def write(folder: Path, *sources: str) -> Path:
    path = folder / "in.ipynb"
    nbformat.write(notebook(*sources), path)
    return path


def run(
    folder: Path, *sources: str, limits: Limits | None = None, cold: bool = False,
    keep: bool = False,
):  # fmt: skip
    """Run cells as a report would; return the kept notebook and the error, if any."""
    work = folder / ("cold" if cold else "warm")
    error = None
    try:
        run_notebook(
            write(folder, *sources), work, {"x": 2},
            site=folder, limits=limits or Limits(), cold=cold, keep=keep,
        )  # fmt: skip
    except NotebookError as raised:
        error = raised
    return nbformat.read(work / "notebook.ipynb", as_version=4), error


def without_ids(made: nbformat.NotebookNode) -> str:
    """Everything of a notebook but clocks, ids of cells, and the number of a process."""
    for cell in made.cells:
        cell.pop("id", None)
        for name in ("papermill", "execution"):
            cell.metadata.pop(name, None)
    made.metadata.pop("papermill", None)
    return re.sub(r"ipykernel_\d+", "ipykernel", json.dumps(made, sort_keys=True))


def test_a_warm_process_gives_what_a_kernel_gives(tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    nasty = notebook(*CELLS)
    for source in ("input('?')", "1 +", BROKEN):
        nasty.cells.insert(4, new_code_cell(source, metadata=MAY_RAISE))
    nbformat.write(nasty, tmp_path / "in.ipynb")
    register()
    made = {}

    for name in ("evalkit", None):
        with pytest.raises(PapermillExecutionError, match="ZeroDivisionError"):
            papermill.execute_notebook(
                str(tmp_path / "in.ipynb"), str(tmp_path / f"{name}.ipynb"),
                parameters={"x": 2}, engine_name=name, progress_bar=False, cwd=str(tmp_path),
            )  # fmt: skip
        made[name] = without_ids(nbformat.read(tmp_path / f"{name}.ipynb", as_version=4))

    assert made["evalkit"] == made[None]
    assert made["evalkit"].count("image/png") > 3


def test_what_programs_write_stands_between_what_the_cell_prints(tmp_path):
    made, _ = run(tmp_path, "import os\nprint('a')\n_ = os.system('echo b')\nprint('c')")

    assert [output.text for output in made.cells[3].outputs] == ["a\nb\nc\n"]


def test_no_notebook_sees_another_one(tmp_path):
    run(tmp_path, "import pandas as pd\npd.left_behind = y = 1\n%cd /")
    made, error = run(tmp_path, "import pandas as pd\nhasattr(pd, 'left_behind'), 'y' in globals()")

    assert error is None
    assert made.cells[3].outputs[0].data["text/plain"] == "(False, False)"


FRESH = """
import json, warnings
import matplotlib, numpy, pandas
state = {
    "filters": sorted(str(item) for item in warnings.filters),
    "settings": {k: str(v) for k, v in matplotlib.rcParams.items()},
    "errors": numpy.geterr(), "printed": str(numpy.get_printoptions()),
    "columns": pandas.get_option("display.max_columns"),
    "start": __import__("multiprocessing").get_start_method(),
}
print(json.dumps(state, sort_keys=True))
"""


def test_filters_and_settings_are_those_of_a_fresh_kernel(tmp_path):
    warm, _ = run(tmp_path, FRESH.strip())
    cold, _ = run(tmp_path, FRESH.strip(), cold=True)

    assert warm.cells[3].outputs[0].text == cold.cells[3].outputs[0].text


PROCESS = "import os\nos.getpid()"
CHANGED = """
import os, warnings
import matplotlib.pyplot as plt, numpy
warnings.simplefilter("ignore")
plt.rcParams["font.size"] = 1
numpy.seterr(all="raise")
numpy.set_printoptions(precision=1)
os.environ["LEFT"] = os.environ["MPLBACKEND"] = "behind"
os.chdir("/")
_ = plt.figure()
y = 1
"""


def result(made, cell: int = 3) -> str:
    return made.cells[cell].outputs[0].data["text/plain"]


@pytest.fixture
def kept():
    """What is kept by other tests ends, and what these keep."""
    _Process.end_kept()
    yield lambda *given, **more: run(*given, keep=True, **more)
    _Process.end_kept()


def test_a_process_is_kept_for_the_next_notebook_and_renewed_now_and_then(
    tmp_path, kept, monkeypatch
):
    monkeypatch.setattr(engine, "MOST_NOTEBOOKS", 3)
    processes = [result(kept(tmp_path, PROCESS)[0]) for _ in range(7)]
    assert [processes.count(each) for each in dict.fromkeys(processes)] == [3, 3, 1]


def test_a_kept_process_gives_the_next_notebook_what_a_fresh_kernel_has(tmp_path, kept):
    kept(tmp_path, CHANGED.strip())
    look = "print('y' in globals(), 'LEFT' in os.environ, os.getcwd(), plt.get_fignums())"
    made, error = kept(
        tmp_path, FRESH.strip(), f"import os\nimport matplotlib.pyplot as plt\n{look}", PROCESS
    )
    cold, _ = run(tmp_path, FRESH.strip(), cold=True)

    assert error is None
    assert made.cells[3].outputs[0].text == cold.cells[3].outputs[0].text
    assert made.cells[4].outputs[0].text == f"False False {tmp_path / 'warm'} []\n"
    assert [cell.execution_count for cell in made.cells[3:]] == [3, 4, 5]
    assert result(made, 5) == result(kept(tmp_path, PROCESS)[0])


def test_parts_of_a_page_are_numbered_from_one_in_every_notebook(tmp_path, kept):
    source = "from evalkit.report.parts import Part\nimport evalkit as ek\n"
    source += "ek.display(Part('## A'), Part('Words.'))"
    for _ in range(2):
        made, error = kept(tmp_path, source)
        assert error is None
        parts = [output.metadata["evalkit"]["part"] for output in made.cells[3].outputs]
        assert parts == [1, 2]


def test_a_warning_is_told_in_every_notebook_of_a_process(tmp_path, kept):
    source = "import numpy\nnumpy.log(numpy.zeros(1))"
    texts = [kept(tmp_path, source)[0].cells[3].outputs[0].text for _ in range(2)]
    assert texts[0] == texts[1] and "divide by zero" in texts[0]


@pytest.mark.parametrize("source", ["1 / 0", "import os\nos._exit(3)", "while True: pass"])
def test_a_process_in_which_a_notebook_failed_is_not_kept(tmp_path, kept, source):
    before = result(kept(tmp_path, PROCESS)[0])
    _, error = kept(tmp_path, source, limits=Limits(seconds=5))
    after = result(kept(tmp_path, PROCESS)[0])
    assert error is not None and before != after


def test_a_notebook_whose_memory_is_limited_has_a_process_of_its_own(tmp_path, kept):
    before = result(kept(tmp_path, PROCESS)[0])
    alone = kept(tmp_path, PROCESS, limits=Limits(memory_bytes=2**40))[0]
    assert before != result(alone)
    assert before == result(kept(tmp_path, PROCESS)[0])


def test_a_kept_process_that_ends_meanwhile_is_replaced(tmp_path, kept):
    before = result(kept(tmp_path, PROCESS)[0])
    os.kill(int(before), signal.SIGKILL)
    _Process._kept[0].warm.wait(10)
    made, error = kept(tmp_path, PROCESS)
    assert error is None and result(made) != before


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_most_memory_is_that_of_the_notebook_alone(tmp_path, kept):
    peaks = []
    for size in (300, 1):
        notebook_path = write(tmp_path, f"_ = bytearray({size} * 2**20)\n_ = None")
        usage = run_notebook(notebook_path, tmp_path / "warm", {"x": 2}, site=tmp_path, keep=True)
        peaks.append(usage.peak_bytes)
    assert peaks[0] - peaks[1] > 200 * 2**20


def test_random_numbers_differ_between_notebooks_that_set_no_seed(tmp_path):
    source = "import random, numpy\n(random.random(), float(numpy.random.rand()))"

    texts = [run(tmp_path, source)[0].cells[3].outputs[0].data["text/plain"] for _ in range(2)]

    assert len({part for text in texts for part in text.strip("()").split(", ")}) == 4


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_parent_of_warm_processes_has_one_thread_and_has_opened_no_study(tmp_path):
    source = (
        "import os, sys\n"
        "links = [f'/proc/self/fd/{n}' for n in os.listdir('/proc/self/fd')]\n"
        "files = [os.readlink(path) for path in links if os.path.exists(path)]\n"
        "(len(os.listdir(f'/proc/{os.getppid()}/task')), 'evalkit.run.warm' in sys.modules, "
        "[name for name in files if name.endswith(('.csv', '.parquet'))])"
    )

    made, _ = run(tmp_path, source)

    assert made.cells[3].outputs[0].data["text/plain"] == "(1, True, [])"


@pytest.mark.parametrize(
    ("source", "limits", "kind"),
    [
        ("import time; time.sleep(60)", Limits(seconds=1), "TimeLimit"),
        ("while True: pass", Limits(cell_seconds=1), "TimeLimit"),
        ("import os; os._exit(3)", Limits(), "ProcessEnded"),
        ("import os; os.abort()", Limits(), "ProcessEnded"),
        ("import os; os.kill(os.getpid(), 9)", Limits(), "WorkerKilled"),
        (
            "blocks = []\nwhile True: blocks.append(bytearray(b'x' * 10_000_000))",
            Limits(memory_bytes=800 * 2**20, seconds=60),
            "MemoryLimit",
        ),
    ],
    ids=["sleeps", "spins", "exits", "aborts", "is killed", "eats memory"],
)
def test_a_notebook_that_does_not_end_well_is_kept_with_what_it_showed(
    tmp_path, source, limits, kind
):
    before, after = "print('before', flush=True)", "print('after')"
    made, error = run(tmp_path, before, source, after, limits=limits)

    assert (error.kind, error.cell) == (kind, 4)
    texts = [output.text for cell in made.cells for output in cell.get("outputs", [])
             if output.output_type == "stream"]  # fmt: skip
    errors = [output.ename for cell in made.cells for output in cell.get("outputs", [])
              if output.output_type == "error"]  # fmt: skip
    assert texts == ["before\n"]
    assert errors == [kind]


@pytest.mark.parametrize("source", ["import time; time.sleep(60)", "import os; os._exit(3)"])
def test_an_ordinary_kernel_ends_the_same_way(tmp_path, source):
    made, error = run(tmp_path, source, limits=Limits(seconds=2), cold=True)

    assert error.kind in ("TimeLimit", "ProcessEnded")
    assert made.cells


def hang(connection, note: str) -> None:
    subprocess.Popen(["sleep", "600"])
    Path(note).write_text(str(os.getpid()))
    while True:
        re.match(r"(a+)+$", "a" * 28 + "b")  # holds the interpreter for seconds at a time


RUNNER = """
import os, sys, time
from test_run_engine import hang
from evalkit.run import fork
fork.WARM = "json"  # how the process ends does not depend on what it has imported
process = fork.start_warm(hang, sys.argv[1], environment=os.environ)
time.sleep(600)
"""


def in_group(group: int) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(path.parent.name)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_warm_process_and_what_it_started_end_with_a_runner_that_is_killed(tmp_path):
    note = tmp_path / "pid"
    path = os.pathsep.join([str(SOURCE), str(Path(__file__).parent)])
    runner = subprocess.Popen(
        [sys.executable, "-c", RUNNER, str(note)], env={**os.environ, "PYTHONPATH": path}
    )
    until = time.monotonic() + 60
    while not note.is_file() and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.2)
    group = int(note.read_text())
    alive = in_group(group)

    runner.send_signal(signal.SIGKILL)
    runner.wait()
    time.sleep(0.5)

    assert len(alive) == 2
    assert in_group(group) == []


def sleep_long(connection) -> None:
    time.sleep(600)


def test_a_warm_process_ends_when_it_is_closed():
    process = start_warm(sleep_long, environment=os.environ)

    process.close()
    time.sleep(0.2)

    assert in_group(process.pid) == []


def test_one_that_is_killed_while_it_asks_for_a_process_does_not_end_their_parent(capfd):
    start_warm(sleep_long, environment=os.environ).close()
    parent = fork._server()
    pid = parent._forkserver_pid

    with socket.socket(socket.AF_UNIX) as asker:  # gone before it sends anything
        asker.connect(parent._forkserver_address)
    receiver, writer = parent.connect_to_new_process([])  # gone before it says what to run
    os.close(writer)
    ended = os.read(receiver, 64)
    os.close(receiver)
    after = start_warm(sleep_long, environment=os.environ)
    after.close()

    assert ended
    assert after.pid
    assert fork._server()._forkserver_pid == pid
    assert "Traceback" not in capfd.readouterr().err


ASK_ONE_THAT_ENDS = """
import os
from evalkit.run import fork

class Ends:
    def connect_to_new_process(self, fds):
        (status, writer), (reader, alive) = os.pipe(), os.pipe()
        os.close(writer)
        self.reader = reader
        if not {reads}:
            os.close(reader)
        return status, alive

fork._servers.append(Ends())
process = fork.start_warm(print, environment={{}})
print(process.pid, "end" in process.wait(5), process.exit_code())
process.close()
print("goes on")
"""


@pytest.mark.parametrize("reads", [True, False])
def test_a_parent_that_ends_while_it_is_asked_takes_nobody_with_it(reads):
    done = subprocess.run(
        [sys.executable, "-c", ASK_ONE_THAT_ENDS.format(reads=reads)],
        capture_output=True, text=True, start_new_session=True, timeout=60,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["0 True -9", "goes on"]


def test_the_engine_is_an_entry_point_that_papermill_finds(tmp_path):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    entry = project["entry-points"]["papermill.engine"]["evalkit"]
    module, name = entry.split(":")
    assert getattr(import_module(module), name).execute_notebook
    # As an installer would write it.
    described = tmp_path / "site" / "evalkit_engine-1.dist-info"
    described.mkdir(parents=True)
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: evalkit-engine\nVersion: 1\n")
    (described / "entry_points.txt").write_text(f"[papermill.engine]\nevalkit = {entry}\n")
    source = write(tmp_path, "print(x + 1)")

    done = subprocess.run(
        [sys.executable, "-m", "papermill", "--engine", "evalkit", "--no-progress-bar",
         "-p", "x", "41", str(source), str(tmp_path / "out.ipynb")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(SOURCE), str(tmp_path / "site")])},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    made = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    assert made.cells[3].outputs[0].text == "42\n"
    assert made.metadata.papermill.exception is None
    assert {cell.metadata.papermill.status for cell in made.cells} == {"completed"}
