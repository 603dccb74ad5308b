"""On what a measurement was made: enough to know whether two of them can be compared."""

import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any

import psutil


def describe_machine(directory: Path) -> dict[str, Any]:
    """Processor, memory, kernel, Python, and the file system under the servers' `directory`."""
    frequency = psutil.cpu_freq()
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "mhz": round(frequency.max or frequency.current) if frequency else None,
        "memory_gib": round(psutil.virtual_memory().total / (1 << 30), 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "node": _node(),
        "file_system": _file_system(directory),
        "load_before": [round(value, 2) for value in os.getloadavg()],
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def _node() -> str | None:
    node = shutil.which("node")
    if node is None:
        return None
    return subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()


def _file_system(directory: Path) -> str:
    mounts = [part for part in psutil.disk_partitions(all=True) if directory.is_relative_to(part.mountpoint)]
    return max(mounts, key=lambda part: len(part.mountpoint)).fstype if mounts else "unknown"
