"""Which values count as secrets, and which texts look like one."""

from __future__ import annotations

import base64
import binascii
import html
import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.recording import Recorder, spellings
from harness.recording import secrets as secrets_module
from harness.recording.secrets import Secrets, _detectors, kinds_in, problems, secret_fields, shapes_in
from harness.recording.spellings import Spellings, joined_texts, joined_texts_of, squeezed
from harness.records.answer import Completion, Token, ToolCall
from tests.recording.conftest import MakeExchange


def test_named_variables_and_those_that_sound_like_secrets_are_looked_for() -> None:
    environment = {"ARK": "ark-value-0001", "MY_TOKEN": "token-value-0002", "HOME": "/home/somebody"}
    secrets = Secrets.of_environment(environment, ["ARK"], ["https://me:pass-word-0003@h/v1?key=query-value-0004"])
    for value in ("ark-value-0001", "token-value-0002", "pass-word-0003", "query-value-0004"):
        assert secrets.found_in(f"... {value} ...")
    assert not secrets.found_in("/home/somebody")


@pytest.mark.parametrize("value", ["EMPTY", "ollama", "x", "", "not-needed", "lm-studio"])
def test_stand_ins_for_a_key_spoil_no_answer(value: str) -> None:
    secrets = Secrets.of_environment({"OPENAI_API_KEY": value}, ["OPENAI_API_KEY"])
    assert not secrets.found_in(f"The drawer is {value}, says ollama, x.")


def test_redacting_leaves_the_rest() -> None:
    secrets = Secrets(["topsecretkey1"])
    assert secrets.redacted("you sent topsecretkey1, not sk-abcdefghijklmnopqrstuvwx") == (
        "you sent [secret removed], not [secret removed]"
    )


@pytest.mark.parametrize(
    "text",
    [
        "sk-proj-abcdefghij0123456789ABCD",
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_0123456789abcdefghij0123456789abcdef",
        "Authorization: Bearer abcdef0123456789abcdef",
        "https://user:hunter22@example.org/v1",
        "-----BEGIN RSA PRIVATE KEY-----",
        "AKLT" + "YzQ1ZGVmMTIzNDU2Nzg5MGFiY2RlZjEyMzQ1Njc4OTA",
        "AKID" + "z8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
        "0123456789abcdef" * 2 + "." + "AbCdEfGhIjKlMnOp",
        "npm_" + "a1B2" * 9,
    ],
)
def test_shapes_of_keys_are_seen(text: str) -> None:
    assert shapes_in(f'{{"a": "{text}"}}')


@pytest.mark.parametrize(
    "text",
    [
        "Sikalastic-609",
        "SK-A-1234/水吧台",
        "sk-609",
        "http://127.0.0.1:8000/v1",
        "ISO/IEC 27001:2022",
        "GB/T 14902-2012",
    ],
)
def test_product_codes_are_no_secrets(text: str) -> None:
    assert shapes_in(text) == []


