"""Templates take in no macro that they do not use, and no macro is left that nobody uses."""

import re
from functools import cache
from pathlib import Path

from jinja2 import nodes

from service import templates

ROOT = Path(__file__).parent.parent / "templates"
FILES = sorted(str(file.relative_to(ROOT)) for file in ROOT.rglob("*") if file.suffix in (".html", ".txt"))


def test_each_name_that_a_template_takes_in_is_used_there_or_in_what_it_includes() -> None:
    assert {file: unused for file in FILES if (unused := _unused(file))} == {}


def test_an_unused_name_would_be_found() -> None:
    """The negative control."""
    tree = templates.environment("en").parse('{% from "parts/icons.html" import icon, bridge %}{{ icon("x") }}')
    assert _taken(tree) - _used(tree) == {"bridge"}


def test_each_macro_is_used_by_somebody() -> None:
    everything = "\n".join((ROOT / file).read_text() for file in FILES)
    macros = re.findall(r"{%-? macro (\w+)\(", everything)
    assert [name for name in macros if len(re.findall(rf"\b{name}\b", everything)) == 1] == []


def _unused(file: str) -> set[str]:
    tree = _parsed(file)
    return _taken(tree) - set().union(*(_used(_parsed(one)) for one in _with_its_parts(file)))


def _with_its_parts(file: str) -> set[str]:
    """The template, all that it includes and all that extends it: what it took in reaches them too."""
    found, waiting = set[str](), [file]
    while waiting:
        if (one := waiting.pop()) not in found:
            found.add(one)
            waiting += [*_included(one), *(other for other in FILES if one in _extended(other))]
    return found


@cache
def _included(file: str) -> list[str]:
    """What it includes; where the name is put together, whatever part stands beside it."""
    parts = [part.template for part in _parsed(file).find_all(nodes.Include)]
    named = [part.value for part in parts if isinstance(part, nodes.Const)]
    beside = [one for one in FILES if Path(one).parent == Path(file).parent and Path(one).name.startswith("_")]
    return named if len(named) == len(parts) else named + beside


@cache
def _extended(file: str) -> list[str]:
    parents = [parent.template for parent in _parsed(file).find_all(nodes.Extends)]
    return [parent.value for parent in parents if isinstance(parent, nodes.Const)]


@cache
def _parsed(file: str) -> nodes.Template:
    return templates.environment("en").parse((ROOT / file).read_text())


def _taken(tree: nodes.Template) -> set[str]:
    names = [name for one in tree.find_all(nodes.FromImport) for name in one.names]
    return {name if isinstance(name, str) else name[1] for name in names}


def _used(tree: nodes.Template) -> set[str]:
    return {name.name for name in tree.find_all(nodes.Name) if name.ctx == "load"}
