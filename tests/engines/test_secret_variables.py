"""Named environment variables: their values are there for who asks for them, and nowhere else."""

import json
import logging
import pickle
import pprint
import traceback

import cloudpickle
import msgspec
import pytest

from trimma.engines.remote.secret_variables import SecretVariables
from trimma.errors import ObjectiveError, UsageError
from trimma.pickling.pickler import dumps

HERE = {"TOKEN": "hunter2", "AWS_PROFILE": "hunter2-too", "OTHER": "x"}


def test_the_values_of_the_named_and_of_no_others():
    assert dict(SecretVariables(["TOKEN", "AWS_PROFILE"], HERE)) == {"TOKEN": "hunter2", "AWS_PROFILE": "hunter2-too"}
    assert dict(SecretVariables()) == {}
    assert len(SecretVariables(("TOKEN",), HERE)) == 1


def test_they_are_taken_from_this_process_when_named(monkeypatch):
    monkeypatch.setenv("TRIMMA_TEST_TOKEN", "before")
    secrets = SecretVariables(["TRIMMA_TEST_TOKEN"])
    monkeypatch.setenv("TRIMMA_TEST_TOKEN", "after")
    assert secrets["TRIMMA_TEST_TOKEN"] == "before"


def test_no_representation_shows_a_value(caplog):
    secrets = SecretVariables(["TOKEN", "AWS_PROFILE"], HERE)
    assert repr(secrets) == "SecretVariables(['TOKEN', 'AWS_PROFILE'])"
    logging.getLogger("a").warning("with %s and %r", secrets, {"env": secrets})
    shown = [str(secrets), f"{secrets}", f"{secrets!r:>80}", pprint.pformat([secrets]), caplog.text]
    try:
        raise RuntimeError(secrets)
    except RuntimeError:
        shown.append(traceback.format_exc())
    with pytest.raises(KeyError) as missing:
        secrets["absent"]
    shown.append(repr(missing.value))
    assert not any("hunter2" in text for text in shown)


def test_they_are_never_pickled_or_encoded():
    secrets = SecretVariables(["TOKEN"], HERE)
    for dump in (pickle.dumps, cloudpickle.dumps, json.dumps, msgspec.json.encode, msgspec.msgpack.encode):
        with pytest.raises(TypeError):
            dump(secrets)
    with pytest.raises(ObjectiveError, match="secrets are never pickled") as refused:
        dumps({"env": secrets})
    assert "hunter2" not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize("names", ["TOKEN", b"TOKENS", 3, {"TOKEN": "hunter2"}, ["TOKEN=hunter2"], [""], [3]])
def test_what_is_no_list_of_names_is_refused_without_being_shown(names):
    with pytest.raises(UsageError, match="env=") as refused:
        SecretVariables(names, HERE)
    assert "hunter2" not in str(refused.value)


def test_one_that_is_not_set_is_named_with_the_nearest():
    with pytest.raises(UsageError, match=r"'AWS_PROFIL' \(did you mean 'AWS_PROFILE'\?\), which isn't set here"):
        SecretVariables(["TOKEN", "AWS_PROFIL"], HERE)
    with pytest.raises(UsageError, match="env= names 'QQQ', which isn't set here"):
        SecretVariables(["QQQ"], HERE)
