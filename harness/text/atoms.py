"""How what is left between the long tokens is read: runs without a blank, and what in one may be a sign."""

import re

from harness.text.chains import ENDS, HAN
from harness.text.characters import EMOJI, later

SOFT_ENDS = frozenset("’'(),*")
_HARD_ENDS = ENDS.translate(dict.fromkeys(map(ord, SOFT_ENDS))) + EMOJI  # what ends a run whatever is round it
_LETTERS = "[^\\W\\d_\u2460-\u24ff\u2e2f]*+"
RUN = re.compile(f"[^{_HARD_ENDS}]*")
WITH_A_SIGN = re.compile(f"{_LETTERS}(?:[’',]{_LETTERS})*+[^{_HARD_ENDS}]{RUN.pattern}")
"""A run in which there is something else than letters, apostrophes and commas: words alone make no target."""
USUAL_LETTERS = (
    "a-zA-Z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02c1\u0391-\u03a1\u03a3-\u03f5\u0400-\u0481\u048a-\u052f\u05d0-\u05ea\u0620-\u064a"
    "\u0e01-\u0e30\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
)
WORDS_ALONE = re.compile(f"[{USUAL_LETTERS} ，。；！？]*")  # what is in most quotes, and holds no target
MAY_BE_A_SIGN = re.compile(f"[^{USUAL_LETTERS}’', {_HARD_ENDS}](?!(?<=[a-z][.:])(?:[ \\n]|\\Z))")
"""But for the sign behind the last word of a sentence."""
PLAIN = re.compile(f"[A-Za-z0-9]{{2,}}+(?:[-/_][A-Za-z0-9]++)+(?=[{_HARD_ENDS}]|\\Z)")
"""A target as a whole: `ZX-2000`, `Sikalastic-609`."""

ATOM = later(
    rf"(?:[^{ENDS}{EMOJI}]++|(?=[’,(*'′])(?:(?<=[A-Za-z])’(?=[A-Za-z])|(?<=\d),(?=\d{{3}}(?!\d))"
    r"|(?:(?<=[A-Za-z0-9])|(?<=\d-)(?=\(\d))\((?:[A-Za-z0-9]{1,2}|[ivx]{1,5})\)(?:[-/]?\((?:[A-Za-z0-9]{1,2}|[ivx]{1,5})\)){0,2}(?![A-Za-z0-9(])"
    r"|(?<=[A-Za-z0-9²³]/)\([A-Za-zμµΩ°℃²³·*](?:[A-Za-zμµΩ°℃²³·*]|(?<=[·*])[0-9.]+){1,15}\)"  # `mL/(min·1.73m²)`
    r"|(?<=[A-Za-z0-9%])\((?:[0-9]{1,3}:[0-9]{1,3}|[VvWwm]/[VvWwm])\)"  # `DMF/H2O(4:1)`
    r"|(?:(?<=[A-Z0-9]-)|(?<=[A-Z])(?=\(20)|(?<![A-Za-z0-9)-]))\([A-Za-z0-9+-]{1,4}\)(?=-[A-Za-z0-9])"  # `HT-(03)-9`
    r"|(?<=[A-Za-z0-9])\([+-]{1,2}\)"
    rf"|(?<=[A-Za-z0-9])[(（][{HAN}]{{1,2}}[)）](?=[-/]?[A-Z0-9])"
    r"|(?<=[\u0400-\u04ff0-9])\([\u0400-\u04ff0-9]{1,4}\)(?=[-/\d\u0400-\u04ff])"  # `HT-2026(采)-118`
    r"|(?<=[A-Za-z0-9])\([A-Za-z0-9#@+-]{1,12}\)(?=[A-Za-z0-9])"  # `CC(N)C(O)C`
    r"|(?<=\d)['′](?=-[A-Za-z]|[NSEW](?![A-Za-z])|(?:HQ|GP|HC|OT|RF)(?![A-Za-z])|/\d)"  # `2,2'-bipyridine`
    r"|(?<=-[35])['′](?![A-Za-z0-9])"  # `5'-ATG-3'`
    r"|(?<=[A-Za-z])\([A-Z][0-9]{1,5}\)(?=/)"  # `p-AKT(S473)/总AKT`
    r"|(?<=[A-Z0-9])\*(?=\d|(?<=[A-Z]{2}\*)[A-Z]{2}|(?<=-\d\d\*)[A-Z](?![A-Za-z*]))|(?<=\*\d/)\*(?=\d)"
    r"|(?<=[A-Z0-9]),(?=[A-Z0-9]{1,2}['′]?-[a-z])|(?<=,[NOSP])['′](?=-[a-z])"
    r"|(?<=[0-9]-)\([0-9A-Za-z,'′-]{2,40}\)(?=[a-z-])"  # `2-(4-isobutylphenyl)propanoic`
    r"|(?<=[A-Za-z0-9_])\(\)(?![A-Za-z0-9_])"  # `model.fit()`
    r"|(?<=[A-Za-z])'(?=[A-Za-z][A-Za-z]*[-/_]|(?<=-[A-Z]')[A-Z][a-z])"
    r"|(?<=[A-Za-z0-9])'(?=\d|[bdho][0-9A-F])"  # `O'Neil-Hart`, `8'hFF`
    # `2,4-D`, `2,4,6-三硝基甲苯`, `N,N-二甲基甲酰胺`
    r"|(?<=\d)(?<![A-Za-z0-9.-]\d),(?=(?:\d{1,2},){0,4}\d{1,2}-[^\W_a-z])|(?<=\d,\d-\d),(?=\d)"
    # `0,1mmol/kg`, `99,5-99,9%`, `1.240,50€/Jahr`
    r"|(?<=\d),(?=\d{1,3}(?:(?:[^\W\d_]{1,4}[²³]?|[€£$%₽₴₺])/[^\W\d_]|[^\W\d_]{0,4}/\d+(?![\w/])|[^\W\d_]{0,4}/\d+,\d))"
    r"|(?<=/\d),(?=\d{1,2}[^\W\d_]{0,4}(?![\w/]|,\d))|(?<=[x×]\d),(?=\d{1,2}-[A-Z])"
    r"|(?<=[A-Z]-\d\d),(?=\d(?![\w,-]))|(?<=\d),(?=\d{1,2}/[^\W\d_])|(?<=\d\d),(?=\d-\d\d,\d(?!\d))|(?<=\d-\d\d),(?=\d(?!\d))"
    rf"|(?<=[NOSP])(?<![A-Za-z0-9][NOSP]),(?=[NOSP]-[{HAN}])))+"
)
"""What is left between the long tokens: a run without a blank, with the brackets and commas that belong to it."""