LINES = ["MIIEpAIBAAKCAQEA7bq3", "zz+/9w0BAQEFAASCBKcwggSj", "AQ=="]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\\n"])
@pytest.mark.parametrize("long", [0, 30_000])
def test_of_a_private_key_nothing_is_left_and_of_the_text_around_it_all(end: str, long: int) -> None:
    for header in ([], ["Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-256-CBC,0A"]):
        key = end.join(["-----BEGIN RSA PRIVATE KEY-----", *header, *LINES, "-----END RSA PRIVATE KEY-----"])
        text = "x " * (long // 2) + f"mine is{end}{key}{end}and A-1/B"
        assert Secrets().redacted(text).endswith(f"mine is{end}[secret removed]{end}and A-1/B")
    cut = end.join(["-----BEGIN PRIVATE KEY-----", *LINES[:2]])
    assert Secrets().redacted(f"{cut} is it whole?") == "[secret removed] is it whole?"
    assert Secrets().redacted("-----BEGIN PRIVATE KEY----- is a line") == "[secret removed] is a line"


def test_fields_that_hold_a_secret_are_named_by_their_path() -> None:
    settings = {"a": [{"API-Key": "x"}], "max_tokens": 5, "stop": ["</s>"], "text": "gsk_" + "a" * 45}
    assert secret_fields({"extra_body": settings}) == ["extra_body.a[0].API-Key", "extra_body.text"]


# A secret is found however an answer spells it, and honest answers are left alone.

KEY = "sk-canary-4f1d/9b2e+77c0aa"


def encoded(offset: int, encode: Callable[[bytes], bytes]) -> str:
    return encode(b"?" * offset + KEY.encode() + b"!").decode()


def moved(by: int) -> str:
    return "".join(chr(ord(sign) + by) for sign in KEY)


WIDE = KEY.encode("utf-16-le")
ECHOES = {
    "as it is": KEY,
    "full width": moved(0xFEE0),
    "tags that nobody sees": moved(0xE0000),
    "bold of mathematics": "".join(chr(0x1D41A + ord(c) - 97) if c.islower() else c for c in KEY),
    "in circles": "".join(chr(0x24D0 + ord(c) - 97) if c.islower() else c for c in KEY),
    "UTF-16 as hexadecimal": WIDE.hex(" "),
    "UTF-16 as base64": base64.b64encode(WIDE).decode(),
    "UTF-16 as base64, other byte order": base64.b64encode(KEY.encode("utf-16-be")).decode(),
    "a command of PowerShell": base64.b64encode(f"$k = '{KEY}'".encode("utf-16-le")).decode(),
    "calls of chr": " + ".join(f"chr({ord(c)})" for c in KEY),
    "escapes of CSS": "".join(f"\\{ord(c):06x}" for c in KEY),
    "octal of Python": ", ".join(oct(ord(c)) for c in KEY),
    "named signs of HTML": KEY.replace("-", "&hyphen;").replace("/", "&sol;").replace("+", "&plus;"),
    "sections of XML": f"{KEY[:9]}]]><![CDATA[{KEY[9:]}",
    "upper case": KEY.upper(),
    "reversed": KEY[::-1],
    "with blanks": " ".join(KEY),
    "with zero-width spaces": "\u200b".join(KEY),
    "over lines": "\n".join(KEY),
    "JSON, each letter": "".join(f"\\u{ord(c):04x}" for c in KEY),
    "JSON, each letter, upper case": "".join(f"\\u{ord(c):04X}" for c in KEY),
    "JSON, two letters": KEY.replace("k", "\\u006b").replace("4", "\\u0034"),
    "JSON in JSON": json.dumps(json.dumps({"a": KEY.replace("s", "\\u0073", 1)})),
    "JSON, slash": KEY.replace("/", "\\/"),
    "braces": "".join(f"\\u{{{ord(c):x}}}" for c in KEY),
    "Python": "".join(f"\\x{ord(c):02x}" for c in KEY),
    "Python, one letter": KEY.replace("y", "\\x79"),
    "octal": "".join(f"\\{ord(c):03o}" for c in KEY),
    "octal, one letter": KEY.replace("y", "\\171"),
    "address": quote(KEY, safe=""),
    "address, each letter": "".join(f"%{ord(c):02X}" for c in KEY),
    "address, twice": quote(quote(KEY, safe=""), safe=""),
    "address, one letter": KEY.replace("a", "%61"),
    "HTML": html.escape("".join(f"&#{ord(c)};" for c in KEY)),
    "HTML, hexadecimal": "".join(f"&#x{ord(c):x};" for c in KEY),
    "HTML, one letter": KEY.replace("n", "&#110;"),
    "quoted-printable": KEY.replace("s", "=73"),
    "hexadecimal": KEY.encode().hex(),
    "hexadecimal, upper case, spaced": KEY.encode().hex(" ").upper(),
    "hexadecimal, colons": KEY.encode().hex(":"),
    "hexadecimal, C": ", ".join(f"0x{ord(c):02x}" for c in KEY),
    "UTF-16, hexadecimal": KEY.encode("utf-16-be").hex(),
    "numbers": str(list(KEY.encode())),
    "binary": " ".join(f"{ord(c):08b}" for c in KEY),
    "the header": f"Bearer {KEY}",
    "base64 of the header": base64.b64encode(f"Bearer {KEY}".encode()).decode(),
    "base64 with line ends": "\r\n".join(base64.b64encode(f"user:{KEY}".encode()).decode()),
    "hexadecimal, reversed": KEY.encode().hex()[::-1],
    "decimal with zeros": "".join(f"\\{ord(c):03d}" for c in KEY),
    "binary, seven digits": " ".join(f"{ord(c):07b}" for c in KEY),
    "octal with a zero": " ".join(f"{ord(c):04o}" for c in KEY),
    "JavaScript's escape, one letter": KEY.replace("y", "%u0079"),
    "Python, eight digits": KEY.replace("y", "\\U00000079"),
    "Perl, one letter": KEY.replace("y", "\\x{79}"),
    "CSS, one letter": KEY.replace("y", "\\79 "),
    "base64 of base64": base64.b64encode(base64.b64encode(KEY.encode())).decode(),
    "base64 of hexadecimal": base64.b64encode(KEY.encode().hex().encode()).decode(),
    "hexadecimal of base64": base64.b64encode(KEY.encode()).hex(),
    "base64, reversed": base64.b64encode(KEY.encode()).decode()[::-1],
    "base64 of it reversed": base64.b64encode(KEY[::-1].encode()).decode(),
    "base64 of its JSON": base64.b64encode(KEY.replace("/", "\\/").encode()).decode(),
    "UTF-32 as base64": base64.b64encode(KEY.encode("utf-32-le")).decode(),
    "base32 of RFC 4648 with digits first": base64.b32hexencode(KEY.encode()).decode(),
    "base85": base64.b85encode(KEY.encode()).decode(),
    "Ascii85 at 1": base64.a85encode(b"?" + KEY.encode() + b"!!").decode(),
    "uuencode": binascii.b2a_uu(KEY.encode()).decode(),
    "one large number": str(int.from_bytes(KEY.encode(), "big")),
    "a tag of HTML in it": f"{KEY[:9]}</b><b class='x'>{KEY[9:]}",
    "colours of a terminal": "\x1b[0m".join(KEY),
    "coded words of mail": f"=?utf-8?Q?{KEY[:9]}?=\r\n =?utf-8?Q?{KEY[9:]}?=",
    "Cyrillic letters that look the same": KEY.replace("a", "\u0430").replace("c", "\u0441"),
    "letters with accents": KEY.replace("a", "\u00e1").replace("c", "\u0107"),
    "small capitals": KEY.replace("a", "\u1d00").replace("k", "\u1d0b"),
    "letters in a box": KEY.replace("a", "\U0001f170").replace("k", "\U0001f17a"),
    "letters of flags": KEY.replace("a", "\U0001f1e6").replace("k", "\U0001f1f0"),
    "Arabic digits": "".join(chr(0x660 + int(c)) if c.isdigit() else c for c in KEY),
    "its first three quarters": KEY[:-6],
    "its last three quarters": KEY[5:],
    **{f"base64 at {n}": encoded(n, base64.b64encode) for n in range(3)},
    **{f"URL-safe base64 at {n}": encoded(n, base64.urlsafe_b64encode) for n in range(3)},
    **{f"base32 at {n}": encoded(n, base64.b32encode) for n in range(5)},
}


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES.keys())
def test_a_secret_is_found_in_any_spelling(echo: str) -> None:
    secrets = Secrets([KEY])
    text = f"Der Schlüssel 钥匙 is {echo} — so 水吧台."
    assert secrets.found_in(text)
    assert secrets.found_in(json.dumps(text))
    assert secrets.found_in(json.dumps(text, ensure_ascii=False))
    assert secrets.found_in_body(stream([{"delta": {"content": piece}} for piece in text]))
    for part in (KEY, echo):
        assert part not in secrets.redacted(text)


