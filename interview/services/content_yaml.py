"""Write content as the YAML its authors would write: quoted sentences, words in one line."""

import dataclasses
from typing import Any

import msgspec
import yaml

from interview.domain.persona import Persona
from interview.domain.questions import FollowUp, Question
from interview.domain.scenery import Scenery
from interview.services.content_files import Place

_ODD_BREAKS = frozenset("\r\x85\u2028\u2029\t")


class _Sentence(str):
    """A text for people: always quoted."""

    __slots__ = ()


class _Prose(str):
    """A text of several lines."""

    __slots__ = ()


class _Row(dict[str, Any]):
    """A mapping that stands in one line."""


class _Words(list[Any]):
    """A list that stands in one line."""


class _Dumper(yaml.SafeDumper):
    """Block style outside, one line for what is short."""

    def ignore_aliases(self, data: Any) -> bool:
        """Return True: the same words twice are written twice."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent lists inside mappings, as the files are written by hand."""
        super().increase_indent(flow, False)


_Dumper.add_representer(
    _Sentence, lambda d, v: d.represent_scalar("tag:yaml.org,2002:str", str(v), style='"')
)
_Dumper.add_representer(
    _Prose, lambda d, v: d.represent_scalar("tag:yaml.org,2002:str", str(v), style="|")
)
_Dumper.add_representer(
    _Row, lambda d, v: d.represent_mapping("tag:yaml.org,2002:map", v, flow_style=True)
)
_Dumper.add_representer(
    _Words, lambda d, v: d.represent_sequence("tag:yaml.org,2002:seq", v, flow_style=True)
)


def persona_file(persona: Persona) -> str:
    """Return the file of a persona."""
    raw = msgspec.to_builtins(persona)
    for name in ("system_prompt", "mes_example", "post_history_instructions", "creator_notes"):
        raw[name] = _prose(raw[name])
    raw["goals"] = [_Sentence(goal) for goal in raw["goals"]]
    raw["taboos"] = [_Sentence(taboo) for taboo in raw["taboos"]]
    raw["extensions"] = {key: _Sentence(value) for key, value in raw["extensions"].items()}
    for name in ("weights", "portrait"):
        raw[name] = _Row(raw[name])
    return _dumped({"schema": "persona/1", "persona": _without_defaults(raw, Persona)})


def scenery_file(scenery: Scenery, place: Place) -> str:
    """Return the file of a scenery, with its place in the lobby."""
    raw = msgspec.to_builtins(scenery)
    for name in ("strategy", "difficulty", "approval"):
        raw[name] = _Row(_shaped(raw[name]))
    raw["branches"] = [_Row(_shaped(branch)) for branch in raw["branches"]]
    return _dumped(
        {
            "schema": "scenery/1",
            "lobby": _Row(msgspec.to_builtins(place)),
            "scenery": _without_defaults(raw, Scenery),
        }
    )


def questions_file(questions: list[Question]) -> str:
    """Return the file of several questions."""
    return _dumped(
        {"schema": "questions/1", "questions": [_question(question) for question in questions]}
    )


def _question(question: Question) -> dict[str, Any]:
    raw = msgspec.to_builtins(question)
    raw["when"] = _Row({key: _Words(words) for key, words in raw["when"].items() if words})
    raw["followups"] = [
        _Row(_shaped(_without_defaults(followup, FollowUp))) for followup in raw["followups"]
    ]
    return _without_defaults(raw, Question)


def _without_defaults(raw: dict[str, Any], kind: Any) -> dict[str, Any]:
    """Return the fields that say something: an empty option reads back as it is."""
    options = {
        option.name
        for option in dataclasses.fields(kind)
        if option.default is not dataclasses.MISSING
        or option.default_factory is not dataclasses.MISSING
    }
    return {
        key: value
        for key, value in raw.items()
        if key not in options or value not in (None, [], {}, "")
    }


def _prose(text: str) -> str:
    is_plain = "\n" in text and _ODD_BREAKS.isdisjoint(text) and text == text.strip()
    return _Prose(text + "\n") if is_plain else _Sentence(text) if text else text


def _shaped(raw: Any) -> Any:
    """Return the same with texts as one-line rows of quoted sentences and words in one line."""
    if isinstance(raw, dict):
        if raw.keys() == {"zh", "en"}:
            return _Row({key: _Sentence(value) for key, value in raw.items()})
        kind = type(raw) if isinstance(raw, _Row) else dict
        return kind({key: _shaped(value) for key, value in raw.items()})
    if isinstance(raw, list | tuple):
        if all(isinstance(entry, str | int) and not isinstance(entry, _Sentence) for entry in raw):
            return _Words(raw)
        return [_shaped(entry) for entry in raw]
    return raw


def _dumped(raw: dict[str, Any]) -> str:
    return yaml.dump(_shaped(raw), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10**6)
