import gzip
import io
import json
import os
import re
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from harness import files
from harness.decisions.run_summary import Head, order_of
from harness.errors import RecordError
from harness.files import is_as_sealed, sealed, unsealed
from harness.history import History, carries_digest, head_of, read_run
from harness.records.run import Looks, Totals, before_cases, run_schema, upgraded, written_pieces
from tests.factory import case_result
from tests.project.conftest import build


def test_a_run_comes_back_as_it_was_written(history):
    run = build(output="水吧台/岛台 – <script>\u202e")
    path = history.write(run)
    assert path == history.folder / "tuned@v1" / "20260301-aaaa.json"
    assert read_run(path) == run
    assert path.read_text("utf-8").startswith('{\n "schema": 1')


@pytest.mark.parametrize("cases", [0, 1, 3])
def test_a_record_is_written_a_case_at_a_time_and_has_the_form_of_the_whole(cases):
    odd = build(output='水/岛 "cases": []\n]}\u2028 – <b>').cases[0]
    run = build(cases=[odd.model_copy(update={"id": f"c-{n}"}) for n in range(cases)], configuration={"cases": []})
    whole = sealed(run.__pydantic_serializer__.to_json(run, by_alias=True, indent=1), gap=b"\n ")
    pieces = list(written_pieces(run))
    assert b"".join(pieces) == whole
    assert len(pieces) == cases + 1
    assert unsealed(whole)
    assert json.loads(whole)["configuration"] == {"cases": []}


@given(
    st.lists(st.sampled_from(["{", "}", "\n", "\r", "\r\n", "a" * 150, '"digest"', ","])).map("".join),
    st.integers(1, 400),
    st.sampled_from(["", "\n", "\r\n", " x"]),
)
def test_a_record_is_as_written_a_block_at_a_time_where_it_is_as_a_whole(text, block, end):
    def whole(content):
        seal = re.search(rb',\s*"digest":\s*"([0-9a-f]{64})"\s*\}\s*\Z', content)
        head = content[: seal.start()].replace(b"\r\n", b"\n") if seal else b""
        return seal is not None and sha256(head).hexdigest().encode() == seal[1]

    content = sealed(f'{{"a": "{text}"}}'.encode(), gap=b"\n ") + end.encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_BLOCK", block)
        for one in (content, content.replace(b"\n", b"\r\n"), content.replace(b"a", b"b", 1), content[:-3]):
            assert is_as_sealed(io.BytesIO(one)) == is_as_sealed(one) == whole(one)


def test_a_replay_of_answers_that_have_a_record_does_not_hold_the_file(history):
    case = build().cases[0]
    outputs = [case.samples[0].model_copy(update={"output": f"{n}" * 1_000_000}) for n in range(9)]
    cases = [case.model_copy(update={"id": f"c-{n}", "samples": (one,)}) for n, one in enumerate(outputs)]
    run = build(cases=cases)
    path = history.write(run)
    tracemalloc.start()
    try:
        history.write(run.model_copy(update={"mode": "replay", "git_commit": "other"}))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < path.stat().st_size
    assert (read_run(path).mode, read_run(path).git_commit) == (run.mode, run.git_commit)


def test_a_record_with_a_key_in_its_last_case_leaves_nothing(tmp_path):
    written = []

    def holds_secret(text):
        written.extend((tmp_path / "reports").rglob("*.json"))
        return "my-key" in text

    cases = [build(output=said).cases[0].model_copy(update={"id": said}) for said in ("a", "b", "my-key")]
    with pytest.raises(RecordError, match="symbols/my-key holds the value of a key"):
        History(tmp_path / "reports", holds_secret).write(build(cases=cases))
    assert not written
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_verdict_knows_all_runs_of_its_version_and_one_whole_run_of_every_other(history):
    whole = tuple(build().cases[0].model_copy(update={"id": f"c-{n}"}) for n in range(20))
    history.write(build("20260301-aaaa"))
    history.write(build("20260302-bbbb", day="2026-03-02"))
    history.write(build("20260228-old0", version="v0", day="2026-02-27", cases=whole))
    history.write(build("20260228-new0", version="v0", day="2026-02-28", cases=whole))
    for night in range(1, 4):
        history.write(build(f"2026030{night}-canary", version="v0", day=f"2026-03-0{night}"))
    history.write(build("20260305-x-partial", version="v0", day="2026-03-05", cases=whole, partial=True))
    (history.folder / "other@v1").mkdir()
    (history.folder / "other@v1" / "20260301-bad.json").write_text("{", encoding="utf-8")
    known = [run.run_id for run in history.known("tuned@v1").runs]
    assert known == ["20260228-old0", "20260301-aaaa", "20260302-bbbb"]
    (history.folder / "tuned@v1" / "20260303-bad.json").write_text("{", encoding="utf-8")
    with pytest.raises(RecordError, match="it may be the run that counts"):
        history.known("tuned@v1")


