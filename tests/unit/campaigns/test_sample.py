"""The bundled list and lists of any size like it."""

from collections import Counter

import pytest

from campaigns.list_errors import RowProblem, Severity
from campaigns.list_file import ListRow, read_list
from campaigns.sample import SHARES, sample_path, write_sample


def kind_of(row):
    if row.email is None:
        return "no_address"
    first = row.email.split("-")[0]
    if first in {"reject", "bounce", "deferonce"}:
        return first
    return {None: "says_nothing", frozenset(): "says_no"}.get(row.consent, "reached")


class TestSamplePath:
    def test_the_bundled_list_has_people_of_every_kind_and_faults_to_show(self):
        items = list(read_list(sample_path()))
        rows = [item for item in items if isinstance(item, ListRow)]
        errors = Counter(item.reason for item in items if isinstance(item, RowProblem))
        assert len(rows) == 202
        assert {kind_of(row) for row in rows} == {*SHARES, "reached"}
        assert len({row.time_zone for row in rows}) >= 8
        assert errors == {
            **dict.fromkeys(
                ("required_empty", "duplicate_account", "account_scientific", "date_impossible"), 1
            ),
            **{"sum_not_a_number": 1, "sum_negative": 1, "email_bad": 2},
        }

    def test_nobody_in_it_can_exist(self):
        for item in read_list(sample_path()):
            if isinstance(item, ListRow):
                assert item.email is None or item.email.endswith("@sandbox.example")
                assert item.phone is None or item.phone.startswith("+7900")

    def test_no_address_asks_the_sandbox_to_hang(self):
        assert "hang" not in sample_path().read_text("utf-8-sig")


class TestWriteSample:
    @pytest.mark.parametrize("recipients", [0, 1, 500])
    def test_it_writes_just_so_many_rows_and_no_fault(self, tmp_path, recipients):
        path = tmp_path / "sample.csv"
        write_sample(path, recipients, seed=3)
        if recipients:
            items = list(read_list(path))
            assert len(items) == recipients
            assert all(isinstance(item, ListRow) and item.time_zone_known for item in items)

    def test_the_same_seed_gives_the_same_file_and_another_seed_another(self, tmp_path):
        contents = []
        for number, seed in enumerate((5, 5, 6)):
            write_sample(tmp_path / str(number), 50, seed)
            contents.append((tmp_path / str(number)).read_bytes())
        assert contents[0] == contents[1] != contents[2]

    def test_the_mix_is_realistic(self, tmp_path):
        path = tmp_path / "sample.csv"
        write_sample(path, 2000, seed=1)
        kinds = Counter(kind_of(row) for row in read_list(path) if isinstance(row, ListRow))
        assert 0.87 <= kinds["reached"] / 2000 <= 0.93
        for kind, share in SHARES.items():
            assert 0.3 * share <= kinds[kind] / 2000 <= 2 * share

    def test_addresses_and_accounts_do_not_repeat(self, tmp_path):
        path = tmp_path / "sample.csv"
        write_sample(path, 1000, seed=1)
        rows = [row for row in read_list(path) if isinstance(row, ListRow)]
        assert len({row.account_number for row in rows}) == len({row.person_id for row in rows}) == 1000
        emails = [row.email for row in rows if row.email]
        assert len(emails) == len(set(emails))
        assert not any(
            isinstance(item, RowProblem) and item.severity is Severity.ERROR for item in read_list(path)
        )
