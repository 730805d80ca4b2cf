#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_page.py PAGE.html - what a page must do in a browser, at the width of a desktop and of a phone, light and dark:
no message on the console, nothing asked of the network, no sideways scrolling, words that stand out from what is behind
them, no words of a figure cut off or on top of each other, values under the pointer, and heat maps that can be switched
on without a script and are printed beside their pictures. Ends with 1 and a line for each thing that is wrong."""
import sys

import chromium

WIDTHS = (("desktop", 1280), ("phone", 390))
LEAST_CONTRAST = 4.5  # WCAG 2.1, 1.4.3
LEAST_LETTERS_PX = 10  # of words in figures

# Contrast of each text against all that lies under its middle; colours are blended from the page upwards.
CONTRAST = """(() => {
  const parse = text => (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const over = (top, alpha, below) => below.map((b, i) => top[i] * alpha + b * (1 - alpha));
  const light = rgb => rgb.map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
                          .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element, x, y) => {
    let colour = parse(getComputedStyle(document.body).backgroundColor).slice(0, 3);
    for (const under of document.elementsFromPoint(x, y).reverse()) {
      if (under === element) break;
      const style = getComputedStyle(under);
      const svg = under instanceof SVGRectElement;
      const paint = svg ? style.fill : under instanceof HTMLElement || under.tagName === "svg" ? style.backgroundColor : "";
      if (!paint.startsWith("rgb")) continue;
      const [r, g, b, a = 1] = parse(paint);
      colour = over([r, g, b], a * (svg ? Number(style.fillOpacity) : 1), colour);
    }
    return colour;
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || element.closest("script, title, [hidden], details:not([open]) pre")) continue;
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    const box = range.getBoundingClientRect();
    if (!box.width || box.right > innerWidth || box.bottom > innerHeight || box.x < 0) continue;
    const style = getComputedStyle(element);
    const ink = parse(element instanceof SVGElement ? style.fill : style.color).slice(0, 3);
    const [one, two] = [light(ink), light(ground(element, box.x + box.width / 2, box.y + box.height / 2))];
    found.push({text: walker.currentNode.data.trim().slice(0, 40),
                ratio: (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05)});
  }
  return found;
})()"""

FIGURES = """[...document.querySelectorAll("svg.rb-fig")].map(svg => {
  const frame = svg.getBoundingClientRect();
  const words = [...svg.querySelectorAll("text")].map(t => ({text: t.textContent, box: t.getBoundingClientRect(),
      size: parseFloat(getComputedStyle(t).fontSize) * frame.width / svg.viewBox.baseVal.width}));
  const inside = w => w.box.left >= frame.left - 1 && w.box.right <= frame.right + 1 && w.box.top >= frame.top - 1 &&
      w.box.bottom <= frame.bottom + 1;
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
      Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3; // line boxes are higher than letters
  const clashes = words.flatMap((a, i) => words.slice(i + 1).filter(b => meet(a.box, b.box)).map(b => a.text + " / " + b.text));
  return {label: svg.getAttribute("aria-label").slice(0, 50), role: svg.getAttribute("role"), clashes,
          outside: words.filter(w => !inside(w)).map(w => w.text), least: Math.min(99, ...words.map(w => w.size))};
})"""

# A place in a figure where something should be shown: the middle of a bar or cell, or the first point of a line; and all
# that the figure has to show. Scrolling tells the page of itself two frames later.
TARGET = """(async index => {
  const svg = document.querySelectorAll("svg.rb-fig")[index], mark = svg.querySelector("[data-l]");
  if (!mark) return null;
  svg.scrollIntoView({block: "center", behavior: "instant"});
  for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
  const all = [...svg.querySelectorAll("[data-l]")].flatMap(m => m.dataset.l.split("|"));
  if (mark.tagName === "rect") {
    const box = mark.getBoundingClientRect();
    return {x: box.x + box.width / 2, y: box.y + box.height / 2, text: mark.dataset.l, all};
  }
  const where = mark.dataset.p || mark.getAttribute("points") || mark.getAttribute("d").replaceAll("h0", " ");
  const [x, y] = where.match(/-?[\\d.]+/g).map(Number);
  const at = new DOMPoint(x, y).matrixTransform(svg.getScreenCTM());
  return {x: at.x, y: at.y, text: mark.dataset.l.split("|")[0], all};
})(%d)"""

SHOWN = """(() => { const tip = document.getElementById("tip"), box = tip.getBoundingClientRect();
  return {hidden: tip.hidden, text: tip.textContent, inside: box.left >= 0 && box.right <= innerWidth && box.top >= 0 &&
          box.bottom <= innerHeight}; })()"""

# Of each gallery with heat maps: its switch, and whether each map is seen, lies on its picture, or beside it.
HEAT = """[...document.querySelectorAll(".heated")].map(gallery => {
  const on = (a, b) => ["left", "top", "width", "height"].every(k => Math.abs(a[k] - b[k]) < 1);
  const beside = (a, b) => a.left >= b.right - 1 && a.width > 20;
  const pairs = [...gallery.querySelectorAll(".over")].map(map => ({style: getComputedStyle(map),
      map: map.getBoundingClientRect(), picture: map.previousElementSibling.getBoundingClientRect()}));
  const label = gallery.parentElement.querySelector("label"), box = label.getBoundingClientRect();
  return {x: box.x + box.width / 2, y: box.y + box.height / 2, checked: label.control.checked, maps: pairs.length,
          pictures: gallery.querySelectorAll(".shot").length, seen: pairs.filter(p => p.style.opacity === "1").length,
          on: pairs.filter(p => on(p.map, p.picture)).length, beside: pairs.filter(p => beside(p.map, p.picture)).length};
})"""

# Changes without the time that they take, for who looks at once.
AT_ONCE = "document.head.insertAdjacentHTML('beforeend', '<style>* { transition: none !important; }</style>')"


def check_events(browser, page):
    for event in browser.events:
        method, params = event.get("method"), event.get("params", {})
        if method in ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"):
            yield f"message on the console: {params}"
        if method == "Network.requestWillBeSent":
            url = params["request"]["url"]
            if not url.startswith("data:") and not url.endswith(page.rsplit("/", 1)[-1]):
                yield f"asks for {url}"


def check_layout(browser, width):
    wide = browser.evaluate("document.documentElement.scrollWidth")
    if wide > width:
        yield f"is {wide} wide on a screen of {width}"
    for figure in browser.evaluate(FIGURES):
        if figure["role"] != "img":
            yield f"figure '{figure['label']}' has no role"
        for kind, words in (("cut off", figure["outside"]), ("on top of each other", figure["clashes"])):
            if words:
                yield f"figure '{figure['label']}': {kind}: {words}"
        if figure["least"] < LEAST_LETTERS_PX:
            yield f"figure '{figure['label']}': letters of {figure['least']:.1f} px"


def check_contrast(browser, _):
    texts = browser.evaluate(CONTRAST)
    if len(texts) < 20:
        yield f"only {len(texts)} texts were found to look at"
    for text in texts:
        if text["ratio"] < LEAST_CONTRAST:
            yield f"'{text['text']}' has a contrast of {text['ratio']:.2f}"


def check_heat(browser):
    """The window holds the whole page, and the pointer is on no picture."""
    browser.evaluate(AT_ONCE)
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    for i, gallery in enumerate(browser.evaluate(HEAT)):
        if gallery["maps"] != gallery["pictures"] or gallery["on"] != gallery["maps"]:
            yield f"gallery {i}: of {gallery['pictures']} pictures {gallery['maps']} have heat maps, {gallery['on']} right on them"
        for checked in (False, True, False):
            now = browser.evaluate(HEAT)[i]
            if now["checked"] != checked or now["seen"] != (now["maps"] if checked else 0):
                yield f"gallery {i}: switched {'on' if checked else 'off'}, {now['seen']} of {now['maps']} heat maps are seen"
            browser.click(gallery["x"], gallery["y"])
    browser.call("Emulation.setEmulatedMedia", media="print")
    for i, gallery in enumerate(browser.evaluate(HEAT)):
        if gallery["beside"] != gallery["maps"] or gallery["seen"] != gallery["maps"]:
            yield f"gallery {i}: in print {gallery['beside']} of {gallery['maps']} heat maps are beside their pictures"
    browser.call("Emulation.setEmulatedMedia", media="")
    browser.call("Emulation.setScriptExecutionDisabled", value=False)


def check_hover(browser):
    count = browser.evaluate("document.querySelectorAll('svg.rb-fig').length")
    if not count:
        yield "has no figures"
    for i in range(count):
        target = browser.evaluate(TARGET % i)
        if not target:
            yield f"figure {i} has nothing to show"
            continue
        browser.point(target["x"], target["y"])
        shown = browser.evaluate(SHOWN)
        if shown["hidden"] or shown["text"] not in target["all"]:
            yield f"figure {i}: under the pointer is shown '{shown['text']}', where '{target['text']}' is"
        elif not shown["inside"]:
            yield f"figure {i}: what is shown under the pointer leaves the screen"
    browser.point(0, 0)
    if not browser.evaluate(SHOWN)["hidden"]:
        yield "something is shown though the pointer is on nothing"


def main():
    page = sys.argv[1]
    wrong = []
    with chromium.Chromium() as browser:
        for name, width in WIDTHS:
            for dark in (False, True):
                where = f"{name}, {'dark' if dark else 'light'}"
                browser.open(page, width, dark=dark, phone=name == "phone")
                wrong += [f"{where}: {w}" for w in check_hover(browser)]
                height = browser.evaluate("document.documentElement.scrollHeight")
                browser.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                             mobile=name == "phone")
                browser.evaluate("scrollTo(0, 0)")
                wrong += [f"{where}: {w}" for check in (check_layout, check_contrast) for w in check(browser, width)]
                wrong += [f"{where}: {w}" for w in check_heat(browser)]
                wrong += [f"{where}: {w}" for w in check_events(browser, page)]
    for line in wrong:
        print(f"{page}: {line}")
    sys.exit(1 if wrong else 0)


main()
