"""Runs the same SQS scenarios against our engine and ministack, and fails where their outcomes differ.

    python tests/conformance/sqs.py --ours http://127.0.0.1:PORT

Every step of a scenario is one boto3 call. Its outcome is the response without values that always differ (ids, handles,
times, hosts, error messages), or the type of boto3's exception. Where ministack differs from AWS, DEVIATIONS has the
step, both outcomes and the reason; a deviation that no longer occurs is a failure too.
"""

import argparse
import base64
import contextlib
import itertools
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

MIB = 1_048_576
ACCEPTED = "accepted"
INVALID = "ClientError InvalidParameterValue 400"


class Recorder:
    """Makes the calls of one scenario to one service and records their outcomes by step."""

    def __init__(self, url):
        self.url = url
        # Validation by the client would hide that of the service.
        config = Config(retries={"total_max_attempts": 1}, parameter_validation=False, read_timeout=40)
        self.sqs = boto3.client(
            "sqs", endpoint_url=url, region_name="us-east-1", config=config,
            aws_access_key_id="test", aws_secret_access_key="test",
        )
        self.run = uuid.uuid4().hex[:8]
        self.outcomes = {}
        self.labels = {}

    def attempt(self, operation, parameters):
        """The response and `None`, or an empty response and the type of the exception."""
        try:
            return getattr(self.sqs, operation)(**parameters), None
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            return {}, f"{type(error).__name__} {error.response['Error']['Code']} {status}"

    def call(self, step, operation, **parameters):
        """Calls an operation and returns the response, empty on an error. Records the outcome unless `step` is None."""
        response, error = self.attempt(operation, parameters)
        if step is not None:
            self.note(step, error or self.normalise(response))
        elif error:
            raise AssertionError(f"{operation}: {error}")
        return response

    def check(self, step, operation, **parameters):
        """Calls an operation and records only whether it is accepted."""
        _, error = self.attempt(operation, parameters)
        self.note(step, error or ACCEPTED)

    def note(self, step, outcome):
        assert step not in self.outcomes, f"duplicate step {step!r}"
        self.outcomes[step] = outcome

    def queue(self, name, **attributes):
        """Creates a queue of this run and returns its URL."""
        name = f"{self.run}-{name}"
        return self.call(None, "create_queue", QueueName=name, Attributes=attributes)["QueueUrl"]

    def arn(self, url):
        names = ["QueueArn"]
        return self.call(None, "get_queue_attributes", QueueUrl=url, AttributeNames=names)["Attributes"]["QueueArn"]

    def send(self, url, body, **parameters):
        return self.call(None, "send_message", QueueUrl=url, MessageBody=body, **parameters)

    def receive(self, step, url, count=10, **parameters):
        """Receives with all attributes and returns the messages."""
        everything = {"MessageSystemAttributeNames": ["All"], "MessageAttributeNames": ["All"]}
        parameters = everything | {"QueueUrl": url, "MaxNumberOfMessages": count} | parameters
        return self.call(step, "receive_message", **parameters).get("Messages", [])

    def bodies(self, step, url, count=10, **parameters):
        """Receives, and records only the bodies."""
        messages = self.receive(None, url, count, **parameters)
        self.note(step, [message["Body"] for message in messages])
        return messages

    def counts(self, step, url):
        names = [f"ApproximateNumberOfMessages{suffix}" for suffix in ("", "NotVisible", "Delayed")]
        self.call(step, "get_queue_attributes", QueueUrl=url, AttributeNames=names)

    def label(self, kind, value):
        """A stable label for a value, numbered by first appearance."""
        known = self.labels.setdefault(kind, {})
        return known.setdefault(value, f"{kind} {len(known) + 1}")

    def normalise(self, value, key=None):
        if isinstance(value, dict):
            dropped = {"ResponseMetadata", "Message"} if "Code" in value else {"ResponseMetadata"}
            items = {name: self.normalise(item, name) for name, item in value.items() if name not in dropped}
            # Callers must not depend on whether an empty list or map is present or absent.
            return {name: item for name, item in items.items() if item not in ([], {})}
        if isinstance(value, list):
            return [self.normalise(item, key) for item in value]
        if isinstance(value, bytes):
            return base64.b64encode(value).decode()
        if not isinstance(value, str):
            return value
        if key in ("MessageId", "ReceiptHandle"):
            return self.label(key, value)
        if key in ("SentTimestamp", "ApproximateFirstReceiveTimestamp"):
            return "recent ms" if abs(int(value) / 1000 - time.time()) < 3600 else value
        if key in ("CreatedTimestamp", "LastModifiedTimestamp"):
            return "recent s" if abs(int(value) - time.time()) < 3600 else value
        if key == "SequenceNumber":
            return "20 digits" if re.fullmatch(r"\d{20}", value) else value
        if key == "RedrivePolicy":
            return self.normalise({name: str(item) for name, item in json.loads(value).items()})
        if key in ("NextToken", "SenderId"):
            return "opaque"
        value = re.sub(r"https?://[^/]+/\d{12}/", "url:", value)
        value = re.sub(r"arn:aws:sqs:[a-z0-9-]+:\d{12}:", "arn:", value)
        return value.replace(f"{self.run}-", "")


