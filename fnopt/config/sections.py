"""The sections of ``fnopt.toml``: what can be set, within what bounds, and what holds unsaid."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Words = Annotated[tuple[str, ...], Field(strict=False)]  # TOML has lists, not tuples


class _Section(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, strict=True, allow_inf_nan=False
    )


class LibraryConfig(_Section):
    """Where the functions live (a folder, or a list of folders, files and globs; see
    ``fnopt.library.layout``), what they may import, and the rules that they keep to: other
    levels than the rules' own, and where ``length`` and ``complexity`` begin."""

    functions: str | Words = Field(default="functions", min_length=1)
    packages: Words = ()
    locked: Words = ()
    rules: dict[str, Literal["error", "warning", "off"]] = {}
    max_lines: int = Field(default=80, ge=1)
    max_complexity: int = Field(default=15, ge=1)

    @field_validator("functions")
    @classmethod
    def _inside(cls, given: str | tuple[str, ...]) -> str | tuple[str, ...]:
        if isinstance(given, str):
            return _relative(given)
        if all(one.startswith("!") for one in given):
            raise ValueError("at least one pattern must take something in")
        return tuple(_pattern(one) for one in given)


def _pattern(glob: str) -> str:
    return f"!{_relative(glob[1:])}" if glob.startswith("!") else _relative(glob)


def _relative(given: str) -> str:
    path = PurePosixPath(given.replace("\\", "/"))
    if path.is_absolute() or not path.parts or ".." in path.parts or ":" in path.parts[0]:
        raise ValueError("name a folder inside the repository, relative to its root")
    return str(path)


class TasksConfig(_Section):
    """The splits: files, ``reasoning-gym:`` or ``pytest:`` sources, or one ``source`` divided into
    all three, evenly over what tasks say for the keys ``strata``.

    ``scorer`` None is the one that the tasks' format comes with; ``partial`` None counts the share
    of a test's cases that pass, and all else as right or wrong. ``near_duplicates``: what becomes
    of a question of one split that stands in another with a word in ten changed.
    """

    train: str | None = None
    val: str | None = None
    test: str | None = None
    source: str | None = None
    strata: Words = ("family", "subject", "type", "level")
    near_duplicates: Literal["refuse", "allow"] = "refuse"
    scorer: str | None = None
    partial: bool | None = None
    trials: int = Field(default=1, ge=1)

    @model_validator(mode="after")
    def _one_way(self) -> TasksConfig:
        if self.source and (self.train or self.val or self.test):
            raise ValueError("source divides one file into all splits: leave train, val, test out")
        return self


Tools = Literal["auto", "native", "text"]
"""How functions are called: as the endpoint's profile says, or by force in OpenAI's format or as
text. By force nothing is probed."""


class AgentConfig(_Section):
    """Who answers the tasks, ``concurrency`` at once, on which ``executor`` (see
    ``fnopt.evaluate.executor``): an agent of fnopt's, or one's own, by ``module:function`` or as a
    ``command`` (:mod:`fnopt.agents.own`). Of that, ``timeout`` (seconds) bounds an attempt and
    ``version`` is part of what its trials are known by."""

    kind: str = "tools"
    command: Words = ()
    version: str = ""
    model: str = Field(default="gpt-5-mini", min_length=1)
    base_url: str | None = None
    concurrency: int = Field(default=8, ge=1, le=1024)
    executor: str = Field(default="threads", min_length=1)
    python: bool = False
    tools: Tools = "auto"
    max_turns: int = Field(default=8, ge=1)
    max_tokens: int | None = Field(default=None, ge=1)
    temperature: float | None = Field(default=None, ge=0, le=2)
    timeout: float = Field(default=120.0, gt=0)


class JudgeConfig(_Section):
    """Who says whether an answer is right, where ``tasks.scorer = "judge"``. ``instructions`` are a
    rubric of one's own."""

    model: str = Field(default="gpt-5-mini", min_length=1)
    base_url: str | None = None
    instructions: str = ""
    max_tokens: int | None = Field(default=None, ge=1)
    temperature: float | None = Field(default=None, ge=0, le=2)
    timeout: float = Field(default=120.0, gt=0)


