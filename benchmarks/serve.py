"""The web server under many clients: none lost, how long they wait, and what memory that takes.

python benchmarks/serve.py [--clients 50] [--seconds 30] [--model NAME]

Starts `earmark serve` on loopback. All clients send a song at once and wait for the answer to the whole of it, each in
a thread; meanwhile another asks for the page again and again. The songs are synthetic, no two the same.
"""

from __future__ import annotations

import argparse
import http.client
import io
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import soundfile

RATE = 22_050
STATED = re.compile(r"http://127\.0\.0\.1:(\d+)/")


def song(seconds: float, seed: int) -> bytes:
    """Chords in noise, as FLAC."""
    rng = np.random.default_rng(seed)
    times = np.arange(round(seconds * RATE)) / RATE
    tones = sum(np.sin(2 * np.pi * pitch * times) for pitch in rng.uniform(110, 880, 4))
    beat = 0.5 + 0.5 * (np.sin(2 * np.pi * rng.uniform(1, 3) * times) > 0)
    file = io.BytesIO()
    soundfile.write(file, 0.1 * tones * beat + 0.02 * rng.standard_normal(len(times)), RATE, format="FLAC")
    return file.getvalue()


def send(port: int, content: bytes) -> tuple[float, str]:
    """Seconds until the answer, and how the job ended."""
    begin = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3600)
    connection.request("POST", "/api/v1/listen?wait=true", content, {"Content-Type": "audio/flac"})
    answer = connection.getresponse()
    ended = json.loads(answer.read())
    return time.perf_counter() - begin, ended["state"] if answer.status == 202 else str(answer.status)


def look(port: int, until: threading.Event, times: list[float]) -> None:
    """Ask for the page until the others are done."""
    while not until.is_set():
        begin = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/")
        connection.getresponse().read()
        times.append(time.perf_counter() - begin)
        time.sleep(0.1)


def peak(process: int) -> float:
    """Highest resident memory of a process, MB."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1000


def children(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--model", default="default")
    arguments = parser.parse_args()
    songs = [song(arguments.seconds, seed) for seed in range(arguments.clients)]
    command = [sys.executable, "-m", "earmark.cli", "serve", "--port", "0", "--model", arguments.model]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=folder) as server,
    ):
        try:
            line = server.stderr.readline()
            port = int(STATED.search(line)[1])
            alone = min(send(port, songs[0])[0] for _ in range(3))  # the first of them loads the classifier
            outcomes: list[tuple[float, str]] = []
            looked: list[float] = []
            done = threading.Event()
            threads = [threading.Thread(target=lambda each=each: outcomes.append(send(port, each))) for each in songs]
            looking = threading.Thread(target=look, args=(port, done, looked))
            looking.start()
            begin = time.perf_counter()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            took = time.perf_counter() - begin
            done.set()
            looking.join()
            workers = [size for child in children(server.pid) if (size := peak(child)) > 100]
            ended = [state for _, state in outcomes]
            waits = [seconds for seconds, _ in outcomes]
            print(
                f"{len(songs)} clients at once, {arguments.seconds:g} s of sound each, {len(workers)} processes listen"
            )
            print(f"  answered {ended.count('done')}, lost {len(songs) - ended.count('done')}")
            print(f"  one alone {alone:.2f} s; all {took:.1f} s, {len(songs) / took:.1f} a second")
            print(f"  wait: median {np.median(waits):.1f} s, p95 {np.percentile(waits, 95):.1f} s")
            meanwhile = 1000 * np.percentile(looked, [50, 95])
            print(f"  the page meanwhile: median {meanwhile[0]:.0f} ms, p95 {meanwhile[1]:.0f} ms")
            print(f"  memory: server {peak(server.pid):.0f} MB, each process {max(workers):.0f} MB")
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
