"""Which local modules a program can reach: those that it refers to, and those that these import."""

import sys
from collections.abc import Iterable, Iterator
from dis import opmap
from pathlib import Path
from types import CodeType, FunctionType

from trimma.pickling.local_modules import find, is_importable, is_local, is_local_place, root_of

_IMPORT, _FROM, _EXTENDED = opmap["IMPORT_NAME"], opmap["IMPORT_FROM"], opmap["EXTENDED_ARG"]


def reached_roots(names: Iterable[str], functions: Iterable[FunctionType]) -> set[str]:
    """The outermost packages, or modules, of all local modules that can be reached.

    The search begins at the modules ``names`` and at what ``functions`` import. What is imported only by a name that a
    program puts together is not found.
    """
    pending = [*names, *(name for function in functions for name in imports(function.__code__))]
    seen: set[str] = set()
    roots: set[str] = set()
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        root = root_of(name)
        if root not in roots and not _is_local_root(root):
            continue
        roots.add(root)
        pending.append(root)
        if (code := _code_of(name)) is not None:
            packages = [name.rsplit(".", level)[0] for level in range(name.count(".") + 1)]
            for imported in imports(code):
                # the name of a relative import may begin at any package around the module
                pending += [imported, *(f"{package}.{imported}" for package in packages)]
    return roots


def imports(code: CodeType) -> Iterator[str]:
    """The names that import statements in the code name, at any depth. What is imported from a module may be one, too.

    Of relative imports the names lack what stands for the dots.
    """
    extended, name = 0, ""
    for operation, argument in zip(code.co_code[::2], code.co_code[1::2], strict=True):
        whole = argument | extended
        extended = whole << 8 if operation == _EXTENDED else 0
        if operation == _IMPORT and (name := code.co_names[whole]):
            yield name
        elif operation == _FROM:
            yield f"{name}.{code.co_names[whole]}".lstrip(".")
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from imports(constant)


def _is_local_root(root: str) -> bool:
    if (module := sys.modules.get(root)) is not None:
        return is_local(root, module) and is_importable(root, module)
    if root in sys.stdlib_module_names or (spec := find(root)) is None:
        return False
    places = [spec.origin] if spec.origin else list(spec.submodule_search_locations or ())
    return bool(places) and is_local_place(str(places[0]), root)


def _code_of(name: str) -> CodeType | None:
    """The code of a module, whether it was imported or not; None if it has none, or isn't found."""
    module = sys.modules.get(name)
    spec = find(name) if module is None else module.__spec__
    path = _file_of(name) if spec is None else spec.origin
    if path is None or not path.endswith(".py"):
        return None
    loader = getattr(spec, "loader", None)
    try:
        if (get_code := getattr(loader, "get_code", None)) is not None:
            code: CodeType | None = get_code(name)
            return code
        return compile(Path(path).read_bytes(), path, "exec", dont_inherit=True)
    except (ImportError, SyntaxError, OSError, ValueError):
        return None  # nothing can be imported from such a file


def _file_of(name: str) -> str | None:
    """The file of a module of a package whose packages between weren't imported."""
    root, _, rest = name.partition(".")
    for place in getattr(sys.modules.get(root), "__path__", ()):
        path = Path(place, *rest.split("."))
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            if file.is_file():
                return str(file)
    return None
