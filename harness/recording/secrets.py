"""Secrets, known and guessed: values that this process was given, shapes that providers give their keys, and what
names a person by its form."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from harness.addresses import secrets_in
from harness.errors import CassetteError
from harness.files import UnfitFileError, end_with_parent, opened
from harness.recording.cassette import LINE_LIMIT, LINES_LIMIT, Line, from_line, lines, packed_content, stored_at
from harness.recording.spellings import Spellings, joined_texts, joined_texts_of, written_spellings
from harness.records.answer import Completion
from harness.text.keeping import later

_SHORTEST = 8
"""Characters. Shorter values, and stand-ins such as `EMPTY` for servers that want no key, occur in honest answers."""
_STAND_INS = {"not-needed", "no-key-required", "sk-no-key-required", "lm-studio", "changeme", "undefined"}
_SECRET_NAME = re.compile(r"API_?KEY|ACCESS_KEY|SECRET|TOKEN(?!IZ|S?_LIMIT|S$)|PASSW|CREDENTIAL", re.IGNORECASE)
_SECRET_FIELD = re.compile(
    r"api[-_]?key|access[-_]?key|secret|passw|credential|authorization|bearer|(access|auth|api|session)[-_]?token",
    re.IGNORECASE,
)
_REMOVED = "[secret removed]"

SHAPES: dict[str, str] = {
    "OpenAI-style key": r"\bsk-(?:[a-z]+-)*[A-Za-z0-9_]{20,}",
    "Anthropic key": r"\bsk-ant-[A-Za-z0-9_-]{20,}",
    "Groq key": r"\bgsk_[A-Za-z0-9]{40,}",
    "xAI key": r"\bxai-[A-Za-z0-9]{40,}",
    "Hugging Face token": r"\bhf_[A-Za-z0-9]{30,}",
    "Google API key": r"\bAIza[A-Za-z0-9_-]{35}\b",
    "AWS access key id": r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b",
    "Alibaba Cloud access key id": r"\bLTAI[A-Za-z0-9]{12,20}\b",
    "Volcengine access key id": r"\bAKLT[A-Za-z0-9]{24,}",
    "Tencent Cloud secret id": r"\bAKID[A-Za-z0-9]{32}\b",
    "Zhipu key": r"\b[0-9a-f]{32}\.[A-Za-z0-9]{16}\b",
    "npm token": r"\bnpm_[A-Za-z0-9]{36}\b",
    "GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{50,})",
    "GitLab token": r"\bglpat-[A-Za-z0-9_-]{20,}",
    "Slack token": r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
    "Stripe key": r"\b[rs]k_live_[A-Za-z0-9]{20,}",
    "PyPI token": r"\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{30,}",
    "private key": (
        r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"
        r"(?:[^-]*(?:-[^-]+)*-----END (?:[A-Z]+ )*PRIVATE KEY-----|(?:(?:\s|\\[nr])+[A-Za-z0-9+/=]{16,})+)?"
    ),
    "JSON web token": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    "authorization header": r"(?i)\bbearer [A-Za-z0-9._~+/-]{20,}",
    "password in an address": r"\b[a-z][a-z0-9+.-]{1,10}://[^\s/:@\"'\\]{1,64}:[^\s/:@\"'\\]{3,64}@",
}
"""Shapes that are rarely anything else, from the providers' own documentation of their keys: what every installation
looks for before it sends, quotes or keeps something. A scanner's list is longer, and `scanning.py` takes it."""
_SHAPES = {name: later(shape) for name, shape in SHAPES.items()}
_LONG = 20_000
"""Characters. In a longer text of a stranger's, Python's own expressions could search for hours."""


