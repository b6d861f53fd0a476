"""Events to and from their records."""

import json
import math
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimma import events as ev
from trimma.codec import REQUEST_VERSION, decode, decode_request, encode, encode_request
from trimma.errors import StoreError
from trimma.json_depth import DEEPEST
from trimma.spec import Metric, StudySpec
from trimma.stopping import OwnRule, Patience, Rule, Target, Timeout, TrialCount
from trimma.testing.inboxes import EVERY_REQUEST
from trimma.testing.stores import EVERY_KIND

floats = st.floats(allow_nan=False, allow_infinity=False)
seconds = st.floats(0, 1e10)
text = st.text()
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | floats | text,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.just("()") | text, inner, max_size=3)
    ),
    max_leaves=6,
)
config = st.dictionaries(text, plain, max_size=4)
metrics = st.dictionaries(text, st.floats(), max_size=4)
leaves: st.SearchStrategy[Any] = st.one_of(
    st.builds(TrialCount, st.integers(1, 10**6)),
    st.builds(Timeout, st.floats(1e-6, 1e9)),
    st.builds(Target, floats),
    st.builds(Patience, st.integers(1, 1000), st.floats(0, 1e6)),
    st.builds(OwnRule, name=text, anew=st.booleans()),
)
rules: st.SearchStrategy[Rule] = st.recursive(
    leaves, lambda inner: st.tuples(inner, inner, st.booleans()).map(lambda t: t[0] & t[1] if t[2] else t[0] | t[1])
)
key = {"at": seconds, "trial": st.integers(0, 10**6), "attempt": st.integers(0, 100)}
specs = st.builds(
    StudySpec,
    name=text,
    metrics=st.lists(st.builds(Metric, name=text, maximize=st.booleans()), min_size=1, max_size=3).map(tuple),
    seed=st.integers(0, 2**63),
    objective=text,
    space=st.lists(st.dictionaries(text, plain, max_size=2), max_size=2),
    searcher=text,
    scheduler=text,
    trials=st.none() | st.integers(1, 10**6),
    until=st.none() | rules,
    max_attempts=st.integers(1, 9),
    trial_timeout=st.none() | st.floats(0.1, 1e6),
    stop_grace=st.floats(0, 1e6),
    kind=st.sampled_from(["search", "ablation"]),
    asked=st.dictionaries(text, plain, max_size=3),
    planned=st.none() | st.integers(1, 10**6),
)
every_event = st.one_of(
    st.builds(
        ev.StudyExtended,
        at=seconds,
        asked=st.dictionaries(text, plain, max_size=3),
        planned=st.none() | st.integers(1, 10**6),
        program=st.none() | st.binary(max_size=30),
    ),
    st.builds(ev.StudyCreated, at=seconds, spec=specs, program=st.none() | st.binary(max_size=30)),
    st.builds(ev.StudyOpened, at=seconds, trials=st.none() | st.integers(1, 99), until=st.none() | rules),
    st.builds(
        ev.LimitsChanged,
        at=seconds,
        trials=st.none() | st.integers(1, 10**6),
        workers=st.none() | st.integers(1, 10**4),
    ),
    st.builds(ev.RuleAnswered, at=seconds, rule=text, reason=text),
    st.builds(ev.StudyClosed, at=seconds, outcome=st.sampled_from(ev.Outcome), reason=text),
    st.builds(ev.WorkerJoined, at=seconds, worker=text, host=text),
    st.builds(ev.WorkerLost, at=seconds, worker=text, cause=text),
    st.builds(ev.WorkerRenewed, at=seconds, worker=text, cause=text, asked=st.booleans()),
    st.builds(
        ev.WorkerGrown,
        at=seconds,
        worker=text,
        more=st.integers(0, 2**50),
        trials=st.integers(0, 10**6),
        exceeded=st.booleans(),
    ),
    st.builds(ev.PlanRequested, at=seconds, free=st.integers(1, 10**4)),
    st.builds(ev.PlanReceived, at=seconds, suggestions=st.integers(0, 10**4)),
    st.builds(
        ev.TrialQueued,
        at=seconds,
        trial=st.integers(0, 10**6),
        config=config,
        place=config,
        parent=st.none() | st.integers(0, 10**6),
        ranks=st.integers(1, 64),
        branch=st.integers(0, 9),
        hidden=config,
        rungs=st.lists(st.integers(1, 10**6), max_size=4).map(tuple),
        budget=st.none() | st.integers(1, 10**6),
    ),
    st.builds(ev.TrialStarted, workers=st.lists(text, max_size=3).map(tuple), **key),
    st.builds(ev.Reported, step=st.integers(0, 2**62), metrics=metrics, rank=st.integers(0, 63), **key),
    st.builds(ev.Logged, text=text, rank=st.integers(0, 63), **key),
    st.builds(ev.PauseRequested, reason=text, **key),
    st.builds(ev.TrialPaused, **key),
    st.builds(ev.SaveBegun, step=st.integers(0, 2**53), **key),
    st.builds(
        ev.CheckpointSaved, step=st.integers(0, 2**53), size=st.integers(0, 2**62), seconds=st.floats(0, 1e9), **key
    ),
    st.builds(
        ev.SaveFailed,
        step=st.integers(0, 2**53),
        failure=st.builds(ev.Failure, kind=text, message=text, traceback=text),
        **key,
    ),
    st.builds(
        ev.PauseFailed,
        step=st.integers(0, 2**53),
        failure=st.builds(ev.Failure, kind=text, message=text, traceback=text),
        **key,
    ),
    st.builds(ev.WentBackFurther, step=st.none() | st.integers(0, 2**53), cause=text, **key),
    st.builds(
        ev.TrialResumed,
        rungs=st.lists(st.integers(1, 10**6), max_size=4).map(tuple),
        budget=st.none() | st.integers(1, 10**6),
        **key,
    ),
    st.builds(ev.StopRequested, reason=text, **key),
    st.builds(ev.KillRequested, reason=text, **key),
    st.builds(ev.TrialStopped, reason=text, **key),
    st.builds(ev.TrialFinished, metrics=metrics, **key),
    st.builds(ev.TrialFailed, failure=st.builds(ev.Failure, kind=text, message=text, traceback=text), **key),
    st.builds(ev.TrialLost, cause=text, crashed=st.booleans(), spoiled=st.booleans(), **key),
)


