"""A minimal function that parses XML and reads from DynamoDB: the responder's start is compared with it."""

import os
from typing import Any

import boto3
from lxml import etree

dynamodb = boto3.client("dynamodb")


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Parse the body, read one item, answer 200."""
    root = etree.fromstring(event["body"].encode())
    dynamodb.get_item(TableName=os.environ["SUBSCRIPTIONS_TABLE"], Key={"subscription": {"S": root.tag}})
    return {"statusCode": 200, "headers": {"content-type": "text/plain"}, "body": "OK", "isBase64Encoded": False}
