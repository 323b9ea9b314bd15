"""Base class of response objects."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from ._response import ResponseInfo

M = TypeVar("M", bound="Model")


class Model:
    """A response object. Fields are attributes; a declared field that is absent from the response is ``None``.

    Names that the API spells in camel case (``createdAt``) become snake case (``created_at``). Undeclared fields keep
    their names: they are attributes too, and all in ``extra``.
    """

    _data: Mapping[str, Any]
    _extra: Mapping[str, Any]
    _response_info: ResponseInfo | None

    def __init__(self, data: Mapping[str, Any], response_info: ResponseInfo | None = None) -> None:
        self._data = data
        self._response_info = response_info
        model: Any = type(self)  # Objects are not hashable, but their class is.
        known = set()
        for name, hint in _fields(model).items():
            key = name if name in data else _camel_case(name)
            if key in data:
                known.add(key)
                self.__dict__[name] = _convert(hint, data[key])
        self._extra = {key: value for key, value in data.items() if key not in known}
        for key, value in self._extra.items():
            if not hasattr(type(self), key) and key not in self.__dict__:
                self.__dict__[key] = value

    @property
    def response_info(self) -> ResponseInfo:
        """Status, headers, request id and rate limit of the response."""
        if self._response_info is None:
            raise AttributeError("only the result of a call has a response_info, not what it contains")
        return self._response_info

    @property
    def extra(self) -> dict[str, Any]:
        """Fields that this version of the SDK does not declare."""
        return dict(self._extra)

    def to_dict(self) -> dict[str, Any]:
        """The JSON object as received."""
        return dict(self._data)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> None:
            if name in _fields(type(self)):
                return None
            raise AttributeError(f"{type(self).__name__} has no field {name!r}")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and isinstance(other, Model) and other._data == self._data

    def __repr__(self) -> str:
        fields = (f"{name}={value!r}" for name, value in self.__dict__.items() if not name.startswith("_"))
        return f"{type(self).__name__}({', '.join(fields)})"


@cache
def _fields(model: type[Any]) -> dict[str, Any]:
    return {name: hint for name, hint in typing.get_type_hints(model).items() if not name.startswith("_")}


def _convert(hint: Any, value: Any) -> Any:
    """Turns objects into the declared models. No validation: the server may be newer than the SDK."""
    if isinstance(hint, type) and issubclass(hint, Model):
        return hint(value) if isinstance(value, Mapping) else value
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is list and isinstance(value, list):
        return [_convert(arguments[0], item) for item in value]
    if origin in (typing.Union, types.UnionType):
        for argument in arguments:
            converted = _convert(argument, value)
            if converted is not value:
                return converted
    return value


def _camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))