@given(every_event)
def test_round_trip(event: ev.Event) -> None:
    record = encode(event)
    read = decode(record)
    assert type(read) is type(event)
    assert repr(read) == repr(event)
    assert encode(read) == record
    json.loads(record, parse_constant=pytest.fail)


def test_every_kind_is_covered() -> None:
    assert {type(event) for event in EVERY_KIND} == set(get_args(ev.Event))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_survives(value: float) -> None:
    event = ev.Reported(at=0.0, trial=0, attempt=1, step=1, metrics={"m": value, "n": 1.0})
    (read, other) = decode(encode(event)).metrics.values()  # type: ignore[union-attr]
    assert isinstance(read, float)
    assert read == value or (math.isnan(read) and math.isnan(value))
    assert other == 1.0
    assert math.isnan(event.metrics["m"]) == math.isnan(value), "the event itself is left alone"


def test_text_that_looks_like_a_number_stays_text() -> None:
    event = ev.TrialQueued(at=0.0, trial=0, config={"a": "nan", "b": "1", "c": ["inf", "true", "null"]})
    assert decode(encode(event)) == event


def test_a_newer_version_says_what_to_do() -> None:
    with pytest.raises(StoreError, match=r"newer Trimma \(record version 3.*pip install --upgrade"):
        decode(b'{"v":3,"event":{"type":"Unheard","of":1}}')
    with pytest.raises(StoreError, match="record version 3"):
        decode(encode(EVERY_KIND[2]).replace(b'"v":2', b'"v":3'))


def test_a_version_of_before_the_first_release_says_what_to_do() -> None:
    with pytest.raises(
        StoreError, match=r"before the first release \(record version 1.*remove it, or take another store"
    ):
        decode(encode(EVERY_KIND[0]).replace(b'"v":2', b'"v":1').replace(b'"metrics":[', b'"metric":['))


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"{}",
        b"garbage \xff",
        b"null",
        b'{"v":0,"event":{"type":"WorkerJoined","at":0,"worker":"w"}}',
        b'{"v":2}',
        b'{"v":2,"event":{"type":"Unheard"}}',
        b'{"v":2,"event":{"type":"WorkerJoined"}}',
        b'{"v":2,"event":{"type":"Reported","at":0,"trial":0,"attempt":1,"step":1,"metrics":{"m":"much"}}}',
    ],
)
def test_a_damaged_record_is_shown(record: bytes) -> None:
    with pytest.raises(StoreError, match="damaged record"):
        decode(record)


