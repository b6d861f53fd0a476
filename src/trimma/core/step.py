"""The heart of the core: what a study decides when facts arrive or time passes.

A step changes nothing but the ledger. It folds in each event as soon as it is decided, so that the first report of a
batch is already known when the second one is judged.
"""

import math
from collections.abc import Iterable
from itertools import chain, islice

from trimma.core.draft import Draft, Turn
from trimma.core.heed_requests import heed
from trimma.core.intake import take
from trimma.core.own_rules import OwnRules, ask_own_rules
from trimma.core.planning import fill, receive, request
from trimma.core.policy import Policy
from trimma.core.renewal import renew_due
from trimma.events import Outcome, StudyOpened
from trimma.facts import FROM_AGENT
from trimma.ledger import Ledger
from trimma.ports import History, News, Planned, RenewSetting
from trimma.requests import EndStudy
from trimma.spec import StudySpec
from trimma.stopping import Halt, Rule, TrialCount
from trimma.trial import State, Trial


def reopen(ledger: Ledger, trials: int | None, until: Rule | None, now: float, rules: OwnRules | None = None) -> Turn:
    """Take a study up under a new driver. What an earlier driver left running is queued again.

    The user's own stopping ``rules`` are asked again, if any trial has ended.
    """
    draft = Draft(ledger, now)
    draft.record(StudyOpened(at=now, trials=trials, until=until))
    for trial in ledger.history.on_workers():
        # what this commands is never carried out: the engine isn't open yet, and the attempt's workers are gone
        draft.abandon(trial, "its driver ended")
    if rules and ledger.history.ended:
        ask_own_rules(draft, rules)
    return Turn(draft.events, draft.commands, _demand(ledger.history, open_end=True))


def step(
    ledger: Ledger,
    policy: Policy,
    facts: Iterable[News],
    now: float,
    *,
    beside: bool = False,
    renew: RenewSetting = None,
) -> Turn:
    """Take in ``facts``, which arrived by ``now``, and decide what follows from them.

    With ``beside``, the scheduler isn't asked for suggestions here. A plan is requested, and arrives later as a
    `Planned`. ``renew`` says when workers get fresh processes.
    """
    draft = Draft(ledger, now, renew)
    history = ledger.history
    ended = len(history.ended)
    for fact in facts:
        if isinstance(fact, FROM_AGENT):
            take(draft, fact, policy.scheduler)
        elif isinstance(fact, Planned):
            receive(draft, fact)
        elif isinstance(fact, EndStudy):
            draft.close(Outcome.INTERRUPTED, fact.reason)
            return Turn(draft.events, draft.commands, 0)
        else:
            heed(draft, fact)
        if policy.rules and len(history.ended) > ended:
            ended = len(history.ended)
            if not ask_own_rules(draft, policy.rules):
                return Turn(draft.events, draft.commands, 0)
    if reason := policy.hopeless(history):
        draft.close(Outcome.FAILED, reason)
        return Turn(draft.events, draft.commands, 0)
    _enforce_time(draft)
    halt = history.spec.until.met(history, now) if history.spec.until else None
    if halt:
        _wind_down(draft, halt)
    may_plan = halt is None
    if draft.due:
        renew_due(draft, may_plan=may_plan)
    exhausted = request(draft, may_plan=may_plan) if beside else fill(draft, policy.scheduler, may_plan=may_plan)
    # the trials that were started just now may have met a rule
    halt = halt or (history.spec.until.met(history, now) if history.spec.until else None)
    full = history.room == 0 and not history.paused
    over = halt is not None or exhausted or full
    if over and not history.live_count and history.closed is None:
        _close(draft, halt)
    return Turn(draft.events, draft.commands, _demand(history, open_end=not over))


def next_deadline(history: History, now: float) -> float | None:
    """The next moment at which `step` may decide something by time alone, or None."""
    spec = history.spec
    moments = []
    moment = spec.until.deadline(history, now) if spec.until else None
    # a rule that is met already has had its effect, so there is no need to wake up for it
    if moment is not None and moment > now:
        moments.append(moment)
    if spec.trial_timeout is not None:
        moments += [trial.since + spec.trial_timeout for trial in islice(history.running.values(), 1)]
    for asked in (history.pausing, history.stopping):
        for trial in asked.values():
            if not trial.killed:
                moments.append(trial.since + _grace(trial, spec))
                if not trial.saving:
                    # all that were asked later have at least as long
                    break
    return min((moment for moment in moments if moment < math.inf), default=None)


def _demand(history: History, *, open_end: bool) -> int | None:
    """How many workers could be of use from now on; with an ``open_end`` new trials may be started."""
    useful, limit = history.wanted, history.worker_limit
    if open_end:
        room = history.room
        if room is None:
            return limit
        useful += len(history.paused) + room
    return useful if limit is None else min(useful, limit)


def _enforce_time(draft: Draft) -> None:
    """Kill trials that run longer than they may, and trials that did not react to a pause or a stop in time."""
    spec, history = draft.history.spec, draft.history
    if spec.trial_timeout is not None:
        for trial in list(history.running.values()):
            if draft.now < trial.since + spec.trial_timeout:
                break
            draft.kill(trial, f"it ran longer than trial_timeout={spec.trial_timeout:g} s")
    asked = chain(history.pausing.values(), history.stopping.values())
    for trial in [each for each in asked if not each.killed and draft.now >= each.since + _grace(each, spec)]:
        what = "pause" if trial.state is State.PAUSING else "stop"
        done = "end its saving" if trial.saving else "report"
        draft.kill(trial, f"it did not {done} within {_grace(trial, spec):g} s of being asked to {what}")


def _grace(trial: Trial, spec: StudySpec) -> float:
    """How long a trial may take to pause or to stop. To save a checkpoint may take as long as the trial itself."""
    if not trial.saving:
        return spec.stop_grace
    return math.inf if spec.trial_timeout is None else max(spec.stop_grace, spec.trial_timeout)


def _wind_down(draft: Draft, halt: Halt) -> None:
    """Stop all trials if ``halt`` is at once. Otherwise the trials that have been chosen still run."""
    if halt.at_once:
        for trial in list(draft.history.running.values()):
            draft.stop(trial, halt.reason)
        draft.stop_waiting(halt.reason)


def _close(draft: Draft, halt: Halt | None) -> None:
    history = draft.history
    if halt is None and history.spec.trials is not None:
        halt = TrialCount(history.spec.trials).met(history, draft.now)
    reason = halt.reason if halt else "there was nothing more to try"
    draft.stop_waiting(f"paused, and never chosen to go on: {reason}")
    if history.ended and history.counts[State.FAILED] == len(history.ended):
        draft.close(Outcome.FAILED, f"{reason}, and every trial failed")
    else:
        draft.close(Outcome.FINISHED, reason)
