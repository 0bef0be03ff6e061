"""Every sentence of the pages, in English and Chinese, side by side."""

from __future__ import annotations

from markupsafe import Markup, escape

LANGUAGES = ("en", "zh")

WORDS: dict[str, tuple[str, str]] = {
    "language": ("中文", "English"),
    "run": ("Run", "运行"),
    "comparison": ("Comparison", "对比"),
    "index": ("All versions", "全部版本"),
    "reports": ("Reports", "报告"),
    "to-cases": ("Skip to the cases", "跳到用例"),
    "headline": (
        "of {n} scored cases came back code point for code point",
        "的计分用例（共 {n} 个）逐码点原样返回",
    ),
    "no-headline": ("No case with targets was scored", "没有带目标串的计分用例"),
    "interval": ("95% interval {bounds}", "95% 区间 {bounds}"),
    "partial": (
        "Partial run: {why}. It covers only some of the cases, so no verdict may rest on it.",
        "不完整的运行：{why}。它只覆盖部分用例，不能作为判定依据。",
    ),
    "narrowed": ("it was narrowed or stopped", "运行被缩小范围或中止"),
    "aligned": ("aligned", "对齐"),
    "damaged": ("damaged", "损坏"),
    "omitted": ("omitted", "遗漏"),
    "failed": ("failed a check", "检查未过"),
    "passed": ("passed", "通过"),
    "unscored": ("unscored", "未计分"),
    "alignment": ("Alignment rate", "对齐率"),
    "fidelity": ("Fidelity", "保真率"),
    "fidelity-note": ("right, given that it says it", "提到时写对的比例"),
    "mention": ("Mention rate", "提及率"),
    "mention-note": ("required targets mentioned", "必需目标被提到的比例"),
    "over-correction": ("Over-correction", "过度修正率"),
    "over-correction-note": ("legitimate spaces removed", "合法空格被删掉的比例"),
    "checks": ("Check rate", "检查通过率"),
    "checks-note": ("cases without targets", "不带目标串的用例"),
    "trained": ("Trained", "训练过"),
    "untrained": ("Untrained", "未训练"),
    "gap": ("Gap", "差距"),
    "gap-note": ("points, trained minus untrained", "个百分点（训练过 − 未训练）"),
    "no-gap": ("one of the two has no cases", "其中一方没有用例"),
    "slices": ("Where it fails", "失败分布"),
    "domain": ("Domain", "领域"),
    "symbols": ("Symbol", "符号"),
    "case-language": ("Language", "语言"),
    "task": ("Task", "任务"),
    "exposure": ("Exposure", "训练接触"),
    "suite": ("Suite", "测试集"),
    "cases": ("Cases", "用例"),
    "bad": ("Failing", "失败"),
    "rate": ("Rate", "比率"),
    "interval-95": ("95% interval", "95% 区间"),
    "damage": ("Damage", "损坏类型"),
    "damage-code": ("Damage code", "损坏代码"),
    "mentions": ("Mentions", "提及次数"),
    "by": ("By {what}", "按{what}"),
    "chart-slices": ("Alignment rate by domain with its 95% interval", "各领域对齐率及 95% 区间"),
    "no-charts": (
        "No charts: the chart library is not installed. To add them: {command}",
        "没有图表：未安装图表库。安装命令：{command}",
    ),
    "code-space-left": ("a space before the symbol", "符号前多空格"),
    "code-space-right": ("a space after the symbol", "符号后多空格"),
    "code-cjk-boundary": ("a space between CJK and Latin letters", "中文与西文之间多空格"),
    "code-space-inside": ("a space elsewhere inside", "其他位置多空格"),
    "code-wide-space": ("a blank other than U+0020", "非普通空格"),
    "code-zero-width": ("a character without width", "零宽字符"),
    "code-line-break": ("a line break inside", "中间换行"),
    "code-hyphen-lookalike": ("another dash for the hyphen", "连字符被形近横线替换"),
    "code-slash-lookalike": ("another stroke for the slash", "斜杠被形近符号替换"),
    "code-fullwidth": ("a full-width form", "全角字符"),
    "code-homoglyph": ("a letter of another script", "其他文字的形近字母"),
    "code-space-kind": ("another kind of legitimate space", "合法空格换了种类"),
    "code-dropped": ("the symbol is gone", "符号丢失"),
    "code-to-space": ("a space in place of the symbol", "符号变成空格"),
    "code-swapped": ("the other symbol", "两种符号互换"),
    "code-replaced": ("another sign in its place", "被其他符号替换"),
    "code-doubled": ("the symbol twice", "符号重复"),
    "code-escaped": ("escaped or coded", "被转义或编码"),
    "code-markup": ("cut by markup", "被标记打断"),
    "code-case": ("letter case changed", "大小写改变"),
    "code-closed-up": ("a legitimate space removed", "合法空格被删"),
    "meaning": ("Meaning", "含义"),
    "seen": ("seen", "见过原串"),
    "symbol--": ("- hyphen", "- 连字符"),
    "symbol-/": ("/ slash", "/ 斜杠"),
    "symbol-both": ("both", "两者"),
    "symbol-none": ("none", "无"),
    "slice-tables": ("Every slice", "全部切分"),
    "readers": ("Reader", "读者"),
    "agreement": (
        "{first} and {second} ruled on {n} answers alike in {agreed} of them.",
        "{first} 与 {second} 都判断过 {n} 个回答，其中 {agreed} 个一致。",
    ),
    "kappa": ("Cohen’s kappa {kappa}.", "Cohen’s kappa 为 {kappa}。"),
    "no-kappa": ("Cohen’s kappa is not defined here.", "此处 Cohen’s kappa 无定义。"),
    "other-answers": (
        "{n} rulings were given on other answers than this run holds, and are left out.",
        "有 {n} 条判断针对的不是本次运行的回答，未计入。",
    ),
    "no-damage": ("No damaged mention.", "没有损坏的提及。"),
    "evidence": ("Evidence", "证据"),
    "failing": ("Failing cases", "失败的用例"),
    "none-failing": ("No failing case.", "没有失败的用例。"),
    "more-failing": (
        "{n} more failing cases need JavaScript to be shown.",
        "另有 {n} 个失败用例需启用 JavaScript 查看。",
    ),
    "source": ("Source", "原文"),
    "output": ("Output", "输出"),
    "before-repair": ("Output before repair", "修复前的输出"),
    "link": ("link to this case", "本用例链接"),
    "not-held": (
        "This page is too large to hold the text of cases that did not fail; the run record has it.",
        "本页过大，未收录未失败用例的文本；完整内容见运行记录。",
    ),
    "filters": ("Filter the cases", "筛选用例"),
    "all": ("all", "全部"),
    "failing-only": ("failing", "失败"),
    "outcome": ("Outcome", "结果"),
    "search": ("Search", "搜索"),
    "order": ("Order", "排序"),
    "order-worst": ("worst first", "最差在前"),
    "order-name": ("by name", "按名称"),
    "order-domain": ("by domain", "按领域"),
    "order-slowest": ("slowest first", "最慢在前"),
    "clear": ("Clear", "清除"),
    "shown": ("{n} of {all} cases", "{n} / {all} 个用例"),
    "keys": ("arrow keys move, Enter opens", "方向键移动，回车展开"),
    "more": ("Show more", "显示更多"),
    "ruling": ("Your ruling:", "你的判断："),
    "good": ("good", "好"),
    "poor": ("bad", "差"),
    "rulings": ("Readers' rulings", "人工判断"),
    "rulings-note": (
        "What readers think of answers that no check can judge. No verdict on this page takes them into account.",
        "读者对无法自动检查的回答的看法。本页的任何判定都不采用它们。",
    ),
    "reader": ("Your name", "你的名字"),
    "ruled": ("ruled by you", "已判断"),
    "export": ("Export labels.jsonl", "导出 labels.jsonl"),
    "no-script": ("Filters and the other cases need JavaScript.", "筛选和其余用例需启用 JavaScript。"),
    "sample": ("Sample {n}", "样本 {n}"),
    "tool-call": ("Tool call", "工具调用"),
    "empty": ("(nothing)", "（空）"),
    "left-out": ("{n} characters left out", "省略 {n} 个字符"),
    "target": ("Target", "目标串"),
    "found": ("Found", "实际写法"),
    "verdict": ("Verdict", "判定"),
    "codes": ("Codes", "代码"),
    "verbatim": ("verbatim", "原样"),
    "spaced": ("spaced", "加空格"),
    "lookalike": ("look-alike", "形近字符"),
    "altered": ("altered", "改写"),
    "absent": ("absent", "未提及"),
    "why-unscored": ("Unscored, and why", "未计分及原因"),
    "reason": ("Reason", "原因"),
    "usage": ("Latency, tokens, cost", "延迟、用量与费用"),
    "latency": ("Latency, median", "延迟中位数"),
    "latency-slow": ("Latency, 95th percentile", "延迟 95 百分位"),
    "first-token": ("First token, median", "首个 token 中位数"),
    "prompt-tokens": ("Prompt tokens", "输入 token"),
    "completion-tokens": ("Completion tokens", "输出 token"),
    "cost": ("Cost", "费用"),
    "requests": ("Requests in this run", "本次请求数"),
    "provenance": ("Provenance", "来源"),
    "model": ("Model", "模型"),
    "version": ("Version", "版本"),
    "lineage": ("Derived from", "派生自"),
    "recipe": ("Recipe", "训练配方"),
    "configuration": ("Configuration", "配置"),
    "configuration-digest": ("Configuration digest", "配置摘要"),
    "suite-digest": ("Suite digest", "测试集摘要"),
    "evidence-dates": ("Evidence", "证据日期"),
    "judged": ("Judged", "判定时间"),
    "mode": ("Mode", "模式"),
    "runtime": ("Runtime", "运行环境"),
    "resolved-model": ("Resolved model", "实际模型"),
    "git-commit": ("Git commit", "Git 提交"),
    "harness-version": ("Harness version", "工具版本"),
    "run-id": ("Run id", "运行编号"),
    "check": ("Check", "检查"),
}


def say(key: str, /, **values: object) -> Markup:
    """A sentence in both languages; the style sheet shows the one of the page. Values are escaped."""
    return Markup("").join(
        Markup('<span class="t" lang="{}">{}</span>').format(tag, escape(text).format(**values))
        for tag, text in zip(("en", "zh-CN"), WORDS[key], strict=True)
    )


def known(key: str) -> Markup:
    """Like `say`, for a word that comes from a record: one that no page knows is shown as it is."""
    return say(key) if key in WORDS else escape(key)


def both(key: str, prefix: str = "data") -> Markup:
    """A word as attributes, for elements that can hold text alone; the page's script puts it in."""
    english, chinese = WORDS[key]
    return Markup('{0}-en="{1}" {0}-zh="{2}"').format(Markup(prefix), english, chinese)  # noqa: S704


def for_script(*keys: str) -> dict[str, tuple[str, str]]:
    """The words that a script builds rows with."""
    return {key: WORDS[key] for key in keys}
