"""The workflows that `harness init` writes, executed: their shell is real, `pip` and `gh` are not."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from markdown_it import MarkdownIt

import harness
from tests.examples.conftest import Workplace

RESOLVED = {
    "${{ inputs.candidate }}": "mine",
    "${{ inputs.baseline }}": "base",
    "${{ secrets.MLFLOW_TRACKING_URI }}": "",
    "${{ secrets.ALARM_WEBHOOK }}": "",
    "${{ vars.ALARM_FORMAT || 'slack' }}": "slack",
    "${{ github.token }}": "token",
    "${{ github.event.pull_request.number }}": "7",
    "${{ github.repository }}": "someone/project",
}
TAKEN = {"Take the base branch": 0}


def github(place: Workplace, name: str, **secrets: str) -> dict[str, int]:
    """Run the steps of a GitHub workflow as their conditions say; exit code by step."""
    resolved = RESOLVED | {f"${{{{ secrets.{secret} }}}}": value for secret, value in secrets.items()}
    content = yaml.safe_load((place.root / f".github/workflows/verbatim-{name}.yml").read_text(encoding="utf-8"))
    codes: dict[str, int] = {}
    for job in content["jobs"].values():
        for step in job["steps"]:
            if "run" not in step:
                assert step["uses"].startswith("actions/")
                continue
            assert "${{" not in step["run"], "an expression in a script lets a title or a name run code"
            failed = any(codes.values())
            condition = step.get("if", "success()")
            assert condition in ("success()", "always()", "failure() && steps.night.outcome == 'failure'")
            if condition == ("success()" if failed else "failure() && steps.night.outcome == 'failure'"):
                continue
            given = {**job.get("env", {}), **step.get("env", {})}
            variables = {key: resolved.get(value, value) for key, value in given.items()}
            codes[step["name"]] = place.shell(step["run"], **variables).returncode
    return codes


def gitlab(place: Workplace, name: str, **variables: str) -> tuple[int, str]:
    """Run a GitLab job with what it extends."""
    content: dict[str, Any] = yaml.safe_load((place.root / ".gitlab/verbatim.yml").read_text(encoding="utf-8"))
    job = {**content[".verbatim"], **content[f"verbatim-{name}"]}
    done = place.shell("\n".join([*job["before_script"], *job["script"]]), **{**job["variables"], **variables})
    return done.returncode, done.stdout + done.stderr


def kept(place: Workplace) -> list[str]:
    """Record files on the branch of the history."""
    return [
        Path(line).parent.name
        for line in place.git("ls-remote", "--heads", "origin", "verbatim-history").splitlines()
        for line in place.git("ls-tree", "-r", "--name-only", line.split()[0]).splitlines()
        if line.endswith(".json") and "@" in line
    ]


def output(place: Workplace, name: str) -> str:
    return (place.root / "build/verbatim" / name).read_text(encoding="utf-8")


def test_a_promotion_asks_both_versions_gives_a_go_and_keeps_the_records(workplace: Workplace) -> None:
    codes = github(workplace, "promotion")
    assert codes == {"Install": 0, "Fetch the history": 0, "Judge": 0, "Keep the history": 0, "Summary": 0}
    assert output(workplace, "verdict.md").startswith("## GO:")
    assert (workplace.tools / "summary.md").read_text().startswith("## GO")
    assert sorted(kept(workplace)) == ["base@v1", "mine@v1"]
    assert list((workplace.root / "build/verbatim/pages").rglob("*.html"))
    baselines = json.loads((workplace.root / "verbatim-history/baselines.json").read_text())
    assert baselines["baselines"] == {"mine": "mine@v1"}


def test_a_pull_request_that_damages_is_stopped_and_one_without_evidence_is_not(workplace: Workplace) -> None:
    assert workplace.shell("pytest --model=base --cassette-mode=record -q").returncode == 0
    assert workplace.shell("harness runs baseline base --for mine").returncode == 0
    workplace.endpoint.damage = True
    assert workplace.shell("pytest --model=mine --cassette-mode=record -q").returncode == 1
    asked = workplace.endpoint.asked

    stopped = workplace.shell("bash ci/verbatim/pull-request.sh")
    assert stopped.returncode == 1, stopped.stderr
    comment = output(workplace, "comment.md")
    assert "## NO-GO:" in comment
    assert "### `base@v1` → `mine@v1`" in comment
    assert "<testcase" in output(workplace, "junit.xml")

    # the history of the server holds no baseline yet
    codes = github(workplace, "pull-request")
    assert codes == {**TAKEN, "Install": 0, "Fetch the history": 0, "Judge": 0, "Comment": 0}
    assert output(workplace, "comment.md").startswith("## INCONCLUSIVE")
    assert workplace.called()[-1] == "gh pr comment 7 --body-file build/verbatim/marked.md"
    assert output(workplace, "marked.md") == "<!-- verbatim -->\n" + output(workplace, "comment.md")
    assert workplace.endpoint.asked == asked, "a pull request replays"


def test_a_comment_of_an_earlier_run_is_replaced_and_one_of_another_workflow_is_not(workplace: Workplace) -> None:
    content = yaml.safe_load((workplace.root / ".github/workflows/verbatim-pull-request.yml").read_text("utf-8"))
    (script,) = (step["run"] for step in content["jobs"]["comment"]["steps"] if "run" in step)
    (workplace.root / "build/verbatim").mkdir(parents=True)
    (workplace.root / "build/verbatim/comment.md").write_text("## GO\n")
    (workplace.tools / "calls.comments").write_text("11\n12\n")  # what gh prints: those with the mark, by their ids
    given = {"GH_REPO": "someone/project", "PULL_REQUEST": "7"}
    assert workplace.shell(script, **given).returncode == 0
    asked, patched = workplace.called()
    assert 'github-actions[bot]" and (.body | startswith("<!-- verbatim -->"' in asked
    path = "repos/someone/project/issues/comments/12"
    assert patched == f"gh api --method PATCH {path} -F body=@build/verbatim/marked.md --silent"


def test_a_change_whose_answers_are_not_recorded_is_not_judged_by_an_older_run(workplace: Workplace) -> None:
    assert workplace.shell("pytest --model=mine --cassette-mode=record -q").returncode == 0
    assert workplace.shell("bash ci/verbatim/pull-request.sh").returncode == 0
    settings = workplace.root / "pyproject.toml"
    settings.write_text(settings.read_text().replace('model = "mine"\n', 'model = "mine"\nsystem = "Be brief."\n'))
    done = workplace.shell("bash ci/verbatim/pull-request.sh")
    assert done.returncode == 3, done.stdout[-2000:]
    assert "Run `pytest --model=mine --cassette-mode=record` and commit" in output(workplace, "comment.md")


def test_a_model_that_cannot_be_asked_or_judged_is_no_verdict(workplace: Workplace) -> None:
    assert workplace.shell("bash ci/verbatim/pull-request.sh").returncode == 3, "nothing is recorded"
    workplace.endpoint.status = 401
    assert workplace.shell("bash ci/verbatim/promotion.sh mine").returncode == 3
    assert not (workplace.root / "build/verbatim/verdict.md").exists()


def test_a_merge_request_replays_and_shows_its_verdict(workplace: Workplace) -> None:
    assert workplace.shell("pytest --model=mine --cassette-mode=record -q").returncode == 0
    code, said = gitlab(workplace, "merge-request", CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main")
    assert code == 0, said[-2000:]
    assert output(workplace, "comment.md").startswith("## INCONCLUSIVE:")
    assert workplace.endpoint.posted == [], "without a token that may use the API"


TAKING = "git show HEAD^1:ci/verbatim/base.sh | bash -s -- HEAD^1"


def test_a_change_is_judged_by_the_suites_scripts_and_policy_of_the_base_branch(workplace: Workplace) -> None:
    root = workplace.root
    canaries = root / "suites/canary/cases.jsonl"
    kept_files = {path: path.read_text("utf-8") for path in (canaries, root / "ci/verbatim/pull-request.toml")}
    canaries.write_text(canaries.read_text("utf-8").splitlines(keepends=True)[0], "utf-8")
    (root / "ci/verbatim/pull-request.toml").write_text("[[rules]]\nmetric = 'alignment_rate'\nmin = 0.0\n")
    (root / "ci/verbatim/pull-request.sh").write_text("exit 0\n")
    (root / "suites/mine").mkdir()
    (root / "suites/mine/easy.jsonl").write_text("{}\n")
    (root / "cassettes").mkdir()
    (root / "cassettes/new.jsonl").write_text("a recording")
    with (root / "pyproject.toml").open("a") as settings:
        settings.write('\n[tool.harness.models.third]\nversion = "v1"\ntraining_data = ["training"]\n')
    (root / "training").mkdir()
    (root / "training/learnt.jsonl").write_text("learnt")
    workplace.git("add", ".")
    workplace.git("commit", "-q", "-m", "I judge myself")
    done = workplace.shell(TAKING)
    assert done.returncode == 0, done.stderr
    assert {path: path.read_text("utf-8") for path in kept_files} == kept_files
    assert "harness gate" in (root / "ci/verbatim/pull-request.sh").read_text("utf-8")
    assert not (root / "suites/mine/easy.jsonl").exists()
    assert (root / "cassettes/new.jsonl").read_text() == "a recording"
    assert (root / "training/learnt.jsonl").read_text() == "learnt"
    assert "models.third" in (root / "pyproject.toml").read_text("utf-8")


def test_no_file_of_a_change_is_run_where_it_is_judged(workplace: Workplace) -> None:
    """Wherever pytest, Python and the harness find code: also what a conftest.py of the base branch imports."""
    root, mark = workplace.root, workplace.root.parent / "owned"
    (root / "conftest.py").write_text("import app\n")
    (root / "app.py").write_text("")
    (root / "checks").mkdir()
    (root / "checks/own.py").write_text("")
    workplace.git("add", ".")
    workplace.git("commit", "-q", "-m", "the base")
    workplace.git("push", "-q", "origin", "main")
    bad = f"open({str(mark)!r}, 'a').write(__file__)\n"
    shutil.rmtree(root / "checks")
    (root / "checks").symlink_to("cassettes")
    for name in (
        *(
            "app.py",
            "tests/conftest.py",
            "jinja2.py",
            "scipy/__init__.py",
            "tomllib.py",
            "sitecustomize.py",
            "pytest.py",
        ),
        *("cassettes/own.py", "cassettes/x.json/own.py", "suites/canary/conftest.py", "verbatim-history/conftest.py"),
        *("ci/verbatim/alarm.py", "harness/__init__.py", "evil.pth", "json.py"),
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(bad)
    (root / "pytest.ini").write_text("[pytest]\naddopts = -p jinja2\npythonpath = .\n")
    (root / "tox.ini").write_text("[pytest]\naddopts = -p jinja2\n")
    (root / "evil.egg-info").mkdir()
    (root / "evil.egg-info/entry_points.txt").write_text("[pytest11]\nevil = jinja2\n")
    (root / "cassettes/link.jsonl").symlink_to("/dev/zero")
    (root / "cassettes/new.jsonl").write_text("")
    with (root / "pyproject.toml").open("a") as settings:
        settings.write('\n[tool.harness.models.third]\nversion = "v1"\n')
        settings.write('training_data = [".", "suites/canary", "/etc/passwd", "../x"]\n')
    workplace.git("add", "-f", ".")
    workplace.git("commit", "-q", "-m", "I judge myself")
    done = workplace.shell(TAKING)
    assert done.returncode == 0, done.stderr
    assert not (root / "checks").is_symlink()
    changed = workplace.git("diff", "--cached", "--name-only", "HEAD^1").splitlines()
    assert sorted(changed) == ["cassettes/new.jsonl", "pyproject.toml"]
    workplace.shell("bash ci/verbatim/pull-request.sh")
    assert not mark.exists(), mark.read_text()


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('[tool.harness.symbols]\nonly = ["-"]', "tool.harness.symbols"),
        ('[tool.pytest.ini_options]\naddopts = "-p evil"', "tool.pytest"),
        ('[tool.harness.models.app]\nkind = "callable"\nfunction = "builtins:exec"', "models.app.function"),
        ('[tool.harness.models.app]\nbase = "mine"\nrecord_http = true', "models.app.record_http"),
        ('[tool.harness.models.app]\nbase = "mine"\nallow_hosts = ["evil.example"]', "models.app.allow_hosts"),
    ],
    ids=["symbols", "options", "function", "record_http", "allow_hosts"],
)
def test_a_change_of_settings_that_judge_or_run_code_is_merged_by_itself(
    line: str, named: str, workplace: Workplace
) -> None:
    with (workplace.root / "pyproject.toml").open("a") as settings:
        settings.write(f"\n{line}\n")
    workplace.git("add", ".")
    workplace.git("commit", "-q", "-m", "I judge myself")
    refused = workplace.shell(TAKING)
    assert refused.returncode == 1
    assert f"{named}: not as on the base branch" in refused.stderr


def test_code_of_a_change_is_run_where_the_workflow_names_it(workplace: Workplace) -> None:
    (workplace.root / "app").mkdir()
    for name in ("app/bot.py", "other.py"):
        (workplace.root / name).write_text("")
    workplace.git("add", ".")
    workplace.git("commit", "-q", "-m", "a better application")
    assert workplace.shell(f"{TAKING} app").returncode == 0
    assert (workplace.root / "app/bot.py").exists()
    assert not (workplace.root / "other.py").exists()


def test_nights_gather_on_the_branch_and_an_endpoint_that_is_gone_fails_the_job(workplace: Workplace) -> None:
    codes = github(workplace, "nightly")
    assert codes == {"Install": 0, "Fetch the history": 0, "Ask and judge": 0, "Keep the history": 0}
    assert "INCONCLUSIVE" in output(workplace, "drift.txt")
    assert kept(workplace) == ["mine@v1"]

    workplace.git("worktree", "remove", "--force", "verbatim-history")
    workplace.endpoint.status = 401
    codes = github(workplace, "nightly", ALARM_WEBHOOK=f"{workplace.endpoint.address}/hook")
    assert codes["Fetch the history"] == 0
    assert codes["Ask and judge"] != 0
    path, message = workplace.endpoint.posted[-1]
    assert path == "/hook"
    first, why, *_ = message["text"].splitlines()
    assert first == "mine  CANNOT SEE  nothing was judged tonight: pytest ended with 2"
    assert "refuses the request without a key (401)" in why
    assert output(workplace, "drift.txt").startswith("CANNOT SEE  nothing was judged tonight")
    assert any(call.startswith("gh issue create") for call in workplace.called())
    assert kept(workplace) == ["mine@v1"]


def calm_nights(place: Workplace, reports: str, number: int = 12) -> None:
    """The one record under `reports` becomes the nights before: the same answers, each a day earlier."""
    (path,) = (place.root / reports / "mine@v1").glob("*.json")
    text = path.read_text(encoding="utf-8")
    last = date.fromisoformat(json.loads(text)["evidence"]["oldest"][:10])
    for ago in range(1, number + 1):
        day = last - timedelta(days=ago)
        moved = json.loads(text.replace(str(last), str(day)).replace(f"{last:%Y%m%d}-", f"{day:%Y%m%d}-"))
        moved.pop("digest", None)  # an edited record would be refused; one without a digest is one of an older edition
        name = path.name.replace(f"{last:%Y%m%d}-", f"{day:%Y%m%d}-")
        path.with_name(name).write_text(json.dumps(moved, ensure_ascii=False), encoding="utf-8")
    path.unlink()
    with (place.root / "pyproject.toml").open("a") as settings:
        settings.write("\n[tool.harness.drift]\nmin_prompts = 20\n")


@pytest.mark.parametrize("service", ["github", "gitlab"])
def test_a_night_that_drifts_ends_red_sounds_the_alarm_and_is_kept(workplace: Workplace, service: str) -> None:
    assert github(workplace, "nightly")["Ask and judge"] == 0
    calm_nights(workplace, "verbatim-history")
    assert workplace.shell("bash ci/verbatim/history.sh keep").returncode == 0
    workplace.git("worktree", "remove", "--force", "verbatim-history")
    hook = f"{workplace.endpoint.address}/hook"

    workplace.endpoint.damage = True
    if service == "github":
        codes = github(workplace, "nightly", ALARM_WEBHOOK=hook)
        assert codes == {
            "Install": 0,
            "Fetch the history": 0,
            "Ask and judge": 1,
            "Keep the history": 0,
            "Issue": 0,
        }
        assert any(call.startswith("gh issue create --title") for call in workplace.called())
        assert "DRIFT" in output(workplace, "issue.md")
    else:
        code, said = gitlab(workplace, "nightly", ALARM_WEBHOOK=hook)
        assert code == 1, said[-2000:]
    assert output(workplace, "drift.txt").startswith("DRIFT")
    path, message = workplace.endpoint.posted[-1]
    assert path == "/hook"
    assert message["text"].startswith("mine@v1: 100.0% → 0.0% since ")
    assert len(kept(workplace)) == 13
    assert list((workplace.root / "build/verbatim/pages").rglob("*.html"))


def test_a_night_like_the_nights_before_is_quiet(workplace: Workplace) -> None:
    assert gitlab(workplace, "nightly")[0] == 0
    calm_nights(workplace, "verbatim-history")
    assert workplace.shell("bash ci/verbatim/history.sh keep").returncode == 0
    workplace.git("worktree", "remove", "--force", "verbatim-history")
    hook = f"{workplace.endpoint.address}/hook"
    code, said = gitlab(workplace, "nightly", ALARM_WEBHOOK=hook)
    assert code == 0, said[-2000:]
    assert output(workplace, "drift.txt").startswith("QUIET")
    assert workplace.endpoint.posted == []


def test_a_night_of_too_few_prompts_ends_red_once_the_baseline_is_there(workplace: Workplace) -> None:
    first = workplace.shell("bash ci/verbatim/nightly.sh", HARNESS_LANG="zh")
    assert first.returncode == 0, first.stdout[-2000:]
    calm_nights(workplace, "reports")
    settings = workplace.root / "pyproject.toml"
    settings.write_text(settings.read_text().replace("min_prompts = 20", "min_prompts = 60"))
    loud = workplace.shell("bash ci/verbatim/nightly.sh", ALARM_WEBHOOK=f"{workplace.endpoint.address}/hook")
    assert loud.returncode == 2
    assert output(workplace, "drift.txt").startswith("INCONCLUSIVE")
    _, message = workplace.endpoint.posted[-1]
    assert "too few to trust silence" in message["text"]


def test_cron_sounds_the_alarm_of_a_night_that_drifts(workplace: Workplace) -> None:
    assert workplace.shell("bash ci/verbatim/cron.sh").returncode == 0
    calm_nights(workplace, "reports")
    workplace.endpoint.damage = True
    (workplace.root / ".env").write_text(f"ALARM_WEBHOOK={workplace.endpoint.address}/hook\nALARM_FORMAT=feishu\n")
    loud = workplace.shell("bash ci/verbatim/cron.sh")
    assert loud.returncode == 1
    assert "DRIFT" in loud.stdout
    assert workplace.endpoint.posted[-1][1]["msg_type"] == "text"


def test_a_chinese_alarm_of_a_blind_night_gives_its_reason_in_chinese_and_once(workplace: Workplace) -> None:
    workplace.endpoint.status = 401
    hook = f"ALARM_WEBHOOK={workplace.endpoint.address}/hook"
    (workplace.root / ".env").write_text(f"{hook}\nALARM_FORMAT=slack\nALARM_LANG=zh\n")
    assert workplace.shell("bash ci/verbatim/cron.sh").returncode != 0
    first, why, *rest = workplace.endpoint.posted[-1][1]["text"].splitlines()
    assert first.startswith("mine  CANNOT SEE  今晚没有判定任何用例")
    assert "拒绝了不带密钥的请求（401）" in why
    assert len(rest) == len(set(rest)) == 1


@pytest.mark.parametrize(("damage", "code", "word"), [(False, 0, "GO"), (True, 1, "NO-GO")])
def test_a_promotion_on_gitlab_keeps_its_records_whatever_the_verdict(
    workplace: Workplace, damage: bool, code: int, word: str
) -> None:
    workplace.endpoint.damage = damage
    found, said = gitlab(workplace, "promotion", VERBATIM_CANDIDATE="mine", VERBATIM_BASELINE="base")
    assert found == code, said[-2000:]
    assert output(workplace, "verdict.md").startswith(f"## {word}:")
    assert sorted(kept(workplace)) == ["base@v1", "mine@v1"]
    assert (workplace.root / "verbatim-history/baselines.json").exists() is not damage


def test_a_server_that_cannot_be_asked_does_not_start_the_history_anew(workplace: Workplace) -> None:
    workplace.git("remote", "set-url", "origin", "/nowhere")
    done = workplace.shell("bash ci/verbatim/history.sh fetch")
    assert done.returncode not in (0, 2)
    assert not (workplace.root / "verbatim-history").exists()


@pytest.mark.parametrize(("form", "key"), [("slack", "text"), ("feishu", "content"), ("wecom", "text")])
def test_the_alarm_reaches_the_chat_in_its_own_form(workplace: Workplace, form: str, key: str) -> None:
    (workplace.root / "drift.txt").write_text("DRIFT since 2031-01-02 “水吧台”\n", encoding="utf-8")
    hook = f"{workplace.endpoint.address}/hook/secret-part"
    done = workplace.shell("python3 ci/verbatim/alarm.py mine drift.txt", ALARM_WEBHOOK=hook, ALARM_FORMAT=form)
    assert done.returncode == 0, done.stderr
    path, message = workplace.endpoint.posted[-1]
    assert path == "/hook/secret-part"
    assert "水吧台" in json.dumps(message[key], ensure_ascii=False)


NAMED = "m-1```\n```\n![x](https://evil.example/p.png) @everyone <!channel>"


def test_what_an_endpoint_calls_itself_stays_quoted_in_the_issue(workplace: Workplace) -> None:
    steps = yaml.safe_load((workplace.root / ".github/workflows/verbatim-nightly.yml").read_text())["jobs"]["verbatim"]
    (issue,) = (step["run"] for step in steps["steps"] if step.get("name") == "Issue")
    (workplace.root / "build/verbatim").mkdir(parents=True)
    (workplace.root / "build/verbatim/drift.txt").write_text(f"DRIFT\n{NAMED}\r@a\n", encoding="utf-8", newline="")
    assert workplace.shell(issue).returncode == 0
    (block,) = MarkdownIt().parse(output(workplace, "issue.md"))
    assert block.type == "code_block"
    assert "@everyone" in block.content


@pytest.mark.parametrize("form", ["slack", "feishu", "dingtalk", "wecom"])
def test_what_an_endpoint_calls_itself_stays_quoted_in_a_chat(workplace: Workplace, form: str) -> None:
    (workplace.root / "drift.txt").write_text(f"DRIFT\n{NAMED}\n", encoding="utf-8")
    hook = f"{workplace.endpoint.address}/hook"
    done = workplace.shell("python3 ci/verbatim/alarm.py mine drift.txt", ALARM_WEBHOOK=hook, ALARM_FORMAT=form)
    assert done.returncode == 0, done.stderr
    sent = json.dumps(workplace.endpoint.posted[-1][1])
    assert "[@]everyone" in sent
    assert not any(live in sent for live in ("```", "](", "https://", " @", "<!"))


def test_no_line_of_a_log_is_a_command_to_github(workplace: Workplace) -> None:
    for name, step in (("nightly", "Ask and judge"), ("pull-request", "Judge"), ("promotion", "Judge")):
        content = yaml.safe_load((workplace.root / f".github/workflows/verbatim-{name}.yml").read_text())
        steps = [one for job in content["jobs"].values() for one in job["steps"]]
        (script,) = (one["run"] for one in steps if one.get("name") == step)
        (workplace.root / f"ci/verbatim/{name}.sh").write_text("printf '::error::x'; exit 3\n")
        done = workplace.shell(script)
        assert done.returncode == 3
        first, said, last = done.stdout.splitlines()
        assert said == "::error::x"
        assert first.startswith("::stop-commands::")
        assert len(token := first.removeprefix("::stop-commands::")) == 32
        assert last == f"::{token}::"


def test_an_alarm_that_fails_does_not_tell_the_address(workplace: Workplace) -> None:
    (workplace.root / "drift.txt").write_text("DRIFT\n")
    for hook in ("http://127.0.0.1:9/secret-part", "secret-part"):
        done = workplace.shell("python3 ci/verbatim/alarm.py mine drift.txt", ALARM_WEBHOOK=hook)
        assert done.returncode == 1
        assert "ALARM_WEBHOOK" in done.stderr
        assert "secret-part" not in done.stderr


def test_cron_is_silent_on_a_quiet_night_and_prints_the_log_of_a_bad_one(workplace: Workplace) -> None:
    (workplace.root / "ci/verbatim/nightly.sh").write_text('echo "a log of $NIGHT"; exit "$CODE"\n')
    (workplace.root / ".env").write_text("CODE=0\nNIGHT=one\n")
    quiet = workplace.shell("bash ci/verbatim/cron.sh")
    assert (quiet.returncode, quiet.stdout) == (0, "")
    (workplace.root / ".env").write_text("CODE=1\nNIGHT=two\n")
    loud = workplace.shell("bash ci/verbatim/cron.sh")
    assert (loud.returncode, loud.stdout) == (1, "a log of two\n")


def test_the_workflows_ask_for_no_more_rights_than_they_use(workplace: Workplace) -> None:
    rights: dict[tuple[str, str], dict[str, str]] = {}
    for name in ("pull-request", "promotion", "nightly"):
        text = (workplace.root / f".github/workflows/verbatim-{name}.yml").read_text("utf-8")
        content = yaml.safe_load(text)
        assert content["permissions"] == {}, "nothing unless a job asks for it"
        rights |= {(name, job): asked["permissions"] for job, asked in content["jobs"].items()}
        uses = [line.partition("uses: ")[2] for line in text.splitlines() if "uses: " in line]
        assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action) for action in uses)
        assert text.count("persist-credentials: false") == text.count("actions/checkout@")
    assert rights == {
        ("pull-request", "judge"): {"contents": "read"},
        ("pull-request", "comment"): {"pull-requests": "write"},
        ("promotion", "verbatim"): {"contents": "write"},
        ("nightly", "verbatim"): {"contents": "write", "issues": "write"},
    }
    assert "secrets." not in (workplace.root / ".github/workflows/verbatim-pull-request.yml").read_text()


# `.ci/release` refuses before it builds; that it builds and tries a wheel is seen at each release.

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What the command looks at first, ready for a release of 1.2.3."""
    (tmp_path / ".ci").mkdir()
    (tmp_path / "harness").mkdir()
    shutil.copy(ROOT / ".ci/release", tmp_path / ".ci/release")
    (tmp_path / "harness/__init__.py").write_text('__version__ = "1.2.3"\n')
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## 1.2.3 (2031-01-02)\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "start")
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    alone = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    identity = ["-c", "user.name=t", "-c", "user.email=t@localhost"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, env=alone)


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("CHANGELOG.md", "## 1.2.3 (not yet released)\n", "wanted: ## 1.2.3 (YYYY-MM-DD)"),
        ("note.txt", "", "not committed"),
    ],
)
def test_what_is_not_ready_is_refused_and_nothing_is_built(checkout: Path, file: str, content: str, said: str) -> None:
    (checkout / file).write_text(content)
    done = subprocess.run(
        ["bash", ".ci/release", str(checkout.parent / "out")], cwd=checkout, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert said in done.stderr
    assert list((checkout.parent / "out").iterdir()) == []


def test_the_version_is_in_one_place_and_the_changelog_names_it() -> None:
    assert 'dynamic = ["version"]' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f"## {harness.__version__} (" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
