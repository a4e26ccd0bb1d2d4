#!/bin/sh
# Make the secrets of docker-compose.yaml that are missing, as files in ./secrets (or in the folder given); one that is
# there is kept. The folder is closed to others; the files are readable, because containers run as users this machine
# does not know.
set -eu
folder="${1:-$(dirname "$0")/../secrets}"
if [ -n "$(ls "$folder" 2> /dev/null)" ]; then
    for name in postgres_superuser postgres_airflow postgres_mlflow airflow_fernet; do
        [ -e "$folder/$name" ] || {
            echo "$folder lacks $name, which the databases know: bring it back, or delete all where nothing is stored" >&2
            exit 2
        }
    done
fi
mkdir -p "$folder"
chmod 700 "$folder"
cd "$folder"
echo '*' > .gitignore

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
# Whole or not at all.
save() { [ -e "$1" ] || { rm -f ".$1" && printf '%s' "$2" > ".$1" && chmod 444 ".$1" && mv ".$1" "$1"; }; }

for name in postgres_superuser postgres_airflow postgres_mlflow airflow_jwt airflow_api spark_authenticate \
    mlflow_flask_server_secret_key aws_access_key_id aws_secret_access_key; do
    save "$name" "$(random)"
done
# Fernet wants 32 bytes in URL-safe base64.
save airflow_fernet "$(head -c 32 /dev/urandom | base64 | tr '+/' '-_')"
save airflow_database "postgresql+psycopg2://airflow:$(cat postgres_airflow)@postgres/airflow"
save mlflow_backend_store_uri "postgresql+psycopg2://mlflow:$(cat postgres_mlflow)@postgres/mlflow"
for role in admin op viewer; do save "airflow_$role" "{\"$role\": \"$(random)\"}"; done
for account in admin jobs promoter reader; do save "mlflow_$account" "{\"$account\": \"$(random)\"}"; done
save object_store "{\"identities\": [{\"name\": \"lsif\", \"actions\": [\"Admin\"], \"credentials\": [
    {\"accessKey\": \"$(cat aws_access_key_id)\", \"secretKey\": \"$(cat aws_secret_access_key)\"}]}]}"
echo "secrets are in $(pwd): airflow_admin, airflow_op and airflow_viewer hold the passwords of Airflow's users," \
    "mlflow_reader and so on those of MLflow's"
