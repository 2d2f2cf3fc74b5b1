"""Who is it, and may it: authentication, the target of a call, authorization, and the record of both."""
