"""Paths, names of files and numbers of papers, as wholes: a fragment finds no file and never vouches for the whole."""

import re
from collections.abc import Iterator

from harness.text.chains import ENDS, HAN, HAN_RUN, Span, chains_in, sentence_cut, touches
from harness.text.characters import BIDI, EMOJI
from harness.text.keeping import later
from harness.text.sides import PERHAPS, SURELY, behind_seams, seams
from harness.text.targets import (
    CASES,
    CLAUSE_BEGINS,
    CONJUNCTIONS,
    DOCUMENTS,
    EXTENSIONS,
    HEADS,
    LABELS_OF_FILES,
    NO_VERBS,
    PARTICLES,
    PARTICLES_BEFORE_A_BLANK,
    PLATES,
    TAIL_SEAMS,
    TAILS,
    VERBS,
    any_of,
    by_heads,
    kind_of,
)

OPENED = tuple(zip("“‘「（(《【〔［[{", "”’」）)》】〕］]}", strict=True))


def _segment(*more: str) -> str:
    kinds = (
        f"[^{ENDS}/\\\\:h.~]",
        "(?!:[/\\\\]|https?:|~/)[:h.~]",
        *(f"{re.escape(a)}[^{re.escape(a + b)}\\n]{{1,40}}{re.escape(b)}" for a, b in OPENED),
        *more,
    )
    return f"(?:{'|'.join(kinds)}){{1,120}}"


SEGMENT = _segment()
"""A part of a path, with what is in quotes or brackets that were opened inside it."""
ESCAPED_SEGMENT = _segment(r"\\ (?=[^\s/])")
"""The same as a shell writes it: `My\\ Docs`."""
FURTHER_WORD = '[^\\s\\\\/:*?"<>|，。；、.]{1,30}'
"""A further word of a folder such as `Program Files`."""
GOES_ON = f"[{HAN}]{{0,6}}(?:[的了就即]|(?<!合)并)|[里中下上和与或在是]"
GOES_ON += "|返回|报错|显示|提示|查看|打开|填写|提交|进行|然后|可以"
"""What a sentence goes on with behind an address, and is not a part of it."""
BEFORE_A_PATH = f"\\s\"'“„‘‚«‹「『《（(\\[<{{=:：，。；、？！`|@{EMOJI}{BIDI}"
"""What a path may begin behind."""
_BEFORE_BRACKET = later(f"[^{ENDS}]{{1,80}}\\Z")
CLOSERS = "".join(closer for _, closer in OPENED)
ENDINGS = by_heads((r"so(?:\.[0-9]+){1,3}", *(rf"{one}\.[0-9]{{3}}" for one in ("7z", "zip", "rar")), *EXTENSIONS))
EXTENSION = later(
    rf"\.(?:{ENDINGS})(?![A-Za-z0-9_])(?![.-][A-Za-z0-9])"
    rf"|(?:(?<=[{HAN}])|(?<=[{HAN}]\w)|(?<=[{HAN}]\w\w))\.(?!com|cn|org|net)[a-z][a-z0-9]{{1,4}}\Z",
    re.IGNORECASE,
)
"""The ending of a file name: a known one, or any short one behind Han at the end of a token."""
_TOUCHING = later(f"(?<=[A-Za-z0-9_}}])[{HAN}]+")
_TAIL_SEAM = later(any_of(TAIL_SEAMS))
_TAIL_END = later(f"(?:{any_of(TAILS)})+\\Z")
_ENDS_PATH = (*TAILS, *PARTICLES)
_TWO_PATHS = later(f"(?<=[A-Za-z0-9_])(?:和|与|及|或|换成|改成|指向|[{HAN}]{{0,2}}(?<![签報报迟])[到至])(?=[/~])")
"""`/data/x移到/data/y` and `/dev/sdb1挂载到/mnt/data` are two paths each."""
_CLOSING_TAG = later("/[A-Za-z][A-Za-z0-9-]*")
_ACTION = later(
    f"(?:{any_of(word for word in VERBS if len(word) > 1)}|[放存改换写移传填]|回滚|切换|归档|同步)[到至在为成]"
    "(?!(?<=成)[果绩本品员交功])|[填写放存录贴][进入]"
    "|[详参]?见(?=附[件录表图])|(?<![意常可看偏高再罕少远预听主])见(?![证习面解识长])"
)
"""A verb behind which a file name begins, wherever it is in a run of Han."""

