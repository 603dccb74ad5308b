"""`dispatcher policy …` and `dispatcher calendar …`."""

from consent.presets import PRESETS


class TestPolicy:
    def test_profiles_are_shown_saved_and_chosen(self, engine, ask, run, refuse):
        assert {one["name"] for one in ask("policy", "list")["profiles"]} == set(PRESETS)
        made = ask(
            *("policy", "save", "evening", "--hours", "17:00-21:00", "--days-off", "10:00-20:00"),
            *("--cap", "text:1:day", "--cap", "any:3:quarter", "--short-days", "--group", "service"),
        )
        assert (made["version"], made["hours"]["days_off"]) == (1, {"from": "10:00:00", "to": "20:00:00"})
        assert ask("policy", "save", "evening", "--hours", "17:00-22:00")["version"] == 2
        assert len(ask("policy", "show", "evening")["versions"]) == 2
        assert "text:2:day" in run("policy", "show", "debtor_safe")
        ask("policy", "choose", "bill", "--profile", "evening", "--customer-group", "3")
        table = ask("policy", "purposes")["purposes"]
        assert table["bill"] == {"1": ["service_standard"], "2": ["service_standard"], "3": ["evening"]}
        assert "evening" in run("policy", "purposes")
        assert "text:2:day" in refuse("policy", "save", "evening", "--hours", "8:00-9:00", "--cap", "text:2")
        assert "08:00-17:00" in refuse("policy", "save", "evening", "--hours", "morning")
        assert "there is no purpose" in refuse("policy", "choose", "chat", "--profile", "evening")
        actors = engine.sql("SELECT DISTINCT actor FROM audit_event WHERE action LIKE 'policy.%'")
        assert [one.actor for one in actors] == ["cli:olga"]


class TestCalendar:
    def test_days_are_set_listed_imported_and_removed(self, ask, run, refuse, invoke, tmp_path):
        ask("calendar", "set", "2026-08-30", "off", "--region", "TA", "--note", "День Республики")
        table = tmp_path / "2026.csv"
        table.write_text("day,kind\n2026-05-04,off\n2026-05-32,off\n", encoding="utf-8")
        done = invoke("calendar", "import", table)
        assert done.exit_code == 1
        assert "Дней объявлено: 1, строк не взято: 1." in done.stdout
        assert "строка 3" in done.stdout
        days = ask("calendar", "list", "2026")["days"]
        assert [(one["day"], one["region"], one["kind"]) for one in days] == [
            ("2026-05-04", "", "off"),
            ("2026-08-30", "TA", "off"),
        ]
        assert "День Республики" in run("calendar", "list", "2026")
        run("calendar", "remove", "2026-08-30", "--region", "TA")
        assert "никто не объявлял" in refuse("calendar", "remove", "2026-08-30", "--region", "TA")
