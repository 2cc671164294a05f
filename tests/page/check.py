# SPDX-License-Identifier: MIT
"""check.py FOLDER: opens the pages that page_make wrote there in a headless Chromium, clicks, taps, types and
photographs. Ends with 77 where there is no Chromium (ctest then says: skipped)."""

import json
import math
import os
import statistics
import sys
import time
import urllib.request

import browser

folder = os.path.abspath(sys.argv[1])
program = browser.find()
if program is None:
    print("not run: there is no Chromium here (Debian: apt-get install chromium; or CHROMIUM=its path)")
    sys.exit(77)

url = lambda name: "file://" + urllib.request.pathname2url(os.path.join(folder, name))
failures = 0


def expect(holds, sentence):
    global failures
    if not holds:
        failures += 1
        print("FAILED:", sentence)


def equal(found, wanted, what):
    expect(found == wanted, f"{what}: found {found!r}, expected {wanted!r}")


def chosen(page):
    return page.run("Number(document.querySelector('.token.chosen').dataset.token)")


def place(page):
    state = page.run("attentionPage.state()")
    return state["layer"], state["head"]


def percent(weight):
    return f"{math.floor(100 * weight + 0.5)}" if weight >= 0.0995 else f"{100 * weight:.1f}"


def shows_the_weights(page, truth):
    """Every number of the page is one of heed::weights, within 8 bits."""
    for layer, rows in enumerate(truth):
        for row, weights in enumerate(rows):
            head, token = divmod(row, 40)
            got = page.run(f"attentionPage.row({layer}, {head}, {token})")
            seen = dict(map(tuple, got["to"]))
            bound = lambda p: math.sqrt(p) / 255 + 1e-5
            left = sum(p for key, p in enumerate(weights) if key not in seen)
            for key, p in seen.items():
                expect(abs(p - weights[key]) <= bound(weights[key]),
                       f"layer {layer}, head {head}, {token} to {key}: {p}, but heed::weights gave {weights[key]}")
            expect(abs(got["others"] - left) <= bound(left),
                   f"layer {layer}, head {head}, token {token}: others {got['others']}, expected {left}")


def shows_the_chosen_token(page, truth):
    """The lists and the numbers at the tokens, against heed::weights."""
    layer, head = place(page)
    token = chosen(page)
    weights = truth[layer][head * 40 + token]
    lists = page.run("""['to', 'by'].map(id => [...document.querySelectorAll(`#${id} li button`)].map(
        b => [Number(b.dataset.token), b.closest('li').firstChild.textContent]))""")
    column = [truth[layer][head * 40 + row][token] for row in range(40)]
    for listed, true, name in ((lists[0], weights, "attends to"), (lists[1], column, "is attended by")):
        largest = sorted((p for p in true if p >= 1 / 1024), reverse=True)[:8]
        equal(len(listed), len(largest), f"length of the list: {name}")
        for (key, text), want in zip(listed, largest):
            number = float(text.replace("\u00a0%", ""))
            expect(abs(number / 100 - true[key]) <= math.sqrt(true[key]) / 255 + 0.0055,
                   f"{name} {key}: {text}, expected {percent(true[key])}")
            expect(abs(true[key] - want) <= 2 * math.sqrt(want) / 255 + 1e-4, f"{name}: {key} is not in its place")
    marks = page.run("""[...document.querySelectorAll('.token[data-to]')].map(
        s => [Number(s.dataset.token), s.dataset.to, parseFloat(getComputedStyle(s, '::after').borderTopWidth)])""")
    expect({k for k, p in enumerate(weights) if p >= 0.006} <= {k for k, _, _ in marks}, "a token is not underlined")
    for key, text, thickness in marks:
        expect(abs(thickness - 1 - 7 * weights[key]) < 1, f"line of {key}: {thickness} px for {weights[key]}")
        if text:
            expect(abs(float(text) / 100 - weights[key]) < 0.01, f"number under {key}: {text} for {weights[key]}")


