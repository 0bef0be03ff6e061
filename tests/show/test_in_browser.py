"""The pages in a real browser: nothing runs, nothing is fetched, everything can be reached."""

import json
from pathlib import Path

import pytest

from harness.decisions.compare import compare
from harness.decisions.gate import judge
from harness.records.policy import DEFAULT_POLICY
from harness.show import html
from harness.show import index as index_page
from harness.show.index import IndexLine
from harness.show.run import OneCase
from harness.show.verdicts import LastVerdict

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PAYLOADS = json.loads(Path(__file__).with_name("payloads.json").read_text("utf-8"))


@pytest.fixture
def save(tmp_path):
    def save(page, name="page.html"):
        path = tmp_path / name
        path.write_text(page, encoding="utf-8")
        return path

    return save


@pytest.fixture
def hostile(answering):
    """Every payload as an answer, and some in the place of a name."""
    record = answering(*PAYLOADS)
    cases = [
        case.model_copy(update={"domain": payload[:200], "tags": (payload,), "targets": (payload or "x",)})
        for case, payload in zip(record.cases, PAYLOADS, strict=True)
    ]
    return record.model_copy(update={"cases": tuple(cases), "recipe": {"note": "</pre><script>window.ran=1</script>"}})


OPEN_ALL = "document.querySelectorAll('details').forEach((d) => { d.open = true; })"


def assert_harmless(browser):
    assert browser.run("return window.ran") is None
    assert browser.requests == []
    assert browser.errors == []


def test_no_answer_runs_or_fetches_anything(browser, save, hostile):
    browser.open(save(html.run_page(hostile)))
    browser.run("for (let i = 0; i < 20; i += 1) document.getElementById('more').click();")
    browser.run(OPEN_ALL)
    browser.wait(f"document.querySelectorAll('.case .body').length === {len(PAYLOADS)}")
    assert_harmless(browser)


def test_no_answer_runs_on_the_compare_page(browser, save, hostile, answering):
    old = answering(*[f"AB-12 {i}" for i in range(len(PAYLOADS))], version="v1")
    old = old.model_copy(update={"cases": tuple(case.model_copy(update={"outcome": "aligned"}) for case in old.cases)})
    page = html.compare_page(compare(old, hostile), old, hostile)
    browser.open(save(page))
    browser.run(OPEN_ALL)
    assert_harmless(browser)


def test_every_answer_is_there_to_be_read(browser, save, hostile):
    browser.open(save(html.run_page(hostile)))
    browser.run("for (let i = 0; i < 20; i += 1) document.getElementById('more').click();")
    browser.run(OPEN_ALL)
    browser.wait(f"document.querySelectorAll('.case .body').length === {len(PAYLOADS)}")
    for index, payload in enumerate(PAYLOADS):
        shown = browser.run(
            "const named = (d) => d.querySelector('.id').textContent === arguments[0];"
            "const c = [...document.querySelectorAll('.case')].find(named);"
            "const box = c.querySelector('.answer .text');"
            "const words = box.cloneNode(true);"
            "words.querySelectorAll('.code-point').forEach((e) => e.remove());"
            "return [words.textContent, box.getBoundingClientRect().height, getComputedStyle(box).visibility];",
            f"symbols/answer-{index}",
        )
        visible = "".join(c for c in payload if c.isprintable() and c not in "\u034f\u3164\uffa0\u115f\ufe0f\ufe0e")
        letters = "".join(c for c in visible if c.isalnum())
        assert letters in "".join(c for c in shown[0] if c.isalnum())
        assert shown[1] > 10
        assert shown[2] == "visible"


def test_an_invisible_character_never_reaches_the_page(browser, save, hostile):
    browser.open(save(html.run_page(hostile)))
    browser.run(OPEN_ALL)
    text = browser.run("return document.body.innerText")
    for character in "\u202e\u200b\u2060\ufeff\u001b\u0007\u2028\u3164\u00ad":
        assert character not in text
    assert "U+202E" in text


def test_filters_narrow_the_list_and_the_address_holds_them(browser, save, mixed):
    path = save(html.run_page(mixed))
    browser.open(path)
    assert browser.run("return document.querySelectorAll('.case').length") == len(mixed.cases)
    browser.run(
        "const s = document.querySelector('[name=outcome]'); s.value = 'damaged';"
        "s.dispatchEvent(new Event('input', {bubbles: true}));"
    )
    browser.wait("location.hash === '#outcome=damaged'")
    assert browser.run("return document.querySelectorAll('.case').length") == 5
    browser.open(path, "#outcome=damaged&damage=zero-width")
    assert browser.run("return [...document.querySelectorAll('.id')].map((e) => e.textContent)") == ["symbols/nbsp-1"]
    assert browser.run("return document.querySelector('[name=damage]').value") == "zero-width"
    assert_harmless(browser)


