"""One POST of the mail server: what it means for its subscription, and what to answer."""