ANOTHER_FILE = later(f"(?<=[^/\\\\.])\\.(?:{ENDINGS})(?=(?:{'|'.join((*VERBS, *CONJUNCTIONS))}))")
"""The end of a file that words of the sentence join to another: `src/旧.md改名成src/新.md`."""
_ANOTHER_PATH = later(f"[{HAN}]{{1,6}}[/\\\\~]")  # `D:\a.docx复制到\\fs01\b`


def path_at(text: str, start: int, end: int) -> Iterator[Span]:
    while end > start and text[end - 1] in ".,:;!?*~=&^-—":
        end -= 1
    inner = text[start:end]
    file = None
    for file in EXTENSION.finditer(inner):
        if file.end() == len(inner) or HAN_RUN.match(inner[file.end()]) or inner[file.end()] in "的里中":
            break
    touches_left = touches(text, start - 1)
    is_plain = re.match(r"/(?!\d+[A-Z]*/)[A-Za-z0-9_.{:-]+/", inner) or not inner.startswith("/")
    if touches_left and not is_plain and not _begins_behind(text[max(0, start - 12) : start], inner):
        root = _ROOT_BEHIND.search(text, start + 1, end)  # `防水/PVC卷材` is a pair of words
        if root:  # `登录/注册接口/api/v2/login`
            yield from path_at(text, root.start(), end)
        return
    behind_it = inner[file.end() :] if file is not None else ""
    if behind_it and ((not re.search(r"[/\\]", behind_it)) or _ANOTHER_PATH.match(behind_it)):
        assert file is not None
        end = start + file.end()
        others = _last_two(text[start:end])
        place = _PLACE_IN_A_FILE.match(text, end)
        if place:
            end, others = place.end(), (text[start:end], *others)
        yield Span(start, end, touches_left, False, "path", others)
        return
    if text[start - 1 : start] == "<" and _CLOSING_TAG.fullmatch(inner):
        return
    cut = _tail_cut(inner, touches_left, file is not None and file.end() == len(inner))
    if re.fullmatch(r"[~.]{0,2}/?[A-Za-z]?", inner[:cut]) or not re.search(r"[^\W_]", inner[:cut]):
        return
    if re.fullmatch(r"/\d+(?:[^\W\d_]{1,3})?", inner[:cut]):
        return
    alternates = _last_two(inner[:cut])
    query = _QUERY.match(text, start + cut)
    if query:  # `/api/orders?status=open`, which is also named without it
        yield Span(start, query.end(), touches_left, touches(text, query.end()), "path", (inner[:cut], *alternates))
        return
    opened = cut < len(inner) or touches(text, start + cut)
    yield Span(start, start + cut, touches_left, opened, "path", alternates)


_ROOT_BEHIND = later(f"(?<=[{HAN}])/(?:api|etc|var|usr|opt|home|data|mnt|srv|tmp)/(?=[A-Za-z0-9])")
_VALUE = rf"(?:[^&={ENDS}{HAN}]|,(?=\w)|\{{\w{{1,40}}\}})*"
_QUERY = later(rf"\?[A-Za-z_][\w.-]*={_VALUE}(?:&[A-Za-z_][\w.-]*={_VALUE})*(?<![.:])")


def _begins_behind(before: str, path: str) -> bool:
    """Whether a slash that touches Han begins a path. With Han on its other side too, it rather joins two words:
    `编辑/删除按钮`, `迟到/早退`, `日志/监控/告警`."""
    return _PUT_AT.search(before) is not None or (before.endswith(HEADS) and not HAN_RUN.match(path, 1))


