"""Integration tests of `zerocarb report --html`: the page in Chromium, compared with the JSON of the same report.

    python3 report_page_test.py BINARY [TEST…]"""
import json
import os
import re

import browser
import table_year
from program import Skipped, equal, main

AT = "2026-01-01T00:00:00Z"
MONTH = "2025-12"
HOSTILE = '<script>document.title="taken"</script>'
PAGE_MAX = 1 << 20

shared = {}  # what all tests look at is made once


def hostile(rows):
    """What failed runs said is text of strangers: here a page must not take it for markup."""
    for table, item in rows:
        if item.get("status") == "FAILED":
            item["message"] = HOSTILE
        yield table, item


def fill(program, pipelines=8, days=45, regions=6):
    """A folder with a configuration and tables; gives the pipelines' names."""
    year = table_year.Year(days=days, pipelines=pipelines, regions=regions)
    program.write("zerocarb.yaml", year.config())
    run = program.run("run", "--once")
    equal(run.returncode, 0, run.stderr)
    table_year.write_database(program.path("rows.db"), hostile(table_year.rows(year)))
    return [pipeline["name"] for pipeline in year.pipelines]


def report(program, *arguments):
    run = program.run("report", *arguments, "--at", AT)
    equal(run.returncode, 0, run.stderr)
    return run.stdout


def opened(program):
    """The browser with the page of all reports, and the documents by their names."""
    if not browser.find():
        raise Skipped("no chromium")
    if "browser" not in shared:
        fill(program)
        path = program.path("all.html")
        report(program, "all", MONTH, "--html", path)
        shared["documents"] = json.loads(report(program, "all", MONTH, "--json"))["reports"]
        shared["page"] = path
        shared["browser"] = browser.Browser()
        shared["browser"].open(path)
    shared["browser"].emulate("light", "screen", 1000)
    return shared["browser"], shared["documents"]


def section(documents, name, kind=None):
    """The document and the number of its section."""
    for i, document in enumerate(documents):
        if document["report"] == name and (kind is None or document["kind"] == kind):
            return document, i + 1
    raise AssertionError(f"no {name}")


BOXES = """(() => { const read = (figure, what) =>
  [...document.querySelectorAll('#' + figure + ' ' + what)].map(e => { const b = e.getBoundingClientRect();
    return {text: e.tagName == 'text' ? e.textContent : (e.querySelector('title') || {}).textContent || '',
            x: b.x, y: b.y, width: b.width, height: b.height, look: e.getAttribute('class')}; });
  return read('%s', '%s'); })()"""


def boxes(tab, figure, what):
    return tab.ask(BOXES % (figure, what))


def figure_of(text):
    return float(text.replace(",", "").replace("\u2212", "-"))


def axis(tab, figure, along):
    """A function from a pixel to a value, from the two outer ticks and the lines that they stand at."""
    ticks = boxes(tab, figure, "text.tick.end" if along == "y" else "text.tick.middle")
    lines = boxes(tab, figure, "line.grid, line.axis")
    middle = {"y": lambda b: b["y"] + b["height"] / 2, "x": lambda b: b["x"] + b["width"] / 2}[along]
    flat = [b for b in lines if (b["height"] if along == "y" else b["width"]) < 1]
    pairs = []
    for tick in ticks:
        line = min(flat, key=lambda b: abs(middle(b) - middle(tick)))
        pairs.append((middle(line), figure_of(tick["text"])))
    (low_at, low), (high_at, high) = min(pairs, key=lambda p: p[1]), max(pairs, key=lambda p: p[1])
    return lambda at: low + (at - low_at) / (high_at - low_at) * (high - low), abs((high - low) / (high_at - low_at))


def near(found, wanted, within, what):
    if abs(found - wanted) > within:
        raise AssertionError(f"{what}: drawn {found}, wanted {wanted} within {within}")


def day_of(label):
    day, month = re.match(r"(\d+) (\w+)", label).groups()
    return f"{day} {month}"


def label_of(date):
    names = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
    return f"{int(date[8:])} {names[int(date[5:7]) - 1]}"


