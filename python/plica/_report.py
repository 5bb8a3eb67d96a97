"""Reports of the library: the command line's JSON as objects, with exact numbers as fractions."""

from __future__ import annotations

import html
import json
from typing import Any, Iterator

from . import _plica


class Record:
    """A JSON object of a report: its fields are attributes and items, its exact numbers fractions.

    A field whose name is a keyword of Python ends with an underscore as an attribute: ``record.from_`` is ``record["from"]``.
    """

    __slots__ = ("_fields",)

    def __init__(self, fields: dict):
        self._fields = fields

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        fields = object.__getattribute__(self, "_fields")
        for key in (name, name[:-1] if name.endswith("_") else name):
            if key in fields:
                return fields[key]
        raise AttributeError(f"no field {name!r}: expected one of {', '.join(fields)}")

    def __getitem__(self, name: str) -> Any:
        return self._fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Record) and self._fields == other._fields

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._fields]

    def __repr__(self) -> str:
        return f"Record({', '.join(f'{key}={value!r}' for key, value in self._fields.items())})"

    def __getstate__(self) -> dict:
        return self._fields

    def __setstate__(self, fields: dict) -> None:
        self._fields = fields


def objects(value: Any) -> Any:
    """JSON as objects: exact numbers as fractions, histograms as dicts of integers, other objects as records."""
    if isinstance(value, list):
        return [objects(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"exact", "value"}:
        return _plica.reported_fraction(value["exact"])
    if all(key.lstrip("-").isdigit() for key in value):
        return {int(key): objects(item) for key, item in value.items()}
    return Record({key: objects(item) for key, item in value.items()})


class Report:
    """A result: its fields are attributes, `to_dict` is the command line's JSON, `str` its text for 80 columns."""

    def __init__(self, text_of_json: str, text: str, pictures: tuple[str, ...] = ()):
        self._json = text_of_json
        self._text = text
        self._pictures = pictures

    def to_json(self) -> str:
        """The command line's output with ``--format json``, character for character."""
        return self._json

    def to_dict(self) -> dict:
        """The same as dicts and lists; an exact number is ``{"exact": "p/q", "value": nearest double}``."""
        return json.loads(self.to_json())

    @property
    def _fields(self) -> dict:
        found = self.__dict__.get("_objects")
        if found is None:
            found = {key: objects(item) for key, item in self.to_dict().items()}
            self.__dict__["_objects"] = found
        return found

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        fields = self._fields
        for key in (name, name[:-1] if name.endswith("_") else name):
            if key in fields:
                return fields[key]
        raise AttributeError(f"{type(self).__name__} has no {name!r}: expected one of {', '.join(fields)}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._fields]

    def __eq__(self, other: Any) -> bool:
        return type(self) is type(other) and self.to_json() == other.to_json()

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"<plica.{type(self).__name__}: {self._text.splitlines()[0]}>"

    def _repr_html_(self) -> str:
        """The view in a notebook: the pictures, with the text below them."""
        return "".join(f"<div>{picture}</div>" for picture in self._pictures) + preformatted(str(self))


def preformatted(text: str) -> str:
    """Text in columns, as HTML."""
    return f'<pre style="line-height: 1.2">{html.escape(text)}</pre>'
