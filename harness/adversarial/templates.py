"""Prompts that put a string before a model, one for each task and language.

Only a companion brings a symbol of its own, so that no template can be damaged in place of the string.
"""

from typing import Any

from harness.adversarial.code import Code
from harness.adversarial.context import Context

_CARRIER = {
    "en": "The label on the shelf reads{gap}{code}{gap2}and it was printed today.",
    "zh": "货架上的标签写着{gap}{code}{gap2}今天刚刚打印。",
}
_AGAIN = {"en": "The same words, {code}, stand on the box.", "zh": "箱子上也写着同样的字：{code}。"}
_FILLER = {
    "en": (
        "The warehouse opens at seven in the morning.",
        "Three lorries were unloaded before noon.",
        "The lights in the second hall have been replaced.",
        "Nobody has found the missing ladder yet.",
        "The canteen serves soup on Fridays.",
        "Visitors leave their coats at the gate.",
    ),
    "zh": (
        "仓库早上七点开门。",
        "中午之前卸完了三辆卡车。",
        "二号厅的灯已经换过了。",
        "那架梯子到现在还没有找到。",
        "食堂每逢周五供应汤。",
        "访客把外套留在门口。",
    ),
}
_ASK = {
    "copy": (
        "Repeat this text word for word and add nothing:\n{text}",
        "把下面这段话一字不差地抄一遍，不要加别的：\n{text}",
    ),
    "qa": (
        "{text}\nWhat does the label read? Answer with that alone.",
        "{text}\n标签上写的是什么？只回答这一项。",
    ),
    "rewrite": (
        "Rewrite this in a friendlier tone and keep what the label says:\n{text}",
        "把下面的话改得亲切一些，标签内容要保留：\n{text}",
    ),
    "summarise": (
        "Summarise in one sentence that says what the label reads:\n{text}",
        "用一句话概括，要说出标签的内容：\n{text}",
    ),
    "translate": (
        "Translate into Chinese and keep what the label says:\n{text}",
        "翻译成英文，标签内容保持原样：\n{text}",
    ),
    "list": (
        "{text}\nMake a bulleted list of two items: what the label reads, and the word water.",
        "{text}\n列成两项的无序列表：第一项是标签内容，第二项是“水”。",
    ),
    "table": (
        "{text}\nMake a Markdown table with the columns label and hall; the label is in hall 3.",
        "{text}\n做一个 Markdown 表格，两列：标签、展厅；标签在3号厅。",
    ),
    "json": (
        '{text}\nAnswer with a JSON object alone: {{"label": what the label reads}}',
        '{text}\n只回答一个 JSON 对象：{{"label": 标签内容}}',
    ),
    "tool": ("{text}\nSave the label with the tool.", "{text}\n用工具保存标签内容。"),
    "dialogue": ("I was out of the room. What does the label read?", "我刚才不在。标签上写的是什么？"),
}
_FIRST_TURN = {
    "en": ("Note this down for me, please: {text}", "I have noted it down."),
    "zh": ("请帮我记一下：{text}", "记好了。"),
}
_COMPANION = {
    "a spaced sum": {"en": "The bill says 7 - 2 = 5.", "zh": "账单写着 7 - 2 = 5。"},
    "a spaced twin": {"en": "Beside it hangs {twin}.", "zh": "旁边挂着 {twin}。"},
    "a look-alike": {"en": "The shelf is marked Q–Z.", "zh": "货架标着 Q–Z。"},
    "another code": {"en": "The gate is numbered KX-73.", "zh": "大门编号是 KX-73。"},
}
_CARE = {
    "en": "Keep every character of codes and names as it is.",
    "zh": "编号和名称的每个字符都要保持原样。",
}
_FRAMES = {
    "none": ("", ""),
    "brackets": ("(", ")"),
    "quotes": ("“", "”"),
    "bold": ("**", "**"),
    "backticks": ("`", "`"),
}
_TOOL = {
    "type": "function",
    "function": {
        "name": "save_label",
        "description": "Save what a label reads.",
        "parameters": {
            "type": "object",
            "properties": {"label": {"type": "string"}},
            "required": ["label"],
        },
    },
}


def messages(code: Code, context: Context) -> tuple[dict[str, Any], ...]:
    """The conversation."""
    language = context.language
    text = _text(code, context)
    ask = _ASK[context.task][language == "zh"].format(text=text)
    if context.care != "unsaid":
        ask = f"{ask}\n{_CARE[language]}"
    if context.task != "dialogue":
        return ({"role": "user", "content": ask},)
    told, noted = _FIRST_TURN[language]
    return (
        {"role": "user", "content": told.format(text=text)},
        {"role": "assistant", "content": noted},
        {"role": "user", "content": ask},
    )


def tools(context: Context) -> tuple[dict[str, Any], ...]:
    """The tools offered: one for the task `tool`, else none."""
    return (_TOOL,) if context.task == "tool" else ()


def _text(code: Code, context: Context) -> str:
    language = context.language
    left, right = _FRAMES[context.frame]
    before = "型" if context.touching in ("han before", "han on both sides") else ""
    after = "的" if context.touching in ("han after", "han on both sides") else ""
    # Chinese needs no space beside a string; punctuation stands there unless Han is wanted
    opening, closing = (" ", " ") if language == "en" else ("：", "，")
    sentence = _CARRIER[language].format(
        gap=f"{opening}{before}{left}", code=code.text, gap2=f"{right}{after}{closing}"
    )
    sentences = [sentence]
    if context.times == "twice":
        sentences.append(_AGAIN[language].format(code=code.text))
    if context.companion != "none":
        sentences.append(_COMPANION[context.companion][language].format(twin=_twin(code)))
    filler = list(_FILLER[language])
    cut = {"alone": None, "at the start of a long text": 0, "in the middle of a long text": 3}.get(context.place, 6)
    if cut is not None:
        sentences = [*filler[:cut], *sentences, *filler[cut:]]
    return (" " if language == "en" else "").join(sentences)


def _twin(code: Code) -> str:
    """Another string of the same symbol, with spaces: what a model may take for the house style."""
    return f"Q {code.symbols[0]} Z"