def savings_bars_are_as_high_as_the_days_savings(program):
    tab, documents = opened(program)
    month, n = section(documents, "monthly")
    value, per_pixel = axis(tab, f"fig-{n}-savings", "y")
    bars = boxes(tab, f"fig-{n}-savings", "rect.bar")
    equal(len(bars), len(month["by_day"]), "bars")
    for bar, day in zip(sorted(bars, key=lambda b: b["x"]), month["by_day"]):
        equal(day_of(bar["text"]), label_of(day["date"]), "a bar's day")
        drawn = value(bar["y"]) - value(bar["y"] + bar["height"])
        near(drawn, abs(day["savings_g"]), per_pixel, day["date"])
        near(value(bar["y"] + bar["height"]), 0.0, per_pixel, "the bar's foot")


def the_line_passes_through_the_planned_savings(program):
    tab, documents = opened(program)
    month, n = section(documents, "monthly")
    value, per_pixel = axis(tab, f"fig-{n}-savings", "y")
    marks = boxes(tab, f"fig-{n}-savings", "circle.mark")
    equal(len(marks), len(month["by_day"]), "marks")
    for mark, day in zip(sorted(marks, key=lambda b: b["x"]), month["by_day"]):
        near(value(mark["y"] + mark["height"] / 2), day["planned_savings_g"], per_pixel, day["date"])


def decisions_are_stacked(program):
    tab, documents = opened(program)
    month, n = section(documents, "monthly")
    value, per_pixel = axis(tab, f"fig-{n}-decisions", "y")
    below = [0.0] * len(month["by_day"])
    for look, member in (("plain", "run_now"), ("stripe", "defer"), ("dot", "relocate")):
        bars = sorted(boxes(tab, f"fig-{n}-decisions", f"rect.{look}"), key=lambda b: b["x"])
        equal(len(bars), len(month["by_day"]), look)
        for i, (bar, day) in enumerate(zip(bars, month["by_day"])):
            near(value(bar["y"] + bar["height"]), below[i], 2 * per_pixel, f"{day['date']} {look} begins")
            below[i] += day[member]
            near(value(bar["y"]), below[i], 2 * per_pixel, f"{day['date']} {look} ends")


def emissions_bars_are_as_long_as_the_regions_emissions(program):
    tab, documents = opened(program)
    sent, n = section(documents, "optimal-regions")
    value, per_pixel = axis(tab, f"fig-{n}-emissions", "x")
    unit = 1000.0 if "kg" in boxes(tab, f"fig-{n}-emissions", "text.unit")[0]["text"] else 1.0
    bars = boxes(tab, f"fig-{n}-emissions", "rect.bar")
    wanted = sorted(sent["regions"], key=lambda r: -r["emissions_g"])
    equal([bar["text"].split(":")[0] for bar in bars], [region["region"] for region in wanted], "regions")
    for bar, region in zip(bars, wanted):
        drawn = value(bar["x"] + bar["width"]) - value(bar["x"])
        near(drawn * unit, region["emissions_g"], per_pixel * unit, region["region"])


def heat_maps_hold_every_hour_of_the_week(program):
    tab, documents = opened(program)
    times, n = section(documents, "optimal-times")
    for i, region in enumerate(times["regions"]):
        flat = [value for day in region["week"]["mean_intensity"] for value in day]
        cells = boxes(tab, f"fig-{n}-heat-{i + 1}", "text.cell")
        shown = [None if cell["text"] == "\u2013" else figure_of(cell["text"]) for cell in cells]
        equal(len(shown), 168, region["region"])
        for found, wanted in zip(shown, flat):
            equal(found is None, wanted is None, "known")
            if wanted is not None:
                near(found, wanted, 0.51, region["region"])
        rects = [rect for rect in boxes(tab, f"fig-{n}-heat-{i + 1}", "rect") if rect["look"] != "gap"]
        by_colour = {}
        for rect in rects:
            by_colour.setdefault(int(rect["look"][1]), []).append(figure_of(rect["text"].split(": ")[1]))
        ordered = [by_colour[colour] for colour in sorted(by_colour)]
        for lower, higher in zip(ordered, ordered[1:]):
            if max(lower) > min(higher):
                raise AssertionError(f"{region['region']}: a darker cell has a lower value")
        framed = [rect for rect in rects if "best" in rect["look"]]
        lowest = sorted(value for value in flat if value is not None)[2]
        equal(sorted(figure_of(rect["text"].split(": ")[1]) for rect in framed),
              sorted(value for value in flat if value is not None and value <= lowest), "framed")