def test_search_finds_an_answer_by_its_words(browser, save, mixed):
    browser.open(save(html.run_page(mixed)), "#q=no+idea")
    assert browser.run("return [...document.querySelectorAll('.id')].map((e) => e.textContent)") == [
        "symbols/left-out-1"
    ]


def test_a_link_to_a_case_opens_it(browser, save, mixed):
    browser.open(save(html.run_page(mixed)), "#case=symbols/twice-1")
    assert browser.run("return document.querySelector('.case[open] .id').textContent") == "symbols/twice-1"
    assert browser.run("return document.querySelectorAll('.case[open] .answer').length") == 2
    assert browser.run("return document.activeElement.tagName") == "SUMMARY"


def test_the_list_is_walked_with_the_keyboard(browser, save, mixed):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    browser.open(save(html.run_page(mixed)))
    first = browser.driver.find_element(By.CSS_SELECTOR, ".case summary")
    first.send_keys(Keys.ARROW_DOWN)
    second = browser.driver.switch_to.active_element
    second.send_keys(Keys.ENTER)
    browser.wait("document.querySelectorAll('.case')[1].open")
    second.send_keys(Keys.ARROW_UP)
    assert browser.run("return document.activeElement === document.querySelector('.case summary')")


def test_tables_sort_and_the_address_holds_the_order(browser, save, mixed):
    path = save(html.run_page(mixed))
    browser.open(path)
    browser.run("document.querySelector('#by-domain th:nth-child(5) button').click()")
    assert browser.run("return location.hash") == "#sort-by-domain=4.ascending"
    counts = "return [...document.querySelectorAll('#by-domain td:nth-child(5)')].map((e) => Number(e.textContent))"
    assert browser.run(counts) == sorted(browser.run(counts))
    browser.open(path, "#sort-by-domain=4.descending")
    assert browser.run(counts) == sorted(browser.run(counts), reverse=True)


def test_rows_are_built_as_they_are_needed(browser, save, answering):
    browser.open(save(html.run_page(answering(*[f"answer {i}" for i in range(2000)]))))
    assert browser.run("return document.querySelectorAll('.case').length") < 300
    browser.run("document.getElementById('more').scrollIntoView()")
    browser.wait("document.querySelectorAll('.case').length > 50")
    assert browser.run("return document.getElementById('count').innerText") == "2,000 of 2,000 cases"


def test_the_button_changes_the_language_of_every_word(browser, save, mixed):
    browser.open(save(html.run_page(mixed, lang="en")))
    assert "Where it fails" in browser.run("return document.body.innerText")
    browser.run("document.getElementById('language').click()")
    text = browser.run("return document.body.innerText")
    assert "失败分布" in text
    assert "Where it fails" not in text
    assert "Damage code" not in text
    assert browser.run("return document.documentElement.lang") == "zh-CN"
    assert browser.run("return document.querySelector('[name=outcome] option').textContent") == "全部"
    browser.run("localStorage.clear()")


def test_a_ruling_is_kept_and_exported(browser, save, mixed, tmp_path):
    browser.driver.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path / "down")}
    )
    path = save(html.run_page(mixed))
    browser.open(path, "#case=symbols/polite-2")
    browser.run("document.querySelector('.case[open] .ruling button').click()")
    assert browser.run("return document.getElementById('ruled').textContent") == "1"
    browser.run("const r = document.getElementById('reader'); r.value = 'Ann'; r.dispatchEvent(new Event('input'))")
    browser.open(path, "#case=symbols/polite-2")
    assert browser.run("return document.querySelector('.case[open] .ruling button').ariaPressed") == "true"
    browser.run("document.getElementById('export').click()")
    exported = tmp_path / "down" / "labels.jsonl"
    browser.wait("true")
    for _ in range(200):
        if exported.is_file():
            break
        browser.run("return 1")
    line = json.loads(exported.read_text("utf-8"))
    assert (line["reader"], line["case"], line["ruling"]) == ("Ann", "symbols/polite-2", "good")
    browser.run("localStorage.clear()")