def stream(choices: list[dict[str, object]]) -> str:
    return "".join(f"data: {json.dumps({'choices': [{'index': 0, **choice}]})}\n\n" for choice in choices)


def halves(make: Callable[[str], dict[str, object]]) -> str:
    return stream([make(KEY[:9]), make(KEY[9:])])


PIECES = {
    "content": halves(lambda piece: {"delta": {"content": piece}}),
    "reasoning": halves(lambda piece: {"delta": {"reasoning_content": piece}}),
    "another field": halves(lambda piece: {"delta": {"thinking": [{"type": "t", "text": piece}]}}),
    "arguments": halves(lambda piece: {"delta": {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}}),
    "tokens": halves(lambda piece: {"logprobs": {"content": [{"token": piece, "bytes": list(piece.encode())}]}}),
    "bytes of tokens": stream([{"logprobs": {"content": [{"bytes": list(KEY.encode())}]}}]),
    "parts of one message": json.dumps({"content": [{"text": KEY[:7]}, {"text": KEY[7:]}]}),
    "two fields": json.dumps({"message": {"content": KEY[:7], "reasoning": KEY[7:]}}),
    "an event on two lines": 'data: {"choices": [{"delta":\ndata: {"content": "' + "\\u0073" + KEY[1:] + '"}}]}\n\n',
    "no blank line": halves(lambda piece: {"delta": {"content": piece}}).replace("\n\n", "\n"),
    "reasoning, then content": stream(
        [{"id": "1", "delta": {"reasoning": KEY[:9]}}, {"id": "1", "delta": {"content": KEY[9:]}}]
    ),
    "comments of the stream": f": {KEY[:9]}\n: {KEY[9:]}\n\n",
    "names of events": f"event: {KEY[:9]}\ndata: {{}}\n\nevent: {KEY[9:]}\ndata: {{}}\n\n",
    "CRLF": halves(lambda piece: {"delta": {"content": piece}}).replace("\n", "\r\n"),
}


