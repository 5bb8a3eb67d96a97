#!/usr/bin/env python3
"""Runs the Python examples of pages, and compares their output with the pages.

    python3 docs/run.py docs/src/tutorial.md ...
    python3 docs/run.py --notebook tutorial.ipynb docs/src/tutorial.md

The `python` blocks of a page run in order, in one namespace and in a temporary folder with the files of the page. A `text` block
after them has their output; a line `...` in it stands for any lines. A block after the comment `<!-- needs torch -->` is left out if
that package is not installed, and its output is not compared.
"""

import contextlib
import importlib.util
import io
import json
import os
import pathlib
import re
import shutil
import sys
import tempfile
import traceback

BLOCK = re.compile(r"^(?:<!-- needs (?P<needs>\w+) -->\n+)?```(?P<kind>python|text)\n(?P<code>.*?)^```$", re.M | re.S)


def matches(said, expected):
    """Whether printed lines match those of a page, where `...` stands for any lines."""
    pattern = "".join(r"(?:.*\n)*?" if line.strip() == "..." else re.escape(line.rstrip()) + r"[ \t]*\n" for line in expected.splitlines())
    return re.fullmatch(pattern, said if said.endswith("\n") or not said else said + "\n") is not None


def run(page):
    """Runs a page; returns the numbers of blocks that ran, and of outputs that were compared."""
    names, ran, compared, skipped, said = {"__name__": "__main__"}, 0, 0, False, None
    text = page.read_text(encoding="utf-8")
    for block in BLOCK.finditer(text):
        line = text[: block.start("code")].count("\n") + 1
        if block["kind"] == "text":
            if said is not None and not skipped:
                compared += 1
                if not matches(said, block["code"]):
                    raise SystemExit(f"{page}, line {line}: the example prints\n\n{said}\nand the page says\n\n{block['code']}")
            said = None
            continue
        skipped = block["needs"] is not None and importlib.util.find_spec(block["needs"]) is None
        if skipped:
            print(f"{page}, line {line}: left out, because {block['needs']} is not installed")
            continue
        output = io.StringIO()
        try:
            code = compile("\n" * (line - 1) + block["code"], str(page), "exec")
            with contextlib.redirect_stdout(output):
                exec(code, names)
        except Exception:
            traceback.print_exc()
            raise SystemExit(f"{page}, line {line}: the example fails") from None
        said, ran = output.getvalue(), ran + 1
    return ran, compared


def notebook(page):
    """The page as a Jupyter notebook: its prose and its examples, without their output."""
    cells, text, at = [], page.read_text(encoding="utf-8"), 0

    def prose(part):
        if part.strip():
            cells.append({"cell_type": "markdown", "metadata": {}, "source": part.strip()})

    for block in BLOCK.finditer(text):
        prose(text[at : block.start()])
        at = block.end()
        if block["kind"] == "python":
            source = block["code"].rstrip("\n")
            cells.append({"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source})
    prose(text[at:])
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 4}


def main(arguments):
    if arguments[:1] == ["--notebook"] and len(arguments) == 3:
        pathlib.Path(arguments[1]).write_text(json.dumps(notebook(pathlib.Path(arguments[2])), indent=1), encoding="utf-8")
        return
    if not arguments or arguments[0].startswith("-"):
        raise SystemExit(__doc__)
    for page in [pathlib.Path(name).resolve() for name in arguments]:
        before = os.getcwd()
        with tempfile.TemporaryDirectory() as folder:
            files = page.with_suffix("")
            if files.is_dir():
                shutil.copytree(files, folder, dirs_exist_ok=True)
            os.chdir(folder)
            try:
                ran, compared = run(page)
            finally:
                os.chdir(before)
        print(f"{page.name}: {ran} examples ran, {compared} outputs as the page says")


if __name__ == "__main__":
    main(sys.argv[1:])
