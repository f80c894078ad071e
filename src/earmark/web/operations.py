"""The JSON API: what can be asked, and the OpenAPI description, both from one list."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import earmark

PREFIX = "/api/v1"
MOST_JSON = 1024 * 1024  # bytes of a body that is no upload


class Problem(msgspec.Struct, frozen=True):
    """Why a request was refused, in one line."""

    error: str


@dataclass(frozen=True)
class Operation:
    """One thing that can be asked.

    path     below `PREFIX`; `{name}` stands for a part of it
    answers  status of success, and the type of its JSON (or a media type, where it is something else)
    handler  is given the request, and in `query` and `body` what is in them, checked
    query    a struct of the parameters
    body     a struct of the JSON body; `bytes` for an upload, which the handler reads itself
    refused  what else may be answered, and when
    """

    method: str
    path: str
    summary: str
    handler: Callable[..., Awaitable[Response]]
    answer: type | str
    status: int = 200
    query: type[msgspec.Struct] | None = None
    body: type[msgspec.Struct] | type[bytes] | None = None
    refused: dict[int, str] = field(default_factory=dict)


def as_json(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """An answer in JSON."""
    return Response(msgspec.json.encode(content), status, headers, media_type="application/json")


def route(operation: Operation) -> Route:
    """Where it is answered. What does not fit is refused with 400 and a `Problem`."""

    async def endpoint(request: Request) -> Response:
        given: dict[str, Any] = {}
        if operation.query is not None:
            given["query"] = _query(request, operation.query)
        if operation.body is not None and operation.body is not bytes:
            given["body"] = await _body(request, operation.body)
        return await operation.handler(request, **given)

    return Route(PREFIX + operation.path, endpoint, methods=[operation.method])


def _query(request: Request, struct: type[msgspec.Struct]) -> msgspec.Struct:
    pairs = request.query_params.multi_items()
    known = msgspec.structs.fields(struct)
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names) or (unknown := set(names) - {each.encode_name for each in known}):
        why = "a parameter is given twice" if len(set(names)) < len(names) else f"no parameter {unknown.pop()!r}"
        raise HTTPException(400, f"{why}; known: {', '.join(each.encode_name for each in known)}")
    try:
        return msgspec.convert(dict(pairs), struct, strict=False)
    except msgspec.ValidationError as error:
        raise HTTPException(400, str(error)) from error


async def _body(request: Request, struct: Any) -> msgspec.Struct:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "the body has to be JSON, with Content-Type: application/json")
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MOST_JSON:
            raise HTTPException(413, f"the body is larger than {MOST_JSON} bytes")
    try:
        body: msgspec.Struct = msgspec.json.decode(content, type=struct)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise HTTPException(400, str(error)) from error
    return body


def openapi(operations: Sequence[Operation], *, token: bool) -> dict[str, Any]:
    """The description of `operations` as OpenAPI 3.1."""
    types: list[Any] = [Problem]
    for operation in operations:
        types += [each for each in (operation.answer, operation.query, operation.body) if _is_struct(each)]
    schemas, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    schema = dict(zip(types, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(PREFIX + operation.path, {})[operation.method.lower()] = _described(
            operation, schema, components
        )
    shown = {each for operation in operations for each in (operation.answer, operation.body)}
    for each in operations:  # parameters are described where they are
        if each.query is not None and each.query not in shown:
            components.pop(each.query.__name__, None)
    description: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "earmark", "version": earmark.__version__, "description": "Names the genre of music."},
        "paths": paths,
        "components": {"schemas": components},
    }
    if token:
        description["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        description["security"] = [{"token": []}]
    return description


def _described(operation: Operation, schema: dict[Any, Any], components: dict[str, Any]) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in re.findall(r"{(\w+)}", operation.path)
    ]
    if operation.query is not None:
        of_query = components[operation.query.__name__]
        for name, each in of_query["properties"].items():
            parameters.append({"name": name, "in": "query", "required": name in of_query["required"], "schema": each})
    kind = operation.answer if isinstance(operation.answer, str) else "application/json"
    shape = {} if isinstance(operation.answer, str) else {"schema": schema[operation.answer]}
    problems = {"application/json": {"schema": schema[Problem]}}
    refused = dict(operation.refused)
    if operation.query is not None or operation.body not in (None, bytes):
        refused.setdefault(400, "a parameter or the body is not as described")
    out: dict[str, Any] = {
        "summary": operation.summary,
        "operationId": operation.handler.__name__.strip("_"),
        "parameters": parameters,
        "responses": {
            str(operation.status): {"description": HTTPStatus(operation.status).phrase, "content": {kind: shape}},
            **{str(status): {"description": why, "content": problems} for status, why in sorted(refused.items())},
        },
    }
    if operation.body is bytes:
        out["requestBody"] = {"required": True, "content": {"application/octet-stream": {}}}
    elif operation.body is not None:
        out["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema[operation.body]}}}
    return out


def _is_struct(each: Any) -> bool:
    return isinstance(each, type) and issubclass(each, msgspec.Struct)