def queues(it):
    name = f"{it.run}-jobs"
    it.call("create", "create_queue", QueueName=name, Attributes={"VisibilityTimeout": "60"})
    it.call("create again", "create_queue", QueueName=name, Attributes={"VisibilityTimeout": "60"})
    it.call("create again without attributes", "create_queue", QueueName=name)
    it.call("create with another attribute", "create_queue", QueueName=name, Attributes={"VisibilityTimeout": "61"})
    it.call("create without the default", "create_queue", QueueName=name, Attributes={"DelaySeconds": "0"})
    url = it.call("find", "get_queue_url", QueueName=name)["QueueUrl"]
    it.call("find missing", "get_queue_url", QueueName=f"{it.run}-nope")
    it.check("create without name", "create_queue")
    it.check("create with a bad name", "create_queue", QueueName=f"{it.run} jobs")
    it.call("delete", "delete_queue", QueueUrl=url)
    it.call("delete again", "delete_queue", QueueUrl=url)
    missing = {"QueueUrl": url}
    it.call("send to missing", "send_message", MessageBody="x", **missing)
    it.call("send batch to missing", "send_message_batch", Entries=[{"Id": "a", "MessageBody": "x"}], **missing)
    it.call("receive from missing", "receive_message", **missing)
    it.call("delete from missing", "delete_message", ReceiptHandle="x", **missing)
    it.call("attributes of missing", "get_queue_attributes", AttributeNames=["All"], **missing)
    it.call("purge missing", "purge_queue", **missing)


def listing(it):
    for name in ("b-1", "b-2", "b-3", "a-1"):
        it.queue(name)
    urls = it.call(None, "list_queues", QueueNamePrefix=f"{it.run}-")["QueueUrls"]
    it.note("all", sorted(it.normalise(urls)))
    first = it.call(None, "list_queues", QueueNamePrefix=f"{it.run}-b", MaxResults=2)
    rest = it.call(None, "list_queues", QueueNamePrefix=f"{it.run}-b", MaxResults=2, NextToken=first["NextToken"])
    it.note("page sizes", [len(first["QueueUrls"]), len(rest["QueueUrls"])])
    it.note("pages", sorted(it.normalise(first["QueueUrls"] + rest["QueueUrls"])))
    it.note("last page has no token", "NextToken" not in rest)
    it.call("none", "list_queues", QueueNamePrefix=f"{it.run}-zzz")


def attributes(it):
    url = it.queue("jobs", DelaySeconds="5")
    get = lambda step, *names: it.call(step, "get_queue_attributes", QueueUrl=url, AttributeNames=list(names))
    put = lambda step, **values: it.check(step, "set_queue_attributes", QueueUrl=url, Attributes=values)
    get("one", "DelaySeconds")
    get("arn and times", "QueueArn", "CreatedTimestamp", "LastModifiedTimestamp")
    get("defaults", "VisibilityTimeout", "MaximumMessageSize", "MessageRetentionPeriod")
    get("encryption", "SqsManagedSseEnabled")
    get("all", "All")
    it.outcomes["all"]["Attributes"].pop("SqsManagedSseEnabled", None)
    get("unset", "RedrivePolicy")
    get("unknown", "Nonsense")
    get("none")
    put("set", VisibilityTimeout="7", ReceiveMessageWaitTimeSeconds="3")
    get("after set", "VisibilityTimeout", "ReceiveMessageWaitTimeSeconds", "DelaySeconds")
    put("policy", Policy='{"Version":"2012-10-17","Statement":[]}')
    get("after policy", "Policy")
    put("remove policy", Policy="")
    get("after removal", "Policy")
    ranges = {
        "VisibilityTimeout": (-1, 43_201), "DelaySeconds": (-1, 901), "MessageRetentionPeriod": (59, 1_209_601),
        "MaximumMessageSize": (1_023, MIB + 1), "ReceiveMessageWaitTimeSeconds": (-1, 21),
    }
    for name, values in ranges.items():
        for value in (*values, "x"):
            put(f"{name} {value}", **{name: str(value)})
    put("unknown name", Nonsense="1")
    put("read-only name", QueueArn="x")
    put("fifo on standard", FifoQueue="true")