NOW = datetime.now(UTC)
"""One moment for all: a run of the tests may pass midnight."""


def night(days_ago, name="night", **fields):
    day = NOW - timedelta(days=days_ago)
    return build(f"{day:%Y%m%d}-{name}", f"{day:%Y-%m-%d}", **fields)


@pytest.fixture
def reads(monkeypatch):
    """The names of the records that are read as a whole."""
    names = []

    def noted(path):
        names.append(path.stem)
        return read_run(path)

    monkeypatch.setattr("harness.history.read_run", noted)
    return names


def test_of_a_year_of_nights_only_those_that_count_are_read(history, reads):
    counting, older = [night(days) for days in range(2, 6)], [night(days) for days in range(9, 60)]
    fullest = night(40, "full", cases=[case_result(f"c-{n}") for n in range(5)], totals=Totals(cases=5))
    future, other = night(-30), build("20260101-old", version="v0")
    for run in (*counting, *older, fullest, future, other):
        history.write(run)
    every = history.known("tuned@v1")
    assert (len(every.runs), every.too_old, len(reads)) == (58, frozenset(), 58)
    reads.clear()
    known = history.known("tuned@v1", 7)
    assert {run.run_id for run in known.runs} == {run.run_id for run in (*counting, fullest, future, other)}
    assert (known.too_old, len(reads)) == ({run.run_id for run in older}, 7)
    reads.clear()
    assert history.latest("tuned@v1") == counting[0]
    assert len(reads) == 3  # the newest on the same cases, the fullest, and the one of the future


def test_what_is_before_the_cases_is_read_whatever_the_layout(history):
    path = history.write(night(1))
    record, before = json.loads(path.read_bytes()), head_of(path)
    assert (before.cases, before.suite_digest, before.partial) == (1, "s", False)
    assert before.order == order_of(read_run(path))
    for text in (json.dumps(record), json.dumps(record, indent=4), json.dumps(record, separators=(",", ":"))):
        path.write_text(text)
        assert head_of(path) == before
    # the line that begins the cases of a record, inside of something that comes before them
    inside = json.dumps(record | {"recipe": {"of": {"cases": []}, "cases": [1]}}, indent=1)
    path.write_text(re.sub("\n +", "\n ", inside))
    assert path.read_text().count('\n "cases": [') == 3
    assert head_of(path) == before
    path.write_text(json.dumps(record, indent=1).replace(',\n "cases"', ',,\n "cases"'))
    assert head_of(path) is None
    del record["cases"]
    for changed in (
        {**record, "schema": 2, "cases": []},
        {**record, "cases": [], "x": 1} | {"suite_digest": 5},
        {**record, "started": "soon", "cases": []},
        {"cases": [], **record},
        {**record, "recipe": {"x": "y" * 100_000}, "cases": []},
        [],
    ):
        path.write_text(json.dumps(changed))
        assert head_of(path) is None  # to be read as a whole, which says what is wrong
    for text in ("", "{", '{"a"', '{"a": [' * 20_000, '{"a": ' + "1" * 50_000, "\0" * 100):
        path.write_text(text)
        assert head_of(path) is None
        with pytest.raises(RecordError):
            history.known("tuned@v1", 7)
        with pytest.raises(RecordError):
            history.latest("tuned@v1")


def test_a_record_that_was_read_before_is_read_in_one_step_and_is_the_same(history, monkeypatch):
    run = build(output="水吧台/岛台 – \U0001f600 <script>\u202e", recipe={"x": [1, 2.5, None, {"y": 10**18}]})
    path = history.write(run)
    assert read_run(path) == run
    monkeypatch.setattr("harness.history.json_of", lambda content: pytest.fail("it was read before"))
    assert read_run(path) == run
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert read_run(path) == run


