"""Content as files: read YAML with complaints an author can act on, and write it back.

The files mirror the domain's dataclasses field for field, so the dataclasses are the schema.
"""

import dataclasses
import re
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from interview.domain import lint
from interview.domain.lint import Problem, Shelf
from interview.domain.persona import Persona
from interview.domain.questions import Question
from interview.domain.scenery import Scenery

CONTENT = Path(__file__).resolve().parent.parent / "content"

_Item = TypeVar("_Item", Persona, Scenery, Question)
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FOLDERS = {"personas": "persona/1", "sceneries": "scenery/1", "questions": "questions/1"}
_SENTENCES = {"zh", "en", "goals", "taboos"}
_TERMS = "any"  # the one place where a blank at the edge of a word means something


@dataclass(frozen=True, slots=True)
class Place:
    """Where a scenery stands in the lobby: the operator's say, kept beside the content."""

    order: int = 0
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class Complaint:
    """A problem and the file it is in, such as ``questions/gateway.yaml``."""

    file: str
    problem: Problem

    @property
    def is_error(self) -> bool:
        """Return whether it keeps the content out."""
        return self.problem.severity is lint.Severity.ERROR

    def __str__(self) -> str:
        return (
            f"{self.file}: {self.problem}"
            if self.problem.subject
            else (f"{self.file}: {self.problem.message}")
        )


@dataclass(slots=True)
class Reading:
    """What the files of a folder say, where each piece was found, and what is wrong."""

    personas: dict[str, Persona] = field(default_factory=dict)
    sceneries: dict[str, Scenery] = field(default_factory=dict)
    questions: dict[str, Question] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    complaints: list[Complaint] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)

    @property
    def shelf(self) -> Shelf:
        """Return the content for the rules that look across pieces."""
        return Shelf(self.personas, self.sceneries, self.questions)

    @property
    def is_playable(self) -> bool:
        """Return whether nothing found keeps the content out."""
        return not lint.has_errors(complaint.problem for complaint in self.complaints)


def read(folder: Path = CONTENT) -> Reading:
    """Return everything the folder says, already linted; never raises for what is written there."""
    reading = Reading()
    for name, schema in _FOLDERS.items():
        for path in sorted((folder / name).glob("*.yaml")):
            _read_file(reading, path, f"{name}/{path.name}", schema)
    for problem in lint.lint_shelf(reading.shelf):
        # What could not be read has been complained of; its absence is not another mistake.
        if reading.unread.isdisjoint(str(value) for value in problem.values.values()):
            file = reading.files[problem.subject]
            reading.complaints.append(Complaint(file, problem))
    return reading


def _read_file(reading: Reading, path: Path, file: str, schema: str) -> None:
    problems: list[Problem] = []
    try:
        raw = _parsed(path, problems)
    except UnicodeDecodeError:
        problems.append(Problem("", "", "the file is not UTF-8 text"))
        raw = None
    except yaml.YAMLError as error:
        problems.append(_syntax_problem(error))
        raw = None
    if isinstance(raw, dict) and raw.get("schema") != schema:
        problems.append(
            Problem("", "schema", "the first line is “schema: %(schema)s”", {"schema": schema})
        )
    elif isinstance(raw, dict):
        problems += _take(reading, raw, file)
    elif not problems:
        problems.append(Problem("", "", "the file is empty or is not a block of fields"))
    reading.complaints += [Complaint(file, problem) for problem in problems]


def _take(reading: Reading, raw: dict[Any, Any], file: str) -> Iterator[Problem]:
    """Keep the pieces of one file and yield what is wrong with their form."""
    match file.partition("/")[0]:
        case "personas":
            yield from _top_level(raw, {"schema", "persona"})
            yield from _keep(reading.personas, raw.get("persona"), Persona, reading, file)
        case "sceneries":
            yield from _top_level(raw, {"schema", "scenery", "lobby"})
            yield from _keep(reading.sceneries, raw.get("scenery"), Scenery, reading, file)
            yield from _keep_place(reading, raw)
        case _:
            yield from _top_level(raw, {"schema", "questions"})
            items = raw.get("questions")
            if not isinstance(items, list):
                yield Problem("", "questions", "questions is a list of questions")
                return
            for item in items:
                yield from _keep(reading.questions, item, Question, reading, file)


