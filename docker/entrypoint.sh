#!/bin/sh
# Secrets arrive as files. Airflow reads them itself (its _CMD settings); this passes on the rest, so that neither the
# image nor `docker inspect` ever holds one. A container sees only the secrets that docker-compose.yaml grants it.
set -eu
SECRETS="${SECRETS:-/run/secrets}"

for name in AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY MLFLOW_BACKEND_STORE_URI MLFLOW_FLASK_SERVER_SECRET_KEY; do
    file="$SECRETS/$(echo "$name" | tr '[:upper:]' '[:lower:]')"
    if [ -r "$file" ]; then
        export "$name=$(cat "$file")"
    fi
done

# Spark takes the secret of a standalone cluster from its settings only.
if [ -r "$SECRETS/spark_authenticate" ]; then
    mkdir -p "$SPARK_CONF_DIR"
    (
        umask 077
        cat "$(dirname "$0")/spark-defaults.conf" > "$SPARK_CONF_DIR/spark-defaults.conf"
        echo "spark.authenticate.secret $(cat "$SECRETS/spark_authenticate")" >> "$SPARK_CONF_DIR/spark-defaults.conf"
    )
fi

exec "$@"
