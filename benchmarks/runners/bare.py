"""An ASGI application that does nothing but answer, on the server that Locum runs on, with the same settings."""

import sys

import uvicorn

BODY = b"<Response>" + b"x" * 400 + b"</Response>"
HEADERS = [(b"content-type", b"text/xml"), (b"content-length", str(len(BODY)).encode())]


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})


uvicorn.run(
    app,
    port=int(sys.argv[1]),
    http="httptools",
    loop="uvloop",
    log_config=None,
    access_log=False,
    date_header=False,
    server_header=False,
)
