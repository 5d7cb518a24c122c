"""The line in which our folders stand, and the house's other laws, read from the source with `ast`."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

import pytest

ROOT = Path(__file__).parent.parent
# Lower rank = further down; a folder imports only folders with a lower rank.
RANK = {
    "app": 8,
    "handlers": 7,
    "console": 7,
    "alerts": 6,
    "assistance": 6,
    "registry": 5,
    "staff": 4,
    "bot": 3,
    "places": 3,
    "storage": 2,
    "locales": 2,
    "simulator": 1,
}
ONLY_IN = {"telegram": "bot/gateways/telegram/", "twilio": "bot/gateways/twilio/"}
MAX_LINES = 300
# Who may ask the machine for its seconds without a `Clock`. Nobody is safer for being testable there.
OWN_SECONDS = {
    "storage/clock.py",  # the clock itself
    "storage/liveness.py",  # how long a connection lay idle
    "app/embedded.py",  # how long a Redis of ours takes to start and to end
    "app/demo.py",  # how long a demonstration takes to be ready
}
CLOCKS = {("time", name) for name in ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter")}
CLOCKS |= {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today")}
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def sources() -> list[Path]:
    return sorted(path for folder in RANK for path in (ROOT / folder).rglob("*.py"))


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in line {node.lineno}"
            yield node.module or "", node.lineno


def sub_folder(parts: tuple[str, ...]) -> tuple[str, ...]:
    """The package a dotted module or a path belongs to, as far as it is a folder of ours."""
    folder: tuple[str, ...] = ()
    for part in parts:
        if not (ROOT.joinpath(*folder, part) / "__init__.py").exists():
            break
        folder = (*folder, part)
    return folder


def import_offences(path: Path, tree: ast.AST) -> Iterator[str]:
    own, own_folder = path.parts[0], path.parts[:-1]
    for name, line in imports(tree):
        top, where = name.split(".")[0], f"{path}:{line}"
        if top in ONLY_IN and not path.as_posix().startswith(ONLY_IN[top]):
            yield f"{where} imports {top}"
        if top not in RANK or own not in RANK:
            continue
        if top != own and RANK[top] >= RANK[own]:
            yield f"{where} imports {name}, which stands above or beside it"
        if top != own and (own == "simulator" or (top == "simulator" and own != "app")):
            yield f"{where}: the simulator is independent"
        target = sub_folder(tuple(name.split(".")))
        if len(target) > len(own_folder) and target[: len(own_folder)] == own_folder:
            yield f"{where}: a package's root imports its own sub-folder {name}"


def is_log_line(node: ast.AST) -> TypeGuard[ast.Call]:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in LEVELS
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id.lower() in {"log", "logger", "logging"}
    )


def asks_the_machine(node: ast.AST) -> bool:
    """Whether a module uses `time`'s clocks, or takes the hour from `datetime`."""
    if isinstance(node, ast.ImportFrom):
        return node.module == "time"
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr) in CLOCKS
    )


def habit_offences(path: Path, tree: ast.AST) -> Iterator[str]:
    own = path.parts[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Import | ast.ImportFrom):
                    yield f"{path}:{inner.lineno} imports inside a function"
        if isinstance(node, ast.Global):
            yield f"{path}:{node.lineno} uses a global"
        if is_log_line(node) and not any(word.arg == "action" for word in node.keywords):
            yield f"{path}:{node.lineno} logs a line without an action"
        if asks_the_machine(node) and own != "simulator" and path.as_posix() not in OWN_SECONDS:
            yield f"{path} reads the machine's clock"
        reads = isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
        if reads and path.as_posix() != "app/settings.py":
            yield f"{path} reads the environment"


def offences(path: Path, source: str) -> list[str]:
    """What `source`, standing at `path` (relative to the root), does against the laws."""
    tree = ast.parse(source)
    found = [*import_offences(path, tree), *habit_offences(path, tree)]
    if path.name == "__init__.py" and source.strip():
        found.append(f"{path} is not empty")
    if path.stem in {"utils", "util", "helpers", "common", "misc"}:
        found.append(f"{path} has no noun")
    return found


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_keeps_the_laws(path: Path) -> None:
    relative = path.relative_to(ROOT)
    assert offences(relative, path.read_text()) == []


def test_a_file_stays_short_or_its_reason_is_written_down() -> None:
    told = (ROOT / "docs" / "decisions.md").read_text()
    others = [path for folder in ("benchmarks", "tests") for path in (ROOT / folder).rglob("*.py")]
    pages = (ROOT / "bot" / "gateways" / "webchat" / "static").glob("*.js")
    long = [path for path in (*sources(), *others, *pages) if path.read_text().count("\n") > MAX_LINES]
    assert [name for path in long if (name := path.relative_to(ROOT).as_posix()) not in told] == []


def test_no_modules_import_in_a_ring() -> None:
    graph = {}
    for path in sources():
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        graph[name] = {
            target for target, _ in imports(ast.parse(path.read_text())) if target.split(".")[0] in RANK
        }
    finished: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail, name))
        if name in finished:
            return
        for target in graph.get(name, ()):
            visit(target, (*trail, name))
        finished.add(name)

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("bot/intake.py", "from registry import store"),
        ("places/area.py", "import bot.messages"),
        ("alerts/planner.py", "import assistance.cases"),
        ("handlers/start.py", "import telegram"),
        ("bot/gateway.py", "from bot.gateways.telegram import gateway"),
        ("alerts/planner.py", "import os\nos.environ['X']"),
        ("alerts/planner.py", "def f():\n    import json"),
        ("alerts/planner.py", "def f():\n    global x\n    x = 1"),
        ("bot/lanes.py", "LOG.warning('messages wait', extra={'code': 1})"),
        ("bot/limiter.py", "import time\nx = time.monotonic()"),
        ("bot/limiter.py", "x = datetime.now(UTC)"),
        ("bot/__init__.py", "x = 1"),
        ("storage/utils.py", ""),
        ("simulator/ledger.py", "import storage.clock"),
        ("console/pages.py", "import simulator.ledger"),
    ],
)
def test_the_laws_catch_whoever_breaks_them(path: str, source: str) -> None:
    assert offences(Path(path), source) != []
