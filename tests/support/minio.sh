#!/usr/bin/env bash
# MinIO's server: minio.sh FOLDER leaves FOLDER/minio-VERSION/minio and prints its path.
#
# Debian has no package of it, so Go builds it from the module proxy, whose checksum database vouches for every source: some minutes
# and 1 GB of cache the first time, nothing afterwards. Needs Go 1.21 or newer (which fetches the one MinIO asks for).
set -euo pipefail

version=v0.0.0-20260212201848-7aac2a2c5b7c
folder=$1/minio-$version
if [ ! -x "$folder/minio" ]; then
    mkdir -p "$folder"
    folder=$(cd "$folder" && pwd)
    exec 9>"$folder.lock"
    flock 9
    [ -x "$folder/minio" ] || GOBIN=$folder go install "github.com/minio/minio@$version" >&2
fi
echo "$folder/minio"
