#!/bin/sh
# Make every secret that docker-compose.yaml names, once, as files in ./secrets (or in the folder given).
# The folder is closed to others; the files are readable, because containers run as users this machine does not know.
set -eu
folder="${1:-$(dirname "$0")/../secrets}"
if [ -e "$folder" ]; then
    echo "$folder exists and is kept: the databases know its passwords" >&2
    exit 2
fi
mkdir -m 700 "$folder"
cd "$folder"
echo '*' > .gitignore

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
save() { printf '%s' "$2" > "$1" && chmod 444 "$1"; }

for name in postgres_superuser postgres_airflow postgres_mlflow airflow_jwt airflow_api spark_authenticate \
    aws_access_key_id aws_secret_access_key; do
    save "$name" "$(random)"
done
# Fernet wants 32 bytes in URL-safe base64.
save airflow_fernet "$(head -c 32 /dev/urandom | base64 | tr '+/' '-_')"
save airflow_database "postgresql+psycopg2://airflow:$(cat postgres_airflow)@postgres/airflow"
save mlflow_backend_store_uri "postgresql+psycopg2://mlflow:$(cat postgres_mlflow)@postgres/mlflow"
save airflow_passwords "{\"admin\": \"$(random)\"}"
save object_store "{\"identities\": [{\"name\": \"lsif\", \"actions\": [\"Admin\"], \"credentials\": [
    {\"accessKey\": \"$(cat aws_access_key_id)\", \"secretKey\": \"$(cat aws_secret_access_key)\"}]}]}"
echo "secrets are in $(pwd); Airflow's user is admin, with the password in airflow_passwords"