def test_a_packed_record_is_the_same_everywhere(history):
    run = build(output="水吧台/岛台 " * 3_000)
    plain = history.write(run)
    content, head = plain.read_bytes(), head_of(plain)
    packed = history.compact(plain)
    assert packed.name == "20260301-aaaa.json.gz"
    assert not plain.exists()
    assert packed.stat().st_size < len(content) / 8
    assert gzip.decompress(packed.read_bytes()) == content
    assert history.compact(packed) == packed
    assert (
        read_run(packed) == run == history.latest("tuned@v1") == history.resolve("2026") == history.runs("tuned@v1")[0]
    )
    assert history.known("tuned@v1").runs == (run,)
    assert [one.run_id for one in history.listing().runs] == [run.run_id]
    assert replace(head_of(packed), path=plain) == head
    assert carries_digest(packed)
    assert history.found("tuned@v1", run.run_id) == packed
    history.write(build(mode="replay"))  # judged again: the record keeps when and how it was made
    assert (history.paths(), read_run(plain).mode) == ([plain], "live")


def test_of_a_record_that_is_there_twice_the_plain_one_counts(history):
    plain = history.write(build())
    other = gzip.compress(plain.read_bytes().replace(b"tuned", b"other"))
    plain.with_name(f"{plain.name}.gz").write_bytes(other)  # packing was stopped, or somebody put it there
    assert history.paths() == [plain]
    assert history.compact(plain).name == "20260301-aaaa.json.gz"
    assert history.latest("tuned@v1") == build()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (gzip.compress(b" " * 100_001, mtime=0), "longer than 100,000 bytes once it is unpacked"),
        (gzip.compress(b"{}", mtime=0) * 2, "something follows"),
        (gzip.compress(b'{"schema": 1}' * 100, mtime=0)[:-9], "cut off"),
        (b"{}", "not packed by gzip"),
        (b"", "cut off"),
        (gzip.compress(b"{}", mtime=0), "`schema` is"),
    ],
    ids=["a bomb", "two members", "cut", "plain", "empty", "something else"],
)
def test_what_is_not_a_packed_record_is_refused(content, reason, history, monkeypatch):
    monkeypatch.setattr("harness.history._SIZE_LIMIT", 100_000)
    path = history.path("tuned@v1", "20260301-aaaa").with_suffix(".json.gz")
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert head_of(path) is None
    with pytest.raises(RecordError, match=reason) as raised:
        read_run(path)
    assert "20260301-aaaa.json.gz" in str(raised.value)
    with pytest.raises(RecordError):
        history.latest("tuned@v1")


def test_nothing_is_packed_or_deleted_through_a_link(history, tmp_path):
    path = history.write(build())
    path.parent.rename(tmp_path / "elsewhere")
    path.parent.symlink_to(tmp_path / "elsewhere")
    for change in (history.compact, history.remove):
        with pytest.raises(RecordError, match="chose where this writes"):
            change(path)
    assert [one.name for one in (tmp_path / "elsewhere").iterdir()] == [path.name]


def test_a_limit_of_age_before_the_calendar_is_none(history):
    history.write(build())
    assert history.known("tuned@v1", 1e300) == history.known("tuned@v1")


