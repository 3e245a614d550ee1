"""Does the policy hold? What a run brought that a rule calls an error, or that breaks a call."""

from __future__ import annotations

from collections.abc import Iterator

from fnopt.errors import UsageError
from fnopt.library import policy
from fnopt.library.compat import incompatible
from fnopt.library.since import new_since
from fnopt.review.proof.finding import Finding
from fnopt.review.proof.libraries import Libraries
from fnopt.review.proof.settings import rules_in


def findings(libraries: Libraries, base: str, head: str) -> Iterator[Finding]:
    """Errors alone, as ``fnopt check --base`` tells them."""
    if libraries.digest(base) == libraries.digest(head):
        return
    config = libraries.config(head)
    if config is None:
        said = "the configuration there cannot be read: which rules hold is not known"
        yield Finding("not-verifiable", said, "see: fnopt doctor", head, level="warning")
        return
    try:
        rules = rules_in(config)
    except UsageError as error:
        yield Finding("policy", error.message, error.mend, head)
        return
    old, new = libraries.read(base), libraries.read(head)
    fresh = new_since(old, policy.check(old, rules), new, policy.check(new, rules))
    for one in (*fresh, *incompatible(old, new, rules)):
        if one.level == "error":
            where = f"{one.file}:{one.line}: " if one.file and one.line else ""
            said = f"{where}{one.rule}: {one.message}"
            mend = one.mend or f"see: fnopt check --base {base[:10]}"
            yield Finding("policy", said, mend, head, one.function)
