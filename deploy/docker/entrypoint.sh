#!/bin/sh
# Puts the password of WEFT_USER (a file of the secrets volume, made by the credentials job) into the URLs of Postgres and
# NATS, then becomes the service. WEFT_NATS_SERVERS is a comma-separated list of host:port, WEFT_POSTGRES_HOST is host:port.
set -eu

if [ -n "${WEFT_USER:-}" ]; then
  password=$(cat "$WEFT_SECRETS_DIR/$WEFT_USER.password")
  if [ -n "${WEFT_NATS_SERVERS:-}" ]; then
    WEFT_NATS_URL=
    for server in $(echo "$WEFT_NATS_SERVERS" | tr ',' ' '); do
      WEFT_NATS_URL=${WEFT_NATS_URL:+$WEFT_NATS_URL,}nats://$WEFT_USER:$password@$server
    done
    export WEFT_NATS_URL
  fi
  if [ -n "${WEFT_POSTGRES_HOST:-}" ]; then
    export WEFT_POSTGRES_URL="postgres://$WEFT_USER:$password@$WEFT_POSTGRES_HOST/weft"
  fi
fi
exec "$@"
