#!/usr/bin/env python3
"""What shells complete: every command of --help, each option of --help, in bash as a person presses Tab, and scripts
that zsh and fish take."""

import os
import re
import shutil
import subprocess

from house import ENTENTE, Done, check, main


def run(*words, **more):
    return Done(subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True, timeout=60, **more))


def script(folder, shell):
    done = run(ENTENTE, "completion", shell)
    check(done.code == 0 and done.out.endswith("\n"), f"{shell}: {done.err}")
    path = os.path.join(folder, shell)
    with open(path, "w", encoding="utf-8") as file:
        file.write(done.out)
    return path


def commands():
    return re.findall(r"^  ([a-z][a-z-]*(?: [a-z][a-z-]*)*)  +\S", run(ENTENTE, "--help").out.split("usage:")[1], re.M)


def options(command):
    return set(re.findall(r"^  (--[a-z-]+)", run(ENTENTE, *command.split(), "--help").out, re.M))


def press_tab(path, lines, folder):
    """For each line (its last word is being typed) what bash offers."""
    asks = "".join(f"COMP_WORDS=({' '.join(repr(w) for w in line)}); COMP_CWORD={len(line) - 1}; _entente;"
                   " echo \"${COMPREPLY[@]}\"\n" for line in lines)
    done = run("bash", "--norc", "-c", f"source {path}\n{asks}", cwd=folder)
    check(done.code == 0 and not done.err, done.err)
    answers = [set(line.split()) for line in done.out.split("\n")[:-1]]
    check(len(answers) == len(lines), done.out)
    return answers


def bash_completes(folder):
    path, every = script(folder, "bash"), commands()
    check(len(every) > 60 and "completion" in every, str(every))
    first = {c.split()[0] for c in every}
    groups = sorted({" ".join(c.split()[:n]) for c in every for n in range(1, c.count(" ") + 1)})
    lines = [["entente", ""], ["entente", "--home", "h", "in"]] + [["entente", *g.split(), ""] for g in groups] + \
        [["entente", *c.split(), "--"] for c in every]
    answers = press_tab(path, lines, folder)
    check(answers[0] == first, f"first words: {answers[0] ^ first}")
    check(answers[1] == {w for w in first if w.startswith("in")}, str(answers[1]))
    for group, answer in zip(groups, answers[2:]):
        wanted = {c[len(group) + 1:].split()[0] for c in every if c.startswith(group + " ")}
        check(wanted == answer, f"{group}: {wanted ^ answer}")
    for command, answer in zip(every, answers[2 + len(groups):]):
        wanted = options(command)
        check(wanted <= answer, f"{command}: {wanted - answer} is missing")
        check(answer <= wanted | {"--home", "--json", "--help"}, f"{command}: {answer - wanted} is too much")


def bash_completes_files_where_they_are_wanted(folder):
    path = script(folder, "bash")
    work = os.path.join(folder, "work")
    os.mkdir(work)
    open(os.path.join(work, "list.csv"), "w", encoding="utf-8").close()
    lines = [["entente", "import", "li"], ["entente", "import", "--from", ""], ["entente", "completion", "li"],
             ["entente", "--home", "li"]]
    check(press_tab(path, lines, work) == [{"list.csv"}, set(), set(), {"list.csv"}], str(press_tab(path, lines, work)))


def shell_takes(shell, folder, *more):
    path = script(folder, shell)
    if not shutil.which(shell):
        print(f"# notice: {shell} is not here: its script is written, not run")
        return
    done = run(shell, "-n", path)
    check(done.code == 0 and not done.err, done.err)
    for line, wanted in more:
        done = run(shell, "--no-config", "-c", f"source {path}; complete -C '{line}'")
        got = {w.split("\t")[0] for w in done.out.splitlines()}
        check(wanted <= got, f"{line}: {wanted - got} is missing: {done.err}")


def zsh_takes_it(folder):
    shell_takes("zsh", folder)


def fish_completes(folder):
    shell_takes("fish", folder, ("entente ", {c.split()[0] for c in commands()}), ("entente finding ", {"list", "show"}),
                ("entente --home /tmp import --", {"--from", "--marking", "--json"}))


def another_shell_is_refused(_):
    done = run(ENTENTE, "completion", "csh")
    check(done.code == 64 and "bash, zsh or fish" in done.err, done.err)


main(bash_completes, bash_completes_files_where_they_are_wanted, zsh_takes_it, fish_completes, another_shell_is_refused)
