"""Stands in for Quarto in tests: refuses whatever is not known of Quarto to work, offline.

Copied beside a test with the interpreter in its first line. What it accepts is listed below; the
sources are the project's notes on Quarto 1.11 and sections 2 and 9 of its design. Every call is
written to `calls.jsonl` beside the program, and the page is made by pandoc, so that its content
can be compared with that of the embedded renderer.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import yaml

PROJECT_KEYS = {
    "format.docx",
    "project.type",
    "project.output-dir",
    "execute.enabled",
    "execute.echo",
    "filters",
    "format.html.theme",
    "format.html.css",
    "format.html.toc",
    "format.html.embed-resources",
    "format.html.html-math-method",
    "format.typst.papersize",
    "format.typst.mainfont",
    "format.typst.fontsize",
    "format.typst.font-paths",
    "format.typst.pdf-standard",
}
WORD_FOLDER = {"format": {"docx": {"reference-doc": "reference.docx"}}}
# Without these Quarto executes, shows code, loads from the internet, or writes a PDF without tags.
REQUIRED = {
    "": {"execute.enabled": False, "execute.echo": False},
    "html": {
        "format.html.theme": "none",
        "format.html.embed-resources": True,
        "format.html.html-math-method": "mathml",
    },
    "typst": {"format.typst.pdf-standard": "ua-1", "format.typst.font-paths": ["fonts"]},
    "docx": {"format.docx": {}},
}
# Files and folders that the options of a format name, in the project and beside a notebook.
NAMED = {"html": {"page.css"}, "typst": {"fonts"}, "docx": set()}
BESIDE = {"html": set(), "typst": set(), "docx": {"_metadata.yml", "reference.docx"}}
ENDINGS = {"html": "html", "typst": "pdf", "docx": "docx"}
FRONT_KEYS = ["title", "lang", "date"]
TAGS = {"remove-cell", "hide-code"}
DIVS = {
    "callout-note", "content-visible", "quiet", "lead", "cards", "card", "withheld", "label",
    "source", "card-number", "card-unit", "card-note",
}  # fmt: skip
ATTRIBUTES = {"collapse", "when-format"}


def refuse(message):
    sys.exit(f"stand-in: {message}")


def flat(mapping, prefix=""):
    for key, value in mapping.items():
        if isinstance(value, dict) and value:
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def check_project(folder, to):
    project = dict(flat(yaml.safe_load((folder / "_quarto.yml").read_text(encoding="utf-8"))))
    unknown = sorted(set(project) - PROJECT_KEYS)
    if unknown:
        refuse(f"project key {unknown[0]}")
    required = {**REQUIRED[""], **REQUIRED[to]}
    wrong = [key for key, value in required.items() if project.get(key) != value]
    if wrong:
        refuse(f"project key {wrong[0]} is missing or has another value")
    for name in filter(None, [*project.get("filters", []), project.get("format.html.css", "")]):
        if not (folder / name).is_file():
            refuse(f"file {name} of the project is missing")
    for name in project.get("format.typst.font-paths", []):
        if not list((folder / name).glob("*.ttf")):
            refuse(f"folder {name} of the project has no fonts")
    return project


def find_notebooks(folder, to):
    """Notebooks of the project. Each has a folder to itself: a shared one mixes figures up."""
    allowed = {"_quarto.yml", "tables.lua", *NAMED[to]}
    units = sorted(path for path in folder.iterdir() if path.name not in allowed)
    for path in units:
        if not path.is_dir() or not re.fullmatch("report-[0-9a-f]{12}", path.name):
            refuse(f"file {path.name} in the work folder")
        check_folder(path, to)
    notebooks = sorted(folder.glob("**/*.ipynb"))
    if not notebooks:
        refuse("no notebook in the project")
    return notebooks


def check_folder(folder, to):
    """Nothing but one notebook and what it shows may lie in its folder."""
    others = sorted(
        {path.name for path in folder.iterdir()} - {f"{folder.name}.ipynb", "figures", *BESIDE[to]}
    )
    if others:
        refuse(f"file {others[0]} in the folder of a unit")
    if [path for path in folder.glob("figures/*") if path.suffix != ".png"]:
        refuse("a picture that is not a PNG")
    for path in folder.glob("_metadata.yml"):
        if yaml.safe_load(path.read_text(encoding="utf-8")) != WORD_FOLDER:
            refuse("options of a folder")
        if not (folder / "reference.docx").is_file():
            refuse("reference.docx is missing")


def check_front(cell):
    if cell["cell_type"] != "raw":
        refuse("the first cell is not raw front matter")
    front = yaml.safe_load(text_of(cell["source"]).strip().strip("-"))
    if list(front) != FRONT_KEYS:
        refuse(f"front matter has keys {list(front)}")


def check_cell(index, cell):
    unknown = sorted(set(tags_of(cell)) - TAGS)
    if unknown:
        refuse(f"cell {index}: tag {unknown[0]}")
    others = sorted(set(cell["metadata"]) - {"tags"})
    if others:
        refuse(f"cell {index}: metadata {others}")
    for output in cell.get("outputs", []):
        kinds = sorted(output.get("data", {}))
        if output["output_type"] != "display_data" or kinds != ["text/markdown"]:
            refuse(f"cell {index}: output type {output['output_type']} {kinds}")


def check_markdown(markdown, folder):
    for attributes in re.findall(r"^:{3,}\s*\{([^}]*)\}", markdown, re.M):
        names = attributes.split()
        classes = {name[1:] for name in names if name.startswith(".")}
        keys = {name.split("=")[0] for name in names if "=" in name}
        identifiers = [name for name in names if name.startswith("#")]
        if classes - DIVS or keys - ATTRIBUTES:
            refuse(f"div {attributes}")
        if [name for name in identifiers if not name.startswith(("#fig-", "#tbl-"))]:
            refuse(f"div {attributes}")
    if re.search(r"</?[a-z]+[ />]", markdown):
        refuse("html in markdown")
    for address in re.findall(r"!\[[^\]]*\]\(([^)]*)\)", markdown):
        if not (folder / address).is_file():
            refuse(f"picture {address} is missing")


def shown_markdown(notebook, echo):
    for cell in notebook["cells"][1:]:
        if "remove-cell" in tags_of(cell):
            continue
        if cell["cell_type"] == "markdown":
            yield text_of(cell["source"])
        elif echo and "hide-code" not in tags_of(cell):
            yield f"`{text_of(cell['source'])}`"
        for output in cell.get("outputs", []):
            yield text_of(output["data"]["text/markdown"])


def text_of(value):
    return value if isinstance(value, str) else "".join(value)


def tags_of(cell):
    return cell["metadata"].get("tags", [])


def render(to):
    """Render all notebooks, and move the pages when all are made, as Quarto does."""
    folder = Path.cwd()
    project = check_project(folder, to)
    pages = []
    for path in find_notebooks(folder, to):
        pages += [make_page(path, to, project)]
    for page in filter(None, pages):
        target = folder / project["project.output-dir"] / page.relative_to(folder)
        target.parent.mkdir(parents=True)
        page.rename(target)


def make_page(path, to, project):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    if "papermill" in notebook["metadata"]:
        refuse("papermill's record is in the notebook")
    check_front(notebook["cells"][0])
    for index, cell in enumerate(notebook["cells"]):
        check_cell(index, cell)
    parts = list(shown_markdown(notebook, project["execute.echo"]))
    markdown = "\n\n".join([text_of(notebook["cells"][0]["source"]), *parts])
    check_markdown(markdown, path.parent)
    if says("STAND_IN_STUMBLES", markdown):
        refuse("a page that cannot be made")
    if says("STAND_IN_WRITES_NOTHING", markdown):
        return None
    target = path.with_suffix(f".{ENDINGS[to]}")
    os.chdir(path.parent)
    if to == "html":
        write_page(target, markdown)
    elif to == "docx":
        run_pandoc("docx", markdown, "--reference-doc=reference.docx", f"--output={target}")
    else:
        write_pdf(target, markdown)
    return target


def says(variable, markdown):
    """Whether a page has the words for which a fault is asked for."""
    words = os.environ.get(variable)
    return bool(words) and words in markdown


def write_page(target, markdown):
    page = run_pandoc("html5", markdown, "--standalone", "--embed-resources")
    if says("STAND_IN_LOADS", markdown):
        script = '<script src="https://cdn.example.org/require.js"></script></head>'
        page = page.replace("</head>", script)
    target.write_text(page, encoding="utf-8")


def write_pdf(target, markdown):
    import typst  # only this format needs it

    template = Path(os.environ["STAND_IN_THEME"]) / "page.typ"
    source = target.with_suffix(".typ")
    source.write_text(run_pandoc("typst", markdown, f"--template={template}"), encoding="utf-8")
    fonts = typst.Fonts(False, False, [str(target.parents[1] / "fonts")])
    target.write_bytes(typst.compile(str(source), font_paths=fonts, pdf_standards=["ua-1"]))


def run_pandoc(to, markdown, *options):
    theme = Path(os.environ["STAND_IN_THEME"])
    filters = [f"--lua-filter={theme / name}" for name in ("tables.lua", "page.lua")]
    program = [os.environ["STAND_IN_PANDOC"], "--from=markdown", f"--to={to}", *options, *filters]
    return subprocess.run(
        program, input=markdown.encode(), capture_output=True, check=True
    ).stdout.decode()


def main(arguments):
    with (Path(__file__).parent / "calls.jsonl").open("a", encoding="utf-8") as calls:
        notebooks = sorted(path.stem for path in Path.cwd().glob("*/*.ipynb"))
        call = {"arguments": arguments, "folder": Path.cwd().name, "notebooks": notebooks}
        calls.write(json.dumps({**call, "epoch": os.environ.get("SOURCE_DATE_EPOCH")}) + "\n")
    if os.environ.get("STAND_IN_FAILS"):
        refuse("failure asked for")
    if arguments == ["--version"]:
        print("1.11.0")
        return
    if arguments[:-1] != ["render", ".", "--no-execute", "--to"] or arguments[-1] not in ENDINGS:
        refuse(f"arguments {arguments}")
    render(arguments[-1])


if __name__ == "__main__":
    main(sys.argv[1:])
