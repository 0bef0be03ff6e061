"""Names of files in which CJK text and Latin text meet, such as `报告2024版-终稿.md`: whole, with their extension.

Chains end where Latin and CJK meet, but a file name has to come back as a whole or the file is not found.
"""

import re
from collections.abc import Iterator

from harness.text.characters import is_cjk
from harness.text.joined_words import without_ornament
from harness.text.runs import Chain, Span, joints_in, reach_right, run_start
from harness.text.symbols import SymbolTable

_KINDS = (
    "7z|avi|bak|bmp|cfg|conf|csv|dat|docx?|dps|dwg|dxf|epub|et|gif|gz|html?|ifc|ini|ipynb|jpe?g|json|jsonl|log|md|mov|"
    "mp3|mp4|odp|ods|odt|ofd|pdf|png|pptx?|psd|py|rar|rtf|rvt|sh|sql|step|stl|svg|tar|tex|tiff?|toml|tsv|txt|vsdx?|"
    "wav|webp|wps|xlsm|xlsx?|xml|xmind|ya?ml|zip"
)
"""Kinds of files, so that `用CR-V和Node.js` or the name of a site is none."""
_EXTENSION = re.compile(rf"\.(?:{_KINDS})(?![A-Za-z0-9_./@-])", re.IGNORECASE)


def file_names(text: str, symbols: SymbolTable) -> Iterator[Span]:
    """The spans of such names that hold a symbol.

    Like other CJK runs they go as far back as the run does, and also to the nearest two characters of its CJK head.
    """
    if text.isascii():
        return
    signs = "".join(symbols.by_char)
    end = 0
    for extension in _EXTENSION.finditer(text):
        start = run_start(text, extension.start(), end, signs)
        end = extension.end()
        stem = text[start : extension.start()]
        if not any(is_cjk(char) for char in stem):
            continue
        name = without_ornament(text, Chain(Span(start, end), joints_in(text, start, extension.start(), signs)))
        if name is not None and any(joint.end - joint.start == 1 for joint in name.joints):
            yield name.span
            if is_cjk(text[name.span.start]):
                head = reach_right(text, name.span.start, name.span.end)
                yield Span(max(name.span.start, head - 2), name.span.end)
