#!/usr/bin/env python3
"""Everything `./setup test` runs once the packages are there.

Builds build/test with gcc under AddressSanitizer and UndefinedBehaviorSanitizer, then runs the unit tests, the replays
of the fuzz seeds, the checks (tests/checks/*), the scenarios (tests/scenario/test_*.py, *.sh) and those with other
people's programs (tests/peers/test_*.py; skipped when these cannot be installed). Each program prints TAP; each test
point counts. One line a program, the whole output of those that fail, and as the very last line

    N passed, N failed, N skipped

Programs with processes and clocks (scenarios, peers) that fail are run once more at the end, alone and with the seed
they printed: what a busy machine did to their clocks passes then and is said as "late", with what went wrong; what is
wrong fails again. --quiet leaves out the lines of what passed, so that a pipeline's page shows what matters.

--long runs tests/long/* instead, each with SEED and its share of --budget as SECONDS.

What a program finds in its environment: ENTENTE (the binary under test), ENTENTE_SOURCE and ENTENTE_BUILD (folders),
ENTENTE_DATA (the data collection; absent when it is not there: tests that want it skip), TMPDIR (its own, removed)."""

import argparse
import collections
import concurrent.futures
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
Program = collections.namedtuple("Program", "name command timeout env")
Result = collections.namedtuple("Result", "program passed failed skipped seconds output why")

TIMEOUTS = {"unit": 600, "fuzz": 300, "checks": 600, "scenario": 600, "peers": 600}


def say(text):
    print(text, flush=True)


def finish(passed, failed, skipped):
    say(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed else 0)