def at_a_desk(chromium, truth):
    page = chromium.open(url("small.html"), 1280, 900)
    equal(page.run("document.querySelector('h1').textContent"), "A <small> page", "title")
    equal(page.run("document.querySelectorAll('#text .token').length"), 40, "tokens")
    equal(page.run("document.querySelector('[data-token=\"10\"]').textContent.length > 0"), True, "a token has a text")
    shows_the_weights(page, truth)
    shows_the_chosen_token(page, truth)
    page.photograph(os.path.join(folder, "desk.png"))

    page.click('#text [data-token="17"]')
    equal(chosen(page), 17, "after a click")
    shows_the_chosen_token(page, truth)
    page.hover('#text [data-token="25"]')
    equal(chosen(page), 25, "below the pointer")
    page.hover("h1")
    equal(chosen(page), 17, "when the pointer has gone")

    page.run("document.querySelector('#text').focus()")
    page.press("ArrowRight")
    equal(chosen(page), 18, "after the right arrow")
    page.press("ArrowLeft")
    page.press("ArrowLeft")
    equal(chosen(page), 16, "after the left arrow, twice")
    page.press("End")
    page.press("ArrowRight")
    equal(chosen(page), 39, "at the end")
    page.press("Home")
    page.press("ArrowLeft")
    equal(chosen(page), 0, "at the beginning")
    page.click('#map [data-head="0,1"]')
    equal(place(page), (0, 1), "after a click in the map")
    page.press("ArrowDown")
    equal(place(page), (1, 1), "map: the down arrow")
    page.press("ArrowRight")
    equal(place(page), (1, 2), "map: the right arrow")
    page.run("document.querySelector('#text').focus()")
    page.press("ArrowUp")
    equal(place(page), (0, 2), "text: the up arrow")
    page.press("ArrowLeft", shift=True)
    equal(place(page), (0, 1), "text: Shift and the left arrow")
    page.press("ArrowUp")
    equal(place(page), (0, 1), "text: no layer above the first")
    equal(page.run("document.querySelector('#which').firstChild.textContent"), "Layer 1, head 2 ", "the headline")
    page.click('#text [data-token="30"]')
    shows_the_chosen_token(page, truth)

    page.click("#ranking li:nth-child(3) button")
    third = page.run("document.querySelector('#ranking li:nth-child(3) button').dataset.head")
    equal(place(page), tuple(map(int, third.split(","))), "after a click in the ranking")
    page.press("n")
    fourth = page.run("document.querySelector('#ranking li:nth-child(4) button').dataset.head")
    equal(place(page), tuple(map(int, fourth.split(","))), "after N")
    page.click("#before")
    equal(place(page), tuple(map(int, third.split(","))), "after the button of the head before")
    page.click("#kinds button:nth-child(2)")
    equal(page.run("document.querySelector('#kinds button:nth-child(2)').getAttribute('aria-pressed')"), "true",
          "a kind is chosen")
    again = page.run("location.hash")
    other = chromium.open(url("small.html") + again, 1280, 900)
    equal([place(other), chosen(other)], [place(page), chosen(page)], "a link to what is seen")
    ink = page.run("""(() => { const c = document.querySelector('#matrix');
        return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.filter((v, i) => i % 4 == 3 && v > 0).length; })()""")
    expect(ink > 500, f"the matrix is empty: {ink} pixels")
    equal(page.errors(), [], "errors of the script")


def on_a_phone(chromium, truth):
    page = chromium.open(url("small.html"), 390, 844, scale=2, touch=True)
    expect(page.run("document.documentElement.scrollWidth") <= 390, "the page is wider than the phone")
    page.tap('#text [data-token="21"]')
    equal(chosen(page), 21, "after a tap")
    shows_the_chosen_token(page, truth)
    page.run("scrollTo(0, 0)")
    page.settle()
    page.photograph(os.path.join(folder, "phone.png"))
    before = place(page)
    page.tap("#after")
    expect(place(page) != before, "the next head was not shown after a tap")
    small = page.run("""[...document.querySelectorAll('#bar button, #kinds button, #ranking button')].filter(
        b => b.getBoundingClientRect().height < 28).length""")
    equal(small, 0, "buttons too small for a finger")
    equal(page.errors(), [], "errors of the script")


def without_colour_and_motion(chromium):
    page = chromium.open(url("small.html"), 1280, 900,
                         features=(("prefers-color-scheme", "dark"), ("prefers-reduced-motion", "reduce")))
    equal(page.run("getComputedStyle(document.body).backgroundColor"), "rgb(21, 23, 26)", "the paper in the dark")
    equal(page.run("getComputedStyle(document.querySelector('.token'), '::after').transitionDuration"), "0s", "motion")
    style = lambda part, side: page.run(
        f"getComputedStyle(document.querySelector('.token[data-{part}]'), '::{side[0]}').border{side[1]}Style")
    page.click('#text [data-token="0"]')  # attends to itself alone, and is attended by others
    equal([style("to", ("after", "Top")), style("by", ("before", "Bottom"))], ["solid", "dotted"], "the two lines")
    page.photograph(os.path.join(folder, "dark.png"))


def large_and_smooth(chromium):
    size = os.path.getsize(os.path.join(folder, "large.html"))
    expect(size < 5_000_000, f"large.html has {size} bytes")
    start = time.monotonic()
    page = chromium.open(url("large.html"), 1280, 900)
    page.wait("document.querySelector('.token.chosen') !== null")
    opened = time.monotonic() - start
    equal(page.run("document.querySelectorAll('#map button').length"), 270, "heads in the map")
    head = page.run("""(() => { const times = [];
        for (let i = 0; i < 30; ++i) { const t = performance.now(); goTo(i, i % 9); times.push(performance.now() - t); }
        return times; })()""")
    token = page.run("""(() => { const times = [];
        for (let i = 0; i < 60; ++i) { const t = performance.now(); showToken(8 * i); document.body.offsetWidth;
          times.push(performance.now() - t); }
        return times; })()""")
    print(f"large.html: {size} bytes, open after {opened:.2f} s; a head in {statistics.median(head):.1f} ms, "
          f"a token in {statistics.median(token):.1f} ms")
    expect(statistics.median(head) < 100, f"a head takes {statistics.median(head)} ms")
    expect(statistics.median(token) < 50, f"a token takes {statistics.median(token)} ms")
    page.photograph(os.path.join(folder, "large.png"))
    equal(page.errors(), [], "errors of the script")


with open(os.path.join(folder, "small.json")) as file:
    weights = json.load(file)
with browser.Browser(program) as chromium:
    at_a_desk(chromium, weights)
    on_a_phone(chromium, weights)
    without_colour_and_motion(chromium)
    large_and_smooth(chromium)
print(f"{failures} failures; photographs in {folder}")
sys.exit(failures > 0)
