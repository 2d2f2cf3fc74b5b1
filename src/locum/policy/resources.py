"""Which resources a statement covers.

Law: patterns are taken to pieces before variables are filled in, and what is filled in is text (rule 4.4). What can be
said by how an ARN begins and ends is said so, because deciding by that touches the least memory; everything else is a
matcher. It compares and decides nothing.
"""

from __future__ import annotations

import sys

import msgspec

from locum.policy.conditions import Test
from locum.policy.context import Facts
from locum.policy.match import Matcher, Pieces, Wild, compiled, complement, matches, nothing, one_of
from locum.policy.variables import Template, filled, fixed, has_variable, reads, template


class Covered(msgspec.Struct, frozen=True, eq=False, gc=False):
    """The resources that a statement covers: those for which all four parts hold.

    `starts` and `ends` are how the ARN must begin and end: `starts` is "" for anyhow; `ends` is "" for anyhow and None
    where nothing may follow the beginning. `covers` is the matcher for what these cannot say, `test` the one for
    patterns with variables; None where there is none. `reads` are the folded names of the keys that `test` looks at.
    """

    starts: str | tuple[str, ...] = ""
    ends: str | None = ""
    covers: Matcher | None = None
    test: Test | None = None
    reads: frozenset[str] = frozenset()

    def holds(self, facts: Facts) -> bool:
        """Whether the resource of these facts is covered."""
        resource, starts, ends = facts.resource, self.starts, self.ends
        return (
            (not starts or resource.startswith(starts))
            and (resource.endswith(ends, len(starts)) if ends else ends is not None or len(resource) == len(starts))
            and (self.covers is None or self.covers(resource))
            and (self.test is None or self.test(facts))
        )


EVERYTHING = Covered()
NOTHING = Covered(covers=nothing)


def covered(patterns: tuple[str, ...], *, negated: bool, variables: bool) -> Covered:
    """The resources that these patterns cover, or all others when `negated` (rules 3.3 to 3.9).

    `*` stands for every resource, and nothing else covers an action that has none (rule 3.7): other patterns begin
    with `arn:`. A pattern whose variable has no value matches nothing (rule 4.6). No patterns: the kind of policy has
    no resources, every one is covered.
    """
    if not patterns:
        return EVERYTHING
    if "*" in patterns:
        return NOTHING if negated else EVERYTHING
    templates = [template(text, variables=variables, wildcards=True, resource=True) for text in patterns]
    still = [fixed(one) for one in templates if not has_variable(one)]
    moving = tuple(one for one in templates if has_variable(one))
    if moving:
        names = frozenset().union(*map(reads, moving))
        return Covered(test=_test(_at_rest(still), moving, negated=negated), reads=names)
    if negated:
        return Covered(covers=complement(_at_rest(still)))
    return _by_edges(still) or Covered(covers=_at_rest(still))


def _at_rest(patterns: list[Pieces]) -> Matcher:
    """One matcher for patterns without variables."""
    if not patterns:
        return nothing
    exact, prefixes, others = set(), [], []
    for pieces in patterns:
        if len(pieces) == 1 and isinstance(pieces[0], str):
            exact.add(pieces[0])
        elif len(pieces) == 2 and isinstance(pieces[0], str) and pieces[1] is Wild.RUN:
            prefixes.append(pieces[0])
        else:
            others.append(compiled(pieces))
    return one_of(frozenset(exact), tuple(prefixes), tuple(others))


def _by_edges(patterns: list[Pieces]) -> Covered | None:
    """How an ARN must begin and end that matches one of `patterns`, when no more than that is asked for."""
    heads = tuple(sys.intern(str(one[0])) for one in patterns)  # a text: all begin with `arn:` (rule 1.9)
    if all(one[1:] == (Wild.RUN,) for one in patterns):
        return Covered(heads[0] if len(heads) == 1 else heads)
    if len(patterns) > 1:
        return None
    (only,) = patterns
    if len(only) == 1:
        return Covered(heads[0], None)
    if len(only) == 3 and only[1] is Wild.RUN and isinstance(only[2], str):
        return Covered(heads[0], only[2])
    return None


def _test(at_rest: Matcher, moving: tuple[Template, ...], *, negated: bool) -> Test:
    def test(facts: Facts) -> bool:
        if at_rest(facts.resource):
            return not negated
        for one in moving:
            pieces = filled(one, facts.keys)
            if pieces is not None and matches(pieces, facts.resource):
                return not negated
        return negated

    return test