@pytest.mark.parametrize("body", PIECES.values(), ids=PIECES.keys())
def test_a_secret_is_found_in_pieces(body: str) -> None:
    assert Secrets([KEY]).found_in_body(body)
    assert not Secrets(["sk-another-key-0123456789"]).found_in_body(body)


def test_a_dump_of_a_secret_is_found_over_its_lines() -> None:
    lines = [KEY.encode()[at : at + 16] for at in (0, 16)]
    dump = "".join(f"{at * 16:08x}: {line.hex(' ', 2)}  |{line.decode()}|\n" for at, line in enumerate(lines))
    assert Secrets([KEY]).found_in(f"It is\n{dump}")


def test_many_secrets_are_one_search(capfd: pytest.CaptureFixture[str]) -> None:
    # an expression that is too large for its engine complains on the terminal, and becomes slow
    secrets = Secrets([KEY, *(f"sk-proj-{n}ab9cdE{n * 7}fghij0123456789ABCD" for n in range(40))])
    assert not secrets.found_in("An honest answer of many words, with 0123456789 and sk-proj- in it. " * 20)
    assert secrets.found_in(base64.b64encode(KEY.encode()).decode())
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "secret", ["/run/secrets/verbatim-1/openai-key", "https://gateway.example/v1/token/7a", "eyJ" * 20]
)
def test_where_a_secret_is_kept_may_be_said_in_part(secret: str) -> None:
    assert not Secrets([secret]).found_in(secret[: len(secret) * 3 // 4 + 2])
    assert Secrets([secret]).found_in(secret)


def test_pieces_of_two_tool_calls_come_mixed() -> None:
    def call(index: int, arguments: str) -> dict[str, object]:
        return {"delta": {"tool_calls": [{"index": index, "function": {"arguments": arguments}}]}}

    body = stream([call(0, KEY[:9]), call(1, '{"city": '), call(0, KEY[9:]), call(1, '"Ulm"}')])
    assert Secrets([KEY]).found_in_body(body)
    assert '{"city": "Ulm"}' in list(joined_texts(body))


JSON = st.recursive(
    st.sampled_from(["a", "b", "", None, True, 0, 255, 256, -1, 1.5]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "index", "content"]), inner, max_size=3)
    ),
    max_leaves=12,
)


def places(place: tuple[object, ...], value: object) -> list[tuple[object, str]]:
    """Each text of a value with its place, said as plainly as it can be."""
    if isinstance(value, str):
        return [(place, value)]
    if isinstance(value, list):
        if value and all(isinstance(one, int) and 0 <= one < 256 for one in value):
            return [((*place, "bytes"), bytes(value).decode("latin-1"))]
        return [found for one in value for found in places(place, one)]
    if isinstance(value, dict):
        inner = (*place, ("at", value["index"])) if isinstance(value.get("index"), int) else place
        return [found for name, one in value.items() for found in places((*inner, ("in", name)), one)]
    return []


@given(st.lists(JSON, max_size=3))
def test_texts_of_one_place_are_joined_in_their_order(values: list[object]) -> None:
    found = [one for value in values for one in places((), value)]
    by_place: dict[object, list[str]] = {}
    for place, text in found:
        by_place.setdefault(place, []).append(text)
    said_again = {place for place, texts in by_place.items() if len(texts) > 1 and len(set(texts)) == 1}
    wanted = ["".join(texts) for texts in by_place.values()]
    wanted += ["".join(text for place, text in found if place not in said_again)] if len(by_place) > 1 else []
    assert joined_texts_of(values) == wanted


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "\ud83d"}',
        '{"a": "\\ud83d", "b": "c"}',
        '{"a": "b", "n": ' + "9" * 3000 + "}",
        '{"a": "b", "n": NaN}',
        '{"a": ' * 300 + '"b"' + "}" * 300,
        '{"a": "b", "a": "c"}',
    ],
)
def test_what_the_fast_reader_refuses_is_read_by_the_other(text: str) -> None:
    assert joined_texts(text) == joined_texts_of([json.loads(text)]) != []


