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
from locum.policy.match import arn_matcher, compiled, glob
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


def test_what_the_server_derived_wins_over_what_came_from_outside() -> None:
    context = Context({"aws:PrincipalTag/team": "red"}, {"AWS:principaltag/TEAM": "blue", "aws:RequestTag/x": "1"})
    assert context.find("aws:principaltag/team") == "red"
    assert context.find("aws:RequestTag/X") == "1"
    assert context.find("aws:absent") is None
    assert Context({"k": (), "e": ""}).find("k") is None
    assert Context({"k": (), "e": ""}).find("E") == ""
    assert repr(context) == "Context(2 keys)"


def test_a_kelvin_sign_is_no_k() -> None:
    assert Context({"\u212aey": "1"}).find("key") is None
    question = ask(action="\u212ams:Decrypt", identity="allow kms:* on *")
    assert not decide(question).allowed


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
