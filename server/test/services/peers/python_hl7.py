"""Peer `hl7` (python-hl7). send PORT FILE: one MSA line for each message. receive PORT: prints PID-3 of what comes and acknowledges."""
import asyncio
import sys

import hl7
from hl7.client import MLLPClient
from hl7.mllp import start_hl7_server


def send(port, path):
    with MLLPClient("127.0.0.1", port) as client:
        for text in open(path, encoding="utf-8", newline="").read().split("\n"):
            answer = hl7.parse(client.send_message(text).strip(b"\x0b\x1c\r").decode("utf-8"))
            print(f"{answer.segment('MSA')[1]} {answer.segment('MSA')[2]}", flush=True)


async def receive(port):
    async def take(reader, writer):
        while not writer.is_closing():
            try:
                message = await reader.readmessage()
            except asyncio.IncompleteReadError:
                break
            print(str(message.segment("PID")[3]), flush=True)
            writer.writemessage(message.create_ack())
            await writer.drain()

    async with await start_hl7_server(take, port=port) as server:
        print("ready", flush=True)
        await server.serve_forever()


if sys.argv[1] == "send":
    send(int(sys.argv[2]), sys.argv[3])
else:
    asyncio.run(receive(int(sys.argv[2])))
