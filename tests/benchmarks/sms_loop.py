"""A plain loop over aiohttp, as a script against SMSC is usually written: the ceiling of `bench-sms`.

    python -m tests.benchmarks.sms_loop PORT MESSAGES AT_ONCE

Kept connections, one request for each message, the answer read and looked at, nothing kept. Prints seconds
and its own processor time as JSON.
"""

import asyncio
import json
import sys
import time
from datetime import date

import aiohttp

from channels.port import AttemptReference
from channels.sms.reference import message_name
from dispatcher.core.ids import new_id

TEXT = "Энергосбыт: долг по счёту {number:010d} 1250,40 руб. Оплатите до 25.12.2026. Справки 8-800-000-00-00"


async def run(port: int, messages: int, at_once: int) -> float:
    numbers = iter(range(messages))
    period = date.today().replace(day=1)
    connector = aiohttp.TCPConnector(limit=at_once)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def work() -> None:
            for number in numbers:
                fields = {
                    "login": "sandbox",
                    "psw": "sandbox",
                    "fmt": "3",
                    "charset": "utf-8",
                    "cost": "3",
                    "phones": f"+7900{number:07d}",
                    "mes": TEXT.format(number=number),
                    "id": message_name(AttemptReference(period, new_id())),
                    "valid": "08:00",
                }
                async with session.post(f"http://127.0.0.1:{port}/sys/send.php", data=fields) as response:
                    answer = json.loads(await response.read())
                    if "error_code" in answer:
                        raise SystemExit(f"refused: {answer}")

        began = time.monotonic()
        await asyncio.gather(*(work() for _ in range(at_once)))
        return time.monotonic() - began


def main() -> None:
    port, messages, at_once = map(int, sys.argv[1:])
    before = time.process_time()
    seconds = asyncio.run(run(port, messages, at_once))
    print(json.dumps({"seconds": seconds, "cpu_seconds": time.process_time() - before}))


if __name__ == "__main__":
    main()
