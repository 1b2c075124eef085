"""Peer `hl7apy`. send PORT FILE: one MSA line for each message, written in small pieces. receive PORT: prints PID-3 and acknowledges.
check FILE: reads them only, as strictly as it can."""
import random
import socket
import sys

from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.core import Message
from hl7apy.mllp import AbstractHandler, MLLPServer
from hl7apy.parser import parse_message
from hl7apy.validation import Validator


def send(port, path):
    random.seed(7)
    with socket.create_connection(("127.0.0.1", port)) as peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for text in open(path, encoding="utf-8", newline="").read().split("\n"):
            frame = parse_message(text, find_groups=False).to_mllp().encode("utf-8")
            while frame:
                cut = random.randint(1, 40)
                peer.sendall(frame[:cut])
                frame = frame[cut:]
            answer = b""
            while not answer.endswith(b"\x1c\r"):
                answer += peer.recv(4096)
            msa = parse_message(answer.strip(b"\x0b\x1c\r").decode("utf-8"), find_groups=False).msa
            print(f"{msa.msa_1.value} {msa.msa_2.value}", flush=True)


class Handler(AbstractHandler):
    def reply(self):
        message = parse_message(self.incoming_message, find_groups=False)
        print(message.pid.pid_3.to_er7(), flush=True)
        answer = Message("ACK", version=message.version)
        answer.msh.msh_9 = "ACK"
        answer.msa.msa_1 = "AA"
        answer.msa.msa_2 = message.msh.msh_10.value
        return answer.to_mllp()


def check(path):
    for text in open(path, encoding="utf-8", newline="").read().split("\n"):
        try:
            Validator.validate(parse_message(text, validation_level=VALIDATION_LEVEL.STRICT))
            print("sound")
        except Exception as problem:
            print(f"{type(problem).__name__} {problem} in {text}".replace("\r", " "))


if sys.argv[1] == "send":
    send(int(sys.argv[2]), sys.argv[3])
elif sys.argv[1] == "check":
    check(sys.argv[2])
else:
    server = MLLPServer("127.0.0.1", int(sys.argv[2]), {"ADT^A08^ADT_A01": (Handler,)})
    print("ready", flush=True)
    server.serve_forever()
