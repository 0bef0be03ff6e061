"""The size and shape of the package, measured from its source.

    python -m tests.house.measure [FOLDER]

Prints files, lines, median and largest file, modules that a single other module imports, import circles (imports under
TYPE_CHECKING and inside functions count) and class names that stand for two things. `harness/text` is counted apart.
"""

import ast
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Measure:
    """Figures of the package without `text`."""

    files: int
    lines: int
    median: float
    largest: tuple[str, int]
    single_importer: tuple[str, ...]
    circles: tuple[tuple[str, ...], ...]
    double_classes: dict[str, list[str]]


def measure(root: Path = ROOT) -> Measure:
    """Read every module below `root / "harness"`."""
    sources = {_name(path, root): path for path in sorted((root / "harness").rglob("*.py")) if _counts(path, root)}
    trees = {name: ast.parse(path.read_text("utf-8")) for name, path in sources.items()}
    sizes = {name: len(path.read_text("utf-8").splitlines()) for name, path in sources.items()}
    graph = {name: _imports(tree, name, set(sources)) for name, tree in trees.items()}
    apart = {name for name in sources if _is_text(name)}
    counted = {name: size for name, size in sizes.items() if name not in apart}
    importers: defaultdict[str, set[str]] = defaultdict(set)
    for name, targets in graph.items():
        for target in targets:
            importers[target].add(name)
    single = tuple(
        name
        for name in counted
        if len(importers[name]) == 1 and not name.startswith("harness.cli") and sources[name].name != "__init__.py"
    )
    classes: defaultdict[str, list[str]] = defaultdict(list)
    for name in counted:
        for node in trees[name].body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                classes[node.name].append(name)
    largest = max(counted.items(), key=lambda item: item[1])
    return Measure(
        files=len(counted),
        lines=sum(counted.values()),
        median=median(counted.values()),
        largest=largest,
        single_importer=single,
        circles=_circles({name: targets - apart for name, targets in graph.items() if name not in apart}),
        double_classes={name: places for name, places in classes.items() if len(places) > 1},
    )


def _counts(path: Path, root: Path) -> bool:
    parts = path.relative_to(root).parts
    return "templates" not in parts and "builtin_suites" not in parts


def _name(path: Path, root: Path) -> str:
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def _is_text(name: str) -> bool:
    return name == "harness.text" or name.startswith("harness.text.")


def _imports(tree: ast.Module, own: str, known: set[str]) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in known else node.module)
    return (found & known) - {own}


def _circles(graph: dict[str, set[str]]) -> tuple[tuple[str, ...], ...]:
    """Strongly connected groups of more than one module (Tarjan, SIAM J. Comput. 1972)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups: list[tuple[str, ...]] = []

    def visit(name: str) -> None:
        order[name] = low[name] = len(order)
        stack.append(name)
        for target in sorted(graph[name] & graph.keys()):
            if target not in order:
                visit(target)
                low[name] = min(low[name], low[target])
            elif target in stack:
                low[name] = min(low[name], order[target])
        if low[name] == order[name]:
            group = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(group) > 1:
                groups.append(tuple(sorted(group)))

    for name in sorted(graph):
        if name not in order:
            visit(name)
    return tuple(groups)


def main() -> None:
    """Print the figures."""
    root = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT
    found = measure(root)
    print(f"files            {found.files}")
    print(f"lines            {found.lines}")
    print(f"median file      {found.median:g}")
    print(f"largest file     {found.largest[1]}  {found.largest[0]}")
    print(f"single importer  {len(found.single_importer)}  {' '.join(found.single_importer)}")
    print(f"import circles   {len(found.circles)}")
    for circle in found.circles:
        print(f"                 {' '.join(circle)}")
    print(f"double classes   {len(found.double_classes)}")
    for name, places in found.double_classes.items():
        print(f"                 {name}: {' '.join(places)}")
    text = sorted((root / "harness" / "text").glob("*.py"))
    lines = Counter({path.stem: len(path.read_text("utf-8").splitlines()) for path in text})
    print(f"text             {len(text)} files, {lines.total()} lines")


if __name__ == "__main__":
    main()
