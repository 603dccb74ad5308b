import os
from pathlib import Path

import pytest

from dispatcher.embedded.log_writer import LineSplitter, copy_lines


class TestLineSplitter:
    def test_lines_cut_by_reads_are_joined(self) -> None:
        splitter = LineSplitter()
        assert splitter.feed(b"one\ntw") == ["one"]
        assert splitter.feed("o\nтри".encode()[:-1]) == ["two"]
        assert splitter.feed("три".encode()[-1:] + b"\r\n") == ["три"]
        assert splitter.rest() == []

    def test_an_unfinished_last_line_is_kept(self) -> None:
        splitter = LineSplitter()
        splitter.feed(b"last words")
        assert splitter.rest() == ["last words"]

    def test_an_endless_line_does_not_fill_the_memory(self) -> None:
        splitter = LineSplitter()
        lines = [line for _ in range(20) for line in splitter.feed(b"x" * 10_000)]
        assert sum(map(len, lines)) + sum(map(len, splitter.rest())) == 200_000
        assert len(lines) == 2


class TestCopyLines:
    def write(self, text: bytes) -> int:
        read_end, write_end = os.pipe()
        os.write(write_end, text)
        os.close(write_end)
        return read_end

    def test_each_line_has_its_writers_name_in_front(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        pipes = {self.write(b"up 100 %s\n"): "web", self.write(b"sent\nlast"): "worker"}
        copy_lines(pipes, str(tmp_path / "log"), echo=True)
        lines = (tmp_path / "log").read_text().splitlines()
        assert sorted(lines) == ["web    | up 100 %s", "worker | last", "worker | sent"]
        assert sorted(capsys.readouterr().out.splitlines()) == sorted(lines)

    def test_a_full_disk_loses_lines_and_nothing_else(self) -> None:
        copy_lines({self.write(b"line\n" * 100): "web"}, "/dev/full", echo=False)
