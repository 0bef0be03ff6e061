"""What has the letters of a string and is another thing: a slug, a member, a file, words of the sentence."""

from harness.text.keeping import later
from harness.text.targets import Target

LOST = frozenset({"to-space", "dropped", "replaced"})
WORDS = later(r"[A-Za-z]+(?:(?:[_.:-]|[0-9]\.)[A-Za-z]+)+|[A-Za-z.]+\(\)|[A-Z][a-z]+(?:[A-Z][a-z]+)+")

_PROPER_NAMES = later(r"(?=.*-)(?=.*/)[A-ZÀ-ÖØ-Þ][^\W\d_]*(?:[-/][A-ZÀ-ÖØ-Þ][^\W\d_]*)+")


_OTHER_LETTERS = ("case", "swapped", "replaced")  # `a - b` and `A:B` for `A-B`


def is_of_its_own(name: str, codes: set[str]) -> bool:
    """Whether words are not everyday language: all in capitals, `Heron/Quill-Press`, or `&` that became `&amp;`."""
    is_escaped = codes == {"escaped"} and "&" in name
    is_of_letters = len(name) == 3 and not codes.isdisjoint(_OTHER_LETTERS)
    return (
        (name.isupper() and not is_of_letters)
        or is_escaped
        or ("case" not in codes and _PROPER_NAMES.fullmatch(name) is not None)
    )


def is_another_thing(target: Target, codes: set[str], span: str) -> bool:
    """Whether signs and letters differ so that it is another name: `pytest.timeout` is not `PYTEST_TIMEOUT`."""
    if "swapped" in codes and (target.kind == "option" or (span.replace("-", "").isalpha() and target.kind == "path")):
        return True  # `/issue file` for `--issue-file`, `dpkg-statoverride` for the end of a path
    if (
        (target.kind == "mime" and span == target.text.replace("/", "."))  # `image.png`: a file
        or (target.kind == "spaced" and "dropped" in codes and target.text.islower())  # `or to` for `or / to`
        or (target.kind == "code" and codes >= _OF_A_SLUG and _SLUG.fullmatch(span) and not target.text.isupper())
    ):
        return True  # `x86-linux` for `X86/Linux`
    if codes == {"replaced"} and target.kind == "path" and len(span) < len(target.text):
        return span.replace("_", "").isalpha()  # `apt_preferences` for the end of `/etc/apt/preferences`
    if "case" not in codes:
        return target.kind == "standard" and codes >= {"closed-up", "markup"}  # `RFC_4122`
    if target.kind == "identifier":
        return "replaced" in codes and WORDS.fullmatch(target.text) is not None
    if target.kind == "standard":
        return "closed-up" in codes  # `rfc821`
    if codes == {"case"} and _FORMAT_OF_TIME.fullmatch(target.text):
        return True  # `yyyy-MM-dd` is of another library than `YYYY-MM-DD`
    if target.text.isupper() and span.isalnum() and span.islower() and not codes.isdisjoint(LOST):
        return True  # `http2` for `HTTP/2`: a slug
    if target.kind in ("code", "path") and not any(map(str.isdecimal, _RELEASE.sub("", target.text))):
        return not codes.isdisjoint(LOST | {"space-right"})  # `devlink resource` for `DEVLINK-RESOURCE`
    return target.kind == "option" and not codes.isdisjoint(("dropped", "to-space"))


_OF_A_SLUG, _SLUG = frozenset({"swapped", "case"}), later("[a-z0-9]+(?:-[a-z0-9]+)+")
_FORMAT_OF_TIME = later("(?=.*[-/:._])[YMDHSymdhsTZ./:_ -]+")


def is_no_markup(span: str, wanted: str) -> bool:
    """Whether it is another word (`Fcntl_Lock`, `[u]intN_t`), or several to a shell: `xcrypt{,_r}` is not LaTeX."""
    if "}{" in span and "}{" not in wanted:
        return True  # `\\frac{a}{b}` for `a/b`
    return span.count("{") != span.count("}") or len(_INSIDE.findall(span)) > len(_INSIDE.findall(wanted))


_INSIDE = later(r"(?<=[A-Za-z0-9])[\]_](?=[A-Za-z0-9])")
_RELEASE = later(r"(?<=[a-z]-)[0-9]+(?:\.[0-9]+)+\Z")  # `Sed 4.1.5` for `sed-4.1.5` is prose


def is_in_other_words(wanted: str, span: str) -> bool:
    """Whether it is prose: `the top 10` for `top-10`."""
    return _ENUMERATED.fullmatch(wanted) is not None and span.lower() == wanted.replace("-", " ")


_ENUMERATED = later("(?:next|last|first|past|top)-[0-9]+")