def _top_level(raw: Mapping[Any, Any], known: set[str]) -> Iterator[Problem]:
    for key in raw:
        if key not in known:
            yield Problem("", str(key), "%(key)s is not a field here", {"key": str(key)})


def _keep(
    kept: dict[str, _Item], raw: object, kind: type[_Item], reading: Reading, file: str
) -> Iterator[Problem]:
    """Convert one piece and keep it under its id; yield what is wrong with its form."""
    name = raw.get("id") if isinstance(raw, dict) else None
    subject = name if isinstance(name, str) else kind.__name__.lower()
    unknown = list(_unknown_keys(raw, kind, subject, ""))
    yield from unknown
    try:
        item = msgspec.convert(_stripped(raw), kind)
    except msgspec.ValidationError as error:
        reading.unread.add(subject)
        yield _form_problem(subject, raw, str(error))
        return
    if item.id in reading.files:
        yield Problem(
            item.id, "id", "this id is also in %(file)s", {"file": reading.files[item.id]}
        )
        return
    if not file.startswith("questions/") and item.id != Path(file).stem:
        yield Problem(
            item.id,
            "id",
            "the file of %(id)s is called %(file)s",
            {"id": item.id, "file": f"{item.id}.yaml"},
        )
    kept[item.id] = item
    reading.files[item.id] = file


def _keep_place(reading: Reading, raw: Mapping[Any, Any]) -> Iterator[Problem]:
    scenery = raw.get("scenery")
    subject = str(scenery.get("id", "scenery")) if isinstance(scenery, dict) else "scenery"
    yield from _unknown_keys(raw.get("lobby", {}), Place, subject, "lobby")
    try:
        reading.places[subject] = msgspec.convert(raw.get("lobby", {}), Place)
    except msgspec.ValidationError as error:
        yield _form_problem(subject, raw.get("lobby"), str(error))


# --- the text of a file -----------------------------------------------------------------------


