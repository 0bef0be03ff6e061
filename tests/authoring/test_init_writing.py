import tomllib

import pytest

from harness.authoring.init.choices import SERVICES, Choices
from harness.authoring.init.files import GITIGNORE, new_files, write
from harness.config import load, model
from harness.decisions.exposure import pending
from harness.decisions.plan import Assumption, plan
from harness.errors import ConfigError
from harness.project import load_suite as load_all
from harness.records.policy import DEFAULT_POLICY
from harness.suite import load_suite

EVERYTHING = Choices(
    name="mine", model="org/M-1", base_url="http://localhost:1/v1", key_env="MY_KEY", services=SERVICES
)


def content(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_empty_folder_becomes_a_project_whose_model_and_cases_load(tmp_path):
    written = write(tmp_path, EVERYTHING)
    assert written.kept == []
    entry = model(load(tmp_path), "mine")
    assert (entry.base_url, entry.request_model, entry.api_key_env) == ("http://localhost:1/v1", "org/M-1", "MY_KEY")
    assert {case.language for case in load_suite(tmp_path / "suites/starter")} == {"zh", "en"}
    assert len(load_suite(tmp_path / "suites/canary")) >= 60


def test_a_second_call_writes_nothing(tmp_path):
    write(tmp_path, EVERYTHING)
    before = content(tmp_path)
    again = write(tmp_path, EVERYTHING)
    assert content(tmp_path) == before
    assert (again.created, again.extended) == ([], [])


def test_no_file_of_the_project_is_changed_but_for_lines_added_at_its_end(tmp_path):
    theirs = {"pyproject.toml": '[project]\r\nname = "x"', ".gitignore": "*.pyc"}
    theirs |= {str(piece.path): "theirs\n" for piece in new_files(EVERYTHING)}
    for name, text in theirs.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    written = write(tmp_path, EVERYTHING)
    assert written.extended == ["pyproject.toml", ".gitignore"]
    for name, text in theirs.items():
        now = (tmp_path / name).read_bytes().decode()
        assert now.startswith(text)
        assert name in written.extended or now == text
    settings = (tmp_path / "pyproject.toml").read_bytes().decode()
    assert "\n" not in settings.replace("\r\n", "")
    assert tomllib.loads(settings)["project"] == {"name": "x"}
    assert (tmp_path / ".gitignore").read_text().splitlines() == ["*.pyc", *GITIGNORE]


def test_another_model_is_added_beside_those_that_are_there(tmp_path):
    write(tmp_path, Choices(name="one", model="a"))
    write(tmp_path, Choices(name="v2.5", model='b"\\'))
    config = load(tmp_path)
    assert [model(config, name).request_model for name in config.models] == ["a", 'b"\\']


def test_a_dangling_link_is_not_written_through(tmp_path):
    (tmp_path / "suites/starter").mkdir(parents=True)
    outside = tmp_path / "outside"
    (tmp_path / "suites/starter/cases.jsonl").symlink_to(outside)
    assert "suites/starter/cases.jsonl" in write(tmp_path, EVERYTHING).kept
    assert not outside.exists()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("[tool", "cannot be read as TOML"),
        ("tool = { harness = { models = {} } }\n", "add it by hand:\n\\[tool.harness.models.mine\\]"),
    ],
)
def test_settings_that_cannot_be_added_to_leave_the_project_as_it_was(tmp_path, settings, said):
    (tmp_path / "pyproject.toml").write_text(settings)
    with pytest.raises(ConfigError, match=said):
        write(tmp_path, EVERYTHING)
    assert content(tmp_path) == {(tmp_path / "pyproject.toml").relative_to(tmp_path): settings.encode()}


def test_a_file_where_a_folder_must_be_is_told(tmp_path):
    (tmp_path / "suites").write_text("")
    with pytest.raises(ConfigError, match=r"suites.*run harness init again"):
        write(tmp_path, EVERYTHING)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_gets_its_own_files_and_no_mark_stays_unfilled(service):
    found = {str(piece.path): piece.text for piece in new_files(Choices(name="mine", model="m", services=(service,)))}
    assert "ci/verbatim/nightly.sh" in found
    assert any("github" in name for name in found) == (service == "github")
    assert any("gitlab" in name for name in found) == (service == "gitlab")
    assert ("ci/verbatim/cron.sh" in found) == (service == "cron")
    assert not [name for name, text in found.items() if "@{" in text]


def test_without_workflows_only_the_first_cases_are_made():
    names = {str(piece.path) for piece in new_files(Choices(name="mine", model="m", languages=("en",)))}
    assert names == {"suites/starter/suite.toml", "suites/starter/cases.jsonl"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_one_language_alone_still_has_enough_canaries(language, tmp_path):
    write(tmp_path, Choices(name="mine", model="m", languages=(language,), services=("cron",)))
    cases = load_suite(tmp_path / "suites/canary")
    assert {case.language for case in cases} == {language}
    assert len(cases) >= 60


@pytest.mark.parametrize("languages", [("zh",), ("en",), ("zh", "en")])
def test_the_suites_can_bear_a_go_and_hold_no_prompt_twice(languages, tmp_path):
    write(tmp_path, Choices(name="mine", model="m", languages=languages, services=("cron",)))
    cases = load_all(tmp_path / "suites")
    assert plan([pending(case, "untrained") for case in cases], DEFAULT_POLICY, Assumption(0.98, 0.01)).possible
    prompts = [str(case.messages) for case in cases if case.targets]
    assert len(set(prompts)) == len(prompts)