@pytest.mark.parametrize(
    ("width", "dark", "lang"),
    [(390, False, "en"), (390, True, "zh"), (1280, False, "zh"), (1280, True, "en")],
)
def test_the_accessibility_checker_objects_to_nothing(browser, save, mixed, *, width, dark, lang):
    other = mixed.model_copy(update={"version": "v1", "run_id": "20261101-0001"})
    pages = {
        "run": html.run_page(mixed, lang=lang),
        "compare": html.compare_page(compare(other, mixed), other, mixed, lang=lang),
        "index": index_page.render([IndexLine.of(mixed), IndexLine.of(other)], lang=lang),
    }
    for name, page in pages.items():
        browser.open(save(page, f"{name}.html"), width=width, dark=dark)
        browser.run(OPEN_ALL)
        assert browser.axe() == [], name
        assert browser.run("return document.documentElement.scrollWidth") <= width, name
        assert browser.requests == []
        assert browser.errors == []


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_page_of_one_case_folds_long_strings_and_is_accessible(browser, save, make_run, build, lang):
    target = "/".join(f"部件-{number:03}" for number in range(130))[:900]
    output = target.replace("-", " - ")
    long = build.case(
        "long-1", target, build.sample(output, "damaged", target, build.mention(output, output, "spaced", "space-left"))
    )
    record = make_run([long])
    page = html.case_page(OneCase(long.key, (record,), (long,)), {record.label: (record,)}, lang=lang)
    for width in (390, 1280):
        browser.open(save(page), width=width)
        assert browser.axe() == []
        assert browser.run("return document.documentElement.scrollWidth") <= width
        lengths = browser.run(
            "return [...document.querySelectorAll('.findings .shown')].map((e) => e.innerText.length)"
        )
        assert max(lengths) < 300
    browser.open(save(html.run_page(record)), width=390)
    browser.wait("document.querySelector('.case summary')")
    assert browser.run("return document.querySelector('.case summary').getBoundingClientRect().height") < 160


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 900)])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_rules_and_state_are_read_without_scrolling_sideways(browser, save, mixed, now, *, width, height, lang):
    old = mixed.model_copy(update={"version": "v1", "run_id": "20261101-0001"})
    judged = html.Judgement(judge(mixed, old, DEFAULT_POLICY, now), now.isoformat(), "default promotion policy")
    state = LastVerdict(
        label="tuned@v2", against="tuned@v1", verdict="NO-GO", when="2026-11-20", href="", why="see what broke",
        command="harness compare tuned@v1 tuned@v2",
    )  # fmt: skip
    lines = [IndexLine.of(one, ("changed",) * 50) for one in (mixed, old)]
    index_of = index_page.render(lines, verdicts={"tuned": state}, unreadable=["broken.json"] * 60, lang=lang)
    compared = html.compare_page(compare(old, mixed), old, mixed, judged=judged, lang=lang)
    for name, page, table in (("index", index_of, "#state"), ("compare", compared, "#rules")):
        browser.open(save(page, f"{name}.html"), width=width)
        wide = "const box = document.querySelector(`${arguments[0]} .scroll`); return box.scrollWidth - box.clientWidth"
        assert browser.run(wide, table) <= 0, name
        top = browser.run("return document.querySelector(arguments[0]).getBoundingClientRect().top", table)
        assert top < height, name
        assert browser.axe() == [], name


def test_a_run_is_a_line_of_the_list_on_a_phone_too(browser, save, mixed):
    browser.open(save(index_page.render([IndexLine.of(mixed)])), width=390)
    assert browser.run("return document.querySelector('#runs tbody tr').getBoundingClientRect().height") < 60


def test_the_index_filters_its_runs(browser, save, mixed):
    other = mixed.model_copy(update={"model": "base", "version": "v1", "run_id": "20261101-0001"})
    browser.open(save(index_page.render([IndexLine.of(mixed), IndexLine.of(other)])), "#model=base")
    shown = browser.run("return [...document.querySelectorAll('#runs tbody tr:not([hidden])')].map((r) => r.innerText)")
    assert len(shown) == 1
    assert "base@v1" in shown[0]
    assert_harmless(browser)


def test_the_page_prints_with_its_failing_cases_open(browser, save, mixed):
    browser.open(save(html.run_page(mixed)))
    browser.run("window.dispatchEvent(new Event('beforeprint'))")
    assert browser.run("return document.querySelectorAll('.case[open] .body').length") >= 7


def test_the_index_leads_to_a_run_and_back(browser, save, mixed, tmp_path):
    line = IndexLine.of(mixed)
    (tmp_path / line.label).mkdir()
    save(html.run_page(mixed, index_href="../index.html"), line.href)
    browser.open(save(index_page.render([line]), "index.html"))
    browser.run("document.querySelector('#versions tbody a').click()")
    browser.wait("document.querySelectorAll('.case').length > 0")
    assert browser.run("return document.querySelector('h1').textContent") == "tuned@v2"
    browser.run("document.querySelector('nav a').click()")
    browser.wait("document.getElementById('versions')")
    assert_harmless(browser)


def test_a_link_in_the_verdict_shows_those_cases(browser, save, mixed):
    browser.open(save(html.run_page(mixed)))
    browser.run("[...document.querySelectorAll('.counts a')].find((a) => a.hash === '#outcome=omitted').click()")
    browser.wait("document.querySelectorAll('.case').length === 1")
    assert browser.run("return document.querySelector('.id').textContent") == "symbols/left-out-1"
