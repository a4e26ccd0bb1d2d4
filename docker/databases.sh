#!/bin/sh
# First start of PostgreSQL: a database each for Airflow and MLflow (both keep a table `alembic_version`), each with an
# owner of its own that cannot enter the other.
set -eu
SECRETS="${SECRETS:-/run/secrets}"

for name in airflow mlflow; do
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<SQL
\\set password \`cat "$SECRETS/postgres_$name"\`
CREATE ROLE $name LOGIN PASSWORD :'password';
CREATE DATABASE $name OWNER $name;
REVOKE CONNECT ON DATABASE $name FROM PUBLIC;
SQL
done