_PUT_AT = later("(?:[放写传]|存(?=到)|保存|移动?|复制|拷贝|归档|同步|备份|导出|下载|上传)[到在]\\Z")


def _tail_cut(path: str, touches_left: bool, is_file: bool) -> int:
    """Where a path ends that a word of the sentence touches: `/api/order/list报错`, `/data/样本资料的内容`."""
    joined = _TWO_PATHS.search(path)
    if joined:
        return joined.start()
    last = max(path.rfind("/"), path.rfind("\\")) + 1
    if is_file:  # `开发API接口.md`
        return len(path)
    particle = _IN_NO_NAME.search(path, last + 2)
    if particle:
        return particle.start()
    tail = _TOUCHING.search(path, last)
    if tail and tail[0].startswith(CASES):
        return tail.start()  # `共有/営業部/2026に置いて`
    if tail and path[:last].isascii():
        is_particle = tail.end() == len(path) and tail[0] in PARTICLES_BEFORE_A_BLANK
        if touches_left or is_particle or tail[0].startswith(_ENDS_PATH) or _PREDICATE.search(tail[0]):
            return tail.start()
    if touches_left and not path.isascii():
        seam = _TAIL_SEAM.search(path, last + 2) or _TAIL_END.search(path, last + 2)
        if seam:
            words = _TAIL_END.search(path, last + 2, seam.start())  # `/用户/列表接口时返回500`
            return words.start() if words else seam.start()
    words = None if path.isascii() else _BELONGS.search(path, last + 2)
    return words.start() if words else len(path)


_IN_NO_NAME = later("を|(?<=[0-9A-Za-z\u3400-\u9fff\uac00-\ud7a3])(?:[을를은는]|에서?|으로|까지|부터|입니다)\\Z")
"""What Japanese and Korean put behind the name of a folder: `/data/見積-一覧を確認`, `/data/보고서-최종을`."""
_BELONGS = later("(?:目录|目錄|文件夹|資料夾)?(?:[裡里裏中下内內上](?:面|边)?)?的\\Z")
"""`/data/样本资料里的 a.csv`: the name of a folder ends before it."""

_PREDICATE = later("[了吗嗎呢把被就]|再(?![生版])|(?<!目)的|没有")
"""What a sentence has and the name of a folder has not: `/data/mysql占了92%`."""


def _last_two(path: str) -> tuple[str, ...]:
    """What a path is also called: its last two parts, and a file by a name that nothing else has."""
    parts = re.split(r"[/\\]", path.strip("/\\"))
    sign = "\\" if "\\" in path else "/"
    found = (sign.join(parts[-2:]),) if len(parts) >= 3 and sign.join(parts[-2:]) in path else ()
    if parts[0] in ("a", "b") and len(parts) > 2:
        found = (*found, path[2:])  # as `git diff` names both sides
    return (*found, parts[-1]) if len(parts) > 1 and _OWN_NAME.fullmatch(parts[-1]) else found


_OWN_NAME = later(
    f"(?:(?=.*[0-9A-Za-z_-][^.]*\\.)(?=.*[{HAN}][^.]*\\.)|(?=\\w[\\w-]*[-_]))[^\\s/]{{3,60}}\\.(?:{ENDINGS})",
    re.IGNORECASE,
)
"""Han and other characters before the ending, or a sign: `测试20260101.md`, `db-replica.yml`."""

_LIBRARY = later(r"(?<![A-Za-z0-9_.-])[A-Z][A-Za-z]+\.(?:js|py|io|net|ai|rs|go)\Z")
"""`Node.js` is the name of a thing, and no file."""
_DOMAINS = frozenset({".cc", ".md", ".sh", ".rs", ".pl", ".so", ".ai"})
_IN_A_DOMAIN = later(r"/[A-Za-z0-9_-]+(?![A-Za-z0-9_.-])")  # `portfolio.cc/works-3`: the ending of a host, and no file


