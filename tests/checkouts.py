"""A checkout of its own, in a folder with a space and an `ä`, for tests that run everything."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[1]
TRAVELS = ("src", "notebooks", "reports", "data", "pyproject.toml")
LEFT_OUT = shutil.ignore_patterns("_site*", "_preview", "__pycache__", "*.egg-info")
OPEN = """import os
import evalkit as ek

here = ek.open_unit(study, unit)
text = ek.open_text(here.labels, language)"""
MISBEHAVE = "exec(__import__('json').loads(os.environ.get('FAULTS', '{}')).get(unit, ''))"
SHOW = """ek.display(ek.words.title(text))
ek.display(ek.figures.flow(ek.release(here.flow, here.profile), text))"""


@dataclass
class Checkout:
    """A copy of the checkout and a small study in it."""

    root: Path
    study: Path

    @property
    def site(self) -> Path:
        return self.study / "site"

    def environment(self) -> dict[str, str]:
        """Its own source; compiled once, since every run starts several processes."""
        kept = {name: os.environ[name] for name in os.environ if name != "PYTHONDONTWRITEBYTECODE"}
        return {**kept, "PYTHONPATH": str(self.root / "src")}

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "evalkit", *words]

    def report(self, *options: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            self.command("report", str(self.study / "study.yaml"), "--workers", "2", *options),
            env=self.environment(),
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=300,
        )

    def kill_after_first_report(self) -> None:
        """Start a run and kill it, with all its processes, when one report is finished."""
        process = subprocess.Popen(
            self.command("report", str(self.study / "study.yaml"), "--workers", "2"),
            env=self.environment(),
            cwd=self.root,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 200
        while not self.finished() and time.monotonic() < until:
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
        time.sleep(1.5)

    def finished(self) -> list[Path]:
        return list((self.study / "site.work").glob("*/records/*.json"))

    def manifest(self) -> dict[str, dict]:
        lines = (self.site / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
        return {f"{(r := json.loads(line))['unit']}.{r['language']}": r for line in lines}

    def pages(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.site).as_posix(): path.read_bytes()
            for path in sorted(self.site.rglob("*"))
            if path.is_file() and path.name not in ("manifest.jsonl", "timings.json")
        }


def copy_checkout(target: Path) -> Path:
    for name in TRAVELS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=LEFT_OUT)
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target / name)
    return target


def small_study(checkout: Path, folder: Path, **report: str) -> Path:
    """The Finnish study with lines of its report changed, in a folder of its own."""
    shutil.copytree(checkout / "data" / "synthetic" / "FI", folder)
    path = folder / "study.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    changed = []
    for line in lines:
        name = line.strip().partition(":")[0]
        changed.append(f"  {name}: {report[name]}" if name in report else line)
    path.write_text("\n".join(changed) + "\n", encoding="utf-8")
    return folder


def make_checkout(folder: Path, **report: str) -> Checkout:
    """A checkout and a small study beside it, in some `languages` or of some `levels`."""
    root = copy_checkout(folder / "en väg" / "evalkit")
    return Checkout(root, small_study(root, root.parent / "min studie", **report))


def make_short_checkout(folder: Path, **report: str) -> Checkout:
    """A checkout whose five reports show little, and misbehave as the variable FAULTS says."""
    checkout = make_checkout(folder, languages="[fi]", levels="[municipality, national]", **report)
    for name in ("municipal_report.ipynb", "national_report.ipynb"):
        shorten(checkout.root / "notebooks" / name)
    import_less(checkout.root / "src/evalkit/run/warm.py")
    return checkout


def shorten(path: Path) -> None:
    """Leave the first two cells of a template; then misbehave if asked, and show little."""
    notebook = nbformat.read(path, as_version=4)
    cells = [nbformat.v4.new_code_cell(source) for source in (OPEN, MISBEHAVE, SHOW)]
    notebook.cells = [*notebook.cells[:2], *cells]
    nbformat.write(notebook, path)


def import_less(path: Path) -> None:
    """Let warm processes of the copy begin with what the short notebooks need."""
    text = path.read_text(encoding="utf-8")
    less = 'for name in ("display", "figures", "open_text", "open_unit", "release", "words"):'
    for line in ("lifelines", "linearmodels", "statsmodels.formula.api"):
        text = text.replace(f'    "{line}",\n', "")
    path.write_text(text.replace("for name in package.__all__:", less), encoding="utf-8")
