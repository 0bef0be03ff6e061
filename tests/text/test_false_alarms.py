"""False alarms on flawless texts; `python -m benchmarks.text.precision` counts them on many."""

from pathlib import Path

import pytest

from benchmarks.text.precision import count, files, halves, report
from harness.text import check, repair, sums
from harness.text.targets import STRICT_KINDS

ENGLISH = """The scheduler reads `/etc/acme/jobs.toml` at start-up and again on SIGHUP; the file holds one table
a job, with the keys `run_at`, `max_retries` and `time-out`.

A job runs in its own process, so that a crash in one does not stop the others, and its output goes to a log file of the
same name with the date behind it, such as nightly-2031-05-17.log.

Start up the service with --config if the file is elsewhere. Jobs run at the times that were given, and a job that was
created at noon runs the next day; there are at most 10 to 20 a day.

A max of five retries is enough for most. In/out and read or write rates are shown in MB/s, and a time out is an error
that ends the job; see the log for 2031 in the folder of the service."""


CHINESE = """调度程序启动时读取 /etc/acme/任务配置.toml，收到信号后会重新读取一次。
配置文件中每个任务对应一张表，表里可以写入口/出口的名称、运行时间、重试次数和超时时间，
未写的键取默认值，不会报错。
时间写作 24 小时制。

每个任务都在独立的进程里运行，一个任务崩溃不会影响其他任务。
输出写入同名的日志文件，文件名里带有日期，例如 夜间任务-2031-05-17.log，
保留 30 天后自动删除，也可以改用 --keep-days 指定天数，最少为一天。

入口、出口的名称可以使用中文。
服务启动后可以用命令查看任务的状态，状态有等待、运行、完成、失败四种；
失败的任务会按照设定的次数重试，超过次数后发送邮件通知管理员，并把错误写进日志，
以便日后排查。

使用 TCP 或 UDP 连接时，请先检查防火墙的设置。
2031 年 5 月之后的版本默认开启加密，旧版本的客户端需要升级才能连接；
升级前请备份配置文件和日志，
升级后再核对一遍各项任务的运行时间是否正确。"""


def test_texts_without_damage_raise_no_alarm() -> None:
    alarms = count(halves([("scheduler", ENGLISH), ("调度", CHINESE)]))
    assert (alarms.texts, alarms.flagged, alarms.changed) == (2, 0, 0), alarms.examples


RELEASES = (
    "Backport fixes for clang-format-14 and gcc-12, drop `build_flags`, keep IPC::Reader2 and AB-77120 (AX-300), see "
    "#942826 and notes/fr_2.po, write to ana@x.org."
)
OTHERS = "It needs cmake-extras, zlib1g-dev and lib_z; the tests use `pkg_config`, `--no-doc` and 3.2.1-4. "


@pytest.mark.parametrize(
    ("target", "other"),
    [
        ("gcc-12", "GCC 12"),
        ("build_flags", "build-flags"),
        ("IPC::Reader2", "IPC::Reader3"),
        ("#942826", "#942526"),
        ("clang-format-14", "clang-format-12"),
    ],
)
def test_a_text_with_strings_of_its_own_may_mean_another_thing(target: str, other: str) -> None:
    """With few strings of its own an answer speaks of those of the prompt, and the same is damage."""
    assert check(RELEASES, f"{OTHERS}It builds with {other} too.").verdicts[target] == "absent"
    assert check(RELEASES, f"It builds with {other} too.").verdicts[target] in ("altered", "corrupted")
    assert check(RELEASES, f"{OTHERS}It builds with {other} too.", [target]).verdicts[target] != "absent"
    strict = check(RELEASES, f"{OTHERS}It builds with {other} too.", strict_kinds=STRICT_KINDS)
    assert strict.verdicts[target] in ("altered", "corrupted")


@pytest.mark.parametrize(
    ("target", "damaged", "verdict"),
    [
        ("gcc-12", "gcc - 12", "spaced"),
        ("build_flags", "build＿flags", "lookalike"),
        ("AB-77120", "AB77120", "altered"),
        ("AX-300", "AX 300", "altered"),
        ("#942826", "#942862", "corrupted"),
        ("clang-format-14", "clang-format_14", "altered"),
        ("notes/fr_2.po", "notes/fr-2.po", "altered"),
        ("ana@x.org", "ana@x,org", "altered"),
    ],
)
def test_in_such_a_text_what_is_hardly_another_thing_is_damage(target: str, damaged: str, verdict: str) -> None:
    assert check(RELEASES, f"{OTHERS}It has {damaged} too.").verdicts[target] == verdict


