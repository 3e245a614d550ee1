"""AgentOptimizer's step (arXiv 2402.11359): a few actions, a reply each, judged together.

What the incumbent did on every training task is the ground for up to ``max_actions`` actions, each
chosen with those before it in view. *Terminate* ends the step, and as the first action the run.
Judging, roll-back and early stop are fnopt's own, with the paper's rules as settings.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from fnopt.evaluate.gate import MOST_LOST
from fnopt.evaluate.pairs import infrastructure_failed
from fnopt.history.blame import ours
from fnopt.library.function import Library
from fnopt.library.proposal import Proposal
from fnopt.models.client import Request
from fnopt.records import Evaluation, Fault, Verdict
from fnopt.train import declined
from fnopt.train.drafted import Draft
from fnopt.train.filters import when_run
from fnopt.train.outcome import Terminated, Undecided
from fnopt.train.paper_memory import Memory, remember
from fnopt.train.paper_prompt import Form, request
from fnopt.train.paper_view import View
from fnopt.train.run import Base, Run

SECOND_CHANCES = 2  # how often an action goes back with its faults


@dataclass(frozen=True)
class PaperDrafter:
    """Drafts by the paper's method. ``expected``: whether expected answers are shown (in the paper
    they are not). In ``one_shot`` all actions are one reply, and the run is one step."""

    form: Form
    expected: bool = False

    def __call__(
        self, run: Run, base: Base, trained: Evaluation, /
    ) -> Draft | Terminated | Undecided:
        """A draft of all actions together; the reason where the first one terminates."""
        lost = 1 - len(trained.scored) / len(trained.trials)
        if lost > MOST_LOST:
            said = infrastructure_failed(f"{lost:.0%} of training trials", trained.error)
            return Undecided(Verdict("undecided", said))
        memory = remember(run)
        done = Draft(memory.number, Proposal((), ""), (), trained)
        for _ in range(1 if self.form.one_shot else self.form.most):
            acted = self._act(run, base, memory, done)
            if isinstance(acted, Terminated) and not done.proposal.edits:
                return acted
            if isinstance(acted, Terminated) or (acted.faults and done.proposal.edits):
                break  # what was done so far stands
            if acted.faults:
                return acted
            done = acted
        return _with_effect(base, done)

    def _act(self, run: Run, base: Base, memory: Memory, done: Draft) -> Draft | Terminated:
        """One action, upon those that are done; faults go back :data:`SECOND_CHANCES` times."""
        at = len(done.proposal.edits)
        run.say(f"step {done.number}: asking for {self.form.what(at + 1)}")
        asked = self._request(run, base, memory, done)
        for chance in range(1 + SECOND_CHANCES):
            reply, proposal = run.optimizer.send(asked, _mark(done.number, at, chance))
            if isinstance(proposal, Proposal) and proposal.terminates:
                return Terminated(f"the optimizer ended the run: {proposal.why}")
            acted = _screened(run, base, done, proposal)
            if not acted.faults:
                break
            asked = run.optimizer.again(asked, reply, acted.faults)
        return acted

    def _request(self, run: Run, base: Base, memory: Memory, done: Draft) -> Request:
        view = View(
            accepted=base.library,
            trained=done.base,
            after=done.library or base.library,
            edits=done.proposal.edits,
            failed=memory.failed,
            locked=run.screen.locked_names(base.library),
            notes=(*run.notes, *declined.told(run.declined)),
            expected={task.id: task.answer for task in run.train} if self.expected else {},
        )
        voice, warm = run.optimizer.voice, memory.in_vain > 0
        return request(run.prose, voice, self.form, view, warm=warm, seed=memory.number)


def _screened(run: Run, base: Base, done: Draft, proposal: Proposal | tuple[Fault, ...]) -> Draft:
    """The draft with a further action, or with the faults for which that is refused."""
    if not isinstance(proposal, Proposal):
        return replace(done, library=None, faults=proposal)
    both = Proposal(
        (*done.proposal.edits, *proposal.edits),
        "\n\n".join(filter(None, (done.proposal.why, proposal.why))),
    )
    after = run.screen.apply(base.library, both, partial(ours, run.repo, base.commit))
    if isinstance(after, Library):
        faults = declined.faults(after, proposal.edits, run.declined)
        faults = faults or when_run(run, base.library, after)
    else:
        faults = after
    library = after if isinstance(after, Library) and not faults else None
    return replace(done, proposal=both, library=library, faults=faults)


def _with_effect(base: Base, done: Draft) -> Draft:
    """The draft; refused where its actions undo each other, so that nothing is left to judge."""
    if done.library is None or done.library != base.library:
        return done
    mend = "Take actions that change the library, or terminate."
    fault = Fault("no-change", "the actions of the step undo each other", mend)
    return replace(done, library=None, faults=(fault,))


def _mark(number: int, at: int, chance: int) -> int:
    """A number for each attempt of a run: no cache may give a bad reply once more."""
    return (number * 1000 + at) * 10 + chance