LOOKALIKES = "".join(map(chr, spellings._letters()))


@given(st.text(st.sampled_from(LOOKALIKES) | st.characters(), max_size=30))
@example(LOOKALIKES)
@example(LOOKALIKES[:39] + "水吧台")
@example("\ud83d" + LOOKALIKES[:2] * 3)
def test_each_lookalike_becomes_its_letter_whether_a_text_holds_few_or_all(text: str) -> None:
    assert spellings._in_letters(text) == text.translate(spellings._letters())


def test_random_ids_do_not_exhaust_the_search(capfd: pytest.CaptureFixture[str]) -> None:
    """An engine that runs out of room says so on standard error, and takes a hundred times as long."""
    re2 = pytest.importorskip("re2")
    draw = random.Random(24)
    texts = [base64.b64encode(draw.randbytes(30_000)).decode() for _ in range(4)]
    options = re2.Options()
    options.max_mem = 64_000_000
    for form in secrets_module._any_form():
        pattern = re2.compile(form.pattern, options)
        for text in texts:
            pattern.search(text)
    assert "out of memory" not in capfd.readouterr().err


def test_an_answer_as_it_is_judged_is_searched_with_its_tokens() -> None:
    secrets = Secrets([KEY])
    tokens = tuple(Token(spelling=piece.encode().hex(), log_probability=-0.1) for piece in (KEY[:4], KEY[4:]))
    assert secrets.echoed_in(Completion(text="ok", tokens=tokens))
    assert secrets.echoed_in(Completion(tool_calls=(ToolCall(name="f", arguments=json.dumps({"a": KEY})),)))
    assert secrets.echoed_in(Completion(text="ok", model=KEY))
    assert not secrets.echoed_in(Completion(text="ok", model="gpt-5"))


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("password", "The pass-word is: pass word."),
        ("my-model-x", "my model x"),
        ("12345678", "1 2 3 4 5 6 7 8 9"),
        ("水吧台岛台钥匙文字", "水吧台/岛台"),
        ("correct horse", "CORRECT-HORSE"),
        ("sk-no-key-required", "sk-no-key-required"),
        (KEY, "sk-canary is a prefix, 4f1d a number, and 9b2e another"),
    ],
)
def test_an_honest_answer_is_left_alone(secret: str, text: str) -> None:
    secrets = Secrets([secret])
    assert not secrets.found_in(text)
    assert not secrets.found_in_body(json.dumps({"content": text}))


@pytest.mark.parametrize(
    "secret", ["hunter2-x", "pass word 1", "пароль-секрет", '"quoted\\value"', "水吧台岛台钥匙文字"]
)
def test_a_short_secret_is_found_as_it_is_written(secret: str) -> None:
    secrets = Secrets([secret])
    for text in (secret, json.dumps(secret), json.dumps(json.dumps(secret)), quote(secret, safe="")):
        assert secrets.found_in(f"it is {text}.")


@given(st.text(max_size=200))
def test_no_text_raises_or_is_found_by_chance(text: str) -> None:
    secrets = Secrets([KEY])
    assert not secrets.found_in(text)
    assert not secrets.found_in_body(text)
    assert not secrets.found_in_body(json.dumps([text, {"index": 0, text: [text]}]))
    assert squeezed(text).isascii()


