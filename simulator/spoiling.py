"""Deliberately spoiled answers to calls that were accepted, whatever the provider. Touches the client's
connection.
"""

import asyncio
import socket
import struct

from aiohttp import web

from simulator.faults import Fault, FaultKind

HTML_ERROR = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n"
    b"<body>\r\n<center><h1>502 Bad Gateway</h1></center>"
    b"\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
RST = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: close() sends a reset


def gateway_error(fault: Fault) -> web.Response:
    """A proxy's HTML page instead of JSON."""
    return web.Response(body=HTML_ERROR, status=fault.status, content_type="text/html")


async def spoil(request: web.Request, fault: Fault, body: bytes, status: int = 200) -> web.StreamResponse:
    """Answer a call that succeeded as the fault wants: the message is already accepted."""
    match fault.kind:
        case FaultKind.RESET_AFTER:
            return reset(request)
        case FaultKind.ERROR_AFTER:
            return gateway_error(fault)
        case FaultKind.TRUNCATED:
            return web.Response(body=body[: len(body) // 2], status=status, content_type="application/json")
        case FaultKind.SLOW_DRIP:
            return await drip(request, body, fault.seconds, status)
        case _:
            await asyncio.sleep(fault.seconds)
            return web.Response(body=body, status=status, content_type="application/json")


def reset(request: web.Request) -> web.Response:
    """Cut the connection with a TCP reset; the response returned is never sent."""
    transport = request.transport
    if transport is not None:
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
        transport.abort()
    return web.Response(status=500)


async def drip(request: web.Request, body: bytes, seconds: float, status: int = 200) -> web.StreamResponse:
    """Answer byte by byte over `seconds`."""
    response = web.StreamResponse(
        status=status, headers={"Content-Type": "application/json", "Content-Length": str(len(body))}
    )
    try:
        await response.prepare(request)
        for place in range(len(body)):
            await response.write(body[place : place + 1])
            await asyncio.sleep(seconds / len(body))
        await response.write_eof()
    except ConnectionError:
        return response  # the client gave up, which is the point
    return response