def ranks_lie_from_top_to_bottom(program):
    tab, documents = opened(program)
    regions, n = section(documents, "regions")
    marks = boxes(tab, f"fig-{n}-ranks", "circle")
    by_day = {label_of(day["date"]): {r["region"]: r["rank"] for r in day["regions"]} for day in regions["by_day"]}
    equal(len(marks), sum(len(day) for day in by_day.values()), "marks")
    columns = {}
    for mark in marks:
        label, region = re.match(r"(\d+ \w+), (.*): \d+$", mark["text"]).groups()
        columns.setdefault(label, []).append((mark["y"] + mark["height"] / 2, region))
    for label, found in columns.items():
        equal([region for _, region in sorted(found)], sorted(by_day[label], key=by_day[label].get), label)


def every_chart_is_drawn_named_and_described(program):
    tab, _ = opened(program)
    charts = tab.ask("""[...document.querySelectorAll('svg[role=img]')].map(s => { const b = s.getBoundingClientRect();
      return {width: b.width, height: b.height, marks: s.querySelectorAll('rect,circle').length,
              names: s.getAttribute('aria-labelledby').split(' ').map(i => document.getElementById(i).textContent)}; })""")
    equal(len(charts), 6 + 6, "charts")  # savings, decisions, two boards, ranks, emissions; six heat maps
    for chart in charts:
        title, description = chart["names"]
        if chart["width"] < 500 or chart["height"] < 80 or not chart["marks"] or not title or len(description) < 20:
            raise AssertionError(str(chart))
    equal(tab.ask("[...document.querySelectorAll('[id]')].length == new Set([...document.querySelectorAll('[id]')]"
                  ".map(e => e.id)).size"), True, "ids are unique")


def the_page_asks_for_nothing_and_runs_nothing(program):
    tab, _ = opened(program)
    equal(tab.requests(), ["file://" + shared["page"]], "requests")
    equal(tab.complaints(), [], "complaints")
    equal(tab.ask("document.title"), "Carbon report, December 2025", "title")
    equal(tab.ask("document.querySelectorAll('script,link,img,iframe,object').length"), 0, "foreign elements")
    equal(tab.ask("[...document.querySelectorAll('td')].filter(e => e.textContent == %s).length > 0"
                  % json.dumps(HOSTILE)), True, "the hostile message is text")
    equal(tab.ask("document.compatMode"), "CSS1Compat", "mode")
    if os.path.getsize(shared["page"]) > PAGE_MAX:
        raise AssertionError(f"{os.path.getsize(shared['page'])} bytes")


CONTRAST = """(() => {
  const channels = c => c.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const light = c => { const [r, g, b] = channels(c).map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b; };
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + .05) / (y + .05); };
  const paper = getComputedStyle(document.body).backgroundColor;
  const style = (e, what) => getComputedStyle(e)[what];
  const found = {paper: light(paper)};
  const least = (name, values) => { found[name] = Math.min(...values); };
  const all = what => [...document.querySelectorAll(what)];
  least('text', all('h1,p,li,td,th,dt,dd,caption,summary').map(e => ratio(style(e, 'color'),
    e.closest('.tiles') ? style(e.closest('.tiles div'), 'backgroundColor') : paper)));
  least('svg text', all('svg text:not(.cell)').map(e => ratio(style(e, 'fill'), paper)));
  least('cells', all('text.cell').map(e => ratio(style(e, 'fill'), style(e.previousElementSibling, 'fill').startsWith('url') ?
    paper : style(e.previousElementSibling, 'fill'))));
  least('marks', [...all('rect.plain').map(e => ratio(style(e, 'fill'), paper)),
    ...all('.line, .mark, .stripe, .dot, .rank, .rank-mark').map(e => ratio(style(e, 'stroke'), paper))]);
  return found; })()"""


