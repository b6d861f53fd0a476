"""How components are named, and which requests are refused."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimma.ablation.question import Component, overlaps
from trimma.ablation.selection import LONGEST, Selection, joined
from trimma.errors import UnknownName, UsageError

KNOWN = ["age", "fare", "sex", "deck_a", "deck_b", "survived"]
LABEL = {"survived": "'survived' is the label"}


def found(*names: Any, **more: Any) -> dict[str, tuple[str, ...]]:
    components = Selection.of(names, **more).components("column", KNOWN, LABEL)
    assert {component.kind for component in components} == {"column"}
    return {component.name: component.members for component in components}


def test_members_groups_and_prefixes_in_the_order_of_the_arguments() -> None:
    assert found("sex", "age") == {"sex": ("sex",), "age": ("age",)}
    assert found(group=["sex", "age"]) == {"sex+age": ("sex", "age")}
    assert found(groups=[["sex", "age"], ["age", "fare"]]) == {"sex+age": ("sex", "age"), "age+fare": ("age", "fare")}
    assert found(groups={"who": ["sex", "age"]}) == {"who": ("sex", "age")} == found(group={"who": ["sex", "age"]})
    assert found(group={"sex", "age"}) == {"age+sex": ("age", "sex")}
    assert found(prefix="deck_") == {"deck_*": ("deck_a", "deck_b")}
    everything = found("fare", prefix=["deck_"], groups={"who": ["sex", "age"]}, group=["age", "fare"])
    assert list(everything) == ["fare", "age+fare", "who", "deck_*"]


def test_without_any_name_each_member_by_itself_but_what_is_refused() -> None:
    assert list(found()) == ["age", "fare", "sex", "deck_a", "deck_b"]
    assert found(prefix=["deck"]) == {"deck*": ("deck_a", "deck_b")}


def test_names_that_are_not_text() -> None:
    components = Selection.of([0, ("a", 1)], group=[1, 2]).components("column", ["0", "1", "2", "('a', 1)"])
    assert [component.name for component in components] == ["0", "('a', 1)", "1+2"]


@pytest.mark.parametrize(
    ("names", "more", "message"),
    [
        (["agee"], {}, "there is no column named 'agee'; did you mean 'age'?"),
        ([], {"group": ["sex", "faer"]}, "there is no column named 'faer'; did you mean 'fare'?"),
        (["survived"], {}, "'survived' is the label"),
        ([], {"group": ["survived", "age"]}, "'survived' is the label"),
        ([], {"group": ["age"]}, "group=: a group of one, 'age': name it by itself"),
        ([], {"groups": [["age", "sex"], ["fare"]]}, "groups=: a group of one, 'fare'"),
        ([], {"group": []}, "group=: a group is empty"),
        ([], {"groups": {"who": []}}, "groups=: the group 'who' is empty"),
        ([], {"group": "age"}, "a group is a list of names, not 'age'"),
        ([], {"groups": "age"}, "groups='age': give a list of groups"),
        ([], {"groups": ["age", "sex"]}, "a group is a list of names, not 'age'"),
        ([], {"group": ["age", "age"]}, "'age' is in one group twice"),
        ([["age", "sex"]], {}, "a group is given as group="),
        ([], {"prefix": "dekc_"}, "prefix='dekc_' fits no column; did you mean 'deck_'?"),
        ([], {"prefix": "fa"}, "prefix='fa' fits only 'fare', a group of one"),
        ([], {"prefix": ""}, "prefix='': give a text that isn't empty"),
        ([], {"prefix": 3}, "prefix=3: give a text"),
        (["age", "age"], {}, "'age' is named twice"),
        ([], {"group": ["age", "sex"], "groups": [["sex", "age"]]}, "'age+sex' and 'sex+age' are the same component"),
        ([], {"prefix": ["deck", "deck_"]}, "'deck*' and 'deck_*' are the same component"),
        (["age"], {"groups": {"age": ["sex", "fare"]}}, "two components are named 'age': give groups names"),
    ],
)
def test_what_is_refused(names: list[Any], more: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        found(*names, **more)


def test_an_unknown_name_among_many_does_not_list_them_all() -> None:
    many = [f"x{number}" for number in range(5000)]
    with pytest.raises(UsageError, match=r"did you mean 'x4999' or .* There are 5,000, from 'x0' to 'x4999'") as told:
        Selection.of(["x49999"]).components("column", many)
    assert len(str(told.value)) < 200
    with pytest.raises(UnknownName):
        found("agee")


def test_nothing_that_could_be_left_out() -> None:
    with pytest.raises(UsageError, match="there is no column that could be left out"):
        Selection.of().components("column", ["survived"], LABEL)


@given(st.lists(st.text("abc_", min_size=1, max_size=12), min_size=2, max_size=30))
def test_a_long_name_is_shortened_in_the_middle(members: list[str]) -> None:
    name = joined(members)
    assert name.startswith(members[0])
    assert name.endswith(members[-1])
    assert len(name) <= LONGEST
    assert name == "+".join(members) or "+...+" in name


@given(
    st.lists(st.sampled_from(KNOWN), unique=True),
    st.lists(st.lists(st.sampled_from(KNOWN), min_size=2, unique=True), max_size=3),
    st.dictionaries(st.sampled_from(["one", "two"]), st.lists(st.sampled_from(KNOWN), min_size=2, unique=True)),
)
def test_arguments_are_shown_as_they_may_be_typed(
    names: list[str], unnamed: list[list[str]], named: dict[str, list[str]]
) -> None:
    selection = Selection.of(names, groups=unnamed, group=named)
    shown = eval(f"dict(names=[{', '.join(map(repr, names))}], {', '.join(selection.arguments()[len(names) :])})")
    assert set(Selection.of(**shown).groups) == set(selection.groups)
    assert Selection.of(**shown).names == selection.names


def test_overlaps_are_told_and_not_refused() -> None:
    components = Selection.of(["age", "sex"], group=["age", "fare"]).components("column", KNOWN)
    assert overlaps(components) == [("age", ("age", "age+fare"))]
    other = Component(name="a setting", kind="setting", members=("sex",))
    assert overlaps([*components, other]) == [("age", ("age", "age+fare"))]