class OptimizerConfig(_Section):
    """Who proposes edits: of ``proposals`` candidates a step as many are drawn as it takes, from
    prompts of at most ``max_prompt`` tokens. For up to ``kinds`` kinds of failing tasks functions
    are judged together, where each computes all that is expected.

    ``mode``: ``paper`` proposes as AgentOptimizer does (arXiv 2402.11359), up to ``max_actions``
    actions a step, a reply each; what else it sets where nothing is said is in
    :data:`fnopt.modes.PAPER`. ``one_shot``: a single proposal, made from all training failures in
    one reply, is the whole run, and is scored and kept (the paper's ablation of its progressive
    update); with ``gate.rollback = true`` the gate of the ``mode`` decides. ``prune_at_test``:
    ``fnopt test`` and ``fnopt eval`` offer only functions that returned when they were called in
    the last evaluation of that library for the gate. ``removals``: a step may propose, without a
    reply, to remove what the run added and no trial uses.
    """

    mode: Literal["default", "paper"] = "default"
    one_shot: bool = False
    prune_at_test: bool = False
    removals: bool = False
    model: str = Field(default="gpt-5", min_length=1)
    base_url: str | None = None
    tools: Tools = "auto"
    max_actions: int = Field(default=1, ge=1)
    proposals: int | None = Field(default=None, ge=1, le=16)
    kinds: int | None = Field(default=None, ge=1, le=16)
    max_prompt: int | None = Field(default=None, ge=1)
    hints: str = ""
    max_tokens: int | None = Field(default=None, ge=1)
    temperature: float | None = Field(default=None, ge=0, le=2)
    timeout: float = Field(default=600.0, gt=0)


class GateConfig(_Section):
    """When an update is kept. ``ties`` and ``epochs`` belong to rule ``paper``.

    ``control``: what ``confidence`` is of: each ``proposal``, or the whole ``run``, in which then
    no update without effect is kept as often as it says; that takes many tasks.
    ``rollback = false`` keeps every update that was judged, whatever the rule says of it (the
    paper's ablation). ``single_use = "refuse"``: an added function that helped with one task of
    the split at most is not kept.
    """

    rule: str = "paired"
    confidence: float = Field(default=0.6, gt=0.5, lt=1)
    control: Literal["proposal", "run"] = "proposal"
    margin: float = Field(default=0.0, ge=0, le=1)
    guards: Words = ()
    ties: Literal["accept", "reject"] = "accept"
    epochs: Literal["always", "accepted"] = "always"
    split: Literal["val", "train"] = "val"
    rollback: bool = True
    single_use: Literal["allow", "refuse"] = "allow"


class StopConfig(_Section):
    """When a run ends. Limits count the whole run, resumed or not; ``max_time`` and those of a
    step, ``step_…``, begin anew with each command. Times are in seconds.

    ``early_stop = false``: nothing but steps, limits and the optimizer end it (the paper's
    ablation of ``patience``).
    """

    max_steps: int = Field(default=20, ge=1)
    patience: int = Field(default=5, ge=1)
    early_stop: bool = True
    max_cost: float | None = Field(default=None, gt=0)
    max_tokens: int | None = Field(default=None, ge=1)
    max_time: float | None = Field(default=None, gt=0)
    max_calls: int | None = Field(default=None, ge=1)
    step_cost: float | None = Field(default=None, gt=0)
    step_tokens: int | None = Field(default=None, ge=1)
    step_time: float | None = Field(default=None, gt=0)
    step_calls: int | None = Field(default=None, ge=1)


class GrantConfig(_Section):
    """What a function may reach: hosts to connect to, paths to read and to write, variables."""

    hosts: Words = ()
    read: Words = ()
    write: Words = ()
    env: Words = ()

    def rules(self) -> Iterator[str]:
        """The rules of the library that who is granted this is free of."""
        yield from ["reach-network"] if self.hosts else []
        yield from ["reach-files"] if self.read or self.write else []
        yield from ["reach-environment"] if self.env else []


class SandboxConfig(_Section):
    """Where learned code runs; ``timeout`` in seconds a call.

    Without ``require``, ``confined`` on Linux; elsewhere it must be said. ``python`` is the
    interpreter of another environment, its path relative to the repository; ``allow`` has a grant
    for each function that needs one, or for all (``*``).
    """

    require: str | None = None
    timeout: float = Field(default=10.0, gt=0)
    python: str | None = None
    allow: dict[str, GrantConfig] = {}


class ReviewConfig(_Section):
    """How a run reaches people: ``remote`` is git's name of where it is pushed to (else that of
    the base branch, else ``origin``, else the only one), ``forge`` what stands there and ``url``
    its address, where the remote does not say it, ``api`` that of its API.

    ``base`` is the branch that pull requests go to; ``evidence``: whether whole conversations are
    pushed or ``scores`` alone; ``trust``: whose comments reach the optimizer.
    """

    remote: str | None = None
    forge: Literal["auto", "github", "gitlab", "gitea", "none"] = "auto"
    url: str | None = None
    api: str | None = None
    base: str | None = None
    draft: bool = False
    reviewers: Words = ()
    labels: Words = ()
    evidence: Literal["all", "scores"] = "all"
    trust: Literal["write", "anyone"] = "write"


class Config(_Section):
    """All of ``fnopt.toml``."""

    library: LibraryConfig = LibraryConfig()
    tasks: TasksConfig = TasksConfig()
    agent: AgentConfig = AgentConfig()
    judge: JudgeConfig = JudgeConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    gate: GateConfig = GateConfig()
    stop: StopConfig = StopConfig()
    sandbox: SandboxConfig = SandboxConfig()
    review: ReviewConfig = ReviewConfig()