def messages(it):
    url = it.queue("jobs")
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}}
    user = {
        "text": {"DataType": "String", "StringValue": "grün"},
        "count.custom": {"DataType": "Number.int", "StringValue": "42"},
        "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff\x10"},
    }
    sent = it.call(
        None, "send_message", QueueUrl=url, MessageBody="\t<a> \"é\" 🦀\r\n", MessageAttributes=user,
        MessageSystemAttributes=trace,
    )
    sent.pop("MD5OfMessageSystemAttributes", None)  # optional in the model
    it.note("send", it.normalise(sent))
    received = it.receive("receive", url)
    it.counts("in flight", url)
    it.call("delete", "delete_message", QueueUrl=url, ReceiptHandle=received[0]["ReceiptHandle"])
    it.counts("empty", url)
    it.call("receive nothing", "receive_message", QueueUrl=url)


def wanted(it):
    url = it.queue("jobs", VisibilityTimeout="0")
    user = {name: {"DataType": "String", "StringValue": name} for name in ("k", "trace.id", "trace.span")}
    it.send(url, "x", MessageAttributes=user)
    for names in ([], ["k"], ["trace.*"], [".*"], ["nope"], ["k", "trace.id"]):
        it.call(f"user {names}", "receive_message", QueueUrl=url, MessageAttributeNames=names)
    for names in ([], ["SentTimestamp"], ["ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp"]):
        it.call(f"system {names}", "receive_message", QueueUrl=url, MessageSystemAttributeNames=names)
        it.call(f"old name for system {names}", "receive_message", QueueUrl=url, AttributeNames=names)


def visibility(it):
    url = it.queue("jobs", VisibilityTimeout="2")
    change = lambda step, message, seconds: it.call(
        step, "change_message_visibility", QueueUrl=url, ReceiptHandle=message["ReceiptHandle"],
        VisibilityTimeout=seconds,
    )
    it.send(url, "a")
    [first] = it.receive("first", url)
    it.receive("hidden", url)
    [second] = it.receive("back after the time-out", url, WaitTimeSeconds=10)
    it.note("new handle", first["ReceiptHandle"] != second["ReceiptHandle"])
    change("extend", second, 30)
    it.receive("still hidden", url, WaitTimeSeconds=3)
    change("release", second, 0)
    [third] = it.receive("released", url, VisibilityTimeout=30)
    it.counts("own time-out", url)
    change("release with the last handle", third, 0)
    it.receive("receive without hiding", url, VisibilityTimeout=0)
    [last] = it.receive("receive again", url, VisibilityTimeout=0)
    change("beyond twelve hours", last, 43_201)
    change("negative", last, -1)
    it.check("receive beyond twelve hours", "receive_message", QueueUrl=url, VisibilityTimeout=43_201)


def receipts(it):
    url = it.queue("jobs", VisibilityTimeout="1")
    delete = lambda step, handle: it.call(step, "delete_message", QueueUrl=url, ReceiptHandle=handle)
    change = lambda step, handle: it.call(
        step, "change_message_visibility", QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0,
    )
    it.send(url, "a")
    [stale] = it.receive(None, url)
    [current] = it.receive(None, url, WaitTimeSeconds=10, VisibilityTimeout=30)
    delete("delete with a stale handle", stale["ReceiptHandle"])
    it.counts("is it still there", url)
    delete("delete with the current handle", current["ReceiptHandle"])
    delete("delete again", current["ReceiptHandle"])
    change("change after deletion", current["ReceiptHandle"])
    delete("delete with garbage", "garbage")
    change("change with garbage", "garbage")
    it.call("delete without handle", "delete_message", QueueUrl=url)
    it.send(url, "b")
    [expired] = it.receive(None, url)
    time.sleep(1.5)
    delete("delete after the time-out", expired["ReceiptHandle"])
    it.receive("gone all the same", url)