def endings_in(inner: str, *, closed: bool) -> list[re.Match[str]]:
    """The endings of files in an atom. `closed`: a bracket before it may be a part of the first name."""
    return [
        one
        for one in (EXTENSION.finditer(inner) if "." in inner else ())
        if (one.start() > 0 or closed)
        and not _LIBRARY.search(inner[max(0, one.end() - 40) : one.end()])
        and not (one[0] in _DOMAINS and _IN_A_DOMAIN.match(inner, one.end()))
    ]


def files_in(text: str, start: int, end: int, ends: list[int]) -> Iterator[Span]:
    """Files in an atom: verbs and labels before a name are cut off; the name ends at its extension."""
    if text[start] == "@" and not text[start - 1 : start].isalnum():
        start += 1  # `@docs/设计V2.md`, as it is written for a tool
    for stop in ends:
        start = _opened_before(text, start)
        low, uncertain = _name_start(text, start, stop)
        if _TOKEN_BEFORE.search(text, start, low):  # `素材B-roll用A7M4_0617.mp4`
            yield from chains_in(text, start, low)
        if text[low] == "-" or (text[low] == "/" and low == start and stop != ends[0]):
            low += 1  # between two names
        is_set_off = low == start and text[low - 1 : low] == " "  # `单证 装箱单PL_0714-改.xls`
        labelled = _label_end(text[low:stop], is_set_off=is_set_off)
        low, uncertain = low + labelled, uncertain or labelled > 0
        inner = text[low:stop]
        kind = "path" if re.search(r"[/\\]", inner) else "file"
        known = kind_of(inner)
        shorter = tuple(map(_without_verbs, behind_seams(inner, SURELY)))
        shorter += _shorter_names(text, low, inner)
        others = (_last_two(inner) if kind == "path" else ()) + shorter
        if is_set_off and (cut := _label_end(inner, is_set_off=False)):
            others += (inner[cut:],)  # a blank behind `装箱单` is the writer's all the same
        place = _PLACE_IN_A_FILE.match(text, stop)
        if place:  # `src/app.py:88`, which is also named without its line
            others = (inner, *others, *(one + place[0] for one in shorter))
        kind = known if known in ("identifier", "email") else kind
        yield Span(low, place.end() if place else stop, uncertain, False, kind, others)
        start = place.end() if place else stop
        start += text[start : start + 1] in ("と", "や")
    if start < end:
        yield from chains_in(text, start, end)


_THEN = later(f"(?<!合)(?:并|再|然后)(?:{any_of(word for word in VERBS if len(word) > 1)})")
_OF_A_CLAUSE = later(f"[把将]|放[在到]|写在|存到|发到|(?<!目)的(?=[{HAN}A-Za-z0-9])")
_TOKEN_BEFORE = later("[A-Za-z0-9][-/_][A-Za-z0-9]")


def _without_verbs(name: str) -> str:
    return name[_behind_verbs(name, 0) :]  # `在人事/2026/a.pdf`


_PLACE_IN_A_FILE = later(
    r"\+0x[0-9A-Fa-f]{1,16}(?!\w)|\(\+0x[0-9A-Fa-f]{1,16}\)|\([0-9]{1,6},[0-9]{1,4}\)|:[0-9]{1,6}(?::[0-9]{1,4})?(?![\w.:/-])|(?:::[A-Za-z_]\w*)+(?:\[[\w.-]+\])?|#(?:[A-Za-z0-9_-]|\.(?=[A-Za-z0-9]))+"
)

_WITH_ENDING = later(
    rf"(?<=[^\s] )[^\s，。；、,;|<>\"'`“”‘’「」《》]{{1,60}}\.(?:{ENDINGS})(?![A-Za-z0-9_])", re.IGNORECASE
)
_ENDED = later(rf"\.(?=\w)(?:{ENDINGS})(?![A-Za-z0-9_])", re.IGNORECASE)
_MOST_BLANKS = 7
_BEFORE_A_NAME = later(
    f"(?:[{HAN}]*(?:{'|'.join(sorted({*VERBS, *HEADS}, key=len, reverse=True))})[成出为]?"
    f"|[{HAN}]*[成出了]|[a-z][a-z'-]*"
    "|(?:Open|Read|See|Check|Edit|Rename|Delete|Save|Attach|Send|Please|Load|Move|Copy|Use|Find|Print|Upload|Download|"
    "Review|Summarize|Translate|Convert|The|In|From|And))"
)
_NUMBER_OR_VERSION = later(r"[0-9]+|[Vv][0-9.]+")
_AT_A_ROOT = later(r"(?:~|\.{1,2})?/|[A-Za-z]:[\\/]|\\\\")
_TITLE = later(f"[{HAN}]{{2,6}}")
_NUMBERED_COPY = later(r"\([0-9]+\)\.")


