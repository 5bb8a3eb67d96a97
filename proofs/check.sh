#!/usr/bin/env bash
# Builds the Coq development from scratch, and holds the table of proofs/README.md against it: every theorem named there must exist, and
# rest on no axioms but those listed there.
set -euo pipefail
cd "$(dirname "$0")"

build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
cp coq/*.v "$build"

if grep -nE '\b(Admitted|admit|Axiom|Parameter|Conjecture)\b' coq/*.v; then
    echo "proofs: the lines above assume what they should prove" >&2
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

count=0
while read -r file theorems; do
    for theorem in $theorems; do
        printf 'From Plica Require %s.\nPrint Assumptions %s.%s.\n' "$file" "$file" "$theorem" >"$build/Assumptions.v"
        if ! assumptions=$(cd "$build" && coqc -q -R . Plica Assumptions.v 2>&1); then
            echo "proofs: $file.v has no theorem $theorem: $assumptions" >&2
            exit 1
        fi
        # Either one sentence, or a list: names at the beginning of lines, their types indented.
        if [ "$assumptions" = "Closed under the global context" ]; then
            axioms=""
        else
            axioms=$(grep -oE '^[A-Za-z_.]+' <<<"$assumptions" | grep -vx 'Axioms')
        fi
        echo "$file.$theorem: ${axioms:+rests on }$(tr '\n' ' ' <<<"${axioms:-no axioms}")"
        for axiom in $axioms; do
            if ! grep -qxF "$axiom" <<<"$allowed"; then
                echo "proofs: $file.$theorem rests on $axiom, which README.md does not list" >&2
                exit 1
            fi
        done
        count=$((count + 1))
    done
done <<<"$names"
echo "$count theorems of README.md checked"
