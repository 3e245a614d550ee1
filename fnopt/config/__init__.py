"""The configuration: ``fnopt.toml`` at the root of the repository, or ``[tool.fnopt]``.

Unknown keys are errors with the nearest known one named. Every key can be set by an environment
variable ``FNOPT_SECTION_KEY``, which wins over the file; keys and tokens come from the environment
only and have no place here. ``sections`` says what can be set, ``reading`` how it is read.
"""

from fnopt.config.reading import FILE, known_keys, load, parse, variable
from fnopt.config.sections import (
    AgentConfig,
    Config,
    GateConfig,
    GrantConfig,
    JudgeConfig,
    LibraryConfig,
    OptimizerConfig,
    ReviewConfig,
    SandboxConfig,
    StopConfig,
    TasksConfig,
    Tools,
)

__all__ = [
    "FILE",
    "AgentConfig",
    "Config",
    "GateConfig",
    "GrantConfig",
    "JudgeConfig",
    "LibraryConfig",
    "OptimizerConfig",
    "ReviewConfig",
    "SandboxConfig",
    "StopConfig",
    "TasksConfig",
    "Tools",
    "known_keys",
    "load",
    "parse",
    "variable",
]