@given(st.sampled_from(EVERY_KIND), st.data())
def test_a_torn_record_is_an_error_of_ours(event: ev.Event, data: st.DataObject) -> None:
    record = encode(event)
    with pytest.raises(StoreError):
        decode(record[: data.draw(st.integers(0, len(record) - 1))])


GOLDEN = Path(__file__).with_name("events.jsonl").read_bytes().split(b"\n")[:-1]


@pytest.mark.parametrize(
    ("event", "record"), list(zip(EVERY_KIND, GOLDEN, strict=True)), ids=lambda each: type(each).__name__
)
def test_the_format_stands(event: ev.Event, record: bytes) -> None:
    """What is stored today must be read for ever: a change needs a new version and a way to read this one."""
    assert encode(event) == record
    assert repr(decode(record)) == repr(event)


REQUESTS = [
    b'{"v":1,"request":{"type":"EndTrial","trial":3}}',
    b'{"v":1,"request":{"type":"PauseTrial","trial":0}}',
    b'{"v":1,"request":{"type":"ContinueTrial","trial":12}}',
    b'{"v":1,"request":{"type":"ChangeTrials","trials":200}}',
    b'{"v":1,"request":{"type":"ChangeWorkers","workers":1}}',
    '{"v":1,"request":{"type":"EndStudy","reason":"genug für heute 🚀"}}'.encode(),
    b'{"v":1,"request":{"type":"EndStudy","reason":"it was asked to stop"}}',
]


def test_requests_have_records() -> None:
    assert [encode_request(request) for request in EVERY_REQUEST] == REQUESTS
    assert [decode_request(record) for record in REQUESTS] == list(EVERY_REQUEST)


def test_a_request_of_a_newer_version_says_what_to_do() -> None:
    record = b'{"v":%d,"request":{"type":"Unheard"}}' % (REQUEST_VERSION + 1)
    with pytest.raises(StoreError, match=r"made by a newer Trimma .*ask with the Trimma that runs the study"):
        decode_request(record)


@pytest.mark.parametrize(
    "record",
    [b"", b"null", b'{"v":1}', b'{"v":0,"request":{"type":"EndStudy"}}', b'{"v":1,"request":{"type":"Stop"}}'],
)
def test_a_damaged_request_is_shown(record: bytes) -> None:
    with pytest.raises(StoreError, match="damaged record"):
        decode_request(record)


def nested(depth, kind):
    value = 0
    for _ in range(depth):
        value = [value] if kind is list else {"a": value}
    return value


@pytest.mark.parametrize("kind", [list, dict])
def test_what_is_nested_too_deeply_is_refused_when_it_is_written(kind):
    fits = ev.TrialQueued(at=0.0, trial=0, config={"x": nested(DEEPEST - 3, kind)})
    assert decode(encode(fits)) == fits
    with pytest.raises(StoreError, match=f"TrialQueued can't be kept, .* deeper than {DEEPEST} levels"):
        encode(ev.TrialQueued(at=0.0, trial=0, config={"x": nested(DEEPEST + 1, kind)}))


@pytest.mark.parametrize("depth", [DEEPEST, 900, 200_000])
def test_what_is_nested_too_deeply_is_refused_when_it_is_read(depth):
    record = encode(ev.TrialQueued(at=0.0, trial=0, config={"x": "HERE"})).replace(
        b'"HERE"', b"[" * depth + b"]" * depth
    )
    with pytest.raises(StoreError, match=f"damaged record .nested deeper than {DEEPEST} levels"):
        decode(record)


def test_brackets_in_texts_and_many_beside_each_other_are_not_deep():
    wide = ev.TrialQueued(at=0.0, trial=0, config={"x": [[[]] for _ in range(500)], "y": '\\"[{' * 500})
    assert decode(encode(wide)) == wide


@pytest.mark.parametrize(
    "bad", [b"\xff\xfe", b'{"v":2,"event":{"type":"Logged","at":0,"trial":0,"attempt":1,"text":"\xff"}}']
)
def test_bytes_that_are_no_text_are_a_store_error(bad):
    with pytest.raises(StoreError, match=r"damaged record.*remove the study"):
        decode(bad)
