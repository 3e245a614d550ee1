"""What a check against a base says of changes that break callers; found by ``library.compat``.

The level is that of a change which only agents could notice. A call in the library that was left
as it was makes it an error.
"""

from __future__ import annotations

from fnopt.library.rules.registry import known

_RULES = {
    "function-moved": "Against a base: nobody imports a function from where it no longer is.",
    "function-removed": "Against a base: no function is gone.",
    "function-renamed": "Against a base: functions keep their names.",
    "parameter-kind": "Against a base: what could be given by position or name still can.",
    "parameter-order": "Against a base: positional parameters keep their order.",
    "parameter-removed": "Against a base: no parameter is gone.",
    "parameter-renamed": "Against a base: parameters keep their names.",
    "parameter-required": "Against a base: nothing must be given that could be left out.",
    "result-changed": "Against a base: the result is of no other type.",
    "type-narrowed": "Against a base: no parameter takes less.",
}

for _name, _what in _RULES.items():
    known(_name, _what, "warning")
