#!/usr/bin/env bash
# Builds the Coq development from scratch, and checks the tables of proofs/README.md: every theorem named there must exist, and
# rest only on axioms that are listed there.
set -euo pipefail
cd "$(dirname "$0")"

build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
cp coq/*.v "$build"

if grep -nE '\b(Admitted|admit|Axiom|Parameter|Conjecture)\b' coq/*.v; then
    echo "proofs: the lines above contain an unproved assumption" >&2
    exit 1
fi

coq_files=$(cd "$build" && coqdep -sort -R . Plica ./*.v)
for file in $coq_files; do
    echo "coqc $(basename "$file")"
    (cd "$build" && coqc -q -R . Plica "$file")
done

# The third column of a row that is proved by Coq is `File.v`: `theorem`, `theorem`.
names=$(grep -oE '`[A-Za-z]+\.v`: (`[A-Za-z0-9_]+`(, )?)+' README.md | sed -E 's/`//g; s/\.v: / /; s/,//g' || true)
if [ -z "$names" ]; then
    echo "proofs: README.md names no theorem" >&2
    exit 1
fi
allowed=$(sed -n '/^## Axioms/,/^## /p' README.md | grep -oE '^- `[A-Za-z_.]+`' | sed -E 's/^- `([A-Za-z_.]+)`/\1/' || true)

# One run of Coq for each file: it prints a line with the theorem's name, then what the theorem rests on.
for file in $(cut -d' ' -f1 <<<"$names" | sort -u); do
    {
        printf 'From Coq Require Import String.\nFrom Plica Require %s.\nOpen Scope string_scope.\n' "$file"
        for theorem in $(grep "^$file " <<<"$names" | cut -d' ' -f2-); do
            printf 'Eval compute in "theorem %s".\nPrint Assumptions %s.%s.\n' "$theorem" "$file" "$theorem"
        done
    } >"$build/Assumptions.v"
    if ! (cd "$build" && coqc -q -R . Plica Assumptions.v) >"$build/$file.out" 2>&1; then
        echo "proofs: $file.v lacks a theorem that README.md names: $(tail -n 3 "$build/$file.out")" >&2
        exit 1
    fi
    # A theorem's name is followed by one sentence, or by a list: names at the beginning of lines, their types indented.
    awk -v file="$file" -v allowed="$allowed" '
        BEGIN { split(allowed, lines, "\n"); for (i in lines) listed[lines[i]] = 1 }
        function tell() { if (theorem != "") print file "." theorem ": " (axioms == "" ? "no axioms" : "rests on" axioms) }
        match($0, /= "theorem [A-Za-z0-9_]+"/) { tell(); theorem = substr($0, RSTART + 11, RLENGTH - 12); axioms = ""; next }
        /^Closed under the global context$/ || /^Axioms:$/ { next }
        match($0, /^[A-Za-z_.]+/) {
            axiom = substr($0, 1, RLENGTH)
            axioms = axioms " " axiom
            if (!(axiom in listed)) {
                print "proofs: " file "." theorem " rests on " axiom ", which README.md does not list" > "/dev/stderr"
                wrong = 1
            }
        }
        END { tell(); exit wrong }' "$build/$file.out" | tee -a "$build/checked"
done

# Every theorem must have its line, else the output of Coq was misread.
for theorem in $(awk '{ for (i = 2; i <= NF; i++) print $1 "." $i }' <<<"$names"); do
    grep -q "^$theorem: " "$build/checked" || { echo "proofs: Coq printed no assumptions of $theorem" >&2; exit 1; }
done
echo "$(wc -l <"$build/checked") theorems of README.md checked"
