"""Who is it, and may it: authentication, the target of a call, authorization, and the record of both."""

from locum.access.authenticate import Verification, authenticate
from locum.access.authorize import Judgement, authorize
from locum.access.mfa import accept_mfa, brings_code
from locum.access.record import record

__all__ = ["Judgement", "Verification", "accept_mfa", "authenticate", "authorize", "brings_code", "record"]
