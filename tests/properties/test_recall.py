"""An answer that was kept is the answer: whatever is asked in between, of the same caller's policies.

LOCUM_EXAMPLES sets how many conversations the theorem is tried on.
"""

from __future__ import annotations

import os

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.properties.policies import bounds, questions

from locum.policy import Bound, Context, Question, decide, recall

many = settings(max_examples=int(os.environ.get("LOCUM_EXAMPLES", "60")), deadline=None)
conversations = bounds.flatmap(
    lambda bound: st.tuples(st.just(bound), st.lists(questions(st.just(bound)), min_size=2, max_size=8))
)


@many
@given(conversations, st.data())
def test_a_recalled_answer_equals_a_fresh_one(conversation: tuple[Bound, list[Question]], data: st.DataObject) -> None:
    _, asked = conversation
    for question in (*asked, *asked):
        assert recall(question) == decide(question)
    # a question that differs from one already answered in a single part
    for question in asked:
        part = data.draw(st.sampled_from([name for name in question.__struct_fields__ if name != "bound"]))
        other = msgspec.structs.replace(question, **{part: getattr(data.draw(st.sampled_from(asked)), part)})
        assert recall(other) == decide(other)


@many
@given(conversations)
def test_a_context_made_once_recalls_like_its_mapping(conversation: tuple[Bound, list[Question]]) -> None:
    for question in conversation[1]:
        once = msgspec.structs.replace(question, context=Context(dict(question.context)))  # type: ignore[call-overload]
        assert recall(question) == recall(once) == decide(once)
