"""Suites on disk: a folder with a `suite.toml` and `*.jsonl` files becomes cases, or an error that names the line."""

from harness.files import LINE_LIMIT
from harness.suite.cases import Problem, case_from, case_schema
from harness.suite.folders import (
    CORE,
    CaseFile,
    LocatedCase,
    SuiteInfo,
    builtin_root,
    case_files,
    check_core,
    core_ids,
    default_cases,
    default_files,
    is_case_file,
    load_cases,
    load_info,
    load_selection,
    load_suite,
    read_case_file,
    read_selection,
    selection_file,
)

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
