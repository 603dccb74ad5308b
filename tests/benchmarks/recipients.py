"""A frozen list of any size, written straight into the database: for measurements only.

It fills the same tables with the same kinds of rows as the import does for a good row with an e-mail
address, a telephone and full consent (`tests/integration/campaigns/test_benchmark_list.py` holds the two
against each other), some fifty times faster. Nobody here exists; everybody can be reached.
"""

from typing import Any, Final

import psycopg

LIST_NAME: Final = "benchmark"
BATCH: Final = 100_000
#: Zones in which the same hours of the day are open at once: the measurement's window must hold in all.
ZONES: Final = ("Europe/Kaliningrad", "Europe/Moscow", "Europe/Samara")
SURNAME_STEMS: Final = (
    *("Анто", "Бере", "Вата", "Громо", "Дере", "Ежо", "Жаро", "Зало", "Изоля", "Кило", "Лампо", "Моро"),
    *("Небы", "Образ", "Прово", "Рома", "Свето", "Тесто", "Усти", "Филя", "Холо", "Цвето", "Чере", "Шоро"),
)
SURNAME_ENDINGS: Final = (
    *("бин", "ваков", "гин", "дуров", "жиков", "зимов", "кин", "лаков", "мякин", "нов", "пов", "рин"),
    *("саков", "тин", "фанов", "халов", "цын", "чиков", "шкин", "щеков", "ляев", "тьев", "ськин", "ров"),
)
FIRST_NAMES: Final = (
    *("Алексей", "Борис", "Виктор", "Георгий", "Дмитрий", "Иван", "Михаил", "Николай", "Пётр", "Сергей"),
    *("Андрей", "Василий", "Григорий", "Евгений", "Кирилл", "Леонид", "Павел", "Роман", "Степан", "Юрий"),
)
PATRONYMICS: Final = (
    *("Алексеевич", "Борисович", "Викторович", "Дмитриевич", "Иванович", "Николаевич", "Петрович"),
    *("Сергеевич", "Андреевич", "Васильевич", "Евгеньевич", "Михайлович", "Павлович", "Юрьевич"),
)

# Ids rise with the number, as those of an import do.
_PEOPLE: Final = """
CREATE TEMPORARY TABLE bench_row ON COMMIT DROP AS
SELECT n,
       {id_1} AS person, {id_2} AS account, {id_3} AS email, {id_4} AS phone, {id_5} AS recipient,
       (%(stems)s::text[])[1 + n %% {stems}] || (%(endings)s::text[])[1 + n / {stems} %% {endings}]
           || ' ' || (%(firsts)s::text[])[1 + n * 7 %% {firsts}]
           || ' ' || (%(patronymics)s::text[])[1 + n * 11 %% {patronymics}] AS name,
       '430000, Республика Мордовия, г. Саранск, ул. Примерная, д. ' || 1 + n %% 150
           || ', кв. ' || 1 + n %% 197 AS address,
       (%(zones)s::text[])[1 + n %% {zones}] AS zone,
       'customer.' || n || '@mail' || n %% 20 || '.example' AS mail,
       '+79' || lpad(n::text, 9, '0') AS number,
       (300 + n %% 15000)::text || '.' || lpad((n %% 100)::text, 2, '0') AS debt
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""
_INSERTS: Final = (
    """
    INSERT INTO person (id, external_id, full_name, customer_group, language, created_at, updated_at)
    SELECT person, 'customer:B' || n, name, 1, 'ru', now(), now() FROM bench_row ORDER BY n
    """,
    """
    INSERT INTO account (id, number, person_id, address, time_zone, is_zone_known, has_contract, created_at,
                         updated_at)
    SELECT account, lpad(n::text, 10, '0'), person, address, zone, true, true, now(), now()
    FROM bench_row ORDER BY n
    """,
    """
    INSERT INTO contact_point (id, person_id, kind, address, created_at)
    SELECT c.id, r.person, c.kind, c.address, now()
    FROM bench_row r, LATERAL (VALUES (r.email, 'email', r.mail), (r.phone, 'phone', r.number))
         AS c(id, kind, address)
    ORDER BY r.n, c.kind
    """,
    """
    INSERT INTO consent_event (id, contact_point_id, channel, purpose, action, basis, source,
                               source_reference, recorded_by, valid_from, recorded_at)
    SELECT gen_random_uuid(), c.id, c.channel, 'debt', 'given', 'consent', 'import', %(list)s::text,
           'benchmark', now(), now()
    FROM bench_row r, LATERAL (VALUES (r.email, 'email'), (r.phone, 'sms'), (r.phone, 'voice'))
         AS c(id, channel)
    ORDER BY r.n, c.channel
    """,
    """
    INSERT INTO recipient (id, list_id, position, line, account_id, person_id, full_name, customer_group,
                           address, time_zone, language, email_contact_id, phone_contact_id, fields)
    SELECT recipient, %(list)s, n - %(before)s, n - %(before)s + 1, account, person, name, 1, address, zone,
           'ru', email, phone, jsonb_build_object('debt', debt, 'due_date', '2026-12-25')
    FROM bench_row ORDER BY n
    """,
)
_LIST: Final = """
INSERT INTO recipient_list (id, name, version, state, file_name, fingerprint, recipient_count, created_by,
                            created_at)
VALUES (gen_random_uuid(), %(name)s::text, 1, 'frozen', 'benchmark.csv', sha256('benchmark'), %(count)s,
        'benchmark', now())
RETURNING id
"""
#: Referenced rows are written just before: asking for each of them again would take most of the time.
_TRUST: Final = "SET LOCAL session_replication_role = replica"


def load_list(
    connection: "psycopg.Connection[tuple[Any, ...]]",
    recipients: int,
    *,
    name: str = LIST_NAME,
    first_person: int = 1,
) -> None:
    """Write one frozen list into a migrated database, of persons that are not there yet, and analyse it.

    Persons are numbered from `first_person`. The connection must be autocommitting. As a superuser it skips
    the checks of foreign keys.
    """
    may_trust = connection.execute("SELECT current_setting('is_superuser') = 'on'").fetchone() == (True,)
    row = connection.execute(_LIST, {"name": name, "count": recipients}).fetchone()
    assert row is not None
    end = first_person + recipients
    for first in range(first_person, end, BATCH):
        last = min(first + BATCH, end) - 1
        with connection.transaction():
            if may_trust:
                connection.execute(_TRUST)
            make_people(connection, first, last)
            for statement in _INSERTS:
                values = {"list": row[0], "before": first_person - 1}
                connection.execute(statement, values if "%(list)s" in statement else None)
    connection.execute("VACUUM ANALYZE")


def make_people(connection: "psycopg.Connection[tuple[Any, ...]]", first: int, last: int) -> None:
    """The people of these numbers in the temporary table `bench_row`, until the transaction ends."""
    connection.execute(_people_statement(), _values(first, last))


def _people_statement() -> str:
    ids = {
        f"id_{table}": f"('0190000{table}-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid"
        for table in range(1, 6)
    }
    lengths = {name: len(values) for name, values in _arrays().items()}
    return _PEOPLE.format(**ids, **lengths)


def _values(first: int, last: int) -> dict[str, Any]:
    return {"first": first, "last": last, **{name: list(values) for name, values in _arrays().items()}}


def _arrays() -> dict[str, tuple[str, ...]]:
    return {
        "stems": SURNAME_STEMS,
        "endings": SURNAME_ENDINGS,
        "firsts": FIRST_NAMES,
        "patronymics": PATRONYMICS,
        "zones": ZONES,
    }
