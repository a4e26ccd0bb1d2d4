#!/bin/bash
# The whole stack from nothing on the sample's 200 households: import, training, promotion, a night, then nights in the
# middle of which one part after the other is killed, and the rows of one machine beside them. Leaves nothing behind.
#
#   docker/try.sh              # a Docker engine with compose; 12 GB of disk, 6 GB of memory, half an hour on two cores
#   docker/try.sh mlflow       # only with this part killed; of several, in this order
#
# COMPOSE_FILE and LSIF_*_PORT are taken from the environment. Exit code 3: no engine answers, nothing was tried.
set -euo pipefail
cd "$(dirname "$0")/.."
docker version > /dev/null 2>&1 || { echo "no Docker engine answers: nothing was tried" >&2; exit 3; }
victims=("${@:-spark-worker object-store mlflow spark-master postgres airflow-scheduler}")
read -ra victims <<< "${victims[*]}"
first=2017-01-01 past=2017-03-01 # sixty days, then the nights
export COMPOSE_PROJECT_NAME=lsif-try LSIF_SCHEDULED=true LSIF_END_DATE=2017-12-31
export LSIF_AIRFLOW_PORT="${LSIF_AIRFLOW_PORT:-18080}" LSIF_MLFLOW_PORT="${LSIF_MLFLOW_PORT:-15000}"
export LSIF_SPARK_PORT="${LSIF_SPARK_PORT:-18090}" LSIF_S3_PORT="${LSIF_S3_PORT:-18333}"
logs=$(mktemp -d) && : > "$logs/compose"
made_secrets=

# In a container of its own, which outlives the scheduler's.
command() { docker compose run --rm --no-deps --no-TTY airflow-scheduler "$@" 2>> "$logs/compose"; }
day_after() { date --utc --date "$1 + ${2:-1} day" +%F; }
say() { echo "$(date --utc +%T) $*"; }
left_over() {
    for kind in container volume network; do
        docker "$kind" ls --quiet --filter label=com.docker.compose.project=$COMPOSE_PROJECT_NAME $([ $kind = container ] && echo --all)
    done
}
finish() { # CODE: what the script ends with
    [ "$1" = 0 ] || tail -20 "$logs/compose" >&2
    docker compose down --volumes --remove-orphans > "$logs/down" 2>&1 || cat "$logs/down"
    [ -z "$made_secrets" ] || rm -r secrets
    rm -r "$logs"
}

# The main process, as if memory had run out: PID 1 is Docker's init, which ends with it, and Docker starts it again.
kill_part() { docker compose exec --no-TTY "$1" sh -c 'kill -9 $(cat /proc/1/task/1/children)'; }

in_the_middle_for() { # whether the night that LOG watches has come to where PART is at work
    case "$1" in
        mlflow | airflow-scheduler) grep -q 'running *score_users' "$2" ;;
        *) grep -q 'running *events_to_interests' "$2" &&
            docker compose logs --since "$3" spark-worker 2>&1 | grep 'Launch command' > /dev/null ;;
    esac
}

night() { # DAY [PART]: one row of the table; PART is killed in the middle
    local day=$1 part=${2:-} log="$logs/$1" since started=$SECONDS code=0
    since=$(date --utc +%FT%TZ)
    : > "$log"
    command lsif trigger --ds "$day" > "$log" & watcher=$!
    if [ -n "$part" ]; then
        until in_the_middle_for "$part" "$log" "$since"; do
            kill -0 $watcher 2> /dev/null || { cat "$log"; say "the night of $day ended before $part was killed"; return 1; }
            sleep 1
        done
        kill_part "$part"
    fi
    wait $watcher || code=$?
    tries=$(command python docker/tries.py lsif_nightly | tail -1)
    say "| $day | ${part:-nobody} | $([ $code = 0 ] && echo well || echo "with $code") | $((SECONDS - started)) s | $tries |"
    [ $code = 0 ] || { cat "$log"; return 1; }
}

trap 'finish $?' EXIT
[ -d secrets ] || { docker/make-secrets.sh > /dev/null; made_secrets=yes; }
docker image inspect lsif:0.1.0 > /dev/null 2>&1 || docker compose build
started=$SECONDS
docker compose up --detach --wait > "$logs/up" 2>&1 || { cat "$logs/up"; exit 1; }
say "healthy after $((SECONDS - started)) s"

last=$(day_after $past $((1 + ${#victims[@]})))
mkdir "$logs/landing"
tar --create --directory "$logs" landing |
    docker compose exec --no-TTY airflow-scheduler tar --extract --directory /var/lib/lsif
command python jobs/land_sample.py --households 200 --to "$last" | tail -1
command python jobs/ingest_items.py --ds $first
command python jobs/import_past.py --from $first --ds $past | tail -1
for dag in lsif_training lsif_promotion lsif_nightly; do command airflow dags unpause $dag --yes > /dev/null; done
command lsif train --ds $past
command lsif promote 1 --force --reason "try.sh wants a model, not a good one"
say "| night | killed | ended | after | tries |"
day=$(day_after $past)
night "$day"
for part in "${victims[@]}"; do day=$(day_after "$day") && night "$day" "$part"; done
[ "$(command python docker/tries.py lsif_nightly --runs | tail -1)" = $((1 + ${#victims[@]})) ] && say "no night has fired unasked"

command lsif models | tail -1
command lsif recs 1038 | sed -n 1,3p
command lsif cascade

alone() { command env LSIF_TABLES=/var/lib/lsif/alone "LSIF_SPARK_MASTER=local[2]" python "$@"; }
alone jobs/ingest_items.py --ds $first
alone jobs/import_past.py --from $first --ds "$(day_after "$last" -1)" | tail -1
alone jobs/events_to_interests.py --ds "$last"
alone jobs/ingest_items.py --ds "$last"
alone jobs/embed_items.py --ds "$last"
alone jobs/score_users.py --ds "$last" --model 1
alone jobs/audit_recommendations.py --ds "$last"
alone jobs/publish_recommendations.py --ds "$last"
alone jobs/user_interests.py --ds "$last"
command python docker/same_rows.py /var/lib/lsif/alone "$(day_after $past)" "$last"
say "down"
finish 0
trap - EXIT
[ -z "$(left_over)" ] && say "nothing is left but the image" || { left_over; exit 1; }
