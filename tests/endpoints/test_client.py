"""The openai client that is imported to ask is the one that a user imports, read later in parts."""

from __future__ import annotations

import subprocess
import sys

import pytest

NAMES = """
import importlib
for name in ("openai.types", "openai.types.chat", "openai.types.responses", "openai.types.beta.threads"):
    package = importlib.import_module(name)
    getattr(package, "Batch", None)
    print(name, *sorted(one for one in vars(package) if not one.startswith("__")))
"""
LATER = "from harness.endpoints.transport import import_client; import_client(); import openai, sys\n"


def printed(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_types_that_nobody_asks_for_are_not_read() -> None:
    assert printed(f"{LATER}print('openai.types.batch' in sys.modules)") == "False\n"


def test_each_package_of_types_has_the_names_that_it_has_otherwise() -> None:
    own, usual = printed(LATER + NAMES), printed(NAMES)
    assert own == usual
    assert "Batch" in own.split("\n")[0].split()


@pytest.mark.parametrize(
    "code",
    [
        "from openai.types import Batch as got",
        "from openai.types import *; got = Batch",
        "import openai.types.batch; got = openai.types.batch.Batch",
        "got = openai.types.Batch",
        "got = openai.types.batch.Batch",
        "import importlib; importlib.reload(openai.types); got = openai.types.Batch",
        "from concurrent.futures import ThreadPoolExecutor as T; got = None\n"
        "(got,) = set(T(8).map(lambda n: openai.types.Batch, range(8)))",
    ],
)
def test_a_type_is_there_however_it_is_asked_for(code: str) -> None:
    assert printed(f"{LATER}{code}\nprint(got.__module__, got is openai.types.Batch)") == "openai.types.batch True\n"


def test_a_name_that_is_not_there_is_none() -> None:
    asked = "print([hasattr(openai.types, name) for name in ('Nothing', '__nothing__', '__all__', '__path__')])"
    assert printed(LATER + asked) == "[False, False, False, True]\n"


def test_it_is_left_as_it_is_where_somebody_has_imported_it() -> None:
    assert printed("import openai; was = openai.types\n" + LATER + "print(openai.types is was)") == "True\n"


@pytest.mark.parametrize(
    "code",
    [
        "print(dir(openai.types))",
        "import inspect; print([name for name, _ in inspect.getmembers(openai.types)])",
        "print(sorted(vars(openai.types)))",
        "print(openai.types.__doc__, type(openai.types), openai.types.__loader__, openai.types.__spec__.loader)",
        "openai.types.Batch = 1; openai.types.Model; print(openai.types.Batch)",
        "del openai.types.Batch; print(hasattr(openai.types, 'Batch'))",
    ],
)
def test_a_package_is_as_it_is_otherwise(code: str) -> None:
    # the addresses of a loader differ between processes; modules that were asked for meanwhile are names too
    asked = f"import re\nto = print\ndef print(*of): to(re.sub('0x[0-9a-f]+', '', ' '.join(map(str, of))))\n{code}"
    known = "import openai, sys; openai.types.Batch\n"
    first = "openai.types.Batch\n" if "type(" in code else ""  # the type is another until it is read
    assert printed(LATER + first + asked) == printed(known + asked)


def test_one_that_could_not_be_read_is_read_by_the_next_who_asks() -> None:
    # as where somebody breaks off in the middle of it
    code = """
sys.modules["openai.types.batch"] = None
try:
    openai.types.Model
except ImportError as error:
    print(type(error).__name__)
del sys.modules["openai.types.batch"]
print(openai.types.Model.__name__, type(openai.types).__name__)
"""
    assert printed(LATER + code) == "ModuleNotFoundError\nModel module\n"
