"""The reference: OpenAPI from the code."""

from inspect import getdoc
from typing import Any, Final

from quart import Quart
from quart_schema import APIKeySecurityScheme, HttpSecurityScheme, Info, OpenAPIProvider, QuartSchema
from quart_schema.validation import DataSource
from werkzeug.routing import BaseConverter, IntegerConverter, Rule

import tracker
from tracker.access.guard import find_rule
from tracker.access.rights import find_kinds
from tracker.access.sign_ins import COOKIE
from tracker.api.problems import Problem
from tracker.api.schemas import answer_schema, body_schema, query_schema, settled
from tracker.model.device import SLUG

PROBLEM: Final = {
    "description": "What went wrong (RFC 9457)",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
NOTHING: Final = {"204": {"description": "Done"}}
JSON: Final = ("application/json",)


class Provider(OpenAPIProvider):
    """Adds what is the same for all routes: who may call, and problem documents for all that goes wrong."""

    def build_paths(self, rule: Rule) -> tuple[dict[str, Any], dict[str, Any]]:
        paths, components = super().build_paths(rule)
        access = find_rule(self._app.view_functions[rule.endpoint])
        kinds = find_kinds(access.action) if access is not None and access.action is not None else []
        for path, operations in paths.items():
            for operation in operations.values():
                told = {str(code): response for code, response in operation["responses"].items()}
                operation["responses"] = (told or NOTHING) | {"default": PROBLEM}
                if not operation.get("description"):
                    operation.pop("description", None)
                operation["security"] = [{"token": []}, {"session": []}] if kinds else []
                operation["tags"] = [path.split("/")[2] if path.startswith("/api/") else "control"]
                if kinds:
                    operation["x-allowed"] = kinds
        return paths, components

    def build_path_parameter(self, name: str, converter: BaseConverter) -> dict[str, Any]:
        if isinstance(converter, IntegerConverter):
            schema: dict[str, Any] = {"type": "integer", "minimum": 0}
        else:
            schema = {"type": "string", "pattern": f"^{SLUG.pattern}$"}
        return {"name": name, "in": "path", "required": True, "schema": schema}

    def build_querystring_parameters(self, model: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        parameters, components = super().build_querystring_parameters(model)
        return [each | {"schema": query_schema(each["schema"])} for each in parameters], components

    def build_request_body(self, model: Any, source: DataSource) -> tuple[dict[str, Any], dict[str, Any]]:
        schema, components = body_schema(model)
        taken = getattr(model, "TAKEN", JSON)  # and geo+json; openapi-python-client fails over two of them
        content = {media: {"schema": schema} for media in taken}
        content |= {media: {"schema": {"type": "string"}} for media in getattr(model, "TAKEN_TEXT", ())}
        return {"required": True, "content": content}, components

    def build_response_object(self, model: Any, headers_model: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """`MEDIA` of a kind says as what it is sent, `TEXT` as what else, or only, that is no JSON document."""
        schema, components = answer_schema(model)
        texts = getattr(model, "TEXT", ())
        content = {media: {"schema": schema} for media in getattr(model, "MEDIA", JSON)}
        content |= {media: {"schema": {"type": "string"}} for media in texts}
        return {"description": getdoc(model) or "", "content": content}, components

    def schema(self) -> dict[str, Any]:
        schema = super().schema()
        schema["components"]["schemas"].update(answer_schema(Problem)[1])
        return settled(schema) | {"servers": [{"url": "/"}]}


def describe(app: Quart) -> QuartSchema:
    """No page that draws it: such pages load scripts from elsewhere."""
    return QuartSchema(
        app,
        openapi_path=None,
        info=Info(
            title="Live location tracking",
            version=tracker.__version__,
            description="The HTTP API beside the two WebSocket streams, which /asyncapi.json describes.",
        ),
        security_schemes={
            "token": HttpSecurityScheme(scheme="bearer"),
            "session": APIKeySecurityScheme(name=COOKIE, in_="cookie"),
        },
        conversion_preference="msgspec",
        openapi_provider_class=Provider,
    )
