# What stands for the reader's own code on the pages, and keeps what really ran.
import json
from pathlib import Path


def pay(order, amount):
    with Path("paid.jsonl").open("a") as book:
        book.write(json.dumps([order, amount]) + "\n")
