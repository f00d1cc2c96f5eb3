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

ROOT = Path(__file__).parents[1]
TRAVELS = ("src", "notebooks", "reports", "data", "pyproject.toml")
LEFT_OUT = shutil.ignore_patterns("_site*", "_preview", "__pycache__", "*.egg-info")


@dataclass
class Checkout:
    """A copy of the checkout and a small study in it."""

    root: Path
    study: Path

    @property
    def site(self) -> Path:
        return self.study / "site"

    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(self.root / "src"), "PYTHONDONTWRITEBYTECODE": "1"}

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
