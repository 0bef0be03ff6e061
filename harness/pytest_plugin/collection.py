"""A case file as a collector, a case as an item: half the cost of parametrised tests at 10,000 cases.

With `--model`, Python in suites is not run: suites are data, and a stranger's pull request may bring them. pytest runs
each `conftest.py` on the way to a file, `test_*.py`, and the `__init__.py` of a folder. Inside a suite none of these is
read, unless `suite_python` in `[tool.harness]` names it."""

from __future__ import annotations

import os
import types
from collections.abc import Callable
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from harness.checks import is_built_in
from harness.errors import ConfigError, EndpointError, HarnessError, SuiteError, nearest
from harness.pytest_plugin.model_run import ModelRun
from harness.records.answer import Completion
from harness.records.case import Case
from harness.show.run import explain_case
from harness.show.sinks import junit
from harness.show.words import translated
from harness.suite import (
    CORE,
    LocatedCase,
    builtin_root,
    case_files,
    check_core,
    core_ids,
    default_files,
    load_cases,
    load_info,
    load_selection,
    read_selection,
    selection_file,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from harness.config import HarnessConfig
    from harness.records.run import CaseResult
    from harness.suite import SuiteInfo


Asking = Callable[[ModelRun, Case], list[Completion]]
"""Gets the answers of a case, waiting for what is being fetched."""


class Selection:
    """Which case files a session offers, which cases it read, and why the run covers less than all of them.

    Args:
        files: what is collected in place of `testpaths`; empty where paths were given on the command line.
        passed_over: files below the same folders that are run by name only.
        core: the ids that `core.cases` names, by suite folder; all cases of a folder that is not in it.
        narrowed: why the run is partial, as far as it is known before the collection.
    """

    def __init__(
        self,
        files: Iterable[Path] = (),
        passed_over: Iterable[Path] = (),
        core: Mapping[Path, frozenset[str]] | None = None,
        narrowed: str | None = None,
    ) -> None:
        self.narrowed = narrowed
        self._core = core or {}
        self._known: dict[Path, set[str]] = {}
        self._passed_over = set(passed_over)
        self._all_files = set(files)
        self._files: set[Path] = set()
        self._offered = 0
        self._infos: dict[Path, SuiteInfo] = {}
        self._ids: dict[tuple[Path, str], str] = {}

    @classmethod
    def of(cls, config: pytest.Config, harness: HarnessConfig) -> Selection:
        """Without paths on the command line the suites are collected in place of `testpaths`."""
        if config.args_source is pytest.Config.ArgsSource.ARGS:
            return cls(narrowed="paths were given")
        given = config.getoption("verbatim_suites")
        roots = _suite_roots(harness, given)
        config.args[:] = [_as_argument(root, config.invocation_params.dir) for root in roots]
        config.args_source = pytest.Config.ArgsSource.ARGS
        if given != "builtin" and not _means_core(given):
            folders = [root for root in roots if root.suffix != ".cases"]
            return cls({*(root for root in roots if root.suffix == ".cases"), *chain(*map(case_files, folders))})
        files = set(chain(*map(default_files, roots)))
        core = {root / suite: ids for root in roots for suite, ids in core_ids(root).items()}
        return cls(files, set(chain(*map(case_files, roots))) - files, core)

    def is_passed_over(self, path: Path) -> bool:
        """Whether a case file is run only where its suite is named."""
        return path in self._passed_over

    def is_selected(self, path: Path) -> bool:
        """Whether a selection file is what `--suites` named."""
        return path in self._all_files

    def selected_cases(self, path: Path) -> list[Case]:
        """The cases of a selection.

        Raises:
            SuiteError: it names a case that does not exist.
        """
        cases = load_selection(path)
        self._files.add(path)
        self._offered += len(cases)
        return cases

    @staticmethod
    def suites_of(path: Path) -> tuple[str, ...]:
        """The suites that a selection takes its cases from."""
        return tuple(read_selection(path))

    def cases_of(self, path: Path) -> list[LocatedCase]:
        """The cases of a file; an id may not be in two files of one suite.

        Raises:
            SuiteError: with every bad line.
        """
        folder = path.parent
        if folder not in self._infos:
            self._infos[folder] = load_info(folder)
        cases = load_cases(path, self._infos[folder])
        self._files.add(path)
        wanted = self._core.get(folder)
        if wanted is not None:
            self._known.setdefault(folder, set()).update(located.case.id for located in cases)
            cases = [located for located in cases if located.case.id in wanted]
        self._offered += len(cases)
        for located in cases:
            place = f"{path}:{located.line}"
            first = self._ids.setdefault((folder, located.case.id), place)
            if first != place:
                raise SuiteError(f"{place}: id: {located.case.id!r} is also at {first}; ids are unique in a suite")
        return cases

    def collected(self, items: int, models: int) -> None:
        """Take in how many items are left of those that the files offered.

        Raises:
            SuiteError: `core.cases` names a case that its suite does not have.
        """
        self._ids.clear()  # nothing is read after this, and 20,000 of them are 4 MB
        if self.narrowed is None and items < self._offered * models:
            self.narrowed = "not all cases were selected (-k, --lf, --deselect)"
        left_out = self._all_files - self._files
        if self.narrowed is None and left_out:
            self.narrowed = f"{len(left_out)} of {len(self._all_files)} case files were not collected (--lf, --ignore)"
        if not left_out:
            for folder, wanted in self._core.items():
                check_core(folder.parent, folder.name, wanted, self._known.get(folder, ()))


class CaseCollector(pytest.File):
    """One `*.jsonl` file of a suite."""

    def __init__(self, *, selection: Selection, runs: Sequence[ModelRun], asking: Asking, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._selection = selection
        self._runs = runs
        self._asking = asking
        self.relative: str | None = None
        """The path as reports give it, once an item has asked pytest for it."""

    def collect(self) -> Iterator[CaseItem]:
        """One item a case and model. Ids: `construction-017[tuned]`."""
        for located in self._selection.cases_of(self.path):
            yield from self._items(located.case, located.line)

    def _items(self, case: Case, line: int) -> Iterator[CaseItem]:
        for run in self._runs:
            name = f"{case.id}[{run.model.name}]"
            yield CaseItem.from_parent(
                self,
                name=name,
                nodeid=self._id_of(case, run, name),
                case=case,
                run=run,
                asking=self._asking,
                line=line,
            )

    def _id_of(self, case: Case, run: ModelRun, name: str) -> Any:
        """With the model as the parameter of the item, as pytest reads it from the text; `--lf` compares such ids."""
        if not hasattr(self, "id"):  # before pytest 9.1
            return f"{self.nodeid}::{name}"
        return self.id.child(case.id).with_params(run.model.name)  # the texts of it are shared by all ids of the file

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """A bad case file is reported in its own words, without a traceback."""
        if isinstance(excinfo.value, SuiteError):
            return translated(str(excinfo.value))
        return super().repr_failure(excinfo)


class SelectionCollector(CaseCollector):
    """A `*.cases` file: fixed cases of other suites, run as a suite of their own."""

    def collect(self) -> Iterator[CaseItem]:
        """One item a named case and model."""
        cases = self._selection.selected_cases(self.path)
        for run in self._runs:
            run.answers.also_recorded_in = self._selection.suites_of(self.path)
        for case in cases:
            yield from self._items(case, line=1)


class CaseItem(pytest.Item):
    """One case, judged for one model.

    What pytest makes for each item and hardly any case needs is made when somebody asks for it: 10,000 items take 9 MB
    less.
    """

    _LATE: ClassVar[Mapping[str, Callable[[CaseItem], Any]]] = {
        "keywords": lambda item: type(item.parent.keywords)(item),  # type: ignore[union-attr,call-arg]
        "own_markers": lambda item: [],
        "extra_keyword_matches": lambda item: item._found_by(),
        "stash": lambda item: pytest.Stash(),
        "_store": lambda item: item.stash,
        "_report_sections": lambda item: [],
        "user_properties": lambda item: list(_properties(item.result)) if item.result and item._has_run else [],
    }

    def __init__(self, *, case: Case, run: ModelRun, asking: Asking, line: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name in self._LATE:
            delattr(self, name)
        self.case = case
        self.run = run
        self._asking = asking
        self._line = line
        self._completions: Sequence[Completion] = ()
        self.result: CaseResult | None = None
        self._has_run: bool = False
        """Whether the result is there for others: a report of the setup has none of its properties."""

    def __getattr__(self, name: str) -> Any:
        make = self._LATE.get(name)
        if make is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        made = make(self)
        setattr(self, name, made)
        return made

    @property
    def has_markers(self) -> bool:
        """Whether somebody has put a mark on it."""
        try:
            return bool(object.__getattribute__(self, "own_markers"))
        except AttributeError:  # nobody has asked for them
            return False

    def _found_by(self) -> set[str]:
        """What -k finds it by."""
        case = self.case
        return {case.suite, case.domain, case.language, case.task, self.run.model.name, *case.tags}

    @property
    def is_answered(self) -> bool:
        """Whether its answers are there, or will never be: nobody has to wait."""
        return self.run.is_answered(self.case)

    @property
    def has_checks_of_ours_only(self) -> bool:
        """Whether no check of the case is a function of a user."""
        return all(is_built_in(call.check) for call in self.case.checks)

    def answers(self) -> list[Completion]:
        """All its answers, waiting for what is being fetched.

        Raises:
            HarnessError: there is none, and why.
        """
        return self._asking(self.run, self.case)

    def setup(self) -> None:
        """Get the answers. Without one the case is an error, not a failure, and `unscored` in the record."""
        if self.result is not None and self._has_run:  # a plugin runs it once more
            self._forget_properties(self.result)
        self.result, self._has_run = None, False
        self._completions = self.answers()
        never_came = [one.unusable for one in self._completions if one.unusable and one.recorded_at is None]
        if never_came:
            self.result = self.run.judge(self.case, self._completions)
            raise EndpointError(f"no usable answer came: {', '.join(dict.fromkeys(never_came))}")

    def _forget_properties(self, result: CaseResult) -> None:
        for one in _properties(result):
            with suppress(ValueError):  # somebody took it out
                self.user_properties.remove(one)

    def runtest(self) -> None:
        """Judge them, unless that was done."""
        result = self.result = self.result or self.run.judge(self.case, self._completions)
        self._completions = ()  # the result holds what is needed; 10,000 answers are not kept twice
        self._has_run = True
        with suppress(AttributeError):  # else they are made of the result when somebody asks
            object.__getattribute__(self, "user_properties").extend(_properties(result))
        if result.outcome == "unscored":
            pytest.skip(junit("; ".join(dict.fromkeys(s.reason for s in result.samples if s.reason))))
        if result.outcome not in ("aligned", "passed"):
            raise CaseFailedError(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The case as a person wants to read it."""
        if isinstance(excinfo.value, CaseFailedError):
            return explain_case(excinfo.value.result)
        if isinstance(excinfo.value, HarnessError):
            return translated(str(excinfo.value))
        return super().repr_failure(excinfo)

    def _repr_failure_py(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What pytest asks for when the setup fails: a case without an answer needs no traceback, which takes 40 ms."""
        if isinstance(excinfo.value, HarnessError):
            return translated(str(excinfo.value))
        return super()._repr_failure_py(excinfo, style)

    def reportinfo(self) -> tuple[Any, int, str]:
        """File and line of the case."""
        return self.path, self._line - 1, self.name

    @property
    def location(self) -> tuple[str, int | None, str]:
        """As pytest has it, and not kept. The path, the same for all cases of a file, is made relative once."""
        file = self.parent
        assert isinstance(file, CaseCollector)
        if file.relative is None:
            file.relative = super().location[0]
        return file.relative, self._line - 1, self.name


def _properties(result: CaseResult) -> Iterator[tuple[str, object]]:
    """What JUnit XML and other reporters see of the result."""
    yield "outcome", result.outcome
    yield "domain", junit(result.domain)
    yield "language", junit(result.language)
    yield "exposure", result.exposure
    for sample in result.samples:
        for target, verdict in sample.verdicts.items():
            yield "verdict", junit(f"{target}: {verdict}")


class CaseFailedError(Exception):
    """Carries the result of a case that is not as it should be."""

    def __init__(self, result: CaseResult) -> None:
        super().__init__(result.outcome)
        self.result = result


def _means_core(given: str | None) -> bool:
    """Whether `--suites` asks for what a run without it asks; `core` keeps the names of the suites that it is from."""
    return given in (None, CORE)


def _as_argument(path: Path, here: Path) -> str:
    """The path, relative to `here` where pytest would take a part of it for a parameter or a test's name."""
    return os.path.relpath(path, here) if "[" in str(path) or "::" in str(path) else str(path)


def _suite_roots(harness: HarnessConfig, given: str | None) -> list[Path]:
    """Folders, or one selection file.

    Args:
        given: the option `--suites`: builtin, a name under a root, or a path; None or core for the configured roots.

    Raises:
        ConfigError: the folder does not exist: the message offers the one that is most like it.
    """
    if given == "builtin":
        return [builtin_root()]
    roots = [harness.root / name for name in harness.suites]
    if given and not _means_core(given):
        return [_named_suite(given, roots)]
    missing = [root for root in roots if not root.is_dir()]
    if missing:
        raise ConfigError(
            f"no folder {missing[0]} with suites; give --suites=builtin for those that come with the package, "
            "--suites=PATH, or set suites in [tool.harness]"
        )
    return roots


def _named_suite(given: str, roots: list[Path]) -> Path:
    """A selection or a suite folder of that name under a root, else a path."""
    for root in [*roots, builtin_root()]:
        selection = selection_file(root, given)
        if selection is not None:
            return selection
        if any((root / given / name).is_file() for name in ("suite.toml", "latency.toml")):
            return root / given
    path = Path(given).absolute()
    if not path.is_dir():
        known = sorted(file.stem for root in roots for file in root.glob("*.cases"))
        known += sorted(file.parent.name for root in roots for file in root.glob("*/suite.toml"))
        raise ConfigError(
            f"--suites: no folder {path}{nearest(given, known)}; accepted: builtin, a folder of suites, "
            f"or one of: {', '.join(known) or 'none here'}"
        )
    return path


class SuitePython:
    """Which Python files are part of a suite and named nowhere.

    Args:
        root: the project's folder; its own conftest.py is the project's.
        roots: folders with suites.
        named: files that the project wants to be run, relative to `root`.
    """

    def __init__(self, root: Path, roots: Iterable[str], named: Iterable[str]) -> None:
        self._root = root.resolve()
        self._roots = {(root / name).resolve() for name in roots} - {self._root}
        self._named = {(root / name).resolve() for name in named}
        self.skipped: dict[Path, None] = {}
        """Files that were not run, in the order in which they were met."""

    @classmethod
    def of(cls, folder: Path) -> SuitePython:
        """By the settings of the project at or above a folder.

        Raises:
            ConfigError: the settings cannot be read.
        """
        from harness.config import load

        config = load(folder)
        return cls(config.root, config.suites, config.suite_python)

    def is_in_suite(self, path: Path) -> bool:
        """Whether a file or folder is a suite's, or beside the suites under one of their roots."""
        place = path.resolve()
        for folder in (place, *place.parents):
            if folder == self._root:
                return False
            if folder in self._roots or (folder / "suite.toml").is_file():
                return True
        return False

    def is_refused(self, path: Path) -> bool:
        """Whether a Python file must not be run; it is noted then."""
        if path.resolve() in self._named or not self.is_in_suite(path) or _is_shipped(path):
            return False
        self.skipped[path] = None
        return True

    def guard(self, manager: Any) -> None:
        """Keep pytest from importing a suite's conftest.py, for which it has no public hook."""
        original = manager._importconftest

        def guarded(conftestpath: Path, *args: Any, **settings: Any) -> types.ModuleType:
            if self.is_refused(conftestpath):
                return types.ModuleType("conftest_of_a_suite")
            module: types.ModuleType = original(conftestpath, *args, **settings)
            return module

        manager._importconftest = guarded


_SHIPPED = ("latency/test_latency.py", "adversarial/test_hunt.py", "adversarial/conftest.py")


def _is_shipped(path: Path) -> bool:
    """Whether a file is, byte for byte, one that comes with this package: its code is ours wherever it is copied to."""
    own = [builtin_root() / name for name in _SHIPPED if Path(name).name == path.name]
    return any(file.is_file() and file.read_bytes() == path.read_bytes() for file in own)


class EmptyModule(pytest.Module):
    """A Python file of a suite: collected, never imported."""

    def collect(self) -> list[pytest.Item | pytest.Collector]:
        """Nothing."""
        return []


def refuse_settings_of_a_suite(config: pytest.Config) -> None:
    """A `pytest.ini` or `pyproject.toml` in a suite that was given as a path would take the place of the project's.

    Raises:
        ConfigError: pytest took its settings, which can name code, from a suite.
    """
    if config.inipath is not None and (config.inipath.parent / "suite.toml").is_file():
        raise ConfigError(
            f"{config.inipath}: settings of pytest in a suite, which is data; run with --rootdir=. -c pyproject.toml, "
            "or take the file out"
        )