def light_dark_and_paper_can_all_be_read(program):
    tab, _ = opened(program)
    for scheme, media, wanted in (("light", "screen", 1), ("dark", "screen", 0), ("dark", "print", 1)):
        tab.emulate(scheme, media, 1000)
        found = tab.ask(CONTRAST)
        near(found.pop("paper"), wanted, 0.05, f"{scheme} {media}: the paper's lightness")
        for what, ratio in found.items():  # WCAG 2.1: 1.4.3 for text, 1.4.11 for marks
            if ratio < (3.0 if what == "marks" else 4.5):
                raise AssertionError(f"{scheme} {media}: {what} have a contrast of {ratio}")


def nothing_is_wider_than_the_screen_or_the_paper(program):
    tab, _ = opened(program)
    for media, width in (("screen", 360), ("screen", 1400), ("print", 695)):  # A4 less its margins, in CSS pixels
        tab.emulate("light", media, width)
        wide = tab.ask("document.documentElement.scrollWidth")
        if wide > width:
            raise AssertionError(f"{media} of {width} is {wide} wide")
    tables = tab.ask("Math.max(...[...document.querySelectorAll('table')].map(t => t.getBoundingClientRect().right))")
    if tables > 695:
        raise AssertionError(f"a table on paper reaches {tables}")
    tab.emulate("light", "")
    tab.print_pdf(program.path("page.pdf"))
    with open(program.path("page.pdf"), "rb") as file:
        equal(file.read(5), b"%PDF-", "printed")


def every_query_gives_a_page(program):
    name = fill(program, pipelines=3, days=20, regions=3)[1]
    for query in (["monthly"], ["performance", name], ["trends", name, "--by", "week"], ["optimal-times", "all"],
                  ["regions"], ["leaderboard", "weekly", "--teams"], ["runs", name], ["failed"], ["savings"],
                  ["optimal-regions"], ["recommend"], ["monthly", "2024-01"]):
        page = report(program, *query, "--html", "-")
        equal(page.startswith("<!DOCTYPE html>"), True, str(query))
        equal(page.rstrip().endswith("</html>"), True, str(query))
        equal(len(re.findall("<h1>", page)), 1, str(query))


def a_page_replaces_its_file_whole_or_not_at_all(program):
    fill(program, pipelines=2, days=5, regions=2)
    path = program.write("page.html", "old")
    report(program, "monthly", MONTH, "--html", path)
    with open(path, encoding="utf-8") as file:
        equal(file.read(15), "<!DOCTYPE html>", "the file")
    run = program.run("report", "monthly", MONTH, "--at", AT, "--html", program.path("none/page.html"))
    equal(run.returncode, 70, run.stderr)
    equal("cannot write" in run.stderr and "none/page.html" in run.stderr, True, run.stderr)
    run = program.run("report", "monthly", MONTH, "--html", path, "--json")
    equal(run.returncode, 2, run.stderr)
    equal([name for name in os.listdir(program.folder) if "part" in name], [], "left over")


TESTS = [
    savings_bars_are_as_high_as_the_days_savings,
    the_line_passes_through_the_planned_savings,
    decisions_are_stacked,
    emissions_bars_are_as_long_as_the_regions_emissions,
    heat_maps_hold_every_hour_of_the_week,
    ranks_lie_from_top_to_bottom,
    every_chart_is_drawn_named_and_described,
    the_page_asks_for_nothing_and_runs_nothing,
    light_dark_and_paper_can_all_be_read,
    nothing_is_wider_than_the_screen_or_the_paper,
    every_query_gives_a_page,
    a_page_replaces_its_file_whole_or_not_at_all,
]

if __name__ == "__main__":
    try:
        main(TESTS)
    finally:
        if "browser" in shared:
            shared["browser"].close()
