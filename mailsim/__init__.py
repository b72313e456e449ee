"""A mail server that speaks EWS push notifications: Amazon WorkMail's way, or Microsoft Exchange Server's.

`mailsim.core.Core` holds all rules and does no I/O; `mailsim.http_server` puts it on real sockets.
"""
