"""A virtual environment for each framework, from its lock, with our client's own wheel in it."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

HERE = Path(__file__).parent
CLIENT = Path(settings.BASE_DIR) / "agents" / "client"
PLACE = Path(settings.BASE_DIR) / ".trial" / "clients"
WITHOUT_CLIENT = ("humanlayer", "feedback")


def python_of(name: str) -> Path:
    """The interpreter of that environment, made when it is missing or its lock has changed."""
    lock = HERE / "requirements" / f"{name}.txt"
    home = PLACE / f"{name}-{_digest([lock])}"
    python = home / "bin" / "python"
    with _alone(name):
        if not (home / "ready").exists():
            _make(home, name, lock)
        if name not in WITHOUT_CLIENT:
            _install_client(home, python)
    return python


def _make(home: Path, name: str, lock: Path) -> None:
    for old in PLACE.glob(f"{name}-*"):
        shutil.rmtree(old)
    _run("-m", "venv", "--without-pip", str(home))
    _pip(home / "bin" / "python", "install", "--no-deps", "-r", str(lock))
    (home / "ready").touch()


def _install_client(home: Path, python: Path) -> None:
    """The wheel and not the source: what is missing in the one would be found in the other."""
    sources = [*sorted(CLIENT.rglob("*.py")), CLIENT / "pyproject.toml"]
    mark = home / f"client-{_digest(sources)}"
    if mark.exists():
        return
    wheels = home / "wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    build = ["--no-deps", "--no-build-isolation", "-w", str(wheels), str(CLIENT)]
    _run("-m", "pip", "--disable-pip-version-check", "wheel", "-q", *build)
    (wheel,) = wheels.glob("*.whl")
    _pip(python, "install", "--no-deps", "--no-index", "--force-reinstall", str(wheel))
    mark.touch()


def _pip(python: Path, *arguments: str) -> None:
    options = ["--python", str(python), "--disable-pip-version-check", "-q"]
    _run("-m", "pip", *options, *arguments)


def _run(*arguments: str) -> None:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)}\n{done.stdout}{done.stderr}")


@contextmanager
def _alone(name: str) -> Iterator[None]:
    PLACE.mkdir(parents=True, exist_ok=True)
    with (PLACE / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _digest(files: Sequence[Path]) -> str:
    whole = hashlib.sha256(sys.version.encode())
    for file in files:
        whole.update(file.read_bytes())
    return whole.hexdigest()[:12]