def delays(it):
    url = it.queue("jobs", DelaySeconds="2")
    it.send(url, "queue's delay")
    it.send(url, "no delay", DelaySeconds=0)
    it.counts("one delayed", url)
    it.bodies("at once", url)
    it.bodies("later", url, WaitTimeSeconds=10)
    for delay in (901, -1):
        it.check(f"delay {delay}", "send_message", QueueUrl=url, MessageBody="x", DelaySeconds=delay)


def content(it):
    url = it.queue("jobs")
    send = lambda step, body, **user: it.check(step, "send_message", QueueUrl=url, MessageBody=body, **user)
    text = lambda value, kind="String": {"DataType": kind, "StringValue": value}
    send("empty", "")
    it.check("absent", "send_message", QueueUrl=url)
    for character in "\x00\x01\x0b\x1f\ufffe\uffff":
        send(f"character {ord(character):#x}", f"a{character}b")
    send("allowed characters", "\t\n\r \ud7ff\ue000\ufffd\U00010000\U0010ffff")
    send("full size", "x" * MIB)
    send("over full size", "x" * (MIB + 1))
    send("full size in two-byte characters", "é" * (MIB // 2))
    send("over full size in two-byte characters", "é" * (MIB // 2) + "x")
    send("attributes count", "x" * (MIB - 7), MessageAttributes={"k": text("v")})
    it.call(None, "set_queue_attributes", QueueUrl=url, Attributes={"MaximumMessageSize": "1024"})
    send("over the queue's own size", "x" * 1_025)
    named = {
        "reserved name": {"aws.x": text("v")}, "dotted name": {".x": text("v")}, "spaced name": {"a b": text("v")},
        "empty value": {"k": text("")}, "strange type": {"k": text("v", "Strange")},
        "not a number": {"k": text("v", "Number")}, "too many": {f"a{n}": text("v") for n in range(11)},
    }
    for step, user in named.items():
        send(step, "x", MessageAttributes=user)


def batches(it):
    url = it.queue("jobs")
    entries = [{"Id": f"id-{n}", "MessageBody": f"body {n}"} for n in range(8)]
    entries += [{"Id": "bad", "MessageBody": "\x01"}, {"Id": "empty", "MessageBody": ""}]
    it.call("send", "send_message_batch", QueueUrl=url, Entries=entries)
    received = it.receive(None, url)
    it.note("receive", sorted(message["Body"] for message in received))
    entries = [{"Id": f"id-{n}", "ReceiptHandle": message["ReceiptHandle"]} for n, message in enumerate(received)]
    garbage = [{"Id": "bad", "ReceiptHandle": "garbage"}]
    release = [entry | {"VisibilityTimeout": 0} for entry in entries[:2] + garbage]
    it.call("release two", "change_message_visibility_batch", QueueUrl=url, Entries=release)
    it.counts("two are back", url)
    it.call("delete the others", "delete_message_batch", QueueUrl=url, Entries=entries[2:] + garbage)
    it.counts("two are left", url)


def batch_faults(it):
    url = it.queue("jobs")
    send = lambda step, *entries: it.call(
        step, "send_message_batch", QueueUrl=url, Entries=[{"Id": id, "MessageBody": body} for id, body in entries],
    )
    send("none")
    send("eleven", *((f"id-{n}", "x") for n in range(11)))
    send("same id", ("a", "x"), ("b", "x"), ("a", "y"))
    for step, id in {"space in id": "a b", "colon in id": "a:b", "empty id": "", "long id": "x" * 81}.items():
        send(step, (id, "x"))
    send("full size", ("a", "x" * (MIB // 2)), ("b", "x" * (MIB // 2)))
    send("over full size", ("a", "x" * (MIB // 2)), ("b", "x" * (MIB // 2)), ("c", "x"))
    it.counts("only the full batch was sent", url)
    for operation in ("delete_message_batch", "change_message_visibility_batch"):
        it.call(f"{operation} none", operation, QueueUrl=url, Entries=[])
        more = {"VisibilityTimeout": 0} if operation.startswith("change") else {}
        entries = [{"Id": f"id-{n}", "ReceiptHandle": "x"} | more for n in range(11)]
        it.call(f"{operation} eleven", operation, QueueUrl=url, Entries=entries)
        it.call(f"{operation} same id", operation, QueueUrl=url, Entries=entries[:1] * 2)
    it.call(None, "set_queue_attributes", QueueUrl=url, Attributes={"MaximumMessageSize": "1024"})
    send("one over the queue's own size", ("a", "x" * 1_024), ("b", "x" * 1_025))


def long_poll(it):
    url = it.queue("jobs", ReceiveMessageWaitTimeSeconds="20")
    started = time.monotonic()
    timer = threading.Timer(0.5, it.send, (url, "late"))
    timer.start()
    it.bodies("woken by a message", url)
    timer.join()
    it.note("neither before it nor much later", 0.3 < time.monotonic() - started < 5)
    started = time.monotonic()
    it.bodies("empty after its own wait", url, WaitTimeSeconds=1)
    it.note("after about a second", 0.9 < time.monotonic() - started < 5)
    started = time.monotonic()
    it.bodies("a wait of zero", url, WaitTimeSeconds=0)
    it.note("does not wait", time.monotonic() - started < 5)
    it.send(url, "a message, so that nobody waits")
    for name, values in {"WaitTimeSeconds": (-1, 21), "MaxNumberOfMessages": (0, 11)}.items():
        for value in values:
            it.check(f"{name} {value}", "receive_message", QueueUrl=url, VisibilityTimeout=0, **{name: value})


def redrive(it):
    dead = it.queue("dead")
    policy = json.dumps({"deadLetterTargetArn": it.arn(dead), "maxReceiveCount": 2})
    url = it.queue("jobs", RedrivePolicy=policy, VisibilityTimeout="0")
    it.call("policy", "get_queue_attributes", QueueUrl=url, AttributeNames=["RedrivePolicy"])
    it.call(
        "send", "send_message", QueueUrl=url, MessageBody="poison",
        MessageAttributes={"k": {"DataType": "String", "StringValue": "v"}},
    )
    it.receive("first receive", url)
    it.receive("second receive", url)
    it.counts("not yet moved", dead)
    it.receive("third receive moves", url)
    it.counts("moved away", url)
    it.receive("moved message", dead)
    for count in (0, 1_001, "x"):
        policy = json.dumps({"deadLetterTargetArn": it.arn(dead), "maxReceiveCount": count})
        put = {"QueueUrl": url, "Attributes": {"RedrivePolicy": policy}}
        it.call(f"maxReceiveCount {count}", "set_queue_attributes", **put)
    missing = json.dumps({"deadLetterTargetArn": it.arn(dead) + "-nope", "maxReceiveCount": 2})
    it.call("missing target", "set_queue_attributes", QueueUrl=url, Attributes={"RedrivePolicy": missing})
    it.call("remove", "set_queue_attributes", QueueUrl=url, Attributes={"RedrivePolicy": ""})
    it.call("removed", "get_queue_attributes", QueueUrl=url, AttributeNames=["RedrivePolicy"])


def purge(it):
    url = it.queue("jobs")
    for body in "abc":
        it.send(url, body)
    it.receive(None, url, 1)
    it.call("purge", "purge_queue", QueueUrl=url)
    it.counts("empty", url)
    it.check("purge again", "purge_queue", QueueUrl=url)


def by_group(messages):
    """Bodies by group: AWS guarantees the order within a group, not between groups."""
    groups = itertools.groupby(
        sorted(messages, key=lambda message: message["Attributes"]["MessageGroupId"]),
        key=lambda message: message["Attributes"]["MessageGroupId"],
    )
    return {group: [message["Body"] for message in messages] for group, messages in groups}


def fifo(it):
    url = it.queue("jobs.fifo", FifoQueue="true", VisibilityTimeout="30")
    names = ["FifoQueue", "ContentBasedDeduplication"]
    it.call("attributes", "get_queue_attributes", QueueUrl=url, AttributeNames=names)
    for group, body in (("a", "a1"), ("a", "a2"), ("b", "b1"), ("a", "a3")):
        it.send(url, body, MessageGroupId=group, MessageDeduplicationId=body)
    first = it.receive("one message", url, 1)
    rest = it.receive(None, url)
    it.note("the other group", by_group(rest))
    it.receive("both groups are held", url)
    it.counts("counts", url)
    it.call(None, "delete_message", QueueUrl=url, ReceiptHandle=first[0]["ReceiptHandle"])
    it.note("the group goes on", by_group(it.receive(None, url)))


def fifo_retry(it):
    url = it.queue("jobs.fifo", FifoQueue="true", VisibilityTimeout="1")
    for body in ("1", "2", "3"):
        it.send(url, body, MessageGroupId="a", MessageDeduplicationId=body)
    first = it.receive(None, url)
    it.note("in order", by_group(first))
    it.note("in order again", by_group(it.receive(None, url, WaitTimeSeconds=10, VisibilityTimeout=30)))
    handle = first[0]["ReceiptHandle"]
    it.call("delete with an expired handle", "delete_message", QueueUrl=url, ReceiptHandle=handle)


def fifo_duplicates(it):
    url = it.queue("jobs.fifo", FifoQueue="true")
    for step, group, body, id in (
        ("first", "a", "x", "1"), ("same id", "a", "y", "1"), ("same id, other group", "b", "x", "1"),
        ("other id", "a", "x", "2"),
    ):
        parameters = {"MessageGroupId": group, "MessageDeduplicationId": id}
        it.call(step, "send_message", QueueUrl=url, MessageBody=body, **parameters)
    received = it.receive(None, url)
    it.note("two arrived", by_group(received))
    for message in received:
        it.call(None, "delete_message", QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    it.send(url, "x", MessageGroupId="a", MessageDeduplicationId="1")
    it.bodies("a duplicate after deletion", url)

    url = it.queue("hashed.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    for body in ("x", "x", "y"):
        it.send(url, body, MessageGroupId="a")
    it.receive("by content", url)
    scope = {"DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"}
    url = it.queue("scoped.fifo", FifoQueue="true", ContentBasedDeduplication="true", **scope)
    for group in ("a", "b", "a"):
        it.send(url, "x", MessageGroupId=group)
    it.note("by group", by_group(it.receive(None, url)))


def fifo_faults(it):
    create = lambda step, name, **values: it.check(
        step, "create_queue", QueueName=f"{it.run}-{name}", Attributes=values,
    )
    create("fifo without suffix", "plain", FifoQueue="true")
    create("suffix without fifo", "other.fifo")
    create("deduplication of standard", "plain", ContentBasedDeduplication="true")
    url = it.queue("jobs.fifo", FifoQueue="true")
    send = lambda step, **parameters: it.check(step, "send_message", QueueUrl=url, MessageBody="x", **parameters)
    send("no group", MessageDeduplicationId="1")
    send("no id", MessageGroupId="a")
    send("own delay", MessageGroupId="a", MessageDeduplicationId="1", DelaySeconds=1)
    send("own delay of zero", MessageGroupId="a", MessageDeduplicationId="2", DelaySeconds=0)
    send("space in group", MessageGroupId="a b", MessageDeduplicationId="3")
    send("long id", MessageGroupId="a", MessageDeduplicationId="x" * 129)
    entries = [{"Id": "a", "MessageBody": "x"}]
    it.call("batch without group", "send_message_batch", QueueUrl=url, Entries=entries)
    url = it.queue("standard")
    it.check("group in standard", "send_message", QueueUrl=url, MessageBody="x", MessageGroupId="tenant")
    it.receive("group arrives", url)
    it.check("id in standard", "send_message", QueueUrl=url, MessageBody="x", MessageDeduplicationId="1")


def wire(it):
    """What boto3 hides: the raw error document and header, and the queue URL as endpoint."""
    url = it.queue("jobs")

    def post(step, address, action, body):
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"AmazonSQS.{action}"}
        # The services route by the service name in it; neither verifies the signature.
        headers["Authorization"] = (
            "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0"
        )
        request = urllib.request.Request(address, json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request) as response:
                answer, head = json.load(response), response
        except urllib.error.HTTPError as error:
            answer, head = json.load(error), error
        kind = answer.get("__type", "").rpartition("#")[2]
        it.note(step, [head.status, head.headers["Content-Type"], head.headers["x-amzn-query-error"], kind])
        return answer

    missing = {"QueueUrl": f"{url}-nope", "MessageBody": "x"}
    post("missing queue", it.url, "SendMessage", missing)
    post("unknown action", it.url, "Juggle", {"QueueUrl": url})
    post("no body", it.url, "SendMessage", {"QueueUrl": url})
    post("bad batch", it.url, "SendMessageBatch", {"QueueUrl": url, "Entries": []})
    path = url.split("/", 3)[3]
    post("at the queue's own URL", f"{it.url.rstrip('/')}/{path}", "SendMessage", {"MessageBody": "x"})
    it.bodies("arrived", url)


SCENARIOS = (
    queues, listing, attributes, messages, wanted, visibility, receipts, delays, content, batches, batch_faults,
    long_poll, redrive, purge, fifo, fifo_retry, fifo_duplicates, fifo_faults, wire,
)


@dataclass
class Deviation:
    """Steps in which ministack differs from AWS: the outcome of AWS, which ours must have, and that of ministack."""

    steps: tuple
    ours: object
    theirs: object
    reason: str


def lax(*steps, code=INVALID, reason):
    """Steps that AWS rejects and ministack accepts."""
    return Deviation(steps, code, ACCEPTED, reason)


UNKNOWN_ATTRIBUTE = "InvalidAttributeName InvalidAttributeName 400"
BAD_HANDLE = "ReceiptHandleIsInvalid ReceiptHandleIsInvalid 400"
JSON = "application/x-amz-json-1.0"

# "API" is the Amazon SQS API Reference; "seen" is a response of AWS as recorded by localstack/localstack in
# tests/aws/services/sqs/test_sqs.snapshot.json.
DEVIATIONS = {
    "queues": (
        lax("create with a bad name", reason="API CreateQueue: a name has letters, digits, hyphens and underscores."),
    ),
    "attributes": (
        Deviation(
            ("encryption",), {"Attributes": {"SqsManagedSseEnabled": "true"}}, {},
            "Seen: a new queue is encrypted with keys of SQS; ministack does not know the attribute.",
        ),
        Deviation(
            ("unknown",), UNKNOWN_ATTRIBUTE, {},
            "API GetQueueAttributes: InvalidAttributeName, the specified attribute doesn't exist.",
        ),
        Deviation(
            ("none",), {},
            {
                "Attributes": {
                    "QueueArn": "arn:jobs", "CreatedTimestamp": "recent s", "LastModifiedTimestamp": "recent s",
                    "VisibilityTimeout": "30", "MaximumMessageSize": "1048576", "MessageRetentionPeriod": "345600",
                    "DelaySeconds": "5", "ReceiveMessageWaitTimeSeconds": "0", "ApproximateNumberOfMessages": "0",
                    "ApproximateNumberOfMessagesNotVisible": "0", "ApproximateNumberOfMessagesDelayed": "0",
                },
            },
            "API GetQueueAttributes: without names, the request returns empty results; ministack returns all.",
        ),
        lax(
            "unknown name", "read-only name", "fifo on standard", code=UNKNOWN_ATTRIBUTE,
            reason="Seen: Unknown Attribute; ministack stores any attribute.",
        ),
    ),
    "visibility": (
        Deviation(
            ("beyond twelve hours", "negative"), INVALID, {},
            "API ChangeMessageVisibility: VisibilityTimeout is 0 to 43200.",
        ),
        lax("receive beyond twelve hours", reason="API ReceiveMessage: VisibilityTimeout is at most 12 hours."),
    ),
    "receipts": (
        Deviation(
            ("delete with a stale handle", "delete again"), {}, BAD_HANDLE,
            "API DeleteMessage: with an old handle the request succeeds, but the message might not be deleted.",
        ),
        Deviation(
            ("change after deletion",), INVALID, BAD_HANDLE,
            "aws/aws-sdk-net #1927: InvalidParameterValue, message does not exist or is not available.",
        ),
    ),
    "delays": (lax("delay 901", "delay -1", reason="API SendMessage: DelaySeconds is 0 to 900."),),
    "content": (
        lax("attributes count", reason="Seen: names, types and values of attributes count towards the size."),
        lax(
            "reserved name", "dotted name", "spaced name", "empty value", "strange type", "not a number", "too many",
            reason="Developer guide, message metadata: names, types and number of attributes are limited.",
        ),
    ),
    "long_poll": (
        lax(
            "WaitTimeSeconds 21", "WaitTimeSeconds -1",
            reason="Seen: WaitTimeSeconds must be >= 0 and <= 20, if provided.",
        ),
    ),
    "redrive": (
        Deviation(
            ("maxReceiveCount 0", "maxReceiveCount 1001", "maxReceiveCount x", "missing target"), INVALID,
            "InvalidAttributeValue InvalidAttributeValue 400",
            "Seen in test_redrive_policy_attribute_validity, and for a missing target in serverless/serverless #5215.",
        ),
    ),
    "purge": (
        lax(
            "purge again", code="PurgeQueueInProgress AWS.SimpleQueueService.PurgeQueueInProgress 403",
            reason="API PurgeQueue and seen: one purge in 60 seconds.",
        ),
    ),
    "fifo_retry": (
        Deviation(
            ("delete with an expired handle",), INVALID, BAD_HANDLE,
            "Seen: the receipt handle has expired, as InvalidParameterValue.",
        ),
    ),
    "fifo_faults": (
        lax("suffix without fifo", reason="Seen: a name with .fifo needs FifoQueue=true."),
        lax("deduplication of standard", code=UNKNOWN_ATTRIBUTE, reason="Seen: Unknown Attribute."),
        lax("space in group", "long id", reason="Seen: 1 to 128 alphanumeric and punctuation characters."),
        Deviation(
            ("batch without group",), INVALID,
            {"Failed": [{"Id": "a", "SenderFault": True, "Code": "MissingParameter"}]},
            "Seen: AWS rejects the whole batch.",
        ),
        lax("id in standard", reason="API SendMessage: MessageDeduplicationId applies only to FIFO queues."),
    ),
    "wire": (
        Deviation(
            ("unknown action",), [400, JSON, "InvalidAction;Sender", "UnknownOperationException"],
            [400, JSON, "InvalidAction;Sender", "InvalidAction"],
            "The JSON document names the framework's shape; only the header has the older code.",
        ),
        Deviation(
            ("no body",), [400, JSON, "MissingParameter;Sender", "MissingRequiredParameterException"],
            [400, JSON, "MissingParameter;Sender", "MissingParameter"],
            "Seen: QueryErrorCode MissingRequiredParameterException.",
        ),
    ),
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def ministack():
    """Runs ministack on a free loopback port; yields its URL."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder, open(os.path.join(folder, "log"), "w+") as log:
        environment = os.environ | {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "TMPDIR": folder}
        command = [sys.executable, "-m", "ministack"]
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)
        url = f"http://127.0.0.1:{port}"
        try:
            for _ in range(300):
                with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/_ministack/health", timeout=1):
                    break
                if process.poll() is not None:
                    log.seek(0)
                    sys.exit(f"ministack ended:\n{log.read()}")
                time.sleep(0.1)
            else:
                sys.exit("ministack did not get ready within half a minute")
            yield url
        finally:
            process.terminate()
            process.wait(timeout=20)


def run(scenario, url):
    recorder = Recorder(url)
    try:
        scenario(recorder)
    except Exception as error:  # a failed scenario must not hide the others
        recorder.outcomes["(the scenario itself)"] = f"{type(error).__name__}: {error} from {url}"
    return recorder.outcomes


def compare(name, ours, theirs):
    """Prints the failures of a scenario; returns the numbers of passed, failed and deviating steps."""
    passed = failed = named = 0
    deviations = {step: it for it in DEVIATIONS.get(name, ()) for step in it.steps}
    for step in ours | theirs | deviations:
        left, right = ours.get(step, "(no such step)"), theirs.get(step, "(no such step)")
        deviation = deviations.get(step)
        expected = (left == right) if deviation is None else (left, right) == (deviation.ours, deviation.theirs)
        if expected and not step.startswith("("):
            passed += 1
            named += deviation is not None
            continue
        failed += 1
        print(f"FAILED {name}: {step}\n  ours:      {left!r}\n  ministack: {right!r}")
        if deviation:
            print(f"  expected:  {deviation.ours!r}\n  deviating: {deviation.theirs!r}")
            print(f"  because:   {deviation.reason}")
    return passed, failed, named


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--ours", required=True, help="URL of our SQS engine")
    parser.add_argument("--only", choices=[it.__name__ for it in SCENARIOS], help="run this scenario alone")
    arguments = parser.parse_args()
    scenarios = [it for it in SCENARIOS if arguments.only in (None, it.__name__)]
    with ministack() as theirs, ThreadPoolExecutor(8) as pool:
        started = [(it, pool.submit(run, it, arguments.ours), pool.submit(run, it, theirs)) for it in scenarios]
        results = [compare(it.__name__, ours.result(), theirs.result()) for it, ours, theirs in started]
    passed, failed, named = (sum(column) for column in zip(*results, strict=True))
    print(f"{named} named deviations of ministack from AWS among those that passed")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
