"""Hostile answers and suites all the way through: cassette, pytest, record, then every output that shows them."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.show.hostile_project import MODELS, HostileProject

pytestmark = pytest.mark.xdist_group("forgery")  # what they set up is costly, and shared

PAYLOADS: list[str] = json.loads(Path(__file__).with_name("payloads.json").read_text("utf-8"))
WORDS = [f"word{number}" for number in range(len(PAYLOADS))]
PYTEST = ("--model=m,base", "-rA", "-v", "--junit-xml=junit.xml", "-p", "no:cacheprovider")
TERMINAL = {
    "runs show": ("runs", "show", "m"),
    "runs list": ("runs", "list"),
    "compare": ("compare", "base", "m"),
    "gate": ("gate", "--candidate", "m", "--baseline", "base"),
    "suites lint": ("suites", "lint"),
    "cassettes status": ("cassettes", "status"),
    "runs show --json": ("runs", "show", "m", "--json"),
    "compare --json": ("compare", "base", "m", "--json"),
    "gate --json": ("gate", "--candidate", "m", "--baseline", "base", "--json"),
}
MARKDOWN = {
    "run": ("report", "m", "--markdown"),
    "index": ("report", "--markdown"),
    "report --against": ("report", "m", "--against", "base", "--markdown"),
    "compare": ("compare", "base", "m", "--markdown"),
    "gate": ("gate", "--candidate", "m", "--baseline", "base", "--markdown"),
}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> HostileProject:
    """A run of all payloads; its output lies in `pytest.txt`."""
    return _run(tmp_path_factory.mktemp("hostile"), PAYLOADS)


@pytest.fixture(scope="module")
def harmless(tmp_path_factory: pytest.TempPathFactory) -> HostileProject:
    """The same with a plain word in the place of each payload."""
    return _run(tmp_path_factory.mktemp("harmless"), WORDS)


def _run(folder: Path, texts: list[str]) -> HostileProject:
    project = HostileProject(folder, texts)
    (folder / "pytest.txt").write_text(project.run("pytest", *PYTEST), "utf-8")
    project.run("harness", "report")
    project.run("harness", "report", "m", "--against", "base", "--gate")
    return project


def assert_commands_no_terminal(text: str) -> None:
    bad = {
        f"U+{ord(char):04X}"
        for char in text
        if char != "\n" and (unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") or ord(char) >= 0xE0000)
    }
    assert bad == set()
    # what a runner of workflows takes for its own: set a variable, hide a value, forge an error
    assert [line for line in text.split("\n") if line.lstrip().startswith(("::", "##["))] == []


def test_pytest_tells_each_case_once_and_commands_no_terminal(hostile: HostileProject) -> None:
    text = (hostile.folder / "pytest.txt").read_text("utf-8")
    assert_commands_no_terminal(text)
    verbose = re.findall(r"^suites/(?:calls|words)/cases\.jsonl::\S+ ([A-Z]+)", text, re.MULTILINE)
    assert len(verbose) == 2 * len(MODELS) * len(PAYLOADS)
    assert len(re.findall(r"^=+ .*(?:failed|passed).* in .*=+$", text, re.MULTILINE)) == 1


@pytest.mark.parametrize("command", TERMINAL)
def test_no_command_lets_an_answer_command_the_terminal(command: str, hostile: HostileProject) -> None:
    assert_commands_no_terminal(hostile.run("harness", *TERMINAL[command]))


def test_json_of_a_command_holds_the_answers_as_they_are(hostile: HostileProject) -> None:
    record = json.loads(hostile.run("harness", "runs", "show", "m", "--json"))
    outputs = {case["id"]: case["samples"][0]["output"] for case in record["cases"] if case["suite"] == "words"}
    for number, payload in enumerate(PAYLOADS):
        if "\ud800" not in payload:
            assert outputs[f"words-{number:03d}"] == f"{payload} AB - 12 {payload}"


def test_the_junit_file_holds_each_case_once(hostile: HostileProject, harmless: HostileProject) -> None:
    trees = [ElementTree.parse(project.folder / "junit.xml") for project in (hostile, harmless)]
    found, expected = [Counter(element.tag for element in tree.iter()) for tree in trees]
    assert found.keys() - {"skipped"} == expected.keys()  # half a surrogate pair is no answer
    assert found["testcase"] == expected["testcase"] == 2 * len(MODELS) * len(PAYLOADS)
    names = [{case.get("name") for case in tree.iter("testcase")} for tree in trees]
    assert names[0] == names[1]


class _Elements(HTMLParser):
    """Names of elements with their attributes, and attributes' values that could load or run something."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.kinds: set[tuple[str, str]] = set()
        self.active: set[str] = set()
        self.count: Counter[str] = Counter()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.count[tag] += 1
        self.kinds |= {(tag, name) for name, _ in attrs} | {(tag, "")}
        for name, value in attrs:
            if name.startswith("on") or re.match(r"\s*(javascript|data|https?|//)", value or ""):
                self.active.add(f"{tag} {name}={value!r}")


