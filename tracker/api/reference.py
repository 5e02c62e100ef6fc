"""The reference: OpenAPI from the code."""

from inspect import getdoc
from typing import Any, Final

from msgspec.json import schema_components
from quart import Quart
from quart_schema import APIKeySecurityScheme, HttpSecurityScheme, Info, OpenAPIProvider, QuartSchema
from quart_schema.validation import DataSource
from werkzeug.routing import Rule

import tracker
from tracker.access.guard import rule_of
from tracker.access.sign_ins import COOKIE
from tracker.api.problems import Problem

PROBLEM: Final = {
    "description": "What went wrong (RFC 9457)",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


class Provider(OpenAPIProvider):
    """Adds what is the same for all routes: who may call, and problem documents for all that goes wrong."""

    def build_paths(self, rule: Rule) -> tuple[dict[str, Any], dict[str, Any]]:
        paths, components = super().build_paths(rule)
        access = rule_of(self._app.view_functions[rule.endpoint])
        for operations in paths.values():
            for operation in operations.values():
                told = {str(code): response for code, response in operation["responses"].items()}
                operation["responses"] = (told or {"200": {"description": "Done"}}) | {"default": PROBLEM}
                if access is not None and access.kinds:
                    operation["security"] = [{"token": []}, {"session": []}]
                    operation["x-allowed"] = sorted(access.kinds)
        return paths, components

    def build_request_body(self, model: Any, source: DataSource) -> tuple[dict[str, Any], dict[str, Any]]:
        schema, components = _schema(model)
        content = {"application/json": {"schema": schema}}
        return {"required": True, "content": content}, components

    def build_response_object(self, model: Any, headers_model: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        schema, components = _schema(model)
        content = {media: {"schema": schema} for media in getattr(model, "MEDIA", ("application/json",))}
        return {"description": getdoc(model) or "", "content": content}, components

    def schema(self) -> dict[str, Any]:
        schema = super().schema()
        schema["components"]["schemas"].update(_schema(Problem)[1])
        return schema


def _schema(model: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A reference to the schema, and it with all it refers to: quart-schema 0.25 keeps the first one only."""
    (schema,), components = schema_components([model], ref_template="#/components/schemas/{name}")
    return schema, components


def describe(app: Quart) -> QuartSchema:
    """No page that draws it: such pages load scripts from elsewhere."""
    return QuartSchema(
        app,
        openapi_path=None,
        info=Info(title="Live location tracking", version=tracker.__version__),
        security_schemes={
            "token": HttpSecurityScheme(scheme="bearer"),
            "session": APIKeySecurityScheme(name=COOKIE, in_="cookie"),
        },
        conversion_preference="msgspec",
        openapi_provider_class=Provider,
    )
