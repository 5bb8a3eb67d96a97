"""The page of `plica regions --plot x.html` in a real browser: the text under the pointer, and moving and zooming.

python3 tests/browser/regions.py [--require] [PLICA]

It needs chromedriver and Chrome or Chromium, and no Python package. Without them it is skipped, or fails with --require.
Points are checked as a user sees them: by what the page says of them, against the cells that `--cells` writes.
"""

import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

NETWORK, BOX = "random:2-16-16-1@0", "-10,10"
CELLS = 30
WINDOW = (1000, 800)


class Browser:
    """A session of WebDriver (https://www.w3.org/TR/webdriver2/)."""

    def __init__(self, driver):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.process = subprocess.Popen([driver, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.base = f"http://127.0.0.1:{port}"
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=%d,%d" % WINDOW]
        wanted = {"browserName": "chrome", "goog:chromeOptions": {"args": arguments}, "goog:loggingPrefs": {"browser": "ALL"}}
        for attempt in range(50):
            try:
                session = self.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
                break
            except OSError:
                if attempt == 49:
                    raise
                time.sleep(0.2)
        self.base += "/session/" + session["sessionId"]

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def run(self, script):
        return self.call("POST", "/execute/sync", {"script": script, "args": []})

    def act(self, kind, *actions, **more):
        self.call("POST", "/actions", {"actions": [{"type": kind, "id": kind, "actions": list(actions), **more}]})
        # The page draws in the next frame.
        self.call("POST", "/execute/async", {"script": "requestAnimationFrame(() => requestAnimationFrame(arguments[0]))", "args": []})

    def hover(self, x, y):
        self.act("pointer", move(x, y))

    def press(self, key, times=1):
        self.act("key", *[{"type": kind, "value": key} for _ in range(times) for kind in ("keyDown", "keyUp")])

    def wheel(self, x, y, delta):
        scroll = {"type": "scroll", "x": round(x), "y": round(y), "deltaX": 0, "deltaY": delta, "duration": 0, "origin": "viewport"}
        self.act("wheel", scroll)

    def said(self):
        """The text for the point under the pointer: its coordinates, and the lines after them; None if there is no text."""
        text = self.run("const s = document.getElementById('said'); return s.style.display === 'none' ? null : s.textContent")
        if text is None:
            return None
        first, *lines = text.split("\n")
        return [float(x) for x in re.findall(r"= (\S+?)(?:,|$)", first)], lines

    def close(self):
        try:
            self.call("DELETE", "")
        finally:
            self.process.terminate()
            self.process.wait()


def move(x, y, duration=0):
    return {"type": "pointerMove", "x": round(x), "y": round(y), "duration": duration}


def check(holds, message):
    if not holds:
        raise AssertionError(message)


class Frame:
    """The positions of points in the window, found from two points."""

    def __init__(self, browser):
        (x0, y0), (px0, py0) = self.ask(browser, 380, 300), (380, 300)
        (x1, y1), (px1, py1) = self.ask(browser, 620, 500), (620, 500)
        self.scale = (px1 - px0) / (x1 - x0)
        check(abs((py1 - py0) / (y0 - y1) / self.scale - 1) < 0.01, "both axes have one scale")
        self.x, self.y = x0 - px0 / self.scale, y0 + py0 / self.scale

    @staticmethod
    def ask(browser, px, py):
        browser.hover(px, py)
        said = browser.said()
        check(said is not None, f"the page says nothing at ({px}, {py})")
        return said[0]

    def place(self, x, y):
        return (x - self.x) * self.scale, (self.y - y) * self.scale

    def near(self, other):
        """Whether two frames are the same, up to half a pixel over the window."""
        corners = [(0, 0), WINDOW]
        back = [(self.x + px / self.scale, self.y - py / self.scale) for px, py in corners]
        return all(abs(a - b) < 2 for corner, p in zip(corners, back) for a, b in zip(other.place(*p), corner))


def inside(cell, vertices):
    """A point in a cell, the mean of its corners, and its least distance to a side."""
    points = [vertices[v] for v in cell["vertices"]]
    x, y = (sum(p[axis] for p in points) / len(points) for axis in (0, 1))
    least = float("inf")
    for facet in cell["sides"]:
        (ax, ay), (bx, by) = (vertices[v] for v in facet)
        length = ((bx - ax) ** 2 + (by - ay) ** 2) ** 0.5
        least = min(least, abs((bx - ax) * (y - ay) - (by - ay) * (x - ax)) / length)
    return (x, y), least


def checks(browser, page, cells, vertices):
    browser.call("POST", "/url", {"url": page.as_uri()})
    start = Frame(browser)
    # All at once: the browser reports pages that read a canvas often.
    places = [[round(p) for p in start.place(*point)] for _, point, _ in cells]
    pixels = browser.run(f"const c = document.getElementById('canvas'), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
                         f"return {places}.map(([x, y]) => d.slice(4 * (y * c.width + x)).slice(0, 4).join(' '))")
    colours = set(pixels)
    check(not {"255 255 255 255", "0 0 0 0"} & colours and len(colours) > CELLS // 2, f"cells have colours: {colours}")
    for cell, point, _ in cells:
        browser.hover(*start.place(*point))
        said = browser.said()
        check(said is not None and said[1][0] == f"cell {cell['index']}", f"under {point} is cell {cell['index']}, and not {said}")
        check(said[1][1] == cell["pattern"], f"cell {cell['index']} has the pattern {cell['pattern']}, and not {said[1][1]}")
        shown = [float(x) for x in re.findall(r"[-+]?\d+\.?\d*(?:e[-+]?\d+)?", said[1][2].replace("x0", "").replace("x1", "").split("=")[1])]
        true = [float(form["value"]) for form in cell["map"][0]]
        check(all(abs(a - b) < 2e-4 * max(1, abs(b)) for a, b in zip(shown, true)), f"cell {cell['index']} has the map {true}, and not {shown}")
    for corner in [(-10.5, 0), (10.5, 0), (0, -10.5), (0, 10.5)]:
        browser.hover(*start.place(*corner))
        check(browser.said() is None, f"nothing is said at {corner}, outside the box")

    at = start.place(3, 2)
    browser.hover(*at)
    before = browser.said()[0]
    browser.wheel(*at, -700)
    browser.hover(at[0] + 1, at[1])
    browser.hover(*at)
    after = browser.said()[0]
    check(all(abs(a - b) * start.scale < 1 for a, b in zip(before, after)), f"the wheel keeps {before} under the pointer, and not {after}")
    check(Frame(browser).scale / start.scale > 2, "the wheel zooms in")

    browser.press("0")
    check(Frame(browser).near(start), "0 shows all again")
    browser.act("pointer", move(400, 400), {"type": "pointerDown", "button": 0}, move(437, 381, 50), {"type": "pointerUp", "button": 0})
    dragged = Frame(browser)
    check(all(abs(a - b - c) < 1.5 for a, b, c in zip(dragged.place(0, 0), start.place(0, 0), (37, -19))), "dragging moves by as much")
    browser.act("pointer", move(500, 400), *[{"type": kind, "button": 0} for kind in ("pointerDown", "pointerUp") * 2])
    check(Frame(browser).near(start), "a double click shows all again")

    browser.press("+")
    check(abs(Frame(browser).scale / start.scale - 1.3) < 0.01, "+ zooms in")
    browser.press("-")
    check(Frame(browser).near(start), "- zooms out")
    for key, (dx, dy) in {"\ue014": (-60, 0), "\ue012": (60, 0), "\ue013": (0, 60), "\ue015": (0, -60)}.items():
        origin = Frame(browser).place(0, 0)
        browser.press(key)
        moved = Frame(browser).place(0, 0)
        check(all(abs(a - b - c) < 1.5 for a, b, c in zip(moved, origin, (dx, dy))), f"an arrow moves by {dx}, {dy}")

    # Zoomed in millions of times the cell under the pointer is still the right one.
    cell, point, _ = cells[0]
    browser.press("0")
    at = Frame(browser).place(*point)
    for _ in range(10):
        browser.wheel(*at, -1000)
    browser.hover(at[0] + 1, at[1])
    said = browser.said()
    check(said is not None and said[1][0] == f"cell {cell['index']}", f"far inside cell {cell['index']} is {said}")
    browser.press("0")

    check(browser.run("return performance.getEntriesByType('resource').length") == 0, "the page asks for no other file")
    logged = [line["message"] for line in browser.call("POST", "/se/log", {"type": "browser"})]
    check(not logged, f"the browser reports {logged}")


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--require"]
    plica = arguments[0] if arguments else "target/release/plica"
    driver = shutil.which("chromedriver")
    if driver is None:
        print("the page of plica regions is not tested: there is no chromedriver")
        sys.exit("--require" in sys.argv)
    with tempfile.TemporaryDirectory() as directory:
        page, file = Path(directory, "page.html"), Path(directory, "cells.json")
        command = [plica, "regions", NETWORK, f"--box={BOX}", "--cells", str(file), "--plot", str(page), "--quiet"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        found = json.loads(file.read_text())
        vertices = [[x["value"] for x in vertex] for vertex in found["vertices"]]
        facets = {facet["index"]: facet["vertices"] for facet in found["facets"]}
        cells = []
        for cell in found["cells"]:
            cell["sides"] = [facets[index] for index in cell["facets"]]
            cells.append((cell, *inside(cell, vertices)))
        # The cell with the largest distance, so that a pixel more or less does not matter.
        cells = sorted(cells, key=lambda entry: -entry[2])[:CELLS]
        browser = Browser(driver)
        try:
            checks(browser, page, cells, vertices)
        finally:
            browser.close()
    print(f"the page of plica regions: {CELLS} of {len(found['cells'])} cells under the pointer, zoom, drag, keys: right")


if __name__ == "__main__":
    main()
