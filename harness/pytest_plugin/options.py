"""The options of `pytest`, declared once. Precedence: option, then environment, then pyproject.toml, then default."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING

from harness.show.words import LANGUAGES

if TYPE_CHECKING:
    import pytest


MODES = ("replay", "record", "refresh", "live")
STOPPING = {"--early-stop": "verbatim_early_stop", "--sequential": "verbatim_sequential"}
"""Options by which a run may end before all cases are asked, and where they are stored."""


def has_base_url_of_another(plugins: pytest.PytestPluginManager) -> bool:
    """Whether pytest-base-url, which the plugins of Playwright and Selenium bring, is in this run.

    It has an option `--base-url` too, and two of one name end every run of pytest: so it registers its own first.
    """
    name = "base_url"
    if (
        not plugins.hasplugin(name)
        and find_spec("pytest_base_url")
        and "PYTEST_DISABLE_PLUGIN_AUTOLOAD" not in os.environ
    ):
        plugins.load_setuptools_entrypoints("pytest11", name=name)
    return plugins.hasplugin(name)


def take_shared_base_url(config: pytest.Config) -> None:
    """`--base-url` as it was typed beside `--model` is the address of the model, whoever else has that option."""
    words = [str(word).partition("=")[0] for word in config.invocation_params.args]
    if "--base-url" in words and config.getoption("verbatim_base_url") is None:
        config.option.verbatim_base_url = config.getoption("base_url")


def add_options(parser: pytest.Parser, *, shares_base_url: bool = False) -> None:
    """Register the group `verbatim`; with `shares_base_url`, `--base-url` by a longer name."""
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
    add(
        "--verbatim-base-url" if shares_base_url else "--base-url",
        dest="verbatim_base_url",
        metavar="URL",
        help="ask this address instead of the configured one",
    )
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