def test_a_record_that_cannot_be_read_is_not_packed(history):
    path = history.write(build())
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(RecordError):
        history.compact(path)
    assert [one.name for one in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("path", sorted((Path(__file__).parents[2] / "reports").glob("*@*/*.json"))[:40], ids=str)
def test_the_shipped_records_say_before_their_cases_what_they_are(path):
    run, head = read_run(path), head_of(path)
    assert head is not None
    assert (head.order, head.cases, head.partial) == (order_of(run), len(run.cases), run.partial)
    assert head.suite_digest == run.suite_digest
    assert read_run(path) == run  # the second time in one step


def test_writing_the_same_run_twice_changes_nothing(history):
    first = history.write(build()).read_bytes()
    assert history.write(build()).read_bytes() == first
    assert len(history.listing().runs) == 1


def test_a_crash_while_writing_leaves_the_old_record_and_no_litter(history, monkeypatch):
    path = history.write(build())
    before = path.read_bytes()

    def crash(handle):
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", crash)
    with pytest.raises(RecordError, match="disk full"):
        history.write(build(output="other"))
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_replay_judges_stored_answers_anew_without_ageing_them(history):
    history.write(build())
    replay = build(mode="replay", started="2026-04-01T00:00:00+00:00", ended="2026-04-01T00:01:00+00:00")
    rejudged = replay.model_copy(update={"harness_version": "0.2.0", "totals": Totals(cases=1, requests=0)})
    stored = read_run(history.write(rejudged))
    assert (stored.mode, stored.started, stored.totals.requests) == ("live", "2026-03-01T01:00:00+00:00", 1)
    assert stored.harness_version == "0.2.0"


def test_a_replay_of_answers_seen_for_the_first_time_stays_a_replay(history):
    assert read_run(history.write(build(mode="replay"))).mode == "replay"


@pytest.mark.parametrize(
    "names",
    [
        {"model": ".."},
        {"model": "../../etc"},
        {"version": "a/b"},
        {"version": "..\\x"},
        {"run_id": "../x"},
        {"run_id": ".hidden"},
        {"run_id": ""},
        {"model": "a\nb"},
        {"model": "a\n"},
        {"model": "/abs"},
        {"version": "v1@v2"},
    ],
)
def test_no_name_leaves_the_folder(history, names):
    with pytest.raises(RecordError, match="cannot name a file"):
        history.write(build(**names))
    assert not history.folder.exists()


@given(st.text(max_size=12), st.text(max_size=12))
def test_whatever_the_names_the_path_stays_inside(label, run_id):
    from pathlib import Path

    history = History(Path("/reports"))
    try:
        path = history.path(label, run_id)
    except RecordError:
        return
    assert os.path.normpath(path).startswith("/reports" + os.sep)
    assert len(path.parts) == 4


def test_runs_are_ordered_by_when_their_answers_were_made(history):
    late = build("20260303-cccc", day="2026-03-03")
    early = build("20260302-zzzz", day="2026-03-02")
    history.write(late)
    history.write(early)
    assert [run.run_id for run in history.listing().runs] == ["20260303-cccc", "20260302-zzzz"]
    assert history.runs("tuned@v1") == (early, late)


def test_the_latest_complete_run_counts_even_after_a_partial_one(history):
    whole = build("20260301-aaaa")
    history.write(whole)
    history.write(build("20260309-bbbb", day="2026-03-09", partial=True))
    assert history.latest("tuned@v1") == whole
    assert history.latest("tuned@v9") is None


def test_a_later_run_of_fewer_suites_does_not_stand_for_the_version(history):
    whole = build("20260301-aaaa")
    more = whole.cases[0].model_copy(update={"suite": "canary"})
    both = whole.model_copy(update={"cases": (*whole.cases, more)})
    history.write(both)
    history.write(build("20260309-bbbb", day="2026-03-09", cases=(more,), suite_digest="canary"))
    assert history.latest("tuned@v1") == both


def test_the_run_that_holds_what_a_run_without_names_asks_stands_for_the_version(history):
    """Not the newest one, of other cases: a verdict on it would be about another population."""
    core = [case_result(f"c{number}", suite="main") for number in range(20)]
    other = [case_result(f"o{number}", suite="other") for number in range(30)]
    whole = build("20260301-aaaa", "2026-03-01", cases=core)
    small = build("20260302-bbbb", "2026-03-02", cases=other, suite_digest="other")
    history.write(whole)
    history.write(small)
    assert history.latest("tuned@v1", lambda: core) == whole
    assert history.resolve("tuned", {"tuned": "v1"}, lambda: core) == whole
    assert history.latest("tuned@v1", lambda: ()) == small  # where no suites are known
    asked = tuple(case.key for case in core[:5])
    looks = Looks(seed=1, planned=20, sizes=(5, 20), asked=asked)
    stopped = build("20260303-cccc", "2026-03-03", cases=core[:5], suite_digest="part", looks=looks)
    history.write(stopped)
    assert history.latest("tuned@v1", lambda: core) == stopped


def test_a_run_under_a_wrong_clock_does_not_stand_for_the_version_for_a_year(history):
    now, ahead = (build(f"id-{days}", f"{NOW + timedelta(days=days):%Y-%m-%d}") for days in (-1, 300))
    history.write(ahead)
    assert history.latest("tuned@v1") == ahead  # all there is: a verdict on it says so
    history.write(now)
    assert history.latest("tuned@v1") == now


@pytest.mark.parametrize("ids", [("bbbb", "aaaa"), ("aaaa", "bbbb")])
def test_of_two_runs_in_one_second_the_same_one_counts_on_every_disk(history, ids):
    for name in ids:
        history.write(build(f"20260301-{name}", "2026-03-01"))
    assert history.latest("tuned@v1").run_id == "20260301-bbbb"


def test_only_partial_runs_give_the_latest_of_them(history):
    part = build("20260309-bbbb", day="2026-03-09", partial=True)
    history.write(part)
    assert history.latest("tuned@v1") == part


def test_a_reference_is_a_name_a_version_an_id_its_beginning_or_a_file(history):
    v1, v2 = build("20260301-aaaa"), build("20260302-bbbb", version="v2", day="2026-03-02")
    base = build("20260303-cccc", model="base", day="2026-03-03")
    paths = [history.write(run) for run in (v1, v2, base)]
    assert history.resolve("tuned@v1") == v1
    assert history.resolve("tuned") == v2
    assert history.resolve("tuned", {"tuned": "v1"}) == v1
    assert history.resolve("20260303-cccc") == base
    assert history.resolve("20260303") == base
    assert history.resolve(str(paths[0])) == v1


def test_a_configured_version_without_a_run_is_no_reason_to_take_another(history):
    history.write(build())
    with pytest.raises(RecordError, match=r"'tuned@v2': no run.*known: tuned@v1"):
        history.resolve("tuned", {"tuned": "v2"})


def test_an_ambiguous_beginning_names_the_candidates(history):
    history.write(build("20260301-aaaa"))
    history.write(build("20260301-bbbb"))
    with pytest.raises(RecordError, match=r"2 runs begin so: tuned@v1/20260301-\w+, tuned@v1/20260301"):
        history.resolve("20260301")


def test_an_unknown_reference_names_the_nearest_and_what_to_run(history):
    history.write(build())
    with pytest.raises(RecordError, match=r"did you mean 'tuned'\?.*pytest --model=NAME") as caught:
        history.resolve("tunde")
    assert "tuned@v1" in str(caught.value)


def test_an_empty_history_says_so(history):
    with pytest.raises(RecordError, match="known: none yet"):
        history.resolve("tuned")
    assert history.listing().runs == ()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"schema": 99, "whatever": 1}', "newer harness .schema 99; this one reads up to 1.*pip install -U"),
        (b'{"run_id": "x"}', "`schema` is None"),
        (b'{"schema": true}', "`schema` is True"),
        (b'{"schema": 0}', "schema 0 is too old"),
        (b'{"schema": 1}', "no run record: .*missing"),
        (b"[]", "expected a JSON object, found list"),
        (b'{"schema"', "cannot be read as JSON"),
        (b"\xff\xfe", "cannot be read as JSON"),
        (b"[" * 200_000, "cannot be read as JSON"),
    ],
)
def test_a_broken_record_is_named_with_what_was_found(tmp_path, content, message):
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(RecordError, match=message) as caught:
        read_run(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("stamp", ["yesterday", "", "2026-13-01T00:00:00+00:00", "0001-01-01T00:00:00+23:00"])
def test_a_time_that_is_none_is_named(history, stamp):
    path = history.write(build())
    path.write_text(path.read_text("utf-8").replace("2026-03-01T02:00:00+00:00", stamp), "utf-8")
    with pytest.raises(RecordError, match=r"ended: found .*expected an ISO 8601 time"):
        read_run(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(RecordError, match="no such file"):
        read_run(tmp_path / "none.json")


def test_older_schemas_are_upgraded_step_by_step(tmp_path):
    upgrades = {1: lambda data: {**data, "b": 2}, 2: lambda data: {**data, "c": data["b"] + 1}}
    data = upgraded({"schema": 1, "a": 1}, tmp_path, upgrades=upgrades, current=3)
    assert data == {"schema": 3, "a": 1, "b": 2, "c": 3}


def test_a_broken_record_is_listed_but_never_skipped_in_a_judgement(history):
    history.write(build())
    broken = history.folder / "tuned@v1" / "20260401-ffff.json"
    broken.write_text('{"schema": 99}')
    listing = history.listing()
    assert len(listing.runs) == 1
    assert "newer harness" in listing.unreadable[0]
    with pytest.raises(RecordError, match="newer harness"):
        history.latest("tuned@v1")


def test_other_files_in_the_folder_are_no_runs(history):
    path = history.write(build())
    (path.parent / "20260301-aaaa.html").write_text("page")
    (path.parent / "20260301-aaaa.live.jsonl").write_text("{}")
    (history.folder / "baselines.json").write_text('{"schema": 1, "baselines": {}}')
    assert len(history.listing().runs) == 1
    assert history.listing().unreadable == ()


def test_baselines_are_kept_by_model(history):
    assert history.baselines() == {}
    history.set_baseline("tuned", "base@v1")
    history.set_baseline("base", "base@v0")
    history.set_baseline("tuned", "tuned@v1")
    assert history.baselines() == {"base": "base@v0", "tuned": "tuned@v1"}


def test_a_broken_baseline_file_is_an_error(history):
    history.set_baseline("tuned", "base@v1")
    (history.folder / "baselines.json").write_text('{"schema": 2}')
    with pytest.raises(RecordError, match=r"baselines\.json: expected"):
        history.baselines()


def test_a_record_that_could_not_be_read_again_is_not_written(history, monkeypatch):
    monkeypatch.setattr("harness.history._SIZE_LIMIT", 100)
    with pytest.raises(RecordError, match=r"would take [\d,]+ bytes, .* Run fewer suites"):
        history.write(build())
    assert list(history.folder.rglob("*.json")) == []


def test_the_published_schema_is_that_of_the_code_and_fits_the_shipped_records():
    root = Path(__file__).parents[2]
    published = json.loads((root / "docs" / "schema" / "run.schema.json").read_text("utf-8"))
    assert published == run_schema(), "run: harness runs schema > docs/schema/run.schema.json"
    validator = Draft202012Validator(published)
    for path in sorted((root / "reports").glob("*@*/*.json")):
        record = json.loads(path.read_bytes())
        record["cases"] = record["cases"][:20]
        assert [error.message for error in validator.iter_errors(record)] == []
        assert list(validator.iter_errors({**record, "run_id": 7}))


def test_records_of_one_version_are_found_without_a_look_at_the_others(history, monkeypatch):
    """Each verdict did it once a version: of three hundred models, with the names of all records each time."""
    own = history.write(build())
    other = history.write(build(model="other"))
    own.with_name(f"._{own.name}").write_bytes(b"\0\5\x16\7")  # macOS leaves it where a folder is packed
    assert history.paths() == [other, own]
    look = os.listdir
    monkeypatch.setattr(os, "listdir", lambda folder: pytest.fail("read") if folder == other.parent else look(folder))
    assert history.paths("tuned@v1") == [own]
    assert history.paths("../other@v1") == history.paths("") == history.paths("tuned") == []


@pytest.mark.parametrize("settings", [10, 20_000, 100_000])
def test_what_a_record_says_before_its_cases_is_found_however_long_its_settings_are(history, settings):
    """Up to 64,000 bytes; of a longer one the whole record is read for it."""
    path = history.write(build(configuration={"system": "x" * settings}))
    packed = path.with_name("20260302-aaaa.json.gz")
    packed.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    heads = [head_of(path), head_of(packed)]
    if settings > 64_000:
        assert heads == [None, None]
        return
    assert [head.cases for head in heads] == [1, 1]
    assert heads[0] == Head.of(path, read_run(path))


def test_of_a_record_with_short_settings_only_the_beginning_is_decoded(history, monkeypatch):
    path = history.write(build(cases=[case_result(f"case-{number}") for number in range(40)]))
    assert path.stat().st_size > 20_000
    seen = []
    monkeypatch.setattr("harness.history.before_cases", lambda text: seen.append(len(text)) or before_cases(text))
    assert head_of(path).cases == 1
    assert seen == [8_000]