def test_pieces_of_damaged_strings_are_no_strings_of_the_answer_itself() -> None:
    source = "Use gcc-12 with lib/a_b/c1.so, lib/d_e/f2.so and pkg_config_x1-b."
    answer = "Use GCC 12 with lib/a_b /c1.so, lib/d_e /f2.so and pkg_config_x1 -b."
    assert check(source, answer).verdicts["gcc-12"] == "altered"


def test_an_alarm_is_counted_by_code_and_kind() -> None:
    damaged = ENGLISH.replace("In/out", "/etc/acme / jobs.toml: in/out")
    alarms = count(halves([("scheduler", damaged)]))
    assert (alarms.flagged, alarms.changed, dict(alarms.kinds)) == (1, 1, {"path": 1})
    assert set(alarms.codes) == {"space-left", "space-right"}
    assert "1 of 1 texts flagged, 1 changed by repair" in report("sample", alarms)


def test_manual_pages_are_read_without_their_macros(tmp_path: Path) -> None:
    (tmp_path / "acme.1").write_text(".SH NAME\nacme \\- runs \\fBjobs\\fR\n", encoding="utf-8")
    assert list(files(tmp_path)) == [("acme.1", " NAME\nacme - runs jobs\n")]


ANSWER = """Reading `/srv/app/config/prod-eu/db_settings.yaml`, then `migrator.runner` gets `class_size=1`:

    rows_seen = conn.fetch_all(last_seen_id)
    logger.info("%d", rows_seen)

`./scripts/run-migrate.sh --batch-size=500 --dry-run`, see `docs/rollback_b.md` and tests/test_runner.py (OPS-4412)."""


@pytest.mark.parametrize(
    ("said", "damaged", "target"),
    [
        ("--dry-run", "--Dry-Run", "--dry-run"),
        ("--batch-size", "--batch_size", "--batch-size=500"),
        ("OPS-4412", "ops-4412", "OPS-4412"),
    ],
)
def test_an_answer_that_says_most_strings_of_its_prompt_is_no_other_document(
    said: str, damaged: str, target: str
) -> None:
    prompt = (
        "Fix the job of OPS-4412: read /srv/app/config/prod-eu/db_settings.yaml, then "
        "run ./scripts/run-migrate.sh --batch-size=500 with --dry-run first."
    )
    assert check(prompt, ANSWER).verdicts[target] == "verbatim"
    assert check(prompt, ANSWER.replace(said, damaged)).verdicts[target] == "altered"
    others = f"{prompt} Keep db_a-1, ab_c, `x_y-2`, conf/a.yaml, AB-12, b.c_d and 4.5.1-2 as they are."
    assert check(others, ANSWER.replace(said, damaged)).verdicts[target] == "absent"


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("Seats cost £44-£120.", "They cost £44–£120."),
        ("Budget $10k-$15k each.", "Each costs $10k–$15k."),
        ("Patient: 72-year-old male", "He is 72 years of age, a 72 year old."),
        ("def f(a,b):\n    return a-b/2", "It is read as `a - (b / 2)`."),
    ],
)
def test_prices_ages_and_sums_of_letters_may_be_written_otherwise(source: str, output: str) -> None:
    assert not [one for several in check(source, output).mentions.values() for one in several if one.is_damage]
    assert repair(source, output).text == output


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("format: x=width/2-offset", "x = width / 2 - offset"),
        (
            "for(int i=0;i<len-1;i++) sum+=arr[i]/len;",
            "for (int i = 0; i < len - 1; i++) {\n    sum += arr[i] / len;\n}",
        ),
        ("return self.w/self.h", "return self.w / self.h"),
        ("mid=(lo+hi)//2; left=mid-lo", "mid = (lo + hi) // 2\nleft = mid - lo"),
        ("解方程 2x-3=7", "2x - 3 = 7"),
    ],
)
def test_code_may_be_formatted(source: str, output: str) -> None:
    damage = [one for several in check(source, output).mentions.values() for one in several if one.is_damage]
    assert damage == []
    assert repair(source, output).text == output


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("name=order-items", "name=order - items"),
        ("id = AB-0912", "id = AB - 0912"),
        ("the cd-rom drive", "the cd - rom drive"),
        ("转轴(21a/21b)", "转轴(21a / 21b)"),
    ],
)
def test_values_are_not_formatted(source: str, output: str) -> None:
    damage = [one for several in check(source, output).mentions.values() for one in several if one.is_damage]
    assert damage
    assert repair(source, output).text == source


