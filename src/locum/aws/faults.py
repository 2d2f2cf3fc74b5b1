"""Error codes as AWS answers them, and `Refusal`, the one exception that carries them to the rim.

Law: a refusal is raised with a code of this table, a sentence in AWS's words where AWS has one, and facts as
attributes; only `wire/fault.py` turns it into bytes. Codes and statuses: `error.code` of the service models, and the
"Common errors" pages of the IAM and STS API references.
"""

from __future__ import annotations

# Code -> HTTP status. A code that is not here cannot be raised.
STATUS: dict[str, int] = {
    # common to every query service
    "AccessDenied": 403,
    "ExpiredToken": 403,
    "IncompleteSignature": 400,
    "InternalFailure": 500,
    "InvalidAction": 400,
    "InvalidClientTokenId": 403,
    "InvalidParameterCombination": 400,
    "InvalidParameterValue": 400,
    "InvalidQueryParameter": 400,
    "InvalidRequest": 400,
    "MalformedInput": 400,
    "MalformedQueryString": 404,
    "MissingAction": 400,
    "MissingAuthenticationToken": 403,
    "MissingParameter": 400,
    "NotImplemented": 501,
    "OptInRequired": 403,
    "RequestEntityTooLarge": 413,
    "RequestExpired": 400,
    "ServiceUnavailable": 503,
    "SignatureDoesNotMatch": 403,
    "Throttling": 400,
    "ValidationError": 400,
    # IAM
    "AccountNotManagementOrDelegatedAdministratorException": 400,
    "CallerIsNotManagementAccountException": 400,
    "ConcurrentModification": 409,
    "DeleteConflict": 409,
    "DuplicateCertificate": 409,
    "DuplicateSSHPublicKey": 400,
    "EntityAlreadyExists": 409,
    "EntityTemporarilyUnmodifiable": 409,
    "FeatureDisabled": 404,
    "FeatureEnabled": 409,
    "InvalidAuthenticationCode": 403,
    "InvalidCertificate": 400,
    "InvalidInput": 400,
    "InvalidPublicKey": 400,
    "InvalidUserType": 400,
    "KeyPairMismatch": 400,
    "LimitExceeded": 409,
    "MalformedCertificate": 400,
    "MalformedPolicyDocument": 400,
    "NameConflict": 409,
    "NoSuchEntity": 404,
    "NotSupportedService": 404,
    "OpenIdIdpCommunicationError": 400,
    "OrganizationNotFoundException": 400,
    "OrganizationNotInAllFeaturesModeException": 400,
    "PasswordPolicyViolation": 400,
    "PolicyEvaluation": 500,
    "PolicyNotAttachable": 400,
    "ReportExpired": 410,
    "ReportGenerationLimitExceeded": 409,
    "ReportInProgress": 404,
    "ReportNotPresent": 410,
    "RoleModified": 409,
    "RoleTemplateDisabled": 400,
    "ServiceAccessNotEnabledException": 400,
    "ServiceFailure": 500,
    "UnmodifiableEntity": 400,
    "UnrecognizedPublicKeyEncoding": 400,
    # Organizations
    "AWSOrganizationsNotInUseException": 400,
    "AccountAlreadyClosedException": 400,
    "AccountNotFoundException": 400,
    "AlreadyInOrganizationException": 400,
    "ChildNotFoundException": 400,
    "ConcurrentModificationException": 400,
    "ConstraintViolationException": 400,
    "CreateAccountStatusNotFoundException": 400,
    "DestinationParentNotFoundException": 400,
    "DuplicateAccountException": 400,
    "DuplicateOrganizationalUnitException": 400,
    "DuplicatePolicyAttachmentException": 400,
    "DuplicatePolicyException": 400,
    "InvalidInputException": 400,
    "MalformedPolicyDocumentException": 400,
    "MasterCannotLeaveOrganizationException": 400,
    "OrganizationNotEmptyException": 400,
    "OrganizationalUnitNotEmptyException": 400,
    "OrganizationalUnitNotFoundException": 400,
    "ParentNotFoundException": 400,
    "PolicyInUseException": 400,
    "PolicyNotAttachedException": 400,
    "PolicyNotFoundException": 400,
    "PolicyTypeAlreadyEnabledException": 400,
    "PolicyTypeNotAvailableForOrganizationException": 400,
    "PolicyTypeNotEnabledException": 400,
    "RootNotFoundException": 400,
    "SourceParentNotFoundException": 400,
    "TargetNotFoundException": 400,
    # STS
    "ExpiredTokenException": 400,
    "ExpiredTradeInTokenException": 400,
    "IDPCommunicationError": 400,
    "IDPRejectedClaim": 403,
    "InvalidAuthorizationMessageException": 400,
    "InvalidIdentityToken": 400,
    "JWTPayloadSizeExceededException": 400,
    "OutboundWebIdentityFederationDisabledException": 403,
    "PackedPolicyTooLarge": 400,
    "RegionDisabledException": 403,
    "SessionDurationEscalationException": 403,
}


class Refusal(Exception):
    """An answer that is not a success: a code of `STATUS` and a sentence for the person who reads it.

    `facts` are the values behind the sentence, for logs, JSON and tests. They hold no secret.
    """

    def __init__(self, code: str, message: str, **facts: object) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = STATUS[code]
        self.facts = facts

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.code!r}, {self.message!r})"