def files_with_blanks(text: str) -> Iterator[Span]:
    """Names such as `报告 2024 版 - 终稿.md` and `Q3 Report - Final (2).docx`.

    Something in them says that the words before the last blank are theirs: a dash, the number of a copy, a number, the
    name of a document before a version.
    """
    behind = 0
    while (ended := _ENDED.search(text, behind)) is not None:
        blank = text.rfind(" ", behind, ended.start())
        behind = ended.end()
        found = _WITH_ENDING.match(text, blank + 1) if blank > 0 else None
        if found is None or _AT_A_ROOT.match(found[0]):  # `每天 2 点跑 /home/a.sh`
            continue
        behind = found.end()
        words = [found[0]]
        place = found.start()
        while len(words) <= _MOST_BLANKS and place and text[place - 1] == " ":
            low = place - 1
            while low and text[low - 1] not in _ENDS_A_WORD and place - low < 40:
                low -= 1
            word = text[low : place - 1]
            if not word or _BEFORE_A_NAME.fullmatch(word) or word.strip("*") == "":
                break
            words.insert(0, word)
            place = low
            if text[low - 1 : low] != " ":
                break
        while len(words) > 1 and words[0] in "-–—":
            place += len(words.pop(0)) + 1
        if len(words) > 1 and _is_one_name(words):
            verbs = [one.end() for one in _ACTION.finditer(text, place, place + len(words[0]) - 1)]
            low, uncertain = _name_start(text, verbs[-1] if verbs else place, found.end())
            # `设计书 2采区设计06-18.pdf`: a label, or a part of it
            is_led = len(words) == 2 and _TITLE.fullmatch(words[0])
            yield Span(low, found.end(), uncertain, kind="file", alternates=(found[0],) if is_led else ())
        elif ")" in text[found.start() - 2 : found.end()] and (low := _before_brackets(text, *found.span())) >= 0:
            low, uncertain = _name_start(text, low, found.end())
            yield Span(low, found.end(), uncertain, kind="file")


_IN_BRACKETS = later(r"(?: (?<=[^\W_] )|(?<=[^\W_])(?=\([^() ]+ ))\([^()\n]{1,30}\)(?: [Vv]?[0-9][\w.-]*)?\S*\Z")
_WORDS_BEFORE = (
    "the a an of and or in to for as with file files folder attached see open read check edit rename delete save "
    "attach send please load move copy use find print upload download review summarize translate convert from "
    "called named enclose include import export archive forward sign scan share keep put add get parse compare "
    "sort this that my our your "
)
_NO_NAME = frozenset(_WORDS_BEFORE.split())


def _before_brackets(text: str, start: int, stop: int) -> int:
    """Where a name begins that has a bracket apart before its ending, or -1: `Report Rev B (final).docx`.

    The word before the bracket is of it, and words before that which begin with a capital, a digit or a dash.
    """
    line = text.rfind("\n", 0, start) + 1
    found = _IN_BRACKETS.search(text, max(line, start - _FARTHEST), stop)
    place = found.start() if found else -1
    low = place
    while place > line:
        begun = place
        while begun > line and text[begun - 1] not in _OPENS_A_NAME and place - begun < 40:
            begun -= 1
        word = text[begun:place]
        is_first = low == place
        if not word or word.lower() in _NO_NAME or not (is_first or word[0].isupper() or word[0] in _BEGINS_A_PART):
            break
        low, place = begun, begun - (text[begun - 1 : begun] == " ")
        if place == begun or ord(word[0]) > _LATIN:
            break
    return low if found and low < found.start() else -1


