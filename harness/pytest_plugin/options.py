"""The options of `pytest`, declared once. Precedence: option, then environment, then pyproject.toml, then default."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.config import HarnessConfig
from harness.errors import ConfigError, nearest
from harness.show.words import LANGUAGES
from harness.suite import CORE, builtin_root, selection_file

if TYPE_CHECKING:
    import pytest


MODES = ("replay", "record", "refresh", "live")


def add_options(parser: pytest.Parser) -> None:
    """Register the group `verbatim`."""
    group = parser.getgroup("verbatim", "evaluation of models (pytest-verbatim)")
    add = group.addoption
    add(
        "--model",
        dest="verbatim_models",
        metavar="NAME[,NAME]",
        action="append",
        default=[],
        help="judge these models: names of [tool.harness.models], or openai:NAME. Without it no suite is collected.",
    )
    add("--suites", dest="verbatim_suites", metavar="builtin|PATH", help="the suites to run (default: suites/)")
    add(
        "--cassette-mode",
        dest="verbatim_mode",
        choices=MODES,
        default=None,
        help="replay (default): never touches the network. record: asks for what is missing. refresh: asks for all "
        "again. live: reads no cassette, and keeps its answers beside the run record.",
    )
    add(
        "--batch",
        dest="verbatim_batch",
        action="store_true",
        help="with --cassette-mode=record: ask by the Batch API, within a day and at a lower price. The same command "
        "takes up a run that was killed.",
    )
    add("--base-url", dest="verbatim_base_url", metavar="URL", help="ask this address instead of the configured one")
    add("--samples", dest="verbatim_samples", type=int, default=1, metavar="N", help="answers a case (default 1)")
    add(
        "--max-concurrency",
        dest="verbatim_concurrency",
        type=int,
        metavar="N",
        help="requests at one time (default: max_concurrency of the model)",
    )
    add("--request-budget", dest="verbatim_budget", type=int, metavar="N", help="stop asking after N requests")
    add(
        "--max-cost",
        dest="verbatim_max_cost",
        type=float,
        metavar="X",
        help="stop asking before X is spent, in the currency of the models' prices",
    )
    add("--report-dir", dest="verbatim_reports", metavar="DIR", help="where run records go (default: reports/)")
    add("--baseline", dest="verbatim_baseline", metavar="NAME[@VERSION]", help="compare with this model's latest run")
    add("--gate", dest="verbatim_gate", action="store_true", help="exit 0 for GO, 1 for NO-GO or INCONCLUSIVE")
    add(
        "--early-stop",
        dest="verbatim_early_stop",
        action="store_true",
        help="with --gate: stop asking as soon as the cases left cannot change the verdict",
    )
    add(
        "--sequential",
        dest="verbatim_sequential",
        action="store_true",
        help="with --gate: ask in random order, look at the verdict after 100, 160, ... cases, and stop at a GO or a "
        "NO-GO",
    )
    add("--gate-policy", dest="verbatim_policy", metavar="FILE", help="policy (default: [tool.harness.gate])")
    add(
        "--lang",
        dest="verbatim_lang",
        choices=tuple(LANGUAGES),
        help="language of the summary (default: HARNESS_LANG, or else that of the locale)",
    )


def means_core(given: str | None) -> bool:
    """Whether `--suites` asks for what a run without it asks; `core` keeps the names of the suites that it is from."""
    return given in (None, CORE)


def suite_roots(harness: HarnessConfig, given: str | None) -> list[Path]:
    """Folders, or one selection file.

    Args:
        given: the option `--suites`: builtin, a name under a root, or a path; None or core for the configured roots.

    Raises:
        ConfigError: there is no such folder, with the nearest name.
    """
    if given == "builtin":
        return [builtin_root()]
    roots = [harness.root / name for name in harness.suites]
    if given and not means_core(given):
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