def _parsed(path: Path, problems: list[Problem]) -> object:
    loader = _LOADER(path.read_text(encoding="utf-8"))
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        problems += _lint_node(node, key="")
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _syntax_problem(error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    return Problem(
        "",
        "",
        "line %(line)s cannot be read: %(reason)s (quote sentences, indent by two)",
        {"line": mark.line + 1 if mark else 1, "reason": getattr(error, "problem", "not YAML")},
    )


def _lint_node(node: yaml.Node, *, key: str) -> Iterator[Problem]:
    """Yield what YAML would let pass and an author would regret."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key_node, value in node.value:
            yield from _lint_key(key_node, seen)
            yield from _lint_node(value, key=str(key_node.value))
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _lint_node(value, key=key)
    elif isinstance(node, yaml.ScalarNode) and key in _SENTENCES and not node.style:
        yield Problem(
            "",
            key,
            "line %(line)s: put this sentence in double quotes",
            {"line": node.start_mark.line + 1},
        )


def _lint_key(node: yaml.Node, seen: set[str]) -> Iterator[Problem]:
    line = node.start_mark.line + 1
    if node.tag != "tag:yaml.org,2002:str":
        yield Problem(
            "",
            str(node.value),
            "line %(line)s: the key %(key)s reads as yes, no or a number; choose another word",
            {"line": line, "key": str(node.value)},
        )
    if str(node.value) in seen:
        yield Problem(
            "",
            str(node.value),
            "line %(line)s: the key %(key)s comes twice; only the last would count",
            {"line": line, "key": str(node.value)},
        )
    seen.add(str(node.value))


def _stripped(raw: object) -> object:
    """Return the same without blanks around texts, as the admin's forms store them."""
    if isinstance(raw, str):
        return raw.strip()
    if isinstance(raw, list):
        return [_stripped(entry) for entry in raw]
    if isinstance(raw, dict):
        return {key: entry if key == _TERMS else _stripped(entry) for key, entry in raw.items()}
    return raw


# --- the form of a piece ----------------------------------------------------------------------


def _unknown_keys(raw: object, kind: Any, subject: str, path: str) -> Iterator[Problem]:
    """Yield a problem for every key that no field of the dataclass takes."""
    if dataclasses.is_dataclass(kind) and isinstance(raw, dict):
        hints = typing.get_type_hints(kind)
        for key, value in raw.items():
            name = _joined(path, key)
            if key in hints:
                yield from _unknown_keys(value, hints[key], subject, name)
            else:
                yield Problem(subject, name, "%(field)s is not a field here", {"field": name})
    elif isinstance(raw, list):
        for number, entry in enumerate(raw):
            for inner in _inner(kind):
                yield from _unknown_keys(entry, inner, subject, _joined(path, _label(raw, number)))
    elif isinstance(raw, dict):
        for key, value in raw.items():
            for inner in _inner(kind):
                yield from _unknown_keys(value, inner, subject, _joined(path, key))


def _inner(kind: Any) -> Sequence[Any]:
    """Return the dataclasses, or containers of them, inside a container or an option."""
    if isinstance(kind, types.UnionType):
        return [part for part in typing.get_args(kind) if dataclasses.is_dataclass(part)]
    return [part for part in typing.get_args(kind) if part is not Ellipsis]


def _joined(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


def _label(entries: Sequence[Any], number: int) -> str:
    """Return how an author would call an entry of a list: by its id, else by its number."""
    entry = entries[number]
    name = entry.get("id") if isinstance(entry, dict) else None
    return str(name) if name else str(number + 1)


_STEP = re.compile(r"\.(\w+)|\[(\d+|\.\.\.)\]")
_WRONG_TYPE = re.compile(r"Expected `([^`]+)`, got `([^`]+)`")
_MISSING = re.compile(r"Object missing required field `([^`]+)`")
_UNKNOWN_VALUE = re.compile(r"Invalid (?:enum|str|literal)? ?(?:enum )?value '([^']*)'")
_NOUNS = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "yes or no",
    "null": "nothing",
    "array": "a list",
    "object": "a block of fields",
}


def _form_problem(subject: str, raw: object, error: str) -> Problem:
    """Return a conversion error in the author's words."""
    what, _, where = error.partition(" - at `$")
    path = _path(raw, where.rstrip("`"))
    if found := _MISSING.match(what):
        name = _joined(path, found[1])
        return Problem(subject, name, "%(field)s is missing", {"field": name})
    name = path or "this entry"
    if found := _WRONG_TYPE.match(what):
        wanted = " or ".join(_NOUNS.get(part, part) for part in found[1].split(" | "))
        return Problem(
            subject,
            name,
            "%(field)s should be %(wanted)s and is %(given)s%(tip)s",
            {
                "field": name,
                "wanted": wanted,
                "given": _NOUNS.get(found[2], found[2]),
                "tip": "; put it in quotes" if found[1] == "str" else "",
            },
        )
    if found := _UNKNOWN_VALUE.match(what):
        return Problem(
            subject,
            name,
            "%(field)s cannot be %(value)s",
            {"field": name, "value": found[1]},
        )
    return Problem(subject, name, "%(field)s: %(reason)s", {"field": name, "reason": what})


def _path(raw: object, where: str) -> str:
    """Return msgspec's path with list positions replaced by the ids found there."""
    parts: list[str] = []
    for key, number in _STEP.findall(where):
        if key:
            parts.append(key)
            raw = raw.get(key) if isinstance(raw, dict) else None
        elif number.isdecimal() and isinstance(raw, list) and int(number) < len(raw):
            parts.append(_label(raw, int(number)))
            raw = raw[int(number)]
        else:
            parts.append("entry")
            raw = None
    return ".".join(parts)