_OPENS_A_NAME = frozenset(" \t\n，。；：、！？,;:!?|<>\"'`“”‘’「」『』《》«»„‹›()[]{}（）【】")
_FARTHEST, _LATIN, _BEGINS_A_PART = 60, 0x2E7F, "0123456789-–&#_"

_ENDS_A_WORD = frozenset(" \t\n，。；：、！？,;:!?|<>\"'`“”‘’「」《》")


def _is_one_name(words: list[str]) -> bool:
    last = words[-1]
    if "-" in words[1:-1] or _NUMBERED_COPY.match(last):
        return True
    if any(_NUMBER_OR_VERSION.fullmatch(word) for word in words[1:-1]):
        return HAN_RUN.search(words[0]) is not None
    is_version = last[0].isdigit() or _NUMBER_OR_VERSION.match(last) is not None
    return is_version and words[-2].endswith(DOCUMENTS) and words[-2] not in LABELS_OF_FILES


_BEFORE_A_CODE = later(
    "(合同|协议|报告|图纸|文件|附件|[资資]料|(?<!^)[表单册书稿义函卷图照])(?=[A-Za-z][A-Z][A-Z0-9]*[-_])"
    "|(?:编号|图号|固件|软件|軟體|驱动|驅動|程序|程式|脚本|镜像|模型|权重|插件|工具|安装包|压缩包|录音|视频|音频|截图|照片|图片|影像|图像|扫描件|日志|备份|源码|字体|补丁)"
    "(?=[A-Za-z][A-Za-z0-9]*[-_])"
    "|^(?:程序|固件|镜像|图号|单号|编号)(?=[A-Za-z]{1,8}[-_]?[0-9])"
)
_OF_A_CAMERA = later("[A-Z]{2,}_")

_LATIN_FOLDER = later(f"[{HAN}]+(?=[a-z][a-z0-9_.-]+/)")  # `位置app/views/会员.py`


def _label_end(name: str, *, is_set_off: bool) -> int:
    """How much of a name is what such a file is called; what is behind it has a sign of its own, or is a code.

    Behind a blank (`is_set_off`) the writer says where the name of a document begins.
    """
    folder = re.search(r"[/\\]", name)
    first = folder.start() if folder else len(name)  # the name of a folder has no label before it
    label = _LABEL_INSIDE.search(name, 1, first)
    if (label and name[label.start() - 1].isascii()) or (label := _BEFORE_A_CODE.search(name, 0, first)):
        return 0 if is_set_off and label.lastindex else label.end()  # `MSDS文件丙酮-中文.pdf`
    folder = _LATIN_FOLDER.match(name)
    return folder.end() if folder else 0


def _shorter_names(text: str, start: int, name: str) -> tuple[str, ...]:
    """What a file may be called where a clause begins with Han that no list knows: `对比验收单2024.xlsx`.

    The name of a document is as long as anybody may say, so each shorter one is protected too. Han that names no
    document is likely a word of the clause, and a blank behind it is the writer's.
    """
    head = HAN_RUN.match(name)
    if head is None or head.end() == len(name) or not (start == 0 or text.endswith(CLAUSE_BEGINS, 0, start)):
        return ()
    run = head[0]
    if name[len(run)] in "_-/\\":
        return tuple(name[place:] for place in range(2, len(run) - 1))  # `作品星轨_30s.jpg`
    if not name[len(run)].isascii() or not name[len(run)].isalnum() or "\uac00" <= run[-1] <= "\ud7a3":
        return ()  # Korean has a blank behind a word of the clause: `부품표2024.xlsx`
    if not run.endswith(DOCUMENTS) or _OF_A_CAMERA.match(name, len(run)) or run in LABELS_OF_FILES or "/" in name:
        return (name[len(run) :],)
    return tuple(name[place:] for place in range(max(1, len(run) - 6), len(run) - 1))