PERSONAL: dict[str, tuple[re.Pattern[str], str]] = {
    "mail address": (later(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}"), "name@example.com"),
    "payment card": (
        later(
            r"(?<!\d)(?:\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{4}(?:[ -]\d{1,3})?|62\d{14}|62\d{17}|4\d{15}|5[1-5]\d{14})(?!\d)"
        ),
        "6222222222222222",
    ),
    "identity number": (
        later(r"(?<!\d)(?:\d{17}[\dXxＸｘ]|\d{6}[ -](?:19|20)\d{2}[ -]?\d{4}[ -]?\d{3}[\dXx])(?!\d)"),
        "110101199003070000",
    ),
    "mobile number": (
        later(r"(?<![\d.])(?:(?:\+|00)?86[- ]?)?[1１][3-9３-９]\d(?:\d{8}|[ -]\d{4}[ -]\d{4})(?!\d)"),
        "13800000000",
    ),
    "landline number": (
        later(
            r"(?<![A-Za-z0-9_/.+-])(?:\(0[1-9]\d{1,2}\) ?|（0[1-9]\d{1,2}） ?|0[1-9]\d{1,2}[- ])\d{3,4}[- ]?\d{4}"
            r"(?:转\d{1,6}|-\d{1,4})?"
            r"(?![A-Za-z0-9_/-])"
        ),
        "010-55550000",
    ),
    "telephone number": (
        later(r"(?<![\w/.-])\+\d{1,3}[ -]?\(?\d{2,4}\)?(?:[ -]?\d{2,4}){2,3}(?![\w/-])"),
        "+1 555 010 0000",
    ),
    "social security number": (later(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])"), "000-00-0000"),
    "number plate": (
        later(
            r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z][·・• ]?"
            r"(?:[A-HJ-NP-Z0-9]{4}[A-HJ-NP-Z0-9挂学警港澳]|[DF][A-HJ-NP-Z0-9]\d{4}|\d{5}[DF])(?![A-Za-z0-9])"
        ),
        "京A00000",
    ),
    "value behind its label": (
        later(
            r"(?i)(?P<label>(?:姓名|联系人|收[件货]人|寄件人|户名|密码|口令|微信号?|住址|(?:收货|家庭|联系)?地址|"
            r"护照(?:号码?)?|证件号码?|车牌(?:号码?)?|QQ(?:号码?)?|病历号|社保号|学号|工号|出生日期|生日|"
            r"\b(?:passport(?: no\.?| number)?|date of birth|password|passwd|passphrase|full name|customer name|"
            r"contact person))[\"']? ?[:：=] ?[\"']?)"
            r"(?!\[removed\])[^\s,，;；。、|\"'()（）]{2,64}"
        ),
        r"\g<label>[removed]",
    ),
}
"""What names a person by its form, or by the label before it, and what is put in its place.

Names of people in a sentence are not found."""


def without_personal(text: str, kept: Sequence[str] = (), found: set[tuple[str, str]] | None = None) -> str:
    """The text with a stand-in for whatever names a person by its form; `kept` are strings that stay, such as targets.

    Kind and value of what was replaced are added to `found`.
    """
    for kind, (pattern, stand_in) in PERSONAL.items():

        def replaced(match: re.Match[str], kind: str = kind, stand_in: str = stand_in) -> str:
            other = match.expand(stand_in)
            if match[0] == other or any(match[0] in one for one in kept):
                return match[0]
            if found is not None:
                found.add((kind, match[0]))
            return other

        text = pattern.sub(replaced, text)
    return text


