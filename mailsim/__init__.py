"""A mail server that sends EWS push notifications as Amazon WorkMail or Microsoft Exchange Server does.

`mailsim.core.Core` has all rules and does no I/O. `mailsim.runtime` and `mailsim.http_server` do the I/O.
"""