def _opened_before(text: str, start: int) -> int:
    """Where a name begins whose bracket has just been closed: `报价单(终版)V2.xlsx`, `图(1).dwg`."""
    for _ in range(3):
        start -= (
            text[start - 1 : start] in ("-", "_", "·") and text[start - 2 : start - 1] in CLOSERS
        )  # `图(1)-修订.dwg`
        pair = next((a for a, b in OPENED if start and text[start - 1] == b), None)
        if pair is None:
            break
        opened = text.rfind(pair, max(0, start - 42), start - 1)
        before = _BEFORE_BRACKET.search(text, max(0, opened - 80), opened) if opened > 0 else None
        if opened < 0 or re.search(r"\s", text[opened:start]) or before is None:
            break
        named = [one.end() for one in EXTENSION.finditer(before[0])]  # `A.docx和B(2).xlsx`: another name is before it
        start = before.start() + (named[-1] if named else 0)
    return start


def _name_start(text: str, start: int, stop: int) -> tuple[int, bool]:
    """Where the name of a file begins, and whether that is uncertain."""
    ahead = PUT_BEFORE.match(text, start, stop)
    if ahead:
        return ahead.end(), True
    put = _put_behind(text, start, stop)
    if put:
        return put, True
    cut = start
    head = HAN_RUN.match(text, start, stop)
    if head is None:
        return start, touches(text, start - 1)
    topic = [one.end() for one in _TOPIC.finditer(text, start, start + len(head[0]))]
    if topic:  # `図面は配線図.pdf`
        return topic[-1], False
    seen = _SEEN_IN.search(text, start, stop)
    if seen:  # `处理SOP见运维手册V3.2.pdf`
        return seen.end(), False
    run = head[0]
    place = _behind_verbs(run, 0)
    for one in _ACTION.finditer(run):
        if not run.startswith(NO_VERBS, one.start()):
            place = max(place, one.end())
    if place < len(run) and re.match(r"[a-z]{4,}|[a-z]+[-_]", text[start + len(run) : stop]):
        return start + len(run), True  # `改成report-final.pdf`
    cut = start + place
    label = _LABEL_INSIDE.search(run) if place == 0 and len(run) > 6 else None
    if label:
        return start + _behind_verbs(run, label.end()), False  # `控制价文件招标控制价.pdf`
    if place == 0 and len(run) > 6:
        odds = seams(run)
        place = len(run) - 4
        place = place if odds[place] > 0 else max(range(place - 2, len(run) - 1), key=odds.__getitem__)
        return start + place + (run[place] == "在" and not run.startswith(NO_VERBS, place)), True
    is_attached = run[:place].endswith("附件")
    if is_attached and re.match("[0-9]{1,2}[-_]", text[cut:stop]):
        return cut - 2, place > 2  # `附件1-分解表.xlsx`
    numbered = _ITS_NUMBER.match(text, cut, stop) if is_attached else None
    return (numbered.end(), True) if numbered else (cut, False)


def _put_behind(text: str, start: int, stop: int) -> int:
    """Where a name begins behind a clause with another token in it, or 0: `复查CEA/CA199并更新随访表_李.xlsx`."""
    then = [one.end() for one in _THEN.finditer(text, start, stop)]
    if not then and _OF_A_CLAUSE.search(text, start, stop):  # `请把A-3床的K+结果填进记录单-夜班.docx`
        actions = [one.end() for one in _ACTION.finditer(text, start, stop)]
        then = [end for end in actions if _OF_A_CLAUSE.search(text, start, end)]
    return then[-1] if then and _TOKEN_BEFORE.search(text, start, then[-1]) else 0


def _behind_verbs(run: str, place: int) -> int:
    while place < len(run) and not run.startswith(NO_VERBS, place) and (verb := _VERB.match(run, place)):
        place = verb.end()
    return place


