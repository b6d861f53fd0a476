"""What a trial prints, as it is kept: lines, progress bars, bytes."""

import os
import time

import pytest

from trimma.worker.last_line import LastLine, last_line, shared_memory
from trimma.worker.output import LIMIT, ProcessStream, TrialOutput


def kept(*written):
    said = []
    output = TrialOutput(said.append)
    for text in written:
        output.write(text)
    output.finish()
    return "".join(said)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (["a\nb", "c\n", "d"], "a\nbc\nd"),
        (["\r10%", "\r20%", "\r100%", "\n", "done\n"], "100%\ndone\n"),
        (["10%\r", "20%\r", "100%\r"], "100%"),
        (["10%\r", "\n", "next\n"], "10%\nnext\n"),
        (["\r\r10%\r20%\nx\r\ny\r\n"], "20%\nx\ny\n"),
        (["\r", "\n"], "\n"),
        (["x" * 10_000, "y"], "x" * 10_000 + "y"),
    ],
)
def test_of_a_line_that_is_written_over_the_last_state_is_kept(written, expected):
    assert kept(*written) == expected


def test_updates_of_a_bar_cost_next_to_nothing():
    told = []
    output = TrialOutput(told.append)
    output.on_pending(LastLine(shared_memory()).keep)
    begin = time.perf_counter()
    for _ in range(40_000):
        output.write("\r" + "#" * 99)
    assert time.perf_counter() - begin < 1
    output.finish()
    assert told == ["#" * 99]


def test_a_line_without_end_is_sent_in_pieces_and_no_more_than_is_kept():
    said = []
    output = TrialOutput(said.append)
    for _ in range(100):
        output.write("x" * 1000)
        assert len(output._pending) <= 9000
    output.finish()
    assert "".join(said).startswith("x" * LIMIT + "\n(further output")
    assert sum(map(len, said)) < LIMIT + 100


def test_bytes_are_decoded_and_characters_may_come_in_pieces():
    said = []
    output = TrialOutput(said.append)
    output.buffer.write("é".encode()[:1])
    output.buffer.write("é\n".encode()[1:])
    output.buffer.write(b"\xff\n")
    assert "".join(said) == "é\n\ufffd\n"


def test_a_stream_of_a_process_writes_to_the_trial_that_runs():
    class Between:
        said = ""

        def write(self, text):
            self.said += text
            return len(text)

    between, first, second = Between(), [], []
    stream = ProcessStream(between, 1)
    for said in (first, second):
        stream.write("idle\n")
        stream.trial = TrialOutput(said.append)
        print("trial", file=stream)
        stream.trial = None
    assert (between.said, first, second) == ("idle\nidle\n", ["trial\n"], ["trial\n"])
    assert (stream.fileno(), stream.name, stream.encoding, stream.isatty()) == (1, "<stdout>", "utf-8", False)


def test_the_last_line_is_read_from_outside_and_only_its_end_if_it_is_long():
    descriptor = shared_memory()
    line = LastLine(os.dup(descriptor))
    for text, expected in (("abc", "abc"), ("é", "é"), ("x" * 5000 + "end", "x" * 4089 + "end"), ("", "")):
        line.keep(text)
        assert last_line(descriptor) == expected
    os.close(descriptor)
