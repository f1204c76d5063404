#!/bin/sh
# Real fuzzing: tests/fuzz/run.sh SECONDS [NAME...]
# Builds the targets with clang and libFuzzer under both sanitizers in build/fuzz and gives each an equal share of the
# time, starting from tests/data/fuzz/<name>/ and from what earlier runs kept in build/fuzz/corpus/<name>/. Prints TAP;
# fails on a find, which lies in build/fuzz/found/ and belongs into tests/data/fuzz/<name>/ once understood.
# SEED in the environment is the fuzzer's seed (0: its own choice); FUZZ_BUILD another folder than build/fuzz.
set -eu
cd "$(dirname "$0")/../.."
total=${1:?usage: tests/fuzz/run.sh SECONDS [NAME...]}
shift
dir=${FUZZ_BUILD:-build/fuzz}
if [ ! -f "$dir/build.ninja" ]; then
    CC=clang meson setup "$dir" -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false \
        --buildtype=debugoptimized -Dc_args=-fsanitize=fuzzer-no-link >&2
fi
targets=$(meson introspect "$dir" --targets | python3 -c '
import json, sys
names = [t["name"] for t in json.load(sys.stdin) if t["type"] == "executable" and t["name"].startswith("fuzz_")]
wanted = ["fuzz_" + n for n in sys.argv[1:]]
print(" ".join(n for n in sorted(names) if not wanted or n in wanted))' "$@")
count=$(echo "$targets" | wc -w)
[ "$count" -gt 0 ] || { echo "Bail out! no fuzz targets"; exit 1; }
# One after another and by name, so that what does not concern fuzzing need not compile.
ninja --quiet -C "$dir" $(for t in $targets; do echo "tests/$t"; done) >&2
share=$((total / count))
[ "$share" -ge 2 ] || share=2
echo "1..$count"
number=0
failed=0
for target in $targets; do
    number=$((number + 1))
    name=${target#fuzz_}
    mkdir -p "$dir/corpus/$name" "$dir/found"
    seeds=tests/data/fuzz/$name
    [ -d "$seeds" ] || seeds=
    dict=
    [ ! -f "tests/data/fuzz/$name.dict" ] || dict=-dict=tests/data/fuzz/$name.dict
    log="$dir/$name.log"
    if UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 ASAN_OPTIONS=allocator_may_return_null=1 \
        "$dir/tests/$target" -max_total_time="$share" -seed="${SEED:-0}" -timeout=10 -rss_limit_mb=2048 -max_len=65536 \
        -print_final_stats=1 -artifact_prefix="$dir/found/$name-" $dict "$dir/corpus/$name" $seeds >"$log" 2>&1; then
        echo "ok $number - fuzz $name ($(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs in $share s)"
    else
        echo "not ok $number - fuzz $name"
        tail -n 60 "$log" | sed 's/^/# /'
        failed=1
    fi
done
exit $failed
