import threading
import time
from queue import Empty

import pytest
from kombu import Connection

from config.trial.broker import Transport

MESSAGES = 600


@pytest.fixture
def connect(tmp_path):
    """Connections of their own, as separate processes have."""
    options = {"polling_interval": 0.01}
    for name in ("data_folder_in", "data_folder_out", "control_folder"):
        folder = tmp_path / ("control" if name == "control_folder" else "messages")
        folder.mkdir(exist_ok=True)
        options[name] = str(folder)
    return lambda: Connection("filesystem://", transport=Transport, transport_options=options)


def test_every_message_is_read_whole_and_once_while_others_are_written(connect):
    read, done, late = [], threading.Event(), time.monotonic() + 30

    def write(first):
        with connect() as connection, connection.SimpleBuffer("work") as queue:
            for number in range(first, first + MESSAGES):
                queue.put({"number": number, "padding": "x" * 4000})

    def take():
        with connect() as connection, connection.SimpleBuffer("work") as queue:
            while True:
                try:
                    read.append(queue.get(block=False).payload["number"])
                except Empty:
                    # Also said while another taker has the folder: empty is what stays so.
                    if len(read) >= 2 * MESSAGES or (done.is_set() and time.monotonic() > late):
                        return

    writers = [threading.Thread(target=write, args=(n * MESSAGES,)) for n in range(2)]
    takers = [threading.Thread(target=take) for _ in range(2)]
    for thread in writers + takers:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in takers:
        thread.join()
    assert sorted(read) == list(range(2 * MESSAGES))


def test_a_message_cut_short_by_a_crash_is_never_taken(connect, tmp_path):
    (tmp_path / "messages" / "0_x.work.draft").write_text('{"body": ')
    with connect() as connection:
        channel = connection.default_channel
        with pytest.raises(Empty):
            channel._get("work")
        channel._put("work", {"body": "whole"})
        assert channel._get("work") == {"body": "whole"}
