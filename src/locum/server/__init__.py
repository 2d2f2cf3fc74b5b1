"""The door for AWS clients: one port, ASGI at the rim, the spine in `answer.py`."""