PUT_BEFORE = later(
    f"(?:“[^“”]*”|[^/\\\\“”])*?[{HAN}”](?:位于|(?<![行认])[为為]|(?<![现存内外潜实在])在|(?<![还总])是|(?<![签报迟])到|(?<!直)至|(?<!关)于)"
    "(?=[A-Za-z][A-Za-z0-9_-]*[/\\\\.]|/[A-Za-z])"
    f"|[{HAN}]*[A-Za-z0-9_/.-]*[0-9]附(?![件录图表加属近带注])(?=[{HAN}]{{2}})|[{HAN}]*[A-Za-z][A-Za-z0-9-]*(?:用(?=[A-Z][A-Z0-9])|再[看把改用]|然后|并把|叫做?|名为)"
    f"|[^/\\\\]{{0,40}}?(?:[{HAN}](?<!意)见(?=/[A-Za-z])|(?:文件|脚本|目录|路径|图标|配置|日志|附件|模板|图片|照片|资源|模型|素材)(?=[A-Z][A-Za-z0-9_-]*/))"
    f"|[A-Za-z][A-Za-z0-9]{{0,15}}[{HAN}]{{0,4}}(?:页面|组件|预制体|工作流|脚本|模型|目录|文件|配置|读取?|加载|打开)(?=[A-Za-z][A-Za-z0-9_-]*[/_])"
)
"""The words before a name that begins with a letter: `BOSS掉落表位于Assets/Data/掉落表_S3.json`."""
_TOPIC = later("(?<=[^\u3041-\u3096])[はをが](?![\u3041-\u3096])")
_VERB = later(any_of(VERBS))
_SEEN_IN = later(f"(?<=[A-Za-z0-9])(?:[详参]?见|把|将)(?=[{HAN}]{{2}})")
_LABEL_INSIDE = later(f"(?:文件|附件|文档|表格|脚本|报表|模板|课件|檔案)(?=[{HAN}]{{2}})")
_ITS_NUMBER = later(f"(?:[0-9]{{1,2}}(?:[-.][0-9]{{1,2}})?|[一二三四五六七八九十]{{1,2}})(?=[{HAN}])")
"""The number of an attachment belongs to the label: `附件1施工方案.pdf` is also written `附件 1 施工方案.pdf`."""

_LABEL_OF_A_PAPER = later(
    f"(?:[来來发發收批转轉]|指标|指標)文(?=[{HAN}]{{2}})|[{HAN}]{{1,5}}(?:[号號](?=[{HAN}]{{2}})|(?=[国國卫衛][药藥食械妆妝健][{HAN}]{{1,3}}))"
)


def paper_at(text: str, start: int, end: int) -> Iterator[Span]:
    """A number that an office gives: the words before its short name are the sentence's."""
    stop = HAN_RUN.match(text, start, end).end()  # type: ignore[union-attr]
    low = start + sentence_cut(text[start:stop])
    label = _LABEL_OF_A_PAPER.match(text, low, stop)
    low = label.end() if label else low + (text[low] in "见据按" and stop - low > 3)
    if text[stop] in "（(" and text[stop - 1] in PLATES and text.startswith(_YEAR, stop + 1):
        low = stop - 1  # `押品苏(2021)昆山不动产权第3017742号`
    seen = _SEEN.search(text, low, stop)
    low = seen.end() if seen else low
    is_open = low == start and touches(text, start - 1)
    others = behind_seams(text[low:end], PERHAPS)
    part = _PART_OF_A_PAPER.match(text, end)
    if part:
        others, end = (text[low:end], *others), part.end()
    yield Span(low, end, is_open, touches(text, end), "code", others)


_YEAR = ("19", "20")
_SEEN = later(f"(?<=[{HAN}])(?<!意)见(?=[{HAN}]{{2,8}}\\Z)")  # `口径见川民规〔2023〕4号`
_PART_OF_A_PAPER = later(f"(?<=[0-9号號])(?:-[0-9]{{1,3}}|/(?:附|[{HAN}]{{2,3}})[0-9]{{1,2}})(?![A-Za-z0-9_.-])")
"""`财税〔2016〕36号/附件1`"""
