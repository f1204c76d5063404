"""What the tests with other people's programs share: their Python packages, in a place of their own, exactly those that
its requirements file names. Without them (no network) the tests are skipped, in so many words.

A test program begins with `import peers`, which starts it again under the interpreter of that place."""

import fcntl
import hashlib
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def requirements():
    """Of test_NAME.py: requirements-NAME.txt where there is one, else what most tests share."""
    stem = os.path.splitext(os.path.basename(sys.argv[0]))[0]
    own = os.path.join(HERE, f"requirements-{stem.removeprefix('test_')}.txt")
    return own if os.path.exists(own) else os.path.join(HERE, "requirements.txt")


REQUIREMENTS = requirements()
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "scenario"))


def place():
    """A folder that outlives the run: installing takes half a minute."""
    with open(REQUIREMENTS, "rb") as file:
        name = f"peers-{sys.version_info[0]}.{sys.version_info[1]}-{hashlib.sha256(file.read()).hexdigest()[:12]}"
    return os.path.join(os.environ.get("ENTENTE_BUILD") or os.path.expanduser("~/.cache/entente-tests"), name)


def skip_all(reason):
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)


def quiet(*words):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace")
    return done.returncode == 0, done.stdout


def install(folder):
    """Under a lock: two tests may start at the same time. ENTENTE_PEERS=there: only what is there already."""
    if os.environ.get("ENTENTE_PEERS") == "there" and not os.path.exists(os.path.join(folder, "whole")):
        skip_all("the peers' packages are not installed")
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    with open(folder + ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(os.path.join(folder, "whole")):
            return
        good, words = quiet(sys.executable, "-m", "venv", "--clear", folder)
        if good:
            good, words = quiet(os.path.join(folder, "bin", "python"), "-m", "pip", "install", "--quiet",
                                "--disable-pip-version-check", "--no-input", "--retries", "1", "--timeout", "20",
                                "--require-hashes", "-r", REQUIREMENTS)
        if not good:
            last = words.strip().splitlines()[-1] if words.strip() else "no reason given"
            skip_all(f"the peers' packages cannot be installed: {last}")
        open(os.path.join(folder, "whole"), "w", encoding="ascii").close()


def move_in():
    folder = place()
    if os.path.realpath(sys.prefix) == os.path.realpath(folder):
        return
    install(folder)
    program = os.path.join(folder, "bin", "python")  # by its own name: that is how it knows where it is
    os.execv(program, [program, os.path.abspath(sys.argv[0]), *sys.argv[1:]])


move_in()
