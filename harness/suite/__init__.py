"""Suites on disk: a folder with a `suite.toml` and `*.jsonl` files becomes cases, or an error that names the line."""

from harness.suite.cases import LINE_LIMIT, Problem, case_from, case_schema
from harness.suite.folders import (
    CORE,
    CaseFile,
    LocatedCase,
    builtin_root,
    case_files,
    check_core,
    core_ids,
    default_cases,
    default_files,
    is_case_file,
    load_cases,
    load_selection,
    load_suite,
    read_case_file,
    read_selection,
    selection_file,
)
from harness.suite.manifest import SuiteInfo, load_info

__all__ = [
    "CORE",
    "LINE_LIMIT",
    "CaseFile",
    "LocatedCase",
    "Problem",
    "SuiteInfo",
    "builtin_root",
    "case_files",
    "case_from",
    "case_schema",
    "check_core",
    "core_ids",
    "default_cases",
    "default_files",
    "is_case_file",
    "load_cases",
    "load_info",
    "load_selection",
    "load_suite",
    "read_case_file",
    "read_selection",
    "selection_file",
]
