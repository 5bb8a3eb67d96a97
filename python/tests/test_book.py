"""The Python examples of the book, as tests."""

import pathlib
import subprocess
import sys

import pytest

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
PAGES = sorted(page for page in (DOCS / "src").rglob("*.md") if "```python" in page.read_text(encoding="utf-8"))
PAGES.append(DOCS.parent / "python" / "README.md")


def run(*arguments):
    return subprocess.run([sys.executable, str(DOCS / "run.py"), *map(str, arguments)], capture_output=True, text=True, encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_examples(page):
    found = run(page)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "examples ran" in found.stdout


def test_the_pages_are_found():
    assert {page.stem for page in PAGES} >= {"tutorial", "python", "start"}


def test_what_differs_is_said(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```python\nprint(1)\nprint(2)\n```\n\n```text\n1\n3\n```\n")
    found = run(page)
    assert found.returncode != 0 and "line 7: the example prints" in found.stderr
    page.write_text("```python\nprint(1)\nprint(2)\n```\n\n```text\n...\n2\n```\n")
    assert run(page).returncode == 0
    page.write_text("```python\n1 / 0\n```\n")
    assert "line 2: the example fails" in run(page).stderr
    page.write_text("<!-- needs nothing_like_it -->\n```python\n1 / 0\n```\n")
    assert run(page).returncode == 0


def test_a_notebook_has_all_examples(tmp_path):
    nbformat = pytest.importorskip("nbformat")
    assert run("--notebook", tmp_path / "tutorial.ipynb", DOCS / "src" / "tutorial.md").returncode == 0
    notebook = nbformat.read(tmp_path / "tutorial.ipynb", as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert len(code) == (DOCS / "src" / "tutorial.md").read_text(encoding="utf-8").count("```python")
    nbformat.validate(notebook)
