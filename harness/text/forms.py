"""The long tokens of a text: paths, addresses and so on, by what they begin with."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from harness.text.chains import ENDS, HAN
from harness.text.characters import later
from harness.text.names import BEFORE_A_PATH, ENDINGS, ESCAPED_SEGMENT, FURTHER_WORD, GOES_ON, SEGMENT
from harness.text.targets import DOTFILES, PLATES, SHORT_LABELS, standard

_URL_ENDS = '\\s，。；：！？、…（）【】《》〈〉「」『』“”„‘«»‹›،؛؟।॥"`\\[\\]{}<>|'


def _unless_behind(heads: str, before: str) -> str:
    """The heads of a path where none of them follows another character than these. A head first is found faster."""
    return "|".join(f"{re.escape(head)}(?<![^{before}]{re.escape(head)})" for head in heads.split())


_FOLDER = rf"{SEGMENT}(?:(?<=[{HAN}]) {FURTHER_WORD}|(?<=[A-Za-z0-9)]) (?=[A-Z0-9(]){FURTHER_WORD}){{0,3}}"
"""A folder of Windows, which may be of several words: `Program Files`."""

_OF_SMILES = r"[BCNOPSFIclnosrH0-9@+()[\]=#/\\-]"


class Form(NamedTuple):
    """A kind of long token: how it is read, and what a text must hold for one to be in it.

    One of the `signs` has to be there, the text `held`, and what `hint` finds. In each token there is what `anchor`
    finds: only the words, or lines, that hold it are looked at.
    """

    kind: str
    signs: Sequence[str]
    pattern: re.Pattern[str]
    held: str
    hint: re.Pattern[str] | None
    anchor: re.Pattern[str] | None
    has_blanks: bool


def _form(
    kind: str, signs: Sequence[str], *patterns: str, held: str = "", hint: str = "", word: str = "", line: str = ""
) -> Form:
    """`word` and `line` are the anchor of a token without blanks, and of one that may hold some."""
    anchor = word or line
    return Form(
        kind,
        signs,
        later("".join(patterns)),
        held,
        later(hint) if hint else None,
        later(anchor) if anchor else None,
        not word,
    )


def first_of(form: Form, text: str, place: int, high: int = 0) -> re.Match[str] | None:
    """The first token of a form from this place on. `high` is where its words before this place were looked at to."""
    search, anchor = form.pattern.search, form.anchor
    if anchor is None:
        return search(text, place)
    while (sign := anchor.search(text, place)) is not None:
        at = sign.start()
        low = max(text.rfind("\n", place, at) + 1, place)
        if not form.has_blanks:
            low = max(text.rfind(" ", low, at) + 1, low)
        if at >= high:
            end = (_BREAK if form.has_blanks else _BLANK).search(text, at)
            high = end.end() if end else len(text)
        found = search(text, low, high)
        if found:
            return found
        place = high
    return None


_BREAK, _BLANK = later("\n"), later("[ \n]")

_SIZE = r"\d+(?:\.\d+)?(?:[nμµmck]?[gLlm]|IU|U|万?单位)"
_IN_SQUARE = r"\[[^\s\[\]]{1,60}\]"
_IN_ROUND = r"\([^\s()]{0,40}+\)"
for _ in range(3):
    _IN_ROUND = rf"\((?:[^\s()]|{_IN_ROUND}){{0,80}}+\)"
_LETTER = "A-Za-z0-9_\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u1fff"
"""What a token is not cut out of; Han, kana and Hangul touch one freely: `公式=SUM(A1:B2)返回`."""
_OF_A_MOUNT = "r[ow]|[zZ]|cached|delegated|consistent|r?shared|r?slave|r?private|nocopy"
_HOLDER = r"(?:\{\{?[A-Za-z_][\w.-]{0,40}(?::[^{}\s]{1,12})?\}\}?|<[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*>)"

_DIRECTIVE = r"(?:\([A-Za-z_]\w{0,40}\)|\d\$)?[-#0]?\d{0,3}(?:\.\d{1,2})?(?:ll?|z)?[A-Za-z@]"

FORMS = (
    _form(  # `#早C晚A #空瓶记`, and `#早C晚A`: a blank behind the sign makes a heading of it
        "tags",
        "#",
        rf"(?<![^\s{HAN}，。：])#(?=[#\w \t]*?[{HAN}])\w{{2,24}}(?:[ \t]+#\w{{2,24}})+(?![\w#/-])",
        rf"|(?<!\S)#(?=[A-Za-z0-9]*[{HAN}]+[A-Za-z][A-Za-z{HAN}]*(?!\S))\w{{3,16}}",
        line=r"#(?=\w)",
    ),
    _form(  # `$.data.list[?(@.code=='TM_88-绿')].stock`
        "code",
        "$",
        r"\$(?<![A-Za-z0-9_$]\$)(?=[^\s\[]{0,80}\[)(?:\.{1,2}[A-Za-z_*][\w-]*|\[(?:\?\([^()\n]{1,80}\)|[^\[\]\s]{1,60})\])+",
        hint=r"\$[.\[]",
    ),
    _form(
        "url",
        (":", "www.", "@"),
        r"(?<![A-Za-z0-9+.-])(?:(?:(?:jdbc|r2dbc|jar|git|hg|s3|gcs)::?)?[A-Za-z][A-Za-z0-9+.-]{1,20}://(?:\[[0-9A-Fa-f:.]{2,45}\])?",
        r"|www\.|[a-z_][a-z0-9_.-]{0,30}@[A-Za-z0-9.-]{1,60}:(?=[~/]|[\w.-]+/)|(?:dbfs|file|runs|models|classpath|mlflow-artifacts|g?drive|onedrive|dropbox|remote|nas|s3|gs):/(?=\w)|magnet:\?|urn:(?=[a-z0-9-]{2,32}:)|mailto:)",
        rf"(?:(?![,;](?:https?:|[A-Za-z0-9]{{1,12}}[{HAN}]))[^{_URL_ENDS}{HAN}]|\{{[A-Za-z_][\w.-]{{0,40}}\}}",
        rf"|(?<=[/=])[{HAN}]{{1,12}}[-_](?=[^{_URL_ENDS}])[^{_URL_ENDS}/]{{1,80}}(?=/|[\s{_URL_ENDS[2:]}]|\Z)",
        rf"|(?<=[?&])[{HAN}]{{1,12}}="
        rf"|(?<=[/=_#-])(?!{GOES_ON})[{HAN}]{{1,8}}(?:(?<=/.{{2}})[A-Z0-9]{{1,8}}(?:#[{HAN}]{{1,8}})?)?(?=[\s{_URL_ENDS[2:]}]|\Z)",
        rf"|(?:(?<=[{HAN}]/[0-9])|(?<=[{HAN}]/[0-9]{{2}})|(?<=[{HAN}]/[0-9]{{4}})|(?<=/第[0-9])|(?<=/第[0-9]{{2}}))(?!{GOES_ON})[{HAN}]{{1,2}}(?=[\s{_URL_ENDS[2:]}]|\Z)",
        rf"|(?<=[/A-Za-z0-9])第(?=[0-9]{{1,2}}[{HAN}]{{1,2}}(?:[\s{_URL_ENDS[2:]}]|\Z))|(?<=[0-9])[{HAN}]{{1,2}}(?=\?[A-Za-z_]\w*=)",
        rf"|(?<=[/=_-])[{HAN}](?:(?!https?:)[^{_URL_ENDS}/]){{0,80}}?(?:/|\.(?:{ENDINGS})(?![A-Za-z0-9_])|[?&](?=[A-Za-z0-9_{HAN}]{{1,20}}=)))+",
        word=r":(?:/|\?|(?<=urn:)|(?<=mailto:))|\.(?<=www\.)|@(?=[A-Za-z0-9.-]{1,60}:)",
    ),
    _form(
        "standard",
        " ",
        rf"{standard('A-Za-z0-9À-ž/-')} [A-Z]{{0,2}}(?:[0-9]{{2,}}|[0-9](?=(?:\.[0-9]+)+-[0-9]))",
        r"(?:[./:-][0-9A-Za-z]+)*(?:-[0-9]{2,4})?(?:\+(?:A[CM]?|AMD)[0-9]{0,2}(?::(?:19|20)[0-9]{2})?)*(?![A-Za-z0-9])",
        line="[0-9][0-9.](?:(?<=L..)|(?<=L[A-Z]..)|(?<=L[A-Z][A-Z]..))".replace("L", "[A-ZТРВОКПБУ0-9deR] "),
    ),
    _form(  # `国发〔2024〕12号`, `沪(2023)浦字不动产权第012345号`, `国药准字H20100129`, `京ICP备12345678号-1`
        "paper",
        "〔［[（(字備备准進进",
        rf"(?:[{PLATES}][A-Z])?[{HAN}]{{1,14}}(?:(?:〔(?:19|20)\d\d〕|［(?:19|20)\d\d］|\[(?:19|20)\d\d\])第?\d{{1,5}}(?:-\d{{1,3}})?[号號](?:-?第[0-9一二三四五六七八九十百]{{1,5}}条)?",
        rf"|(?<=[{PLATES}])[（(](?:19|20)\d\d[）)][{HAN}]{{2,10}}(?:第\d{{3,}}[号號]|\d{{3,}}(?:-\d{{1,4}})?[号號]?)|[（(](?:19|20)\d\d[）)]第?\d{{2,5}}[号號]|字第\d{{3,}}[号號]"
        rf"|(?<=[准健特進进证證备備])字[A-Z]{{0,2}}\d{{7,14}}|(?:(?<=[注械安]备)|(?<=注[准进]))\d{{8,14}}号?)|[{PLATES}]ICP[备備]\d{{7,10}}号(?:-\d{{1,2}})?",
        word=r"[〔［\[（(字备備准进](?:(?<!字)(?:19|20)\d\d[〕］\])）]|(?<=字)第|[A-Z]{0,2}\d{7})",
    ),
    _form(  # `（2021）京0105民初12345号`
        "code",
        "（(",
        rf"(?:[（(](?:19|20|1)\d\d[）)](?:[{HAN}]{{1,4}}\d{{1,4}})?[{HAN}]{{2,9}}(?:第|-)?\d{{1,6}}(?:-\d+)?[号號](?:之[一二三四五六])?)",
        hint="[号號]",
        word=r"[（(](?:19|20|1)\d\d[）)]",
    ),
    _form(  # `云禾(苏州)商贸有限公司`, the name on an invoice
        "paper",
        "(（",
        rf"(?:(?<![{HAN}])[{HAN}]{{2,8}}|[{HAN}]{{2}})[(（][{HAN}]{{1,4}}[)）][{HAN}]{{0,10}}?(?:公司|事务所|合作社|研究院|集团)",
        word=rf"[)）][{HAN}]{{0,10}}?(?:公司|事务所|合作社|研究院|集团)",
    ),
    _form(  # `[2019] EWHC 1187 (Ch)`, `(2019) 214 CLR 33`, `9.0.3(2210)`
        "code",
        "[(",
        r"(?<![\w\])])(?:\[(?:19|20)\d\d\](?: \d{1,3})?|\((?:19|20)\d\d\) \d{1,3})(?: [A-Z][A-Za-z.]{1,7}){1,3}",
        r" \d{1,5}(?: \([A-Z][A-Za-z&]{1,10}\))?(?![\w-])",
        r"|(?<![A-Za-z0-9_.-])[vV]?\d+(?:\.\d+){2,3}\((?!(?:19|20)\d\d\))(?:\d{1,8}|[a-z]{1,6}[ .]?\d{1,5})\)(?![\w(])",
        line=r"[(\[](?:(?=(?:19|20)\d\d[)\]] )|(?<=\.\d.)(?=[a-z0-9. ]{1,12}\))|(?<=\.\d\d.)(?=[a-z0-9. ]{1,12}\)))",
    ),
    _form(  # `Server=tcp:db-1,1433;Database=crm_x`, `cn=svc-mail,ou=Apps/EU,dc=example`
        "code",
        ";,",
        r"(?<![\w.;&-])[A-Z][A-Za-z]{1,20}(?: [A-Z][A-Za-z]{1,12})?=[^\s;=]{1,80}",
        r"(?:;[A-Z][A-Za-z]{1,20}(?: [A-Za-z]{2,12}){0,2}=[^\s;=]{1,80}){1,12}(?<![.,:)])",
        r"|(?<![\w.,&-])(?i:cn|ou|dc|uid|o|l)=[^\s,;=\"'<>()]{1,60}(?:,(?i:cn|ou|dc|uid|o|l|st|c)=[^\s,;=\"'<>()]{1,60}){1,9}(?<![.:])",
        line=r";(?=[A-Z][A-Za-z ]{1,40}=)|,(?=[A-Za-z]{1,3}=\w)",
    ),
    _form(  # `51.5074,-0.1278`, `40°26'46"N`, `(128,-64,32)`, `COM3:9600,8,N,1`
        "code",
        ",°",
        r"(?<![\w.,-])-?\d{1,3}\.\d{3,8},-?\d{1,3}\.\d{3,8}(?!\w|[.,]\d)",
        r"|(?<![\w.])\d{1,3}°\d{1,2}(?:['′’]\d{1,2}(?:\.\d{1,4})?[\"″”]|(?:\.\d{1,4})?['′’])[NSEW](?!\w)",
        r"|\((?<![A-Za-z0-9_)\]]\()(?=[\d.,]*-)-?\d+(?:\.\d+)?(?:,-?\d+(?:\.\d+)?){2,3}\)(?![A-Za-z0-9_])",
        r"|(?<![A-Za-z0-9_/:.-])(?:[A-Za-z][A-Za-z0-9]{1,12}:)?\d{3,7},[5-8],[NEOMS],[12](?![A-Za-z0-9_,])",
        word=r",(?=-?\d{1,3}\.\d{3}|-\d|[NEOMS],[12])|°(?=\d)",
    ),
    _form(  # `log_2024-*.gz`, `sn24xq_*.fits`
        "file",
        "*",
        rf"(?<![\w*./\\-])(?:[\w.-]{{1,40}}/){{0,6}}(?=[\w-]*\w[_-])[\w-]+\*[\w-]*(?:\.[\w-]{{1,12}})*\.(?i:{ENDINGS})(?![\w*])",
        word=r"\*(?<=[\w-]\*)(?=[\w.-]*\.[A-Za-z])",
    ),
    _form(  # `[a-z0-9_-]{3,16}`, `\\d{3}-\\d{4}`
        "code",
        "{",
        r"(?<![^\s\"'(=:])(?=\S{0,60}(?:\\[dwDW]|\])\{\d)[!-~]{5,80}(?<![.,;:'\"`])(?![^\s\"'`),.;:])",
        word=r"(?:\\[dwDW]|\])\{\d",
    ),
    _form(  # `C₆H₁₂O₆`, `Ca(OH)₂`
        "code",
        "₁₂₃₄₅₆₇₈₉",
        r"(?<![\w₀-₉·])(?=[A-Z][a-z]?[A-Z0-9a-z(]{0,12}[₀-₉]+[A-Z(])(?:[A-Z][a-z]?[₀-₉]{0,3}|\((?:[A-Z][a-z]?[₀-₉]{0,3}){1,6}\)[₀-₉]{0,3}){2,16}(?![\w₀-₉/·-])",
        word="[₁-₉](?=[A-Z(])",
    ),
    _form(  # `TGHU 660418-2` (a container, behind Han too), `HD 189733/b`
        "code",
        " ",
        rf"(?<![A-Za-z0-9_/.-])(?!(?:{'|'.join(SHORT_LABELS)}|OR|OF|IN) )[A-Z]{{2,4}} \d{{5,7}}",
        r"[-/][A-Za-z0-9](?![\w/-]|\.\d)",
        line=r" \d{5,7}[-/]\w(?!\w)",
    ),
    _form(  # `T0304-②层`, `YP-2025-③/04`
        "code",
        "①②③④⑤⑥⑦⑧⑨⑩⑪⑫",
        r"(?<![A-Za-z0-9_.-])[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*[-/][①-⑳](?:[-/][A-Za-z0-9①-⑳]+)*[层層轴軸]?(?![A-Za-z0-9-])",
        word="[-/][①-⑳]",
    ),
    _form("date", "T", r"(?<![\w./-])(?:19|20)\d{6}T\d{6}Z?(?![\w./-])", hint=r"T(?<=[0-9]T)[0-9]"),
    _form(
        "code", "%", r"%(?<![\w%]%)[IQM][XBWDL]?\d{1,4}(?:\.\d{1,3}){0,3}(?::[A-Z]+)?(?!\w)", word=r"%[IQM]"
    ),  # `%IX3.2`
    _form(  # `cal!2024@Lab`, `Sheet2!B3`
        "code",
        "!",
        r"(?<![A-Za-z0-9_@#$%&*.+'\"!-])(?=[^\s!]{0,60}[0-9]|[^\s!]{0,21}!\S{0,60}[0-9])[A-Za-z0-9_@#$%&*.+-]{0,20}[A-Za-z0-9]!",
        r"[A-Za-z0-9@#$][A-Za-z0-9_@#$%&*+:/-]{1,20}(?<![:*+/-])(?![A-Za-z0-9_!])",
        word="[A-Za-z0-9]![A-Za-z0-9@#$]",
    ),
    _form(  # `DZ(2024)第118号`, `ZJ-GC[2024]-031`, `高二(3)班`
        "code",
        "（(〔[【",
        r"(?<![A-Za-z0-9])[A-Z]{1,6}[（(〔](?:19|20)\d\d[）)〕]第?\d{1,5}[号號]|[高初]?[一二三四五六七八九](?:年[级級])?[（(]\d{1,2}[）)]班(?!_)",
        r"|(?<![A-Za-z0-9_.-])[A-Z][A-Z0-9-]{1,20}(?:[〔［\[【](?:19|20)\d\d[〕］\]】])-?(?:[A-Z0-9]{1,6}-){0,2}\d{2,6}[号號]?(?![A-Za-z0-9_-])",
        word=r"[（(〔［\[【](?:(?:19|20)\d\d[）)〕］\]】]|\d{1,2}[）)]班)",
    ),
    _form(  # `numpy>=1.24,<2.0`, `^18.17.0`
        "version",
        "=~^<>",
        r"(?<![A-Za-z0-9_<>=!~^.$\/@-])(?:[A-Za-z][A-Za-z0-9_.-]{1,60}(?:\[[a-z0-9,_-]{1,40}\])?(?:===?|[~!<>]=|[<>](?=\d+\.\d))|(?:@[\w.-]{1,60}/)?[a-z][\w.-]{0,60}@[~^]",
        rf"|~=(?=\d)|[~^](?=\d+\.\d+\.)|[~!<>=]=(?=\d+\.\d+\.|[^\s{HAN}]{{1,20}},[<>!]))\d+(?:\.\d+)*\.(?:\d+|\*)(?:[A-Za-z0-9.+-]*[A-Za-z0-9])?",
        r"(?:,(?:===?|[~!<>]=|[<>])\d+(?:\.(?:\d+|\*))*(?:[A-Za-z0-9.+-]*[A-Za-z0-9])?){0,4}",
        word="[=~^]|[<>](?=[0-9])",
    ),
    _form(  # `ZL 2019 1 0447718.X`
        "code",
        " ",
        r"(?<![A-Za-z0-9])ZL ?(?:19|20)[0-9]{2} [1-3] [0-9]{7}\.[0-9X](?![A-Za-z0-9-])",
        line=r"L ?[0-9]{4} [1-3] [0-9]{7}\.",
    ),
    _form(  # `归档/2024秋/`
        "path",
        "/",
        rf"(?<![^\s“「『（(:：])(?=[^\s]{{0,100}}[{HAN}])[A-Za-z0-9{HAN}_-]{{2,16}}(?:/[A-Za-z0-9{HAN}_-]{{2,16}}){{1,6}}/(?=[\s，。；、）)”」』]|\Z)",
        word=r"/(?=[\s，。；、）)”」』]|\Z)",
    ),
    _form(  # `wiki/发布/回滚手册#3.2`
        "path",
        "#",
        rf"(?<![^\s“「『（(:：])(?=[^\s#]{{0,100}}[{HAN}])[A-Za-z0-9{HAN}_-]{{1,16}}(?:/[A-Za-z0-9{HAN}_-]{{1,16}}){{2,6}}",
        r"#(?:[0-9]+(?:\.[0-9]+)*|第[0-9一二三四五六七八九十]{1,3}[章节条])(?=[\s，。；、）)”」』]|\Z)",
        word=r"#(?=[0-9第])",
    ),
    _form(  # `page=2&sort=-created_at`
        "query",
        "&",
        rf"(?<![{_LETTER}=&?/.-])[A-Za-z_][\w.-]{{0,40}}=[^&={ENDS}{HAN}]{{1,80}}(?:&[A-Za-z_][\w.-]{{0,40}}=[^&={ENDS}{HAN}]{{0,80}})+",
        word="&",
    ),
    _form(  # `shop.example.com/cart?ref=a-b`, `?ref=a-b`
        "query",
        "?",
        rf"(?:(?<![{_LETTER}@/.?&=:-])[A-Za-z0-9][\w-]{{0,60}}(?:\.[\w-]{{1,60}}){{1,6}}(?:/[\w.~%+-]{{0,60}}){{0,12}})?\?(?<![)\]}}\"'/]\?)[A-Za-z_][\w.-]{{0,40}}=",
        rf"(?:[^&={ENDS}{HAN}]|,(?=\w))+(?:&[A-Za-z_][\w.-]{{0,40}}=(?:[^&={ENDS}{HAN}]|,(?=\w))*)*(?<![.:])",
        held="=",
        word=r"\?(?=[A-Za-z_][\w.-]*=)",
    ),
    _form(  # `=SUM(A1:B2)`, `df["col_a"].iloc[0]`, `GPIOB_MODER[19:18]`
        "",
        "([",
        rf"(?:(?<![^\s{HAN}])=)?(?<![{_LETTER}.$\])'/@-])(?<!::)(?=(?<==)[A-Z]+\(|[a-z]+\([\w./-]{{3,}}\)!?: |",
        rf"(?<=[{HAN}，：；])[A-Za-z.]{{0,40}}(?:[a-z][A-Z]|_)[A-Za-z_]{{0,40}}\([^\s()]+[,\"']|(?:rgb|hsl)a?\([0-9]|",
        r"[A-Z][A-Z0-9]+(?:\((?![\"'])[^\s()/]*[,:]|\[\d)|[A-Za-z_]\w{0,60}\[(?:[\"']|\w{1,60}[~|^$*]?=[\"']|\d+:\d+\])|\w{0,60}_\w{0,60}\[|[\w.]{0,60}\w[._]\w{1,60}\[\d+\]|[a-z]\d{3,9}\[\d+\])",
        rf"[A-Za-z_]\w{{0,60}}(?:\.[A-Za-z_]\w{{0,60}}(?=[\w.]{{0,60}}\[\d))*(?:{_IN_ROUND}|{_IN_SQUARE})(?:(?:\.\w+)?(?:{_IN_ROUND}|{_IN_SQUARE}))*(?:(?<=\d\])(?:\.[A-Za-z_][A-Za-z0-9_-]*)+)?(?![{_LETTER}(])",
        word=r"[(\[](?<=\w.)(?=\S)",
    ),
    _form("code", "[", r"(?<!\w)0x[0-9A-Fa-f]{1,8}\[\d{1,3}(?::\d{1,3})?\]", held="0x", word=r"\[(?=\d)"),
    _form(  # `Sheet1!A1:B2`, `'Q1 raw'!$B:$F`
        "code",
        "!",
        rf"(?:'[^'!\n]{{1,40}}'|(?<![{_LETTER}])[A-Za-z_][A-Za-z0-9_]*|(?:(?<!\w)|(?<=[到在从把]))(?![{HAN}]*[我在把用到从对将给请的])[{HAN}]{{1,8}})"
        rf"!\$?[A-Z]{{1,3}}(?:\$?\d{{1,7}}|(?=:))(?::\$?[A-Z]{{1,3}}(?:\$?\d{{1,7}})?)?(?![{_LETTER}])",
        line=r"!\$?[A-Z]",
    ),
    _form(  # `AT+CGDCONT=1,"IP"`
        "code",
        "+^%",
        rf"(?<![{_LETTER}.-])AT[+^%][A-Z0-9]{{2,}}(?:=\??|\?)?(?:(?:[{_LETTER}.*#-]|\"[^\"\s]{{0,60}}\"),?)*(?<!,)",
        held="AT",
        word="AT[+^%]",
    ),
    _form(  # `//div[@class="x"]/span`
        "code",
        "/",
        r"//(?<![\w:/.]//)(?=[\w*@:./-]{1,80}\[)[\w*@:.-]+(?:\[[^\[\]\n]{1,80}\]|//?[\w*@:.-]+){1,12}",
        held="//",
        line=r"//(?<![\w:/.]//)",
    ),
    _form(  # `1/2"-13`
        "code",
        '"',
        r'(?<![\w./-])(?:[A-Z]{1,4}-?)?(?:\d-)?\d+(?:[/.]\d+)?"(?:-[A-Z0-9][A-Z0-9-]*(?:/[A-Z0-9]+)*|[x×]\d+(?:[/.]\d+)?")',
        word='"[-x×]',
    ),
    _form(
        "code",
        "*",
        r"(?<![A-Za-z0-9_*.-])(?:\d{2,8}\*{3,14}\d{2,6}|\d{4}(?:-\*{4}){2}-\d{4})(?![A-Za-z0-9_*]|\.\d)",
        word=r"\*{3}",
    ),  # `6222****8817`
    _form(  # `128,450.00`
        "number", ",", r"(?<![\w.,¥￥$€£-])\d{1,3}(?:,\d{3}){1,4}\.\d{2}(?![\w%-]|[.,]\d)", word=r",\d{3}\.\d\d"
    ),
    _form(
        "number",
        "¥￥$€£",
        r"[¥￥$€£](?<![A-Za-z0-9_$][¥￥$€£])\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,2})?(?![A-Za-z0-9_/-]|[.,]\d)",
        held=",",
    ),
    _form(  # `100mg/日口服`: how it is taken belongs to the sentence
        "unit",
        "/",
        r"(?<![A-Za-z0-9_./-])\d+(?:\.\d+)?(?:[A-Za-zμ]{1,4}|[片粒支袋丸滴次])/[日天次周晚]"
        r"(?=口服|静[滴注脉]|肌注|皮下|外用|泵入|雾化|含服|嚼服|吞服|顿服|连[用服]|持续|维持|长期)",
        word="/[日天次周晚]",
    ),
    _form(  # `$12/mo`, `$1,299/$1,349`
        "unit",
        "€£$¥",
        r"(?<![\w/])[€£$¥](?:(?:\d[\d.,]*\d|\d)?/[^\W\d_\u2e80-\uffff]{1,8}|\d[\d.,]*/[€£$¥]\d(?:[\d.,]*\d)?)(?![\w/])",
        word="[€£$¥]",
    ),
    _form("cidr", "/", r"(?<![\w:.])[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{0,4}){2,7}/\d{1,3}(?!\w)", held="::/", word="::/"),
    _form(  # `80mg/5mg*7片/盒`, `尺寸2100*800*40`
        "unit",
        "*",
        rf"(?<![{_LETTER}.*×/-])(?:{_SIZE}(?:/{_SIZE})?(?:\*\d+(?:\.\d+)?(?:[A-Za-z]{{1,3}}|[片粒支袋丸枚盒瓶板])?){{1,3}}(?:/[盒瓶袋板箱])?",
        rf"|(?<=[{HAN}：])(?<![算乘得果于])\d+(?:\.\d+)?(?:\*\d+(?:\.\d+)?){{2,3}}(?:mm|cm|m)?)",
        r"(?![A-Za-z0-9*/=]|\.\d| ?[=≈等是为立])",
        line=r"\*(?=\d)",
    ),
    _form(  # `15mg/(kg·次)`
        "unit",
        "(",
        rf"(?<![{_LETTER}.])(?:\d+(?:\.\d+)?)?(?:[A-Za-zμΩ]{{1,3}}|[万亿]?元)/\((?=[^()]*[{HAN}])[A-Za-z{HAN}]{{1,3}}(?:[·*][A-Za-z{HAN}]{{1,3}})+\)",
        word=r"/\(",
    ),
    _form(  # `4-(4-氟苯基)丁酸`
        "code",
        "(",
        rf"(?<![{_LETTER}.-])\d(?:,\d){{0,12}}-(?:[{HAN}]{{1,3}}-\d(?:,\d){{0,12}}-){{0,12}}\([0-9{HAN},'-]{{2,16}}\)-?[{HAN}]{{2}}",
        word=r"-\(",
    ),
    _form(  # `10-20,99`
        "range",
        ",",
        r"(?<![\w.,/-])(?=\d+,[\d,]*\d-|\d+-\d+,\d+(?![\d-]))\d{1,5}(?:-\d{1,5})?(?:,\d{1,5}(?:-\d{1,5})?)+(?![\w%-]|[.,]\d)",
        held="-",
        word=r",(?<=\d,)(?=\d)",
    ),
    _form(  # `支持.jpg/.png/.webp`
        "code",
        "/",
        r"\.(?<![A-Za-z0-9/._-]\.)[a-z][a-z0-9]{1,4}(?:/\.[a-z][a-z0-9]{1,4})+(?![A-Za-z0-9/_-])",
        held="/.",
        word=r"/\.",
    ),
    _form("identifier", ":", r"(?<=run )[a-z][a-z0-9-]*(?::[a-z][a-z0-9-]*)+", held="run ", word=":(?=[a-z])"),
    _form("code", "-", r"(?:(?<=ISSN )|(?<=ISSN: )|(?<=ISSN))\d{4}-\d{3}[\dXx](?!\w)", held="ISSN", line="ISSN"),
    _form(  # `{date}_report_{id}.csv`, `<user>@<host>`, `app-<version>.jar`
        "placeholder",
        "{<",
        rf"(?:(?<![\w{{<$%#/.-])[A-Za-z0-9]+[-_.])?(?<![{{$%#\w]){_HOLDER}(?:[-_.:@/]{{1,2}}(?:[A-Za-z0-9]+[-_.:@/])*{_HOLDER})+(?:[-_.][A-Za-z0-9]+)*(?![\w}}>])",
        r"|(?<![\w<$/.-])(?:[A-Za-z0-9]+[-_.])*<[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*>(?:[-_.:@/][A-Za-z0-9]+)+(?![\w<])",
        word="[}>]",
    ),
    _form(  # `dt=2024-03-12/hr=08`
        "path",
        "=",
        rf"(?<![A-Za-z0-9_/.?&=-])[A-Za-z_]\w{{0,30}}=[^{ENDS}{HAN}/=&]{{1,40}}(?:/[A-Za-z_]\w{{0,30}}=[^{ENDS}{HAN}/=&]{{1,40}}){{1,6}}/?",
        word=r"/[A-Za-z_]\w*=",
    ),
    _form(  # `#/flow/审批-详情/88`
        "path",
        "#",
        rf"#/(?<![A-Za-z0-9_/]#/)[A-Za-z][\w.:-]{{0,40}}/(?:[\w.:-]{{1,40}}/){{0,8}}(?:[A-Za-z0-9_.:-]{{1,40}}(?<![.:-])|[{HAN}]{{1,8}}(?:-[{HAN}]{{1,8}})?(?=[\s，。；、）)\"'`]|\Z))",
        held="#/",
        word="#/",
    ),
    _form(  # `dim_区域.大区编码`, `topic.订单.已支付.v1`
        "code",
        ".",
        rf"(?<![A-Za-z0-9_./\\@-])(?=[A-Za-z0-9_.]{{1,40}}[{HAN}])(?=[^{ENDS}]{{0,24}}(?:[{HAN}]\.|\.[{HAN}]))"
        rf"(?![\w.]{{1,60}}\.(?i:{ENDINGS})(?![\w.]))(?:[A-Za-z][A-Za-z0-9]{{0,30}})",
        rf"(?:[._](?!然后|但|如果|请|帮|我|这|怎么|为什么|另外|还有|现在|谢谢)(?:[A-Za-z0-9]{{1,30}}|[{HAN}]{{1,6}}(?![{HAN}])|[℃%])){{2,6}}(?=[\s，。；、：）】」”\"'`)]|\Z|(?<=[A-Za-z0-9])[{HAN}])",
        word=rf"\.(?:(?=[{HAN}])|(?<=[{HAN}].))",
    ),
    _form(  # `^(?:粤|京)[A-Z]\\d{5}$`
        "code",
        "^",
        r"\^(?<![A-Za-z0-9_$^*)\]]\^)(?=[^\s$]*[\\[(])[^\s，。；“”]{3,80}?\$(?![A-Za-z0-9_)|$])",
        held="$",
        word=r"\^(?=\S)",
    ),
    _form(  # `$x_1$`, `\frac{a}{b}`
        "formula",
        "$\\",
        r"\$(?<![A-Za-z0-9_$\\]\$)(?=[^\s${(])(?=[^$\n]*[\\_^])[^$\n，。；：]{1,120}(?<=[^\s$\\/])\$(?![A-Za-z0-9_{$])",
        r"|\\(?<![A-Za-z0-9_:.\\]\\)[A-Za-z]{2,20}(?:\[[^\[\]\n]{1,40}\])?",
        r"(?:[_^]?\{(?:[^{}\n]|\{[^{}\n]{0,60}\}){1,80}\}|[_^][A-Za-z0-9]){1,8}",
    ),
    _form(
        "code",
        "*",
        rf"(?<![{_LETTER}*.])(?:\*\.[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(?:/\*\.[A-Za-z0-9-]+)*|\*\*/[\w.*-]+(?:/[\w.*-]+)*)(?![{_LETTER}*])",
        rf"|(?<![{_LETTER}*./-])(?:~?/)?(?:[A-Za-z0-9_][\w.-]{{0,80}}/)(?:[\w.-]{{1,80}}/)*(?:\*\*?/)*(?:[\w-]{{0,40}}\*[\w-]{{0,20}}\.[A-Za-z0-9.-]*[A-Za-z0-9]|\*\*?)(?![{_LETTER}*/])",
        word=r"\*",
    ),
    _form(  # `$PWD:/app`, `/mnt/pvc-01:/data:ro`, `- redis_data:/data:Z`
        "code",
        ":",
        rf"(?<![{_LETTER}:/.~-])(?:\$(?:\w+|\{{\w+\}})|\.{{0,2}}(?:/[\w.-]+)+",
        r"|(?:(?<=- )|(?<=-v )|(?<=[\"']))[a-z][\w.-]+)",
        rf":(?:/[\w.-]*[\w-])+(?::(?:{_OF_A_MOUNT})(?:,(?:{_OF_A_MOUNT}))*)?(?![{_LETTER}/:])",
        word=r":/(?=[\w.-])",
    ),
    _form(  # `(020) 7946-0999`, `0(212)-555-01-44`
        "phone",
        "(",
        rf"(?<![{_LETTER}])(?:\+?\d{{1,3}} ?)?\(\d{{2,5}}\)[ -]?\d{{3,4}}(?:[ -]\d{{2,4}}){{1,2}}(?![A-Za-z0-9-])",
        line=r"\(\d{2,5}\)",
    ),
    _form(  # `c.76A>T`, `NM_000059.4(BRCA2):c.5946del`, `p.(Ser1982Argfs*22)`
        "code",
        ".",
        r"(?<![\w.])(?:(?:[\w.]{2,30}(?:\([\w-]{1,20}\))?[:/])?[cgmnr]\.[\d_+*-]+(?:[ACGT]>[ACGT]|(?:del|dup|ins|inv)[ACGT]*)",
        r"|p\.\([A-Z][a-z]{2}\d[\w*=]{1,20}\))(?![A-Za-z0-9])",
        word=r"\.(?<=[cgmnpr]\.)(?=[\d(*-])",
    ),
    _form("code", "(", rf"(?<!\S){_OF_SMILES}{{2,}}\(=[ONS]\){_OF_SMILES}*", word=r"\(=[ONS]\)"),
    _form(
        "range",
        "月",
        r"(?:\d{4}年)?(?<!\d)\d{1,2}月\d{1,2}[日号號]?[-–—~～](?:(?:\d{4}年)?\d{1,2}月)?\d{1,2}[日号號]",
        hint="月(?<=[0-9]月)[0-9]",
        word="月",
    ),
    _form(
        "code",
        " ",
        r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: [A-Z0-9]{4}){3,7}(?: [A-Z0-9]{1,4})?(?![A-Za-z0-9])",
        line=" [A-Z0-9]{4} [A-Z0-9]{4}",
    ),
    _form(  # `CUDA_VISIBLE_DEVICES=0,1`
        "variable",
        "=",
        r"(?<![A-Za-z0-9_$-])[A-Z](?:[A-Z0-9]{2,}(?==[\"'])|[A-Z0-9]*(?:_[A-Z0-9]+)+)=",
        rf"(?:\"[^\"\n]{{1,120}}\"|'[^'\n]{{1,120}}'|(?:[^{ENDS}{HAN}]|,(?=\d))+)",
        hint="=(?<=[A-Z0-9]{2}=)",
        line="=",
    ),
    _form(
        "phone",
        "+",
        r"\+(?<![\w+]\+)[0-9]{1,3}(?:(?:[ -][0-9]{2,4}){2,5}| [0-9]{2,4}/[0-9]{3,8}(?:-[0-9]{1,4})?)(?![\w-])",
    ),
    _form(
        "email",
        "@",
        r"(?<![A-Za-zÀ-ɏ0-9_./\\-])(?:[A-Za-z0-9_.-]{1,40}\+[A-Za-z0-9_.=+-]{1,60}|[A-Za-zÀ-ɏ0-9_.+-]{1,64}(?:'[A-Za-z0-9_.+-]{1,40})?)@(?!\dx\.)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}",
        word="@",
    ),
    _form(
        "windows",
        "$%",
        rf"(?:\$\{{[A-Za-z_]\w{{0,40}}\}}|%[A-Za-z_]\w{{0,40}}%)(?:[/\\]{SEGMENT}){{1,30}}[/\\]?",
        line=r"[%}][/\\]",
    ),
    _form(  # `users/{id}/orders`, `#RMA-{{rma}}`, `cart:{userId}:v2`, `build-{{ env }}-{{ ver }}`
        "code",
        "{",
        r"(?<![A-Za-z0-9_/.{}:-])(?:#?(?:[A-Za-z0-9.]++[/_-]++){1,12}",
        r"\{\{? ?[A-Za-z_][\w.-]{0,40}(?::[^{}\s]{0,12})? ?\}\}?(?:/(?:[A-Za-z0-9_.-]{1,60}|\{[A-Za-z_][\w.-]{0,40}\})",
        r"|[-_.](?:[A-Za-z0-9]+[-_.])*\{\{ ?[A-Za-z_][\w.]{0,40} ?\}\})*",
        r"|(?:[A-Za-z][\w-]{0,20}:){1,4}\{[A-Za-z_]\w{0,40}\}(?::[A-Za-z0-9_-]{1,20}|:\{[A-Za-z_]\w{0,40}\}){1,4})",
        line=r"[/_:-]\{",
    ),
    _form(  # `%Y-%m-%d`, `%s/%s`
        "placeholder",
        "%",
        rf"(?:(?<![\w%./=-])[A-Za-z0-9]+[-_.])?%(?<![A-Za-z0-9%]%){_DIRECTIVE}(?:[-/.:_|]{{0,2}}%{_DIRECTIVE})+(?![A-Za-z0-9%])(?:[-_.][A-Za-z0-9]+)*",
        word="%[-#(0-9A-Za-z@]",
    ),
    _form(
        "placeholder",
        "{%<&[_$",
        # each alternative begins with a sign: a class, or a sign that may be missing, is looked for more slowly
        r"\{\{\{[^{}\n]{1,60}\}\}\}|\{\{[^{}\n]{1,60}\}\}|",
        r"\$\{\{[^{}\n]{1,80}\}\}(?:[-_.:/](?:[A-Za-z0-9]+[-_.:/])*\$\{\{[^{}\n]{1,80}\}\})*|\$\{[^{}\n]{1,60}\}(?:[-_.:/](?:[A-Za-z0-9]+[-_.:/])*\$\{[^{}\n]{1,60}\})*|#\{[^{}\n]{1,60}\}|%\{[^{}\n]{1,60}\}|",
        rf"\{{(?:[A-Za-z_{HAN}][\w.]{{0,40}}|\d{{1,3}})",
        r"(?:![rsa])?(?::[^{}\s]{0,12})?\}(?:[-/_:.]\{(?:[A-Za-z_]\w{0,40}|\d{1,3})\})*|",
        r"%(?<![A-Za-z0-9_%]%)(?:\([A-Za-z_][\w.-]{0,40}\)|\d\$)?[-+0#]{0,2}\d{0,3}(?:\.\d{1,2})?(?:ll?|z)?[sdifreEgGxXu@](?![A-Za-z0-9])|",
        r"<\d{1,3}\s?/?>|</\d{1,3}\s?>|&(?:nbsp|lt|gt|amp|quot|apos);|<%[=-]?[^%\n]{1,60}%>|",
        r"%(?<![\w%]%)[A-Za-z_][A-Za-z_.]{1,40}%(?![\w%])|",
        r"\$t\([^()\n]{1,80}\)|\[\[[\w .:/|-]{1,40}\]\]|<[a-z]{1,12}=[^\s<>\"']{1,40}>|",
        r"</?[a-z][\w-]{0,20}(?:[:/][a-z0-9][\w.-]{0,40})+>|<(?:local)?leader>[\w/.-]{1,12}|<[CSMAD]-[\w-]{1,8}>[\w-]{0,3}|",
        rf"__(?<!\w__)(?:[A-Z][A-Z0-9_]{{0,40}}|init|main|name|all|file|dict|doc|call|class|str|repr|slots|pycache|version)__(?![\w.])|__(?<=[{HAN}]__)[a-z][a-z0-9_]{{0,40}}__(?=[{HAN}])",
    ),
    _form("identifier", "$", r"\$(?<![A-Za-z0-9_$\\]\$)[A-Za-z_][A-Za-z0-9_]{1,40}(?![A-Za-z0-9_$/\\({.:-])"),
    _form("identifier", ">", r"(?<![\w>])\$?[A-Za-z_]\w{0,60}(?:->[A-Za-z_]\w{0,60}){1,8}\((?:\))?", word="->"),
    _form("code", "^", r"\^(?<!\S\^)\S{2,80}\$(?!\S)"),
    _form(
        "code",
        "*",
        r"(?<![^\s=\"'`])(?=[0-9*/,\- ]{0,120}(?:\*/\d|\* \*))(?=[* ]{0,120}[0-9/])",
        r"(?:[0-9*/,-]{1,60} ){4}[0-9*/,-]{1,60}(?![^\s\"'`;])",
        line=r"\*(?:/\d| \*)",
    ),
    _form("code", "#", r"#(?<![A-Za-z0-9_&/#]#)(?:[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})(?![A-Za-z0-9_-])"),
    _form(
        "code",
        ".",  # of shares; `.sh` is the ending of a script too
        r"(?<![A-Za-z0-9.])\d{4,6}\.(?:SH|SZ|BJ|HK)(?:/\d{4,6}\.(?:SH|SZ|BJ|HK))*(?![A-Za-z0-9])",
        word=r"\.(?:SH|SZ|BJ|HK)",
    ),
    _form("code", "(", r"新建(?:文件夹|文本文档) \(\d{1,2}\)(?!\.\w)", line=r" \(\d"),  # as Windows names a copy
    _form(
        "placeholder",
        ":",
        r":(?<![\w:/.)\]}]:)(?<!\w[\"']:)[a-z](?:[a-z0-9_]{1,30}:(?![\w:/.-])|[a-z_]{1,30}(?![\w:.-]))",
    ),
    _form(
        "windows",
        ":\\",
        r"(?<![A-Za-z0-9])[A-Za-z]:[\\/]",
        rf"(?:{_FOLDER}[\\/]){{0,30}}(?:{_FOLDER}(?=>)|\*\.[A-Za-z0-9*]{{1,8}}|{SEGMENT})?|",
        rf"\\\\[A-Za-z0-9_.{HAN}-]+\\(?=[^\s/\\])(?:{_FOLDER}\\){{0,30}}(?:{SEGMENT})?",
        line=r":(?<=[A-Za-z]:)(?<![A-Za-z0-9][A-Za-z]:)[\\/]|\\\\",
    ),
    _form(
        "file",
        "/\\",
        rf"(?<![^{BEFORE_A_PATH}])(?!--[a-z])(?:{SEGMENT}[/\\]){{1,12}}{SEGMENT}\.(?i:{ENDINGS})(?![A-Za-z0-9_])(?:#(?:[A-Za-z0-9_-]|\.(?=[A-Za-z0-9]))+)?",
        line=rf"\.(?=\w)(?i:{ENDINGS})(?![A-Za-z0-9_])",
    ),
    _form(
        "path",
        "/",
        rf"(?:{_unless_behind('~/ ./ ../ /', BEFORE_A_PATH + HAN)})(?=[^\s/])",
        rf"(?:{ESCAPED_SEGMENT}/){{0,30}}(?:{ESCAPED_SEGMENT})?",
        hint=rf"/(?<![^~.{BEFORE_A_PATH}{HAN}]/)(?=[^\s/])",
    ),
    _form(
        "option",
        "-",
        rf"--(?<![\w!-]--)[A-Za-z][A-Za-z0-9]*(?:[-._][A-Za-z0-9]+)*(?:=(?:'[^'\n]{{1,60}}'|\"[^\"\n]{{1,60}}\"|[^{ENDS}{HAN}]+))?",
        held="--",
    ),
    _form("option", "-", rf"-(?<![\w.-]-)[A-Za-z][\w.-]+(?<![.-])=(?!=)[^{ENDS}{HAN}]+", held="="),
    _form(  # `-WhatIf`, `-Xmx512m`, `-name`
        "option",
        "-",
        r"-(?:(?<=\S -)|(?<=[`'\"(]-)(?<!\w'-))[A-Za-z][A-Za-z0-9]{3,}(?:-[A-Za-z0-9]+)*(?![\w=/:\\-]|\.\w)",
        hint=r"-(?<=[ `'\"(]-)[A-Za-z]",
        line=r"-(?<=[ `'\"(]-)[A-Za-z]",
    ),
    _form("file", ".", rf"\.(?<![^{BEFORE_A_PATH}{HAN}]\.)(?:{'|'.join(DOTFILES)})(?![A-Za-z0-9_-]|\.[A-Za-z0-9])"),
    _form("code", "\u202f", r"(?<![\w.-])[\w.-]+\u202f[AP]M\.[a-z]{3,4}(?![A-Za-z0-9_])", word=r"M\."),
    _form(  # `12...Nf6`, `v1.2...v1.3`
        "code",
        ".",
        r"(?<![\w./-])(?:\d+\.{3}[A-Za-z][\w+#=-]*|[\w/-][\w./-]{0,60}\d\.{3}[\w./-]{0,60}\d)(?![\w.])",
        held="...",
        word=r"\.{3}",
    ),
    _form("title", "《", r"《[^《》\n]{2,60}》"),
    _form(
        "quoted",
        "“\"「『`'«„",
        r"“[^“”\n]{2,80}”|«[^«»\n]{2,80}»|„[^„“”\n]{2,80}[“”]|\"(?<![A-Za-z0-9]\")[^\"\n]{2,80}\"|「[^「」\n]{2,80}」|『[^『』\n]{2,80}』|`[^`\n]{2,120}`|",
        r"'(?<![A-Za-z0-9]')[^'\n]{2,80}'(?![A-Za-z0-9])",
    ),
)
"""In order of precedence where two begin at one place."""

_SIGNS = tuple(sorted({sign for one in FORMS for sign in one.signs}))
_SIGNS_OF_ASCII = tuple(filter(str.isascii, _SIGNS))
_IN_A_TOKEN = {**{sign: later(rf"\{sign}(?=\S)") for sign in ".,:"}, "'": later("'(?<![A-Za-z0-9]')")}
"""How a long token has these signs; in a sentence a point is behind its last word, and an apostrophe in a word."""


@lru_cache(maxsize=1024)
def _forms_by(signs: tuple[str, ...]) -> tuple[tuple[int, str, re.Pattern[str] | None], ...]:
    return tuple((rank, one.held, one.hint) for rank, one in enumerate(FORMS) if not set(signs).isdisjoint(one.signs))


def forms_for(text: str) -> list[int]:
    """The places in FORMS of those that a text may hold."""
    signs = [sign for sign in (_SIGNS_OF_ASCII if text.isascii() else _SIGNS) if sign in text]
    forms = _forms_by(tuple([one for one in signs if one not in _IN_A_TOKEN or _IN_A_TOKEN[one].search(text)]))
    return [rank for rank, held, hint in forms if held in text and (hint is None or hint.search(text))]
