"""`make_buckets.py NAME...`: create the buckets that are not there yet. Endpoint and keys come from AWS_*."""

import sys

import boto3


def main(names: list[str]) -> None:
    store = boto3.client("s3")
    present = {bucket["Name"] for bucket in store.list_buckets()["Buckets"]}
    for name in names:
        if name not in present:
            store.create_bucket(Bucket=name)


if __name__ == "__main__":
    main(sys.argv[1:])
