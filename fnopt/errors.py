"""One error root: an exception means that the work cannot go on.

Every error says in one line what is wrong and in another how to mend it, and knows its exit code.
Expected outcomes (a refused proposal, a reverted update) are values, never exceptions.
"""


class FnoptError(Exception):
    """The work cannot go on. ``message``: what is wrong; ``mend``: what the user can do."""

    exit_code = 1

    def __init__(self, message: str, mend: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend


class UsageError(FnoptError):
    """The command line, the configuration or a task file is wrong."""

    exit_code = 2


class GitStateError(FnoptError):
    """The repository is in a state in which fnopt must not write."""

    exit_code = 4


class EndpointError(FnoptError):
    """The model endpoint cannot be used: network, key, model name, retries spent."""

    exit_code = 5


class SandboxError(FnoptError):
    """The sandbox on this machine is below what the configuration requires."""

    exit_code = 6


class BudgetSpent(FnoptError):
    """A limit on tokens, dollars, time or steps is reached; all that was paid for is kept."""

    exit_code = 7


class ForgeError(FnoptError):
    """The forge cannot be asked, or refuses: network, token, rights, rate limit."""

    exit_code = 1