class Secrets:
    """Values that must be found nowhere, however a text spells them."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        kept = {value for value in values if len(value) >= _SHORTEST and value.lower() not in _STAND_INS}
        self._values = tuple(sorted(kept))
        self._spellings = Spellings(kept)
        written = {spelling for value in kept for spelling in written_spellings(value)}
        longest_first = sorted(written, key=lambda spelling: (-len(spelling), spelling))
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if written else None

    def __bool__(self) -> bool:
        return bool(self._spellings)

    def __reduce__(self) -> tuple[type[Secrets], tuple[tuple[str, ...]]]:
        """For the workers of `problems`, which are given it through a pipe: expressions of RE2 cannot be sent."""
        return Secrets, (self._values,)

    @classmethod
    def of_environment(
        cls,
        environ: Mapping[str, str],
        names: Iterable[str] = (),
        addresses: Iterable[str] = (),
        *,
        models: Iterable[str] = (),
    ) -> Secrets:
        """The named variables, all whose name says that they hold a secret, and what addresses carry.

        Args:
            names: variables that the configuration names as keys.
            addresses: base URLs; users put passwords, keys and tokens into them.
            models: names that requests give; in an address they are not secrets.
        """
        named, known = set(names), tuple(models)
        values = [value.strip() for name, value in environ.items() if name in named or _SECRET_NAME.search(name)]
        for address in addresses:
            values += secrets_in(address, names=known)
        for line in environ.get("OPENAI_CUSTOM_HEADERS", "").splitlines():
            values.append(line.partition(":")[2].strip())
        return cls(values)

    def found_in(self, text: str) -> bool:
        """Whether a text holds one of them, however it is escaped, coded or spaced."""
        return self._spellings.found_in(text)

    def found_in_body(self, body: str) -> bool:
        """The same for what an endpoint sent, whose JSON or events may hold one in pieces."""
        return self._spellings.found_in_body(body)

    def echoed_in(self, completion: Completion) -> bool:
        """Whether an answer, as it is judged, holds one of them."""
        if not self:
            return False
        names = (completion.finish_reason, completion.model, completion.system_fingerprint, completion.runtime)
        calls = (text for call in completion.tool_calls for text in (call.name, call.arguments))
        tokens = b"".join(token.text for token in completion.tokens).decode("utf-8", "replace")
        return self.found_in("\n".join([completion.text, *calls, *(name or "" for name in names), tokens]))

    def redacted(self, text: str) -> str:
        """The text without them, and without anything that has the shape of a key."""
        if self._pattern is not None:
            text = self._pattern.sub(_REMOVED, text)
        for shape in _shapes_for(text).values():
            text = shape.sub(_REMOVED, text)
        # one that is spelled so that its place is not known: nothing of the text is shown
        return _REMOVED if self.found_in_body(text) else text


def shapes_in(text: str) -> list[str]:
    """Names of the shapes of keys that a text holds."""
    return [name for name, shape in _shapes_for(text).items() if shape.search(text)]


def _shapes_for(text: str) -> Mapping[str, Any]:
    return _SHAPES if len(text) <= _LONG else _linear_shapes()


@cache
def _linear_shapes() -> dict[str, Any]:
    """The same for an engine whose time grows with the text and no faster."""
    import re2

    return {name: re2.compile(shape) for name, shape in SHAPES.items()}


def secret_fields(value: object, path: str = "") -> list[str]:
    """Paths in decoded TOML or JSON whose name says, or whose text has the shape, that a secret is written there."""
    found: list[str] = []
    if isinstance(value, Mapping):
        for name, content in value.items():
            place = f"{path}.{name}" if path else str(name)
            if isinstance(content, str) and content and _SECRET_FIELD.search(str(name)):
                found.append(place)
            else:
                found += secret_fields(content, place)
    elif isinstance(value, list | tuple):
        for index, content in enumerate(value):
            found += secret_fields(content, f"{path}[{index}]")
    elif isinstance(value, str) and shapes_in(value):
        found.append(path)
    return found


_MOST_HITS = 100
"""Of one pattern in one text."""
_AROUND = 200
_LONGEST_HIT = 10_000
"""Characters that a detector looks at for itself: before and after a hit, and of the hit."""


@dataclass(frozen=True, slots=True)
class _Detector:
    """One detector of the scanner, and its patterns for an engine whose time grows with the text and no faster."""

    kind: str
    patterns: tuple[Any, ...]
    scanner: Any

    def sees(self, text: str) -> bool:
        hits = chain.from_iterable(islice(pattern.finditer(text), _MOST_HITS) for pattern in self.patterns)
        return any(self._agrees(text, hit.start(), hit.end()) for hit in hits)

    def _agrees(self, text: str, start: int, end: int) -> bool:
        # some detectors look at a hit once more: a JSON web token must be one
        near = text[max(0, start - _AROUND) : min(end, start + _LONGEST_HIT) + _AROUND]
        return any(True for _ in self.scanner.analyze_string(near))


def kinds_in(text: str) -> Iterator[str]:
    """What the scanner calls the secrets that a text seems to hold; nothing without the scanner."""
    for detector in _detectors():
        if detector.sees(text):
            yield detector.kind


@cache
def _detectors() -> tuple[_Detector, ...]:
    from importlib import import_module
    from inspect import isabstract
    from pkgutil import iter_modules

    try:
        plugins = import_module("detect_secrets.plugins")
        based = import_module("detect_secrets.plugins.base").RegexBasedDetector
    except ImportError:
        return ()
    found = []
    for entry in iter_modules(plugins.__path__):
        module = import_module(f"{plugins.__name__}.{entry.name}")
        for kind in vars(module).values():
            if isinstance(kind, type) and issubclass(kind, based) and not isabstract(kind):
                scanner: Any = kind()
                found.append(_Detector(scanner.secret_type, tuple(_linear(scanner.denylist)), scanner))
    return tuple(found)


def _has_form(text: str | bytes) -> bool:
    """Whether one of the shapes or of the scanner's patterns may match in one of the texts joined by line ends.

    It may match elsewhere: with `m` a text's beginning and end are those of any line.
    """
    if isinstance(text, str):
        text = text.encode("utf-8", "replace")
    return any(form.search(text) for form in _any_form())


@cache
def _any_form() -> tuple[Any, ...]:
    """All of them in two expressions.

    Those that begin with a class of letters have one of their own: such a pattern, `[MNO][A-Za-z0-9_-]{23,25}[.]`, may
    have begun at several of the last letters of a random id. The engine keeps what it found out for each set of places
    in all patterns, and of the two together there are too many sets.
    """
    import re2

    options = re2.Options()
    options.max_mem = 64_000_000
    options.log_errors = False  # of text for which that is not enough, it is slower
    scanned = [pattern.pattern for detector in _detectors() for pattern in detector.patterns]
    some, others = list[str](), list[str]()
    for shape in (*SHAPES.values(), *scanned):
        (others if shape.startswith("[") else some).append(f"(?m:{shape})")
    return tuple(re2.compile("|".join(shapes), options) for shapes in (some, others) if shapes)


def _linear(patterns: Any) -> Iterator[Any]:
    """Patterns that look behind are left out: they are assignments to variables of a few old services."""
    import re2

    options = re2.Options()
    options.log_errors = False
    for pattern in patterns:
        text = f"(?i){pattern.pattern}" if pattern.flags & re.IGNORECASE else pattern.pattern
        try:
            yield re2.compile(text, options)
        except re2.error:
            continue


@dataclass(frozen=True, slots=True)
class CassetteProblem:
    """A line that must not stay as it is: its number (1-based; 0 for the file as a whole) and why."""

    line: int
    message: str


_BLOCK = 200_000
"""Bytes of lines, or characters of their texts, that are searched at one time: most lines hold nothing, and a search by
itself costs as much as a line."""
_SIGN = "<>"
_BETWEEN = f"\n{_SIGN}\n"
"""Between the texts of lines: what begins at the end of one, such as a tag, does not hide what the next one holds."""


_WORTH_WORKERS = 30_000_000
"""Bytes of a cassette from which on the start of further processes pays: they import what one has already."""
_WORKERS = 8
_READ = 1_000_000


def problems(path: Path, secrets: Secrets) -> Iterator[CassetteProblem]:
    """All problems of a cassette, in the order of its lines. What was found is named, never shown.

    A large one is searched in several processes.
    """
    kept = stored_at(path)
    if kept is not None and kept != path and path.suffix == ".gz":
        yield CassetteProblem(0, f"is not read: {kept.name} is beside it; take one of them away")
    workers = min(_WORKERS, os.cpu_count() or 1)
    places = _places(path, 4 * workers) if workers > 1 else []
    if not places:
        yield from _problems_between(path, secrets)
        return
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    before = 0
    with ProcessPoolExecutor(workers, get_context("spawn"), end_with_parent) as pool:
        parts = [(path, secrets, *ends) for ends in zip([0, *places], [*places, None], strict=True)]
        for part, job in [(part, pool.submit(_part, *part)) for part in parts]:
            try:
                found, read = job.result()
            except BrokenProcessPool:  # one was killed: what is left is done here
                found, read = _part(*part)
            if before + read > LINES_LIMIT and all(one.line for one in found):  # a part has fewer
                found = [one for one in found if 0 < one.line <= LINES_LIMIT - before]
                found.append(CassetteProblem(0, f"more than {LINES_LIMIT:,} lines"))
            for one in found:
                if one.line:
                    yield CassetteProblem(before + one.line, one.message)
                    continue
                number, colon, rest = one.message.partition(":")
                place = f"{before + int(number)}:{rest}" if colon and number.isdigit() else one.message
                yield CassetteProblem(0, place)
                pool.shutdown(wait=False, cancel_futures=True)
                return
            before += read


def _part(path: Path, secrets: Secrets, start: int, end: int | None) -> tuple[list[CassetteProblem], int]:
    """The problems between two places, with lines counted from the first, and the number of lines."""
    found, read = list(_problems_between(path, secrets, start, end)), 0
    if found and not found[-1].line:  # the last, whatever follows
        return found, read
    with opened(path) as file:
        file.seek(start)
        while block := file.read(_READ if end is None else min(_READ, end - file.tell())):
            read += block.count(b"\n")
    return found, read


def _places(path: Path, parts: int) -> list[int]:
    """Where a large file is cut: at the beginnings of lines. None where it is small, or cannot be read."""
    try:
        size = path.stat().st_size
        if size < _WORTH_WORKERS or path.suffix != ".jsonl":  # a packed one is unpacked whole
            return []
        with opened(path) as file:
            found = []
            for part in range(1, parts):
                file.seek(size * part // parts)
                piece = file.readline(_READ)
                while piece and not piece.endswith(b"\n") and file.tell() < size * part // parts + LINE_LIMIT:
                    piece = file.readline(_READ)
                if piece.endswith(b"\n"):  # else the line is too long: it is not cut, and refused by who comes to it
                    found.append(file.tell())
    except (OSError, UnfitFileError):
        return []
    return sorted({place for place in found if place < size})


def _problems_between(
    path: Path, secrets: Secrets, start: int = 0, end: int | None = None
) -> Iterator[CassetteProblem]:
    at = before = 0
    try:
        for block, size in _blocks(path, start, end):
            count = block.count(b"\n")
            if before + count > LINES_LIMIT or not _is_clean(block, secrets):
                ended = size == len(block) and not block.endswith(b"\n")
                for problem in _problems_of_lines(path, secrets, start + at, start + at + size, before):
                    yield problem
                    ended = ended or not problem.line
                if ended:
                    return
            at, before = at + size, before + count + (size > len(block))
    except (OSError, UnfitFileError, CassetteError):  # what is wrong the other way says
        yield from _problems_of_lines(path, secrets, start + at, end, before)


def _blocks(path: Path, start: int, end: int | None) -> Iterator[tuple[bytes, int]]:
    """Some lines at a time, and their bytes. All are whole but for the last of the file, and one of more than a
    megabyte, of which only the beginning is given: few have it, and it is looked at by itself."""
    content = packed_content(path)
    with opened(path) if content is None else io.BytesIO(content) as file:
        file.seek(start)
        while block := file.read(_BLOCK if end is None else min(_BLOCK, end - file.tell())):
            rest = b"" if block.endswith(b"\n") else file.readline(_READ)
            block += rest
            size = len(block)
            while rest and not rest.endswith(b"\n") and size <= LINE_LIMIT:
                rest = file.readline(_READ)
                size += len(rest)
            yield block, size


def _is_clean(block: bytes, secrets: Secrets) -> bool:
    """Whether all lines can be replayed, and none holds a secret: so are most, and in half the time it is known.

    What is written in the lines is searched as it is, all at once, and so are the texts that they add up to.
    """
    if not block.endswith(b"\n"):
        return False
    texts: list[str] = []
    try:
        for line in block.split(b"\n")[:-1]:
            interaction = from_line(line.strip())
            texts += joined_texts(interaction.body)
            texts += joined_texts_of([interaction.request])
            texts.append(_SIGN)
    except CassetteError:
        return False
    together = "\n".join(texts)
    if _has_form(block) or _has_form(together):
        return False
    if not secrets:
        return True
    return not secrets.found_in(block.decode("utf-8").replace("\n", _BETWEEN)) and not secrets.found_in(together)


def _problems_of_lines(
    path: Path, secrets: Secrets, start: int, end: int | None, before: int
) -> Iterator[CassetteProblem]:
    """Each line by itself; the first is that after `before` others."""
    waiting: list[_Searched] = []
    size = 0
    try:
        for line in lines(path, start, end, before):
            searched = _searched(line)
            waiting.append(searched)
            size += sum(map(len, searched.texts))
            if size > _BLOCK:
                yield from _problems_of(waiting, secrets)
                waiting, size = [], 0
        yield from _problems_of(waiting, secrets)
    except CassetteError as error:
        yield from _problems_of(waiting, secrets)
        yield CassetteProblem(0, str(error).removeprefix(f"{path}:").lstrip())


class _Searched(NamedTuple):
    """A line: what is wrong with it as it is, and the texts that are searched, none where it is torn."""

    number: int
    problem: str
    texts: list[str]


def _searched(line: Line) -> _Searched:
    """A line as it is written, and the texts that its JSON and the chunks of its answer add up to."""
    if line.torn:
        torn = f"torn after {len(line.content)} bytes; --cassette-mode=record takes it away and asks again"
        return _Searched(line.number, torn, [])
    texts, problem = [line.content.decode("utf-8", "replace")], ""
    try:
        interaction = from_line(line.content)
        texts += [*joined_texts(interaction.body), *joined_texts_of([interaction.request])]
    except CassetteError as error:
        problem = str(error)
    return _Searched(line.number, problem, texts)


def _problems_of(some: Sequence[_Searched], secrets: Secrets) -> Iterator[CassetteProblem]:
    together = _BETWEEN.join("\n".join(one.texts) for one in some)
    is_known, has_form = secrets.found_in(together), _has_form(together)
    for one in some:
        if one.problem:
            yield CassetteProblem(one.number, one.problem)
        if is_known and any(map(secrets.found_in, one.texts)):
            yield CassetteProblem(one.number, "holds the value of a key of this environment; revoke the key")
        if has_form and _has_form("\n".join(one.texts)):
            texts = list(map(_text, one.texts))
            # the scanner has names of its own for what ours found already
            shapes = {shape: None for text in texts for shape in (shapes_in(text) or kinds_in(text))}
            for shape in shapes:
                yield CassetteProblem(
                    one.number, f"holds what looks like a secret ({shape}); revoke it, prune the line"
                )


def _text(pieces: str) -> str:
    """Without halves of characters, which JSON can spell and RE2 cannot read."""
    return pieces.encode("utf-8", "replace").decode()
