"""A project adds a symbol, and every rule follows."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import harness
from harness.text import DEFAULT_SYMBOLS, SymbolTable, check, extract_targets, repair
from harness.text.symbols import HYPHEN_LOOKALIKES, REPLACING_SIGNS

UNDERSCORE = SymbolTable.from_mapping({"_": {"lookalikes": ["＿", "‗"]}})


def verdict(target: str, output: str, symbols: SymbolTable = UNDERSCORE) -> tuple[str, tuple[str, ...]]:
    result = check(target, output, [target], symbols=symbols)
    damage = {code for mention in result.mentions[target] for code in mention.damage}
    return result.verdicts[target], tuple(sorted(damage))


@pytest.mark.parametrize(
    ("output", "wanted"),
    [
        ("font_family", ("verbatim", ())),
        ("font _ family", ("spaced", ("space-left", "space-right"))),
        ("font＿family", ("lookalike", ("fullwidth",))),
        ("font‗family", ("lookalike", ("homoglyph",))),
        ("font__family", ("altered", ("doubled",))),
        ("font-family", ("altered", ("swapped",))),
        ("font–family", ("altered", ("hyphen-lookalike", "swapped"))),
        ("fontfamily", ("altered", ("dropped",))),
        ("font family", ("altered", ("to-space",))),
        ("font.family", ("altered", ("replaced",))),
        ("font\\_family", ("altered", ("escaped",))),
        ("font&lowbar;family", ("altered", ("escaped",))),
        ("font / family", ("absent", ())),
    ],
)
def test_an_added_symbol_is_damaged_like_the_others(output: str, wanted: tuple[str, tuple[str, ...]]) -> None:
    assert verdict("font_family", output) == wanted


def test_an_added_symbol_is_no_longer_a_mere_replacing_sign() -> None:
    assert verdict("font-family", "font_family", DEFAULT_SYMBOLS) == ("altered", ("replaced",))
    assert verdict("font-family", "font_family") == ("altered", ("swapped",))
    assert "_" not in UNDERSCORE.replacing
    assert DEFAULT_SYMBOLS.replacing == set(REPLACING_SIGNS) - set("-/")


def test_an_added_symbol_makes_targets_and_is_repaired() -> None:
    assert [one.text for one in extract_targets("set max_tokens to 5", symbols=UNDERSCORE)] == ["max_tokens"]
    # second edition: every sign is protected, also one that is not a symbol
    assert [one.text for one in extract_targets("set max_tokens to 5")] == ["max_tokens"]
    assert repair("max_tokens", "max _ tokens", symbols=UNDERSCORE).text == "max_tokens"
    assert repair("max_tokens", "a _ b - c", strategy="collapse", symbols=UNDERSCORE).text == "a_b-c"


@pytest.mark.parametrize("sign", ["_", ".", "~", "+", ":", "@", "·"])
def test_any_sign_can_be_added(sign: str) -> None:
    table = SymbolTable.from_mapping({sign: {}})
    target = f"ab{sign}cd"
    assert verdict(target, f"ab {sign} cd", table) == ("spaced", ("space-left", "space-right"))
    assert [one.text for one in extract_targets(f"see {target} there", symbols=table)] == [target]


def test_the_defaults_stay_and_can_be_widened() -> None:
    wider = SymbolTable.from_mapping({"-": {"lookalikes": ["~", "–"]}})
    assert verdict("A-1", "A~1", wider) == ("lookalike", ("hyphen-lookalike",))
    assert verdict("A-1", "A–1", wider) == ("lookalike", ("hyphen-lookalike",))
    assert SymbolTable.from_mapping({}) == DEFAULT_SYMBOLS
    assert wider.by_char["-"].lookalikes == HYPHEN_LOOKALIKES + "~"
    assert SymbolTable.from_mapping({"_": {"lookalikes": ["＿", "‗"]}}).by_char["_"].lookalikes == "＿‗"


def test_a_plus_sign_as_symbol_can_open_a_list_item() -> None:
    table = SymbolTable.from_mapping({"+": {}})
    assert verdict("a+b", "a\n+ b", table) == ("absent", ())
    assert verdict("a+b", "a\n+b", table) == ("spaced", ("line-break", "space-left"))


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"__": {}}, "key '__' is not a symbol"),
        ({"a": {}}, "key 'a' is not a symbol"),
        ({"7": {}}, "key '7' is not a symbol"),
        ({" ": {}}, "key ' ' is not a symbol"),
        ({"\u200b": {}}, "is not a symbol"),
        ({"_": ["＿"]}, "symbols._: found"),
        ({"_": {"lookalike": []}}, "symbols._.lookalike: unknown key; accepted is lookalikes"),
        ({"_": {"lookalikes": "＿"}}, "symbols._.lookalikes: found '＿'; accepted is a list"),
        ({"_": {"lookalikes": 3}}, "accepted is a list"),
        ({"_": {"lookalikes": ["＿＿"]}}, "found '＿＿'; accepted is one character"),
        ({"_": {"lookalikes": [3]}}, "found 3; accepted is one character"),
        ({"_": {"lookalikes": ["a"]}}, "found 'a'; accepted is one character"),
        ({"_": {"lookalikes": [" "]}}, "found ' '; accepted is one character"),
        ({"_": {"lookalikes": ["_"]}}, "a symbol is not a look-alike of itself"),
    ],
)
def test_a_wrong_table_is_refused_by_name(mapping: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=r"^symbols") as caught:
        SymbolTable.from_mapping(mapping)
    assert words in str(caught.value)


def test_a_comma_can_be_a_symbol() -> None:
    table = SymbolTable.from_mapping({",": {"lookalikes": ["﹐"]}})
    assert [target.text for target in extract_targets("Use X,Y or Q-7; 甲乙丙,丁戊.", symbols=table)] == [
        "X,Y",
        "Q-7",
        "甲乙丙,丁戊",
    ]
    assert [target.text for target in extract_targets("Use X,Y or Q-7.")] == ["Q-7"]
    assert check("", "X , Y", ["X,Y"], symbols=table).verdicts == {"X,Y": "spaced"}


def test_a_symbol_has_the_lookalikes_that_were_listed() -> None:
    assert SymbolTable.from_mapping({"_": {"lookalikes": ["＿", "‗"]}}).by_char["_"].lookalikes == "＿‗"
    assert SymbolTable.from_mapping({"_": {}}).by_char["_"].lookalikes == ""


# `pip install --no-deps pytest-verbatim` is enough for the checker: it needs the standard library alone.

PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from harness import check, repair, repair_stream
from harness.text import check as same, extract_targets, repair_stream as of_text
assert check is same and repair_stream is of_text
source = "Use Sikalastic-609 over TCP/IP."
assert check(source, "Use Sikalastic - 609.").verdicts["Sikalastic-609"] == "spaced"
assert repair(source, "Use Sikalastic - 609.").text == "Use Sikalastic-609."
assert "".join(repair_stream(source, ["Use Sika", "lastic -", " 609."])) == "Use Sikalastic-609."
targets = [f"AB-{number}" for number in range(100)]
assert check("", "AB - 7 and AB-12", targets).verdicts["AB-7"] == "spaced"
foreign = {name.partition(".")[0] for name in sys.modules} - set(sys.stdlib_module_names) - {"harness", "__main__"}
assert not foreign, foreign
"""


def test_the_checker_runs_without_any_other_package() -> None:
    _runs_alone(Path(harness.__file__).parents[1])


def test_the_checker_runs_from_the_built_wheel_alone(tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    root = Path(harness.__file__).parents[1]
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=root, capture_output=True, check=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:  # what `pip install --no-deps` does
        packed.extractall(tmp_path / "site")
    _runs_alone(tmp_path / "site")


def _runs_alone(folder: Path) -> None:
    command = [sys.executable, "-I", "-S", "-c", PROGRAM, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
