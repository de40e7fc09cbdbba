"""The first step of ``make run`` and ``make setup``, written so that an old Python can read it.

It finds a Python that is new enough, keeps the virtual environment in step with the lock file
and hands over to ``compose.local`` inside it. Standard library only.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
VENV_PYTHON = os.path.join(VENV, "bin", "python")
STAMP = os.path.join(VENV, "installed.json")
NEEDED = (3, 11)
NEWER = ("python3.14", "python3.13", "python3.12", "python3.11")


def main(arguments):
    """Prepare the environment; with ``--setup`` stop there, otherwise start the stack.

    With ``--gateway`` that is the programs' side alone.
    """
    os.chdir(ROOT)
    if sys.version_info < NEEDED:
        _hand_over_to_newer_python(arguments)
    is_setup = "--setup" in arguments
    ensure_environment("requirements-dev.txt" if is_setup else "requirements.txt")
    if is_setup:
        return 0
    module = "compose.gateway" if "--gateway" in arguments else "compose.local"
    rest = [argument for argument in arguments if argument != "--gateway"]
    command = [VENV_PYTHON, "-m", module] + rest
    os.execv(VENV_PYTHON, command)
    return 1


def ensure_environment(lock_name):
    """Install exactly what the lock file lists, unless it is what is there already."""
    digests = {name: _digest(name) for name in ("requirements.txt", "requirements-dev.txt")}
    if not _works(VENV_PYTHON):
        _say("Making the virtual environment in .venv ...")
        _make_environment()
    installed = _read_stamp()
    # The development lock contains the other one.
    fitting = {lock_name, "requirements-dev.txt"}
    if any(installed.get(name) == digests[name] for name in fitting):
        return
    _say("Installing the locked packages (once, about a minute) ...")
    command = [VENV_PYTHON, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    done = subprocess.run(command + ["--require-hashes", "-r", lock_name])
    if done.returncode != 0:
        _give_up("pip could not install %s; its message is above." % lock_name)
    with open(STAMP, "w") as file:
        json.dump({lock_name: digests[lock_name]}, file)


def _make_environment():
    if not os.access(ROOT, os.W_OK):
        _give_up("This folder cannot be written to, so there is no place for .venv: %s" % ROOT)
    command = [sys.executable, "-m", "venv", "--clear", VENV]
    if subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
        _give_up(
            "The virtual environment could not be made; on Debian and Ubuntu this usually means "
            "that the package python3-venv is missing."
        )


def _hand_over_to_newer_python(arguments):
    for name in NEWER:
        found = shutil.which(name)
        if found:
            os.execv(found, [found, os.path.abspath(__file__)] + arguments)
    _give_up(
        "Hotseat needs Python %d.%d or newer and this is %d.%d; "
        "with another one installed: make run PYTHON=/path/to/python3"
        % (NEEDED + sys.version_info[:2])
    )


def _works(python):
    try:
        return (
            subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode == 0
        )
    except OSError:
        return False


def _digest(name):
    with open(os.path.join(ROOT, name), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def _read_stamp():
    try:
        with open(STAMP) as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def _say(sentence):
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


def _give_up(sentence):
    _say(sentence)
    sys.exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