def test_a_page_of_hostile_answers_has_the_elements_of_a_harmless_one(
    hostile: HostileProject, harmless: HostileProject
) -> None:
    pages, expected = hostile.pages(), harmless.pages()
    assert len(pages) == len(expected) == 4  # two runs, their comparison, the index
    known = {kind for page in expected.values() for kind in _Elements(page).kinds}
    for name, page in pages.items():
        elements = _Elements(page)
        # marks for hidden characters, which no word has
        assert {kind for kind in elements.kinds - known if kind[0] not in ("b", "i", "span", "mark")} == set(), name
        assert elements.count["script"] <= max(_Elements(other).count["script"] for other in expected.values())
        assert {found for found in elements.active if "evil" in found or "ran=1" in found} == set(), name


@pytest.mark.browser
def test_a_browser_runs_and_fetches_nothing_of_it(hostile: HostileProject, harmless: HostileProject, browser) -> None:  # type: ignore[no-untyped-def]
    kinds = "return [...new Set([...document.querySelectorAll('*')].map((e) => e.localName))]"
    known = {"mark", "bdi", "b", "i", "span"}
    for name in harmless.pages():
        browser.open(harmless.folder / name)
        known |= set(browser.run(kinds))
    for name in hostile.pages():
        browser.open(hostile.folder / name)
        browser.run("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        assert browser.run("return window.ran") is None
        assert browser.requests == []
        assert browser.errors == []
        assert set(browser.run(kinds)) - known == set()


@pytest.mark.parametrize("page", MARKDOWN)
def test_a_markdown_comment_holds_nothing_but_words(
    page: str, hostile: HostileProject, harmless: HostileProject
) -> None:
    parser = pytest.importorskip("markdown_it").MarkdownIt("gfm-like", {"linkify": False})
    html, expected = (parser.render(project.run("harness", *MARKDOWN[page])) for project in (hostile, harmless))
    names = set(re.findall(r"<(/?[a-z0-9]+)", expected))
    assert set(re.findall(r"<(/?[a-z0-9]+)", html)) <= names | {"code", "/code", "br"}
    assert len(re.findall(r"<h\d", html)) == len(re.findall(r"<h\d", expected))
    assert html.count("<details>") == html.count("</details>")
    bare = re.sub(r"<code>.*?</code>", "", html, flags=re.DOTALL)
    assert re.search(r"@\w|\bGH-\d|(?<!&)#\d|https?://|www\.|<!--|evil", bare) is None
    assert_commands_no_terminal(html)


def test_no_cell_of_a_table_is_a_formula(hostile: HostileProject) -> None:
    rows = list(csv.DictReader(io.StringIO(hostile.run("harness", "report", "m", "--csv"))))
    assert len(rows) == 2 * len(PAYLOADS)
    cells = [cell for row in rows for cell in row.values()]
    assert [cell for cell in cells if cell.startswith(("=", "+", "@", "\t", "\r"))] == []


def test_a_hunt_of_a_hostile_endpoint_commands_no_terminal(hostile: HostileProject) -> None:
    (hostile.folder / "evil.py").write_text(
        "import itertools, json\n"
        f"TEXTS = itertools.cycle(json.loads({json.dumps(json.dumps(PAYLOADS))}))\n"
        "def answer(body):\n"
        "    asked = body['messages'][-1]['content']\n"
        "    return next(TEXTS) + asked.replace('-', ' - ').replace('/', ' / ') + next(TEXTS)\n"
    )
    with (hostile.folder / "pyproject.toml").open("a") as file:
        file.write('[tool.harness.models.evil]\nversion = "v1"\nkind = "callable"\nfunction = "evil:answer"\n')
    for options in ((), ("--json",)):
        text = hostile.run("harness", "hunt", "--model=evil", "--request-budget=40", *options)
        assert_commands_no_terminal(text)


def test_check_gives_the_answers_back_and_commands_no_terminal(hostile: HostileProject) -> None:
    texts = [text for text in PAYLOADS if "\ud800" not in text]
    given = [{"source": "AB-12", "output": f"{text} AB - 12 {text}", "note": text} for text in texts]
    text = hostile.run("harness", "check", "-", given="".join(json.dumps(line) + "\n" for line in given))
    returned = [json.loads(line) for line in text.rstrip("\n").split("\n")]
    assert [line["output"] for line in returned] == [line["output"] for line in given]
    assert_commands_no_terminal(text)
