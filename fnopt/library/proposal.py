"""What an optimizer model replied, as a proposal: tool calls or text, whole or faulty.

A reply is data. Whatever is wrong with it becomes a fault that the model is told; nothing that it
can say raises, and nothing is guessed: a bogus action is never taken as an add.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fnopt.library.draft import parse_draft, public_function
from fnopt.library.edit import Add, Edit, Remove, Revise
from fnopt.library.function import functions_of
from fnopt.records import Fault

ACTIONS = "add_function, revise_function, remove_function or terminate"


@dataclass(frozen=True)
class Proposal:
    """Edits to be judged together, and why; or that there is nothing left to improve."""

    edits: tuple[Edit, ...]
    why: str
    terminates: bool = False


_Action = tuple[Edit | None, str]
"""One action and its reason; None terminates."""


def parse_calls(
    calls: Sequence[tuple[str, str]], max_actions: int = 1
) -> Proposal | tuple[Fault, ...]:
    """The proposal of a reply's tool calls: (name, arguments as the raw JSON text).

    A call that is repeated word for word counts once.
    """
    distinct = list(dict.fromkeys(calls))
    if not distinct:
        mend = f"Call {ACTIONS}."
        return (Fault("no-action", "the reply holds no action", mend),)
    if len(distinct) > max_actions:
        message = f"the reply holds {len(distinct)} actions; at most {max_actions} are allowed"
        return (Fault("too-many-actions", message, "Choose the most useful one."),)
    actions: list[_Action] = []
    faults: list[Fault] = []
    for name, arguments in distinct:
        action = _call(name, arguments)
        if isinstance(action, Fault):
            faults.append(action)
        else:
            actions.append(action)
    return tuple(faults) or _together(actions)


def _together(actions: list[_Action]) -> Proposal | tuple[Fault, ...]:
    edits = tuple(edit for edit, _ in actions if edit is not None)
    why = "\n".join(why for _, why in actions if why)
    terminates = len(edits) < len(actions)
    if terminates and edits:
        message = "the reply terminates and proposes an edit"
        return (Fault("contradiction", message, "Either propose an edit or terminate."),)
    return Proposal(edits, why, terminates)


def _call(name: str, raw: str) -> _Action | Fault:
    kind = name.strip().removesuffix("_function")
    if kind not in ("add", "revise", "remove", "terminate"):
        return _bogus(name)
    given = _arguments(name, raw)
    if isinstance(given, Fault):
        return given
    diagnosis = _clean(given.get("diagnosis"))
    why = "\n\n".join(filter(None, (diagnosis, _clean(given.get("why")))))
    if kind == "terminate":
        return None, why
    wanted = {"add": ("code",), "revise": ("name", "code"), "remove": ("name",)}[kind]
    for key in wanted:
        if not isinstance(given.get(key), str) or not given[key].strip():
            mend = f"Give {', '.join(wanted)} and why, each as a string."
            return Fault("bad-arguments", f"{name} lacks {key}", mend)
    optional = {"add": "module", "revise": "new_name"}.get(kind, "")
    option = given.get(optional)
    if not isinstance(option, str | None):
        mend = f"Give {optional} as a string, or leave it out."
        return Fault("bad-arguments", f"the {optional} of {name} is no text", mend)
    option = (option or "").strip() or None
    if kind == "add":
        return _added(_unfenced(given["code"]), why, option)
    target = given["name"].strip()
    if kind == "remove":
        return Remove(target), why
    return Revise(target, _unfenced(given["code"]), option if option != target else None), why


def _added(code: str, why: str, module: str | None) -> _Action | Fault:
    """The name of an added function is that of the one public function of its code."""
    draft = parse_draft(code)
    if isinstance(draft, tuple):
        return draft[0]
    function = public_function(draft)
    if function is None:
        count = sum(one.is_public for one in draft.statements)
        message = f"the code defines {count} public functions, not one"
        mend = "Define one function; begin the names of its helpers with an underscore."
        return Fault("one-function", message, mend)
    return Add(function.name, code, module), why


def _bogus(name: str) -> Fault:
    return Fault("bogus-action", f"there is no action {name.strip()!r:.80}", f"Use {ACTIONS}.")


def _arguments(name: str, raw: str) -> Mapping[str, Any] | Fault:
    """The arguments as an object: also if quoted twice, or with ``{{`` from a prompt's template."""
    mend = "Give one JSON object; write a line's end in a string as \\n."
    problem = "they are not an object"
    for text in (raw, raw.strip()[1:-1] if raw.strip().startswith("{{") else ""):
        try:
            value = json.loads(text, strict=False)
            if isinstance(value, str):
                value = json.loads(value, strict=False)
        except (ValueError, RecursionError) as error:
            problem = str(error) if text is raw else problem
            continue
        if isinstance(value, dict):
            return value
    if not raw.strip() and name == "terminate":
        return {}
    return Fault("bad-arguments", f"the arguments of {name} are not JSON: {problem:.200}", mend)


def _clean(text: object) -> str:
    """A reason as text that every file and database can hold."""
    given = text if isinstance(text, str) else ""
    return given.replace("\0", "").encode("utf-8", "replace").decode("utf-8").strip()


_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})[ \t]*([\w+-]*)[^`\n]*$", re.MULTILINE)
_THINKING = re.compile(r"\A\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
_RETURN = re.compile(r"\r\n?")
_LINES = re.compile(r"[^\n]*\n|[^\n]+")
"""What ``^`` and ``$`` call a line; ``str.splitlines`` cuts at form feeds and U+2028, too."""
_DRESS = " \t*_#>`\"'"
_DASHES = ":-\u2013\u2014."
_LINE = re.compile(
    r"(?P<action>add|revise|remove)(?:_function)?\b[\s*`:\"']+"
    r"(?:function\b[\s*`:\"']+(?=\w))?(?P<name>\w+)(?:\(\))?[*`\"']*"
    r"(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_OPTIONS = {
    "add": re.compile(r"to\s+[`\"']*(?P<option>[\w./]*\w)(?P<rest>.*)", re.IGNORECASE | re.DOTALL),
    "revise": re.compile(
        r"as\s+[`\"']*(?P<option>\w+)(?:\(\))?(?P<rest>.*)", re.IGNORECASE | re.DOTALL
    ),
}
"""``add NAME to MODULE`` and ``revise NAME as NEW_NAME``."""
_END = re.compile(r"(?P<action>terminate)\b(?P<name>)(?P<rest>.*)", re.IGNORECASE | re.DOTALL)


def _unfenced(code: str) -> str:
    """Code that came in a fenced block although it is an argument."""
    stripped = code.strip()
    if stripped.startswith("```") and stripped.endswith("```") and "\n" in stripped:
        return stripped.partition("\n")[2].rpartition("```")[0]
    return code


def parse_text(reply: str, max_actions: int = 1) -> Proposal | tuple[Fault, ...]:
    """The proposal of a text: an action in the first line, one ```python block, and the reason in
    front of it or behind it; where none is given, the docstring says it.

    Where more than one action is allowed, they follow each other.
    """
    diagnosis, body = _diagnosed(_THINKING.sub("", _RETURN.sub("\n", reply)).strip())
    parts = _parts(body)
    if _head(parts[0].partition("\n")[0]) is None:
        return (_no_action(body.partition("\n")[0]),)
    if len(parts) > max_actions:
        message = f"the reply holds {len(parts)} actions; at most {max_actions} are allowed"
        return (Fault("too-many-actions", message, "Choose the most useful one."),)
    read = [_action(part) for part in parts]
    faults = tuple(one for one in read if isinstance(one, Fault))
    if faults:
        return faults
    found = _together([one for one in read if not isinstance(one, Fault)])
    return _with_diagnosis(found, diagnosis) if isinstance(found, Proposal) else found


def _with_diagnosis(proposal: Proposal, diagnosis: str) -> Proposal:
    """What went wrong stands before why the edit helps."""
    return replace(proposal, why="\n\n".join(filter(None, (diagnosis, proposal.why))))


_DIAGNOSIS = re.compile(r"[*_#\s]*diagnosis[*_\s]*:[*_\s]*", re.IGNORECASE)


def _diagnosed(body: str) -> tuple[str, str]:
    """The ``Diagnosis: …`` that a reply begins with, in front of its action, and the rest."""
    match = _DIAGNOSIS.match(body)
    if match is None:
        return "", body
    at = match.end()
    for line in _LINES.findall(body[at:]):
        if _head(line):
            return _clean(body[match.end() : at]), body[at:]
        at += len(line)
    return "", body


def _parts(body: str) -> list[str]:
    """The text cut at the lines outside code blocks that are actions; at least one part."""
    starts: list[int] = []
    at, fenced = 0, False
    for line in _LINES.findall(body):
        if _FENCE.match(line.rstrip("\n")):
            fenced = not fenced
        elif not fenced and (at == 0 or _head(line)):
            starts.append(at)
        at += len(line)
    starts = starts or [0]
    return [body[start:end] for start, end in zip(starts, [*starts[1:], len(body)], strict=True)]


def _action(body: str) -> _Action | Fault:
    first, _, rest = body.partition("\n")
    head = _head(first)
    assert head is not None, "BUG: every part begins with an action"
    if head.kind == "terminate":
        if _FENCE.search(rest):
            mend = "Begin with add NAME or revise NAME, or leave the code out."
            return Fault("contradiction", "the reply ends the run and yet holds code", mend)
        return None, _clean(f"{head.tail}\n{rest}")
    why = _clean(f"{head.tail}\n{rest[: _opening(rest)]}")
    if head.kind == "remove":
        return Remove(head.name), why
    code = _block(rest)
    if isinstance(code, Fault):
        return code
    why = why or _clean(_behind(rest)) or _summary(code)
    edit = Add if head.kind == "add" else Revise
    if head.option is None:
        return edit(head.name, code), why
    meant = head.name if head.kind == "add" else head.option
    if _defined(code) != meant:
        return _no_action(first)  # prose, as in "revise it as follows"
    return edit(head.name, code, head.option), why


def _summary(code: str) -> str:
    """The first paragraph of its function's docstring: a reason where none is given."""
    draft = parse_draft(code)
    found = () if isinstance(draft, tuple) else functions_of(draft)
    return _clean(found[0].summary) if len(found) == 1 else ""


def _defined(code: str) -> str | None:
    draft = parse_draft(code)
    function = None if isinstance(draft, tuple) else public_function(draft)
    return function.name if function else None


@dataclass(frozen=True)
class _Head:
    """The first line of an action; ``tail`` is what of the reason stands there."""

    kind: str
    name: str
    option: str | None
    tail: str


def _head(line: str) -> _Head | None:
    """``add NAME`` and no more, or a reason behind a colon or dash; ``add a test`` is prose."""
    bare = line.strip().strip(_DRESS)
    match = _LINE.fullmatch(bare) or _END.fullmatch(bare)
    if match is None:
        return None
    kind, rest, option = match["action"].lower(), match["rest"].strip(_DRESS), None
    given = _OPTIONS[kind].fullmatch(rest) if kind in _OPTIONS else None
    if given:
        option, rest = given["option"], given["rest"].strip(_DRESS)
    if rest and rest[0] not in _DASHES + "(,":
        return None
    return _Head(kind, match["name"], option, rest.strip(_DRESS + _DASHES))


def _no_action(first: str) -> Fault:
    mend = "Begin with one line: add NAME, revise NAME, remove NAME or terminate."
    return Fault(
        "bogus-action", f"the reply's first line is no action: {first.strip()!r:.120}", mend
    )


def _opening(text: str) -> int:
    match = _FENCE.search(text)
    return match.start() if match else len(text)


def _behind(text: str) -> str:
    """What stands behind the code."""
    fences = list(_FENCE.finditer(text))
    return text[fences[-1].end() :] if len(fences) > 1 else ""


def _block(text: str) -> str | Fault:
    """The one code block. A fence inside a docstring is told from a second block by parsing."""
    fences = list(_FENCE.finditer(text))
    if not fences:
        mend = "Write the whole code in one ```python block."
        return Fault("no-code", "the reply holds no code block", mend)
    start = fences[0].end() + 1
    if len(fences) == 2:
        return text[start : fences[1].start()]
    last = text[start : fences[-1].start()] if len(fences) > 1 else text[start:]
    for code in (last, text[start:]):
        if not isinstance(parse_draft(code), tuple):
            return code
    if len(fences) == 1:
        mend = "Close the block with ```."
        return Fault("no-code", "the code block is not closed, and does not parse", mend)
    mend = "Put the helpers and the function into one block."
    return Fault("several-blocks", "the reply holds more than one code block", mend)


def tool_definitions() -> tuple[dict[str, Any], ...]:
    """The four actions as OpenAI tools."""
    name = {"type": "string", "description": "The function's name."}
    code = {"type": "string", "description": _CODE}
    module = {"type": "string", "description": _MODULE}
    new_name = {"type": "string", "description": _NEW_NAME}
    revised = {"name": name, "code": code}
    return (
        _tool(
            "add_function", "Add one new function to the library.", {"code": code}, module=module
        ),
        _tool("revise_function", "Improve an existing function.", revised, new_name=new_name),
        _tool("remove_function", "Remove a function that does not help.", {"name": name}),
        _tool("terminate", "End the training: nothing is left to improve.", {}),
    )


_CODE = (
    "A whole Python module: imports, private helpers and constants, and exactly one public function"
    " with annotations and a docstring that says what each argument means. No example calls."
)


_DIAGNOSE = "What went wrong in which of the questions, and what they have in common; be brief."
_MODULE = "An existing module for it, such as functions.dates; without, it gets a file of its own."
_NEW_NAME = "Only to rename it: the name that the code defines. Its callers follow."


def _tool(
    name: str, description: str, properties: dict[str, Any], **optional: dict[str, Any]
) -> dict[str, Any]:
    diagnosis = {"type": "string", "description": _DIAGNOSE}
    why = {"type": "string", "description": "Why this helps, in one or two sentences."}
    parameters = {
        "type": "object",
        "properties": {"diagnosis": diagnosis, **properties, **optional, "why": why},
        "required": ["diagnosis", *properties, "why"],
        "additionalProperties": False,
    }
    about = {"name": name, "description": description, "parameters": parameters}
    return {"type": "function", "function": about}
