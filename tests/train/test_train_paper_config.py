"""``optimizer.mode`` and the ablations in the configuration: what they set and contradict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fnopt.config import Config, load, parse
from fnopt.errors import UsageError
from fnopt.modes import PAPER, defaults

Sections = dict[str, Any]


def value(config: Config, known: str) -> Any:
    """What a configuration says of a ``section.key``."""
    section, key = known.split(".")
    return getattr(getattr(config, section), key)


def test_the_default_mode_sets_nothing() -> None:
    """No mode, or the default one by name: every key is as it would be."""
    assert parse({"optimizer": {"mode": "default"}}) == Config() == parse({})


def test_the_papers_values_are_defaults_of_its_mode() -> None:
    """Three actions, its rule on the training split with ties accepted, E = C = 10."""
    config = parse({"optimizer": {"mode": "paper"}})
    assert {key: value(config, key) for key in PAPER} == PAPER
    assert (config.gate.ties, config.gate.epochs) == ("accept", "always")
    assert (config.optimizer.one_shot, config.optimizer.prune_at_test) == (False, False)
    assert (config.gate.rollback, config.stop.early_stop) == (True, True)


@pytest.mark.parametrize("known", [*PAPER])
def test_what_is_said_holds_against_the_mode(known: str) -> None:
    """Each key that the mode sets can be said in the file, even as it is without the mode."""
    section, key = known.split(".")
    usual = value(Config(), known)
    given: Sections = {"optimizer": {"mode": "paper"}}
    given.setdefault(section, {})[key] = usual
    assert value(parse(given), known) == usual


def test_the_mode_may_come_from_a_variable(tmp_path: Path) -> None:
    """So can what holds against it; the file is left as it is."""
    (tmp_path / "fnopt.toml").write_text("[stop]\nmax_steps = 4\n")
    environ = {"FNOPT_OPTIMIZER_MODE": "paper", "FNOPT_GATE_SPLIT": "val"}
    config = load(tmp_path, environ)
    assert (config.gate.rule, config.gate.split) == ("paper", "val")
    assert (config.stop.max_steps, config.stop.patience) == (4, 10)


@pytest.mark.parametrize("mode", ["default", "paper"])
def test_one_shot_is_one_step_in_either_mode(mode: str) -> None:
    """The mode goes on to say how the one proposal is judged."""
    config = parse({"optimizer": {"mode": mode, "one_shot": True}})
    assert config.stop.max_steps == 1
    assert config.gate.rule == ("paper" if mode == "paper" else "paired")


@pytest.mark.parametrize("mode", ["default", "paper"])
@pytest.mark.parametrize(
    "ablation",
    [
        {"optimizer": {"one_shot": True}},
        {"optimizer": {"one_shot": True}, "stop": {"max_steps": 1, "patience": 3}},
        {"optimizer": {"prune_at_test": True}},
        {"gate": {"rollback": False}},
        {"stop": {"early_stop": False}},
        {"gate": {"rollback": False}, "stop": {"early_stop": False}},
        {"gate": {"epochs": "accepted"}, "stop": {"early_stop": False, "max_tokens": 9}},
    ],
)
def test_what_goes_together(mode: str, ablation: Sections) -> None:
    """Each ablation, alone and as the paper combines them, in both modes."""
    given = {**ablation, "optimizer": {**ablation.get("optimizer", {}), "mode": mode}}
    config = parse(given)
    for section, values in given.items():
        for key, said in values.items():
            assert value(config, f"{section}.{key}") == said


PAPERS = {"mode": "paper"}
ENDLESS = {"gate": {"epochs": "accepted"}, "stop": {"early_stop": False}}


@pytest.mark.parametrize(
    ("given", "key", "mend"),
    [
        ({"gate": {"rule": "paper", "guards": ["t"]}}, "gate.guards", 'rule = "paired"'),
        ({"optimizer": PAPERS, "gate": {"guards": ["t"]}}, "gate.guards", "leave gate.guards out"),
        ({"optimizer": PAPERS, "gate": {"margin": 0.1}}, "gate.margin", 'rule = "paired"'),
        ({"gate": {"rollback": False, "guards": ["t"]}}, "gate.guards", "gate.rollback = true"),
        ({"gate": {"rollback": False, "margin": 0.1}}, "gate.margin", "gate.rollback = true"),
        ({"gate": {"rollback": False, "ties": "reject"}}, "gate.ties", "gate.rollback = true"),
        ({"stop": {"early_stop": False, "patience": 5}}, "stop.patience", "early_stop = true"),
        (ENDLESS, "stop.early_stop", 'gate.epochs = "always", or a limit'),
        (
            {"optimizer": {"one_shot": True}, "stop": {"max_steps": 2}},
            "stop.max_steps",
            "optimizer.one_shot = false",
        ),
        (
            {"optimizer": {"one_shot": True}, "gate": {"epochs": "accepted"}},
            "gate.epochs",
            "leave gate.epochs out",
        ),
        ({"optimizer": {**PAPERS, "proposals": 3}}, "optimizer.proposals", "leave optimizer.p"),
        (
            {"optimizer": {"one_shot": True, "proposals": 2}},
            "optimizer.proposals",
            "leave optimizer.p",
        ),
    ],
)
def test_contradictions(given: Sections, key: str, mend: str) -> None:
    """A usage error that names the key and how to mend it."""
    with pytest.raises(UsageError) as caught:
        parse(given)
    assert caught.value.message.startswith(f"fnopt.toml: {key}: ")
    assert mend in caught.value.mend


def test_a_contradiction_in_a_variable_names_it(tmp_path: Path) -> None:
    """Not the file, which is innocent."""
    (tmp_path / "fnopt.toml").write_text("[stop]\nearly_stop = false\n")
    with pytest.raises(UsageError, match="FNOPT_STOP_PATIENCE: without early stop"):
        load(tmp_path, {"FNOPT_STOP_PATIENCE": "3"})


@pytest.mark.parametrize(
    "given",
    [
        {"optimizer": 5},
        {"optimizer": {"mode": ["paper"]}},
        {"optimizer": {"mode": "papre"}},
        {"optimizer": {"one_shot": 1}},
        {"gate": {"rollback": "no"}},
    ],
)
def test_mistakes_in_the_keys_themselves(given: Sections) -> None:
    """They are told like all others, and set nothing."""
    assert defaults(given) == {}
    with pytest.raises(UsageError, match=next(iter(given))):
        parse(given)
