"""A local endpoint that answers every chat completion after a fixed delay; it makes nothing but load.

    python -m benchmarks.live.slow_server SECONDS [ANSWERS.json]

The answer to a prompt is what the file says to it, or else the prompt.
"""

import asyncio
import json
import sys
from pathlib import Path


async def answer(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay_s: float, answers: dict[str, str]
) -> None:
    """Serve one keep-alive connection."""
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            body = json.loads(await reader.readexactly(length))
            await asyncio.sleep(delay_s)
            prompt = body["messages"][-1]["content"]
            content = json.dumps(
                {
                    "id": "x",
                    "object": "chat.completion",
                    "created": 0,
                    "model": body["model"],
                    "choices": [
                        {
                            "index": 0,
                            "finish_reason": "stop",
                            "message": {"role": "assistant", "content": answers.get(prompt, prompt)},
                        }
                    ],
                    "usage": {"prompt_tokens": 20, "completion_tokens": 20, "total_tokens": 40},
                }
            ).encode()
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(content)
                + content
            )
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main(delay_s: float, answers: dict[str, str]) -> None:
    """Print the port, then serve until killed."""
    server = await asyncio.start_server(lambda r, w: answer(r, w, delay_s, answers), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    said = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")) if len(sys.argv) > 2 else {}
    asyncio.run(main(float(sys.argv[1]), said))
