"""Corners of the engine that no case of a policy test can reach."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.unit.policy.asking import ask

from locum.policy import ANONYMOUS, NOBODY, Attached, Context, Decision, bind, combined, decide, parse
from locum.policy.bound import REMEMBERED
from locum.policy.conditions import clause
from locum.policy.context import BUDGET, Facts
from locum.policy.match import Wild, arn_matcher, compiled, glob
from locum.policy.variables import fixed, template

ALLOW = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}'


def test_nothing_to_combine_is_no_success() -> None:
    with pytest.raises(ValueError, match="at least one question"):
        combined(())


def test_one_denial_denies_all() -> None:
    yes = Decision("allowed", True, ("identity",))
    no = Decision("implicitDeny", False, ("identity",))
    never = Decision("explicitDeny", False, ("scp",))
    assert combined((yes, no, never)) is never
    assert combined((yes, no)) is no
    assert combined((yes, yes)) is yes


def test_an_index_forgets_before_it_grows_without_end() -> None:
    bound = bind([Attached("p", parse(ALLOW))])
    question = msgspec.structs.replace(ask(), bound=bound, resource="arn:aws:s3:::b")
    own = Attached("r", parse(ALLOW.replace('"Action"', '"Principal": "*", "Action"'), kind=_resource()))
    for number in range(REMEMBERED + 10):
        assert decide(msgspec.structs.replace(question, action=f"s3:A{number}", resource_policy=own)).allowed
    assert len(bound._lots) <= REMEMBERED
    assert len(own._parts["resource"]) <= REMEMBERED


def _resource() -> Any:
    from locum.policy import PolicyKind

    return PolicyKind.RESOURCE


def test_what_binds_a_caller_shows_no_policy() -> None:
    assert repr(NOBODY) == "Bound(0 identity policies)"


def test_what_binds_two_callers_is_never_the_same_and_never_nothing() -> None:
    one, other = bind(), bind()
    assert one
    assert one != other
    assert len({one, other}) == 2


def test_what_the_server_derived_wins_over_what_came_from_outside() -> None:
    context = Context({"aws:PrincipalTag/team": "red"}, {"AWS:principaltag/TEAM": "blue", "aws:RequestTag/x": "1"})
    assert context.find("aws:principaltag/team") == "red"
    assert context.find("aws:RequestTag/X") == "1"
    assert context.find("aws:absent") is None
    assert Context({"k": (), "e": ""}).find("k") is None
    assert Context({"k": (), "e": ""}).find("E") == ""
    assert repr(context) == "Context(2 keys)"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ("k", "a context of type `str`; a mapping from keys to values would be right"),
        ({1: "v"}, "a context key of type `int`; a text would be right"),
        ({"k": 1}, "context key `k` is of type `int`; a text or a tuple of texts would be right"),
        ({"k": None}, "context key `k` is of type `NoneType`; a text or a tuple of texts would be right"),
        ({"k": ("v", 1)}, "context key `k` is of type `int` in a tuple; a text or a tuple of texts would be right"),
    ],
)
def test_what_is_no_value_is_refused_with_its_key_and_never_shown(values: Any, sentence: str) -> None:
    for make in (lambda: Context(values), lambda: Context({}, values)):
        with pytest.raises(TypeError) as refused:
            make()
        assert str(refused.value) == sentence


def test_a_text_of_a_kind_of_its_own_is_a_text() -> None:
    class Text(str):
        __slots__ = ()

    assert Context({Text("K"): Text("v"), "several": (Text("v"),)}).find("k") == "v"


def test_a_kelvin_sign_is_no_k() -> None:
    assert Context({"\u212aey": "1"}).find("key") is None
    question = ask(action="kms:Decrypt", identity="allow kms:* on *")
    assert decide(question).allowed
    assert not decide(msgspec.structs.replace(question, action="\u212ams:Decrypt")).allowed


def test_an_operator_that_does_not_exist_cannot_be_compiled() -> None:
    with pytest.raises(ValueError, match="not a condition operator"):
        clause("StringMatches", "k", ("v",), variables=True)


def test_pieces_with_a_variable_are_not_fixed() -> None:
    with pytest.raises(ValueError, match="not fixed"):
        fixed(template("${aws:username}", variables=True, wildcards=True))


def test_the_budget_is_spent_by_sets_and_long_values() -> None:
    test = clause("StringLike", "k", ("x" * 999,), variables=True).test
    facts = Facts({"k": "y" * 512}, "*")
    assert not test(facts)
    assert facts.left == BUDGET
    facts = Facts({"k": "y" * 5120}, "*")
    assert not test(facts)
    assert facts.left == BUDGET - 10_000
    decision = decide(
        msgspec.structs.replace(
            ask(identity={"allow": "s3:*", "if": {"StringLike": {"k": "x" * 1000}}}),
            context={"k": tuple("y" for _ in range(BUDGET // 1000 + 1))},
        )
    )
    assert decision.reason == "the conditions are too long to be compared"
    assert not decision.allowed


@pytest.mark.parametrize("operator", ["StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnLike"])
def test_a_long_value_put_in_many_times_is_not_joined(operator: str) -> None:
    value = "".join("${aws:UserAgent}" for _ in range(300))
    test = clause(operator, "k", ("a:b:c:d:e:" + value,), variables=True).test
    assert not test(Facts({"aws:useragent": "x" * 16_000, "k": "short"}, "*"))


def test_values_with_and_without_variables_stand_in_one_list() -> None:
    for operator in ("StringEquals", "StringEqualsIgnoreCase", "StringLike"):
        test = clause(operator, "k", ("plain", "${aws:username}", "other"), variables=True).test
        assert [test(Facts({"k": text, "aws:username": "alice"}, "*")) for text in ("plain", "alice", "bob")] == [
            True,
            True,
            False,
        ]


def test_an_arn_operator_takes_variables() -> None:
    test = clause("ArnEquals", "k", ("arn:aws:s3:::${aws:username}*",), variables=True).test
    assert test(Facts({"k": "arn:aws:s3:::alice-1", "aws:username": "alice"}, "*"))
    assert not test(Facts({"k": "arn:aws:s3:::alice-1"}, "*"))


def test_an_arn_without_wildcards_is_compared_whole() -> None:
    assert arn_matcher(glob("arn:aws:s3:::b"))("arn:aws:s3:::b")
    assert not arn_matcher(glob("arn:aws:s3"))("arn:aws:s3")


def test_an_empty_pattern_matches_the_empty_text_alone() -> None:
    assert compiled(())("")
    assert not compiled(())("a")


def test_an_action_that_is_no_service_action_is_denied_to_everybody_else() -> None:
    assert not decide(msgspec.structs.replace(ask(), principal=ANONYMOUS, action="x")).allowed


def test_an_alias_that_is_no_arn_belongs_to_nobody() -> None:
    assert decide(ask(action="kms:DeleteAlias", resource="*", identity="AdministratorAccess")).allowed


def test_an_identity_deny_with_two_statements_names_both() -> None:
    decision = decide(ask(identity=["deny s3:* on *", "deny s3:Get* on *"]))
    assert [ref.source for ref in decision.statements] == ["identity policy 1", "identity policy 2"]
    assert str(decision.statements[0]) == "statement 1 of identity policy 1, line 1"


def test_what_was_asked_before_is_decided_alike() -> None:
    for identity in ("deny s3:* on *", ["deny s3:* on *", "deny s3:Get* on *"], ["deny s3:* on *", "allow s3:* on *"]):
        question = ask(identity=identity)
        assert decide(question) == decide(question)
        assert decide(question).verdict == "explicitDeny"


def test_a_deny_whose_condition_holds_needs_the_context_once() -> None:
    fields = {
        "identity": [{"deny": "s3:*", "if": {"Bool": {"a": "true"}}}, {"allow": "s3:*", "if": {"Bool": {"a": "false"}}}]
    }
    assert decide(ask(**fields, context={"a": "true"})).verdict == "explicitDeny"
    assert decide(ask(**fields, context={"a": "false"})).verdict == "allowed"
    assert decide(ask(**fields)).verdict == "implicitDeny"


def test_patterns_with_and_without_variables_stand_in_one_list() -> None:
    on = ["arn:aws:s3:::public/*", "arn:aws:s3:::${aws:username}/*"]
    for key, verdicts in (
        ("on", ["allowed", "allowed", "implicitDeny"]),
        ("on-except", ["implicitDeny"] * 2 + ["allowed"]),
    ):
        asked = [
            ask(resource=f"arn:aws:s3:::{name}/k", identity={"allow": "s3:*", key: on})
            for name in ("public", "alice", "bob")
        ]
        assert [decide(question).verdict for question in asked] == verdicts


def test_like_on_several_values_is_any_of_them() -> None:
    test = clause("StringLike", "k", ("a*",), variables=True).test
    assert test(Facts({"k": ("b", "ab")}, "*"))
    assert not test(Facts({"k": ("b", "c")}, "*"))


def test_a_resource_policy_that_names_nobody_grants_nothing() -> None:
    own = Attached("identity grammar by mistake", parse(ALLOW))
    assert not decide(msgspec.structs.replace(ask(principal="anonymous"), resource_policy=own)).allowed


def test_a_character_that_is_everywhere_is_found_everywhere() -> None:
    assert compiled(glob("?" + "a" * 100 + "?"))("a" * 102)
    assert not compiled(glob("?" + "a" * 100 + "?"))("a" * 101)
    assert compiled(glob("?" + "a" * 100 + "*é?"))("a" * 101 + "ééx")


def test_a_dollar_sign_that_begins_no_variable_is_itself() -> None:
    assert template("a$b${", variables=True, wildcards=True) == ("a$b${",)
    assert template("a*", variables=True, wildcards=False) == ("a*",)


def test_facts_hold_nothing_else() -> None:
    facts = Facts({"A": "1"}, "*")
    assert facts.keys == {"a": "1"}
    with pytest.raises(AttributeError):
        _ = facts.nothing


@pytest.mark.parametrize("boundary", [None, "allow * on *"])
def test_a_pattern_with_a_run_inside_holds_both_ends(boundary: str | None) -> None:
    for pattern, resource, allowed in (
        ("arn:aws:s3:::b/*.csv", "arn:aws:s3:::b/x.csv", True),
        ("arn:aws:s3:::b/*.csv", "arn:aws:s3:::b/.csv", True),
        ("arn:aws:s3:::b/*.csv", "arn:aws:s3:::b/x.txt", False),
        ("arn:aws:s3:::b/*.csv", "arn:aws:s3:::c/x.csv", False),
        ("arn:aws:s3:::b/aa*aa", "arn:aws:s3:::b/aaa", False),
    ):
        question = ask(resource=resource, identity={"allow": "s3:*", "on": pattern}, boundary=boundary)
        assert decide(question).allowed is allowed, (pattern, resource)


def test_a_deny_that_does_not_apply_denies_nothing() -> None:
    identity = ["allow s3:* on *", "deny s3:Get* on arn:aws:s3:::other/*"]
    for fields in ({}, {"boundary": "allow s3:* on *"}, {"rcps": [["deny s3:* on arn:aws:s3:::other/*"]]}):
        assert decide(ask(resource="arn:aws:s3:::b/k", identity=identity, **fields)).allowed


def test_an_allowed_call_names_the_statements_of_every_layer_that_had_to_allow() -> None:
    role = {"action": "sts:AssumeRole", "resource": "arn:aws:iam::111122223333:role/app"}
    both = decide(ask(**role, trust="allow sts:AssumeRole to 111122223333", identity="allow sts:* on *"))
    assert both.decided_by == ("resource", "identity")
    assert [ref.layer for ref in both.statements] == ["resource", "identity"]
    one = decide(ask(resource_policy="allow s3:* on * to 111122223333", identity="allow s3:* on *"))
    assert one.decided_by == ("identity",)
    assert [ref.layer for ref in one.statements] == ["identity"]
    limited = decide(ask(identity="allow s3:* on *", boundary="allow s3:* on *", session="allow s3:* on *"))
    assert [ref.layer for ref in limited.statements] == ["identity", "boundary", "session"]


@pytest.mark.parametrize("operator", ["StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnLike"])
def test_a_value_that_a_variable_gives_is_compared_and_not_only_measured(operator: str) -> None:
    prefix = "arn:aws:s3:::" if operator == "ArnLike" else ""
    test = clause(operator, "k", (prefix + "${aws:username}",), variables=True).test
    keys = {"aws:username": "al"}
    assert test(Facts({"k": prefix + "al", **keys}, "*"))
    for other in ("bo", "bob", "ala", ""):
        assert not test(Facts({"k": prefix + other, **keys}, "*"))


@pytest.mark.parametrize("operator", ["StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike"])
def test_a_negated_list_with_variables_spares_none_of_its_values(operator: str) -> None:
    test = clause(operator, "k", ("plain", "${aws:username}"), variables=True).test
    verdicts = [test(Facts({"k": text, "aws:username": "al"}, "*")) for text in ("plain", "al", "bo")]
    assert verdicts == [False, False, True]


@pytest.mark.parametrize(
    ("operator", "wanted", "value", "spent"),
    [
        ("StringEquals", ("a" * 9, "b"), ("x", "y", "z"), 3),
        ("StringEquals", ("a" * 9,), "x" * 5000, 0),
        ("StringLike", ("a" * 9, "b"), ("x", "y"), 2 * 12),
        ("StringLike", ("a" * 9,), ("x" * 512, "y" * 1024), 10 * (2 + 3)),
        ("StringLike", ("a" * 9,), "x" * 512, 0),
        ("StringLike", ("a" * 9,), "x" * 513, 10),
        ("StringLike", ("a" * 9,), "x" * 1024, 10 * 2),
        ("ForAllValues:StringEquals", ("a" * 9,), "x", 1),
        ("ForAllValues:StringLike", ("a" * 9,), ("x", "y"), 10 * 2),
    ],
)
def test_what_a_comparison_costs(operator: str, wanted: tuple[str, ...], value: Any, spent: int) -> None:
    facts = Facts({"k": value}, "*")
    clause(operator, "k", wanted, variables=True).test(facts)
    assert BUDGET - facts.left == spent


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("*a*a", "a", False),
        ("*a*a", "aa", True),
        ("*a*", "abc", True),
        ("*a*b*", "ba", False),
        ("a*b*c", "abc", True),
        ("a*b*c", "xbc", False),
        ("a*b*c", "abx", False),
        ("??", "ab", True),
        ("??", "a", False),
        ("a**b", "ab", True),
    ],
)
def test_what_a_glob_matches(pattern: str, text: str, matches: bool) -> None:
    assert compiled(glob(pattern))(text) is matches


def test_one_character_of_a_field_is_one_and_no_colon() -> None:
    for text, matches in (("ab", True), ("b", False), ("aab", False), (":b", False)):
        assert compiled((Wild.FIELD_ONE, "b"))(text) is matches


def test_a_run_inside_a_field_goes_to_its_end_and_no_further() -> None:
    for text, matches in (("ab", True), ("b", True), ("aab", True), ("a:b", False), (":b", False), ("b:b", False)):
        assert compiled((Wild.FIELD_RUN, "b"))(text) is matches
    assert compiled(("a:", Wild.FIELD_RUN, ":", Wild.RUN))("a::b:c")
    assert not compiled(("a:", Wild.FIELD_RUN, "c:", Wild.RUN))("a:b:c:d")