def build(build_dir, env):
    """False when it does not build; the words are printed."""
    steps = []
    if not os.path.exists(os.path.join(build_dir, "build.ninja")):
        shutil.rmtree(build_dir, ignore_errors=True)
        steps.append(["meson", "setup", build_dir, "-Db_sanitize=address,undefined", "--buildtype=debugoptimized",
                      # Another distribution's compiler may warn of more; only our own pipeline insists.
                      f"-Dwerror={'true' if os.environ.get('CI') else 'false'}"])
    steps.append(["ninja", "--quiet", "-C", build_dir])
    for step in steps:
        done = subprocess.run(step, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace")
        if done.returncode != 0:
            say(done.stdout)
            say(f"FAIL build: {' '.join(step)}")
            return False
    return True


def unit_programs(build_dir):
    """What Meson knows of: unit tests and fuzz replays."""
    text = subprocess.run(["meson", "introspect", "--tests", build_dir], cwd=ROOT, check=True, stdout=subprocess.PIPE,
                          text=True).stdout
    programs = []
    for test in json.loads(text):
        suite = test["suite"][0].split(":")[-1]
        name = suite + "/" + test["name"].replace(" ", "/")
        programs.append(Program(name, test["cmd"], TIMEOUTS.get(suite, 300), test["env"]))
    return programs


def folder_programs(folder, wanted=lambda name: True):
    """Any executable file of a folder of tests/."""
    path = os.path.join(ROOT, "tests", folder)
    if not os.path.isdir(path):
        return []
    names = sorted(n for n in os.listdir(path) if wanted(n) and not n.startswith("."))
    files = [os.path.join(path, n) for n in names]
    # A test that lost its executable bit is a failure, not a test fewer.
    return [Program(f"{folder}/{os.path.basename(f)}", [f], TIMEOUTS.get(folder, 300), {}) for f in files
            if os.path.isfile(f) and (os.access(f, os.X_OK) or os.path.basename(f).startswith("test_"))]


def is_scenario(name):
    return (name.startswith("test_") and name.endswith(".py")) or name.endswith(".sh")


POINT = re.compile(r"^(not )?ok\b(.*)$")
PLAN = re.compile(r"^1\.\.(\d+)\s*(#\s*skip\b.*)?$", re.IGNORECASE)
SKIP = re.compile(r"#\s*skip\b", re.IGNORECASE)
SEED = re.compile(r"^# seed (\d+)", re.MULTILINE)
CLOCKED = ("scenario/", "peers/")


def read_tap(output):
    """Counts points, not numbers: a cmocka program may run several groups, each with a plan of its own."""
    passed = failed = skipped = planned = 0
    bailed = False
    for line in output.splitlines():
        plan, point = PLAN.match(line), POINT.match(line)
        if plan:
            planned += int(plan.group(1))
            if plan.group(2):
                skipped += 1
        elif line.startswith("Bail out!"):
            bailed = True
        elif point and SKIP.search(point.group(2)):
            skipped += 1
        elif point and point.group(1):
            failed += 1
        elif point:
            passed += 1
    return passed, failed, skipped, planned, bailed


def judge(program, code, output, seconds, timed_out):
    """A program that says less than it planned, or ends badly without saying so, has failed as well."""
    passed, failed, skipped, planned, bailed = read_tap(output)
    why = []
    if timed_out:
        why.append(f"stopped after {program.timeout} s")
    if bailed:
        why.append("bailed out")
    if not timed_out and code < 0:
        why.append(f"killed by {signal.Signals(-code).name}")
    elif not timed_out and code != 0 and failed == 0:
        why.append(f"exit status {code}")
    if passed + failed + skipped < max(planned, 1):
        why.append(f"{passed + failed + skipped} of {planned} points" if planned else "no test points")
    if why:
        failed = max(failed, 1)
    return Result(program, passed, failed, skipped, seconds, output, ", ".join(why))


running = set()


def end_all():
    """Stopped from outside: what we started stops with us. Each program leads a session of its own."""
    for process in list(running):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def run_program(program, env, scratch):
    own = tempfile.mkdtemp(dir=scratch)
    # A test may hand work to a user without rights, who must get through to what was made for him.
    os.chmod(own, 0o711)
    own_env = {**env, **program.env, "TMPDIR": own}
    begun = time.monotonic()
    try:
        process = subprocess.Popen(program.command, cwd=ROOT, env=own_env, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    except OSError as error:
        return Result(program, 0, 1, 0, 0.0, str(error), "could not be started")
    running.add(process)
    timed_out = False
    try:
        output, _ = process.communicate(timeout=program.timeout)
    except subprocess.TimeoutExpired:
        timed_out = True
    # Whatever it started and left behind ends with it: the session is its own.
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    if timed_out:
        output, _ = process.communicate()
    running.discard(process)
    shutil.rmtree(own, ignore_errors=True)
    text = output.decode("utf-8", "replace")
    return judge(program, process.returncode, text, time.monotonic() - begun, timed_out)


def tell(output):
    for line in output.splitlines():
        say(f"    | {line}")


def report(result, quiet=False):
    counts = [f"{result.passed} passed"]
    if result.failed:
        counts.append(f"{result.failed} failed")
    if result.skipped:
        counts.append(f"{result.skipped} skipped")
    word = "FAIL" if result.failed else "ok  " if result.passed else "skip"
    why = f" - {result.why}" if result.why else ""
    if word != "ok  " or not quiet:
        say(f"{word} {result.program.name}: {', '.join(counts)} ({result.seconds:.1f} s){why}")
    if result.failed:
        tell(result.output)
        return
    for line in result.output.splitlines():
        if line.startswith("# notice") or (PLAN.match(line) and PLAN.match(line).group(2)):
            say(f"     {line}")
        elif POINT.match(line) and SKIP.search(line):
            # TAP lets a skipped point say "not ok"; whoever looks for failures would stop at it.
            say("     " + re.sub(r"^(not )?ok\b", "skipped", line))


def seeded(result):
    """The program again, with the seed it drew."""
    seed = SEED.search(result.output)
    return result.program._replace(env={**result.program.env, **({"SEED": seed.group(1)} if seed else {})})


def again(failed, env, scratch):
    """Alone, after all others; counts of the second try. The first try's words are kept in the report."""
    for first in failed:
        second = run_program(seeded(first), env, scratch)
        if second.failed:
            report(second)
        else:
            say(f"late {first.program.name}: failed beside others, passed alone ({second.seconds:.1f} s); it had said")
            tell(first.output)
        yield second


def run_all(programs, env, jobs, quiet=False):
    shm = "/dev/shm"
    parent = os.environ.get("TMPDIR") or (shm if os.access(shm, os.W_OK) else None)
    scratch = tempfile.mkdtemp(prefix="entente-test-", dir=parent)
    os.chmod(scratch, 0o711)
    totals = [0, 0, 0]
    timed = []

    def count(result):
        for i, n in enumerate((result.passed, result.failed, result.skipped)):
            totals[i] += n

    try:
        with concurrent.futures.ThreadPoolExecutor(max_workers=jobs) as pool:
            waiting = [pool.submit(run_program, p, env, scratch) for p in programs]
            try:
                for future in concurrent.futures.as_completed(waiting):
                    result = future.result()
                    if result.failed and result.program.name.startswith(CLOCKED):
                        say(f"once more, at the end: {result.program.name}")
                        timed.append(result)
                        continue
                    report(result, quiet)
                    count(result)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                end_all()
                raise
        for result in again(timed, env, scratch):
            count(result)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return totals


def tallies(path):
    """(program, sort) -> failure points visited (tests/support/tally.h)."""
    counts = collections.Counter()
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            for line in file:
                name, sort, points = line.split()
                counts[name, sort] += int(points)
    return counts


def tell_tallies(path):
    sums = collections.Counter()
    for (_, sort), points in tallies(path).items():
        sums[sort] += points
    if sums:
        say(f"failure points visited: {sums['allocation']} allocations, {sums['io']} file operations, "
            f"{sums['crash']} crash states (tests/fault has the table)")


def binary(build_dir):
    """Meson puts a program where its meson.build is."""
    places = [os.path.join(build_dir, *parts) for parts in (("entente",), ("src", "entente"))]
    return next((p for p in places if os.path.exists(p)), places[0])


def environment(build_dir):
    env = dict(os.environ)
    env["CC"] = "gcc"
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    env["ENTENTE_SOURCE"] = ROOT
    env["ENTENTE_BUILD"] = build_dir
    env.setdefault("ASAN_OPTIONS", "allocator_may_return_null=1:detect_stack_use_after_return=1")
    env.setdefault("UBSAN_OPTIONS", "halt_on_error=1:print_stacktrace=1")
    data = os.path.abspath(os.environ.get("ENTENTE_DATA") or os.path.join(ROOT, "..", "shared", "data"))
    env.pop("ENTENTE_DATA", None)
    if os.path.isdir(data):
        env["ENTENTE_DATA"] = data
    return env


def options():
    parser = argparse.ArgumentParser(description="the whole test run; the last line is the count")
    parser.add_argument("--only", metavar="PATTERN", help="only programs whose name matches this regular expression")
    parser.add_argument("--build-dir", default=os.path.join(ROOT, "build", "test"))
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="programs at a time")
    parser.add_argument("--no-build", action="store_true", help="run what is built")
    parser.add_argument("--quiet", action="store_true", default=bool(os.environ.get("CI")),
                        help="only what failed or was skipped; so in a pipeline (CI is set)")
    parser.add_argument("--long", action="store_true", help="run tests/long/* instead")
    parser.add_argument("--budget", type=int, default=600, metavar="SECONDS", help="of --long, for all together")
    parser.add_argument("--seed", type=int, help="of --long; drawn and printed when not given")
    return parser.parse_args()


def main():
    args = options()
    build_dir = os.path.abspath(args.build_dir)
    env = environment(build_dir)
    if not args.no_build and not build(build_dir, env):
        finish(0, 1, 0)
    env["ENTENTE"] = binary(build_dir)
    if args.long:
        seed = args.seed if args.seed is not None else random.SystemRandom().randrange(1, 2**31)
        programs = folder_programs("long")
        share = max(5, args.budget // max(1, len(programs)))
        programs = [p._replace(timeout=share + 600) for p in programs]
        env.update(SEED=str(seed), SECONDS=str(share))
        say(f"seed {seed}, {share} s each")
    else:
        programs = unit_programs(build_dir) + folder_programs("checks") + folder_programs("scenario", is_scenario) + \
            folder_programs("peers", is_scenario)
    if args.only:
        programs = [p for p in programs if re.search(args.only, p.name)]
    elif not args.long and not any(p.name.startswith("unit/") for p in programs):
        say("FAIL there are no unit tests: is libcmocka-dev installed?")
        finish(0, 1, 0)
    # The slow kinds first, so that the last one does not run alone.
    programs.sort(key=lambda p: (not p.name.startswith("scenario/"), not p.name.startswith("checks/"), p.name))
    with tempfile.TemporaryDirectory() as folder:
        env["ENTENTE_FAULT_TALLY"] = os.path.join(folder, "tally")
        counts = run_all(programs, env, 1 if args.long else args.jobs, args.quiet and not args.long)
        tell_tallies(env["ENTENTE_FAULT_TALLY"])
    finish(*counts)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    main()
