"""What goes along with a denial for those who may know more than the one who was denied.

Law: the header `x-locum-authorization-message`, which `aws sts decode-authorization-message` opens for who may call it.
AWS's sentence stays as it is. The message is sealed for the caller's account; one that would be longer than LONGEST is
left away, because proxies bound the headers of an answer. Nothing here decides, and nothing here raises.
"""

from __future__ import annotations

import msgspec

from locum.access import Judgement
from locum.aws.faults import Refusal
from locum.call import Call, Mint
from locum.http import Response
from locum.policy import Context, Question
from locum.policy.decision import EXPLICIT
from locum.session.keyring import KeyringError
from locum.session.message import SALT_BYTES, seal_message
from locum.sts.authorization_message import Denied

HEADER = "x-locum-authorization-message"
LONGEST = 3_072  # characters


def with_message(
    response: Response, refusal: Refusal, call: Call | None, judgement: Judgement | None, mint: Mint
) -> Response:
    """This answer with the message of its denial, when it is the denial of a question to the engine."""
    if refusal.code != "AccessDenied" or call is None or judgement is None:
        return response
    question, decision = judgement.question, judgement.decision
    if question is None or decision is None or not call.account:
        return response
    denied = Denied(
        decision.verdict == EXPLICIT,
        call.caller.user_id,
        call.caller.arn,
        question.action,
        question.resource,
        tuple((ref.sid, ref.source, ref.layer) for ref in decision.statements),
        _keys(question),
    )
    text = msgspec.json.encode(denied)
    if len(text) > LONGEST * 3 // 4:
        return response
    try:
        message = seal_message(text, call.account, call.keyring, mint.octets(SALT_BYTES))
    except KeyringError:  # no key seals: no message
        return response
    if len(message) > LONGEST:
        return response
    return Response(response.status, (*response.headers, (HEADER, message)), response.body)


def _keys(question: Question) -> dict[str, str | tuple[str, ...]]:
    context = question.context
    return dict(context.keys if isinstance(context, Context) else context)