def test_a_pair_of_one_character_each_is_no_joint() -> None:
    assert "进/出" not in check("门口进/出要登记", "进 / 出都要登记").verdicts


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("计算 15-8/2", "15 - 8 / 2 = 15 - 4 = 11"),
        ("计算1/2+1/3-1/6", "1/2 + 1/3 - 1/6 = 2/3"),
        ("公式199*0.8-20", "199 × 0.8 - 20 = 139.2"),
        ("What is 2^10-1?", "2^10 - 1 = 1023"),
        ("求A-B", "A - B = [[1, 1], [2, 4]]"),
        ("lim (e^x-1)/x", "lim (e^x - 1) / x = 1"),
        ("A=P(1+r/n)^(nt)", "A = P(1 + r/n)^(nt)"),
        ("利润率=(售价-成本)/售价", "利润率 = (售价 - 成本) / 售价"),
        ("BMI=体重/身高²", "BMI = 体重 / 身高² = 22.86"),
        ("for i in range(len(a)-1)", "for i in range(len(a) - 1):"),
        ("if(a-b>0&&c/d<1)", "if (a - b > 0 && c / d < 1) {"),
        ("计算 $m^3\\bmod n$", "$7^3 \\bmod 5 = 3$"),
        ("求 log2(8)-log2(4)", "log2(8) - log2(4) = 3 - 2 = 1"),
        ("s²=Σ(x-x\u0304)²/(n-1)", "s² = Σ(x - x\u0304)² / (n - 1)"),
        ("P(A|B)=P(A∩B)/P(B)", "P(A|B) = P(A∩B) / P(B)"),
        ("return (end-start)/1000.0 if", "return max(end - start, 0) / 1000.0"),
        ("WBC 6.5×10^9/L", "WBC 6.5 × 10^9/L"),
        ("long ms=System.currentTimeMillis()-start;", "long ms = System.currentTimeMillis() - start;"),
        ("{s+=$1/$2} END", "{ s += $1 / $2 } END"),
        ("if x%2==0:", "if x % 2 == 0]"),
        ("SELECT a-b AS d", "SELECT a - b AS d"),
        ("CSS calc(100%-20px)", "`calc(100% - 20px)`"),
        ("const g={x:1,y:f(2,3)}", "const g = { x: 1, y: f(2, 3) };"),
    ],
)
def test_sums_may_be_worked_out(source: str, output: str) -> None:
    assert not [one for several in check(source, output).mentions.values() for one in several if one.is_damage]
    assert repair(source, output).text == output


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("ratio=3/4", "ratio=3 / 4"),
        ("read the I/O ports", "the I / O - 2 ports"),
        ("pages 10-20", "pages 10 - 20"),
        ("体重/身高", "体重 / 身高 = 70"),
        ("call 138-0013", "call 138 - 0013 = home"),
        ("CAS 50-00-0", "50 - 00 - 0 = x"),
        ("dose (10-20mg)", "dose (10 - 20mg)"),
        ("付款¥1,286,400.50", "付款 ¥1, 286,400.50"),
        ("GET /1000.0 failed", "GET (v1) / 1000.0 failed"),
        ("select=a-b-12", "select=a - b-12"),
    ],
)
def test_values_and_ranges_are_no_sums(source: str, output: str) -> None:
    assert [one for several in check(source, output).mentions.values() for one in several if one.is_damage]


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("速率2.4Gbps", "速率 2.4 Gbps"),
        ("Play 1.e4 e5 2.Nf3 and 4.O-O", "1. e4 e5 2. Nf3 and 4. O-O"),
        ("format('YYYY-MM-DD')", "format(d, 'yyyy-MM-dd')"),
        ("see /etc/apt/preferences", "man apt_preferences"),
        ("#8螺丝", "＃8螺丝"),
        ("CPU 14核/20线程", "CPU 14 核/20 线程"),
        ("接口USB-C/HDMI2.1/RJ45。", "接口：USB-C、HDMI 2.1、RJ45"),
        ("指引RMB1.30-1.35bn", "指引 RMB 1.30-1.35bn"),
        ("求a%b和a-b", "a % b = 2"),
        ("付款¥1,286,400.50", "付款 ¥ 1,286,400.50"),
        ("sku AB-100/R", '{"sku": "AB-100\\/R"}'),
        ("BUG at 0x20f31", "at 0x20fc1, then at 0x21000"),
    ],
)
def test_other_spellings_are_no_alarm(source: str, output: str) -> None:
    assert not [one for several in check(source, output).mentions.values() for one in several if one.is_damage]
    assert repair(source, output).text == output


def test_one_address_alone_is_a_near_miss() -> None:
    assert check("BUG at 0x20f31", "at 0x20fc1").verdicts == {"0x20f31": "corrupted"}
    assert check("see /src/apt/preferences", "in /src/apt_preferences").verdicts == {"/src/apt/preferences": "altered"}


def test_a_long_sum_is_read_once() -> None:
    """Two readings of each call would be 2 to the power of forty."""
    source = "f(a)-" * 40 + "f(a)-!"
    assert check(source, source.replace("-", " - ")).verdicts
    assert not sums._OPERANDS.fullmatch(source)