@pytest.mark.parametrize(
    "text",
    [
        "\\",
        "%25",
        "&amp;",
        "=3D",
        "\\u0073",
        "%",
        "&#x",
        "\\\\u{",
        "[1,",
        '{"a":',
        "data: ",
        "<",
        "\x1b[1",
        "=?a",
        "\n00000000: 73 ",
        "\u0430",
        "event: x\n",
    ],
)
def test_no_answer_keeps_the_search_busy(text: str) -> None:
    started = time.process_time()
    assert not Spellings([KEY]).found_in_body(text * (400_000 // len(text)))
    assert time.process_time() - started < 5


def test_the_token_in_the_path_of_an_address_is_a_secret() -> None:
    token = "a9Xk27LmQ0zP4vT8bN1c"
    secrets = Secrets.of_environment({}, addresses=[f"https://gateway/t/{token}/openai/v1"])
    assert secrets.found_in(f"no route {token}")
    named = Secrets.of_environment({}, addresses=["https://gateway/gpt4o2024x07y18/v1"], models=["gpt4o2024x07y18"])
    assert not named.found_in("gpt4o2024x07y18")


# Old cassettes are searched with the patterns of a kept scanner too, where it is installed.

# put together here, so that no scanner finds them in this file
FOUND_BY_THE_SCANNER_ALONE = {
    "SendGrid API Key": "SG." + "aB3_-" * 4 + "xy" + "." + "Zk9-_" * 8 + "abc",
    "Mailchimp Access Key": "0a1b2c3d" * 4 + "-us" + "12",
    "Twilio API Key": "SK" + "0a1b2c3d" * 4,
    "Square OAuth Secret": "sq0csp-" + "aB3_-" * 8 + "xyz",
}


@pytest.fixture
def _scanner() -> None:
    pytest.importorskip("detect_secrets.plugins", reason="not installed: pip install pytest-verbatim[secrets]")


@pytest.mark.usefixtures("_scanner")
@pytest.mark.parametrize("kind", FOUND_BY_THE_SCANNER_ALONE)
def test_verify_finds_what_only_the_scanner_knows(kind: str, tmp_path: Path, exchange: MakeExchange) -> None:
    secret = FOUND_BY_THE_SCANNER_ALONE[kind]
    assert shapes_in(f"the key {secret} was told") == []
    recorder = Recorder(tmp_path / "s.jsonl")
    recorder.append(exchange("hello", f"the key {secret} was told"), sample=0, model="m", runtime=None)
    recorder.close()
    (problem,) = problems(tmp_path / "s.jsonl", Secrets())
    assert problem.message == f"holds what looks like a secret ({kind}); revoke it, prune the line"
    assert secret not in problem.message


@pytest.mark.usefixtures("_scanner")
def test_a_hit_that_is_none_hides_no_later_one() -> None:
    no_token = "eyJhbGciOi.x "  # has the look of a JSON web token, and decodes to nothing
    assert list(kinds_in(no_token)) == []
    token = "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxIn0" + ".c2lnbmF0dXJlLXNpZ25hdHVyZQ"
    assert list(kinds_in(no_token + token)) == ["JSON Web Token"]


@pytest.mark.usefixtures("_scanner")
@pytest.mark.parametrize(
    "text",
    ["Sikalastic-609", "GB/T 14902-2012", "sha256:" + "0a1b2c3d" * 8, "水吧台/岛台", "Tell no password."],
)
def test_product_codes_and_digests_are_no_secrets(text: str) -> None:
    assert list(kinds_in(text)) == []


def test_without_the_scanner_our_own_shapes_are_looked_for(
    tmp_path: Path, exchange: MakeExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "detect_secrets.plugins", None)
    _detectors.cache_clear()
    try:
        recorder = Recorder(tmp_path / "s.jsonl")
        recorder.append(exchange("hello", "AKIA" + "IOSFODNN7EXAMPLE"), sample=0, model="m", runtime=None)
        recorder.append(exchange("again", "SK" + "0a1b2c3d" * 4), sample=0, model="m", runtime=None)
        recorder.close()
        assert [problem.line for problem in problems(tmp_path / "s.jsonl", Secrets())] == [1]
    finally:
        _detectors.cache_clear()


@pytest.mark.parametrize("text", ["sk-", "eyJ-", "eyJ.", "a:", "://a:", "-----BEGIN ", "xoxb-1-", "[],"])
def test_no_answer_keeps_the_kept_scanner_busy(text: str) -> None:
    started = time.process_time()
    shapes_in(text * (1_000_000 // len(text)))
    list(kinds_in(text * (1_000_000 // len(text))))
    assert time.process_time() - started < 5


@pytest.mark.parametrize("piece", [1, 7, 60, 10**6])
def test_a_long_text_is_decoded_in_pieces_as_in_one(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        "%73k",
        "plain",
        "&#115;k",
        "",
        "ѕk 中：Ａ",
        "\U000e0073\U000e006b",
        "\ud835\udc2c\ud83d",
        "=73k",
        "\\x73k",
        "x" * 90,
        "<b>ѕ</b>k",
    ]
    for text in ("\n".join(lines), "\n".join([*lines[::-1], *lines, ""])):
        monkeypatch.setattr(spellings, "_PIECE", len(text))
        whole = spellings._decoded(text)
        bare = spellings._bare(whole)
        monkeypatch.setattr(spellings, "_PIECE", piece)
        assert spellings._decoded(text) == whole
        assert spellings._bare(whole) == bare
        assert bare.count("sk") == 7 * (text.count("plain"))
