"""The register of processing: what every column of every table holds, and how a person's rows are found.

A column that is not declared here fails a test (`tests/unit/privacy`): who adds one decides at once whether
it is personal data. Export and erasure walk this register and know no table of their own, so a table that is
declared is exported and erased.

A declaration reads: the table; the SQL condition that finds one person's rows; what each personal column
holds; the other columns; and what erasure puts into which column. The condition knows the alias `t` and the
parameters of `dispatcher.privacy.subject.Subject`. Without one, `why_not` says why nobody looks for the rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from dispatcher.privacy.kinds import DataKind as Kind

#: Attempts of the person, by their notices: `notice` has an index on the person, `attempt` has none.
ATTEMPTS: Final = """(t.period, t.{column}) IN (
    SELECT a.period, a.id FROM notice n JOIN attempt a ON a.period = n.period AND a.notice_id = n.id
    WHERE n.person_id = :person)"""
_OF_ATTEMPTS: Final = ATTEMPTS.format(column="attempt_id")
#: Another person with the same address keeps the ban.
_UNLESS_SHARED: Final = """CASE WHEN EXISTS (
    SELECT 1 FROM contact_point o WHERE lower(o.address) = lower(t.address) AND o.person_id <> :person)
    THEN {shared} ELSE {erased} END"""


@dataclass(frozen=True, slots=True)
class Held:
    """One table."""

    table: str
    where: str = ""
    why_not: str = ""
    personal: Mapping[str, Kind] = field(default_factory=dict)
    plain: str = ""  #: names of the other columns
    #: what erasure writes into a column, as SQL; columns left out stay as pseudonymous evidence
    erase: Mapping[str, str] = field(default_factory=dict)
    erases_rows: bool = False
    #: rows are found by what erasure takes away, so they are erased in its first transaction
    is_found_by_address: bool = False

    @property
    def columns(self) -> frozenset[str]:
        """Every column that is declared."""
        return frozenset(self.personal) | frozenset(self.plain.split())

    @property
    def is_about_a_person(self) -> bool:
        """Whether it holds more than names of staff."""
        return any(kind is not Kind.STAFF for kind in self.personal.values())


_PEOPLE: Final = (
    Held(
        "recipient_list_rejected_row",
        where="""EXISTS (SELECT 1 FROM unnest(t.cells) AS cell
                 WHERE lower(btrim(cell)) = ANY(:values)
                    OR (length(regexp_replace(cell, '\\D', '', 'g')) BETWEEN 10 AND 15
                        AND right(regexp_replace(cell, '\\D', '', 'g'), 10) = ANY(:number_ends)))""",
        personal={"cells": Kind.REJECTED},
        plain="list_id number line reason",
        erases_rows=True,
        is_found_by_address=True,
    ),
    Held(
        "suppression",
        where="lower(t.address) = ANY(:values)",
        personal={
            "address": Kind.CONTACT,
            "reason": Kind.ANSWER,
            "note": Kind.ANSWER,
            "created_by": Kind.STAFF,
            "lifted_by": Kind.STAFF,
        },
        plain="id channel source source_period source_attempt_id created_at expires_at lifted_at lift_reason",
        erase={
            "address": _UNLESS_SHARED.format(shared="t.address", erased="'erased:' || t.id"),
            "note": _UNLESS_SHARED.format(shared="t.note", erased="NULL"),
        },
        is_found_by_address=True,
    ),
    Held(
        "incoming_letter",
        where="(t.person_id = :person OR lower(t.sender) = ANY(:values))",
        personal={
            "sender": Kind.CONTACT,
            "subject": Kind.ANSWER,
            "text": Kind.ANSWER,
            "file_names": Kind.ANSWER,
            "raw": Kind.ANSWER,
            "received_at": Kind.ANSWER,
            "handling": Kind.ANSWER,
            "handled_by": Kind.STAFF,
        },
        plain="id fingerprint period notice_id attempt_id person_id certainty handled_at"
        " provider heard_id fetched_id",
        erase={
            "sender": "''",
            "subject": "''",
            "text": "''",
            "file_names": "CAST('[]' AS jsonb)",
            "raw": "CAST('' AS bytea)",
        },
        is_found_by_address=True,
    ),
    Held(
        "person",
        where="t.id = :person",
        personal={
            "external_id": Kind.IDENTITY,
            "full_name": Kind.IDENTITY,
            "customer_group": Kind.NEEDS,
            "language": Kind.NEEDS,
            "is_vulnerable": Kind.NEEDS,
            "preferred_channel": Kind.NEEDS,
        },
        plain="id staff_changed_at created_at updated_at",
        erase={
            "external_id": "'erased:' || t.id",
            "full_name": "''",
            "is_vulnerable": "false",
            "preferred_channel": "CAST(NULL AS text)",
        },
        is_found_by_address=True,
    ),
    Held(
        "account",
        where="t.person_id = :person",
        personal={
            "number": Kind.SUPPLY,
            "address": Kind.SUPPLY,
            "time_zone": Kind.SUPPLY,
            "has_contract": Kind.SUPPLY,
        },
        plain="id person_id is_zone_known created_at updated_at",
        erase={"number": "'erased:' || t.id", "address": "''"},
        is_found_by_address=True,
    ),
    Held(
        "contact_point",
        where="t.person_id = :person",
        personal={"kind": Kind.CONTACT, "address": Kind.CONTACT, "confirmed_at": Kind.CONTACT},
        plain="id person_id created_at",
        erase={"address": "'erased:' || t.id", "confirmed_at": "CAST(NULL AS timestamptz)"},
        is_found_by_address=True,
    ),
    Held(
        "consent_event",
        where="t.contact_point_id = ANY(:contacts)",
        personal={
            "channel": Kind.CONSENT,
            "purpose": Kind.CONSENT,
            "action": Kind.CONSENT,
            "basis": Kind.CONSENT,
            "source": Kind.CONSENT,
            "source_reference": Kind.CONSENT,
            "text_version": Kind.CONSENT,
            "valid_from": Kind.CONSENT,
            "valid_until": Kind.CONSENT,
            "recorded_at": Kind.CONSENT,
            "recorded_by": Kind.STAFF,
        },
        plain="id sequence contact_point_id",
    ),
    Held(
        "consent_confirmation",
        where="t.contact_point_id = ANY(:contacts)",
        personal={
            "channel": Kind.CONSENT,
            "purposes": Kind.CONSENT,
            "basis": Kind.CONSENT,
            "text_version": Kind.CONSENT,
            "source": Kind.CONSENT,
            "source_reference": Kind.CONSENT,
            "requested_at": Kind.CONSENT,
            "state": Kind.CONSENT,
            "reason": Kind.CONSENT,
            "sent_at": Kind.CONSENT,
            "confirmed_at": Kind.CONSENT,
            "requested_by": Kind.STAFF,
        },
        plain="id contact_point_id expires_at due_at sends tries code_hash claim_token lease_until",
    ),
    Held(
        "refusal_answer",
        where="t.contact_point_id = ANY(:contacts)",
        personal={
            "purpose": Kind.CONSENT,
            "requested_at": Kind.CONSENT,
            "state": Kind.CONSENT,
            "reason": Kind.CONSENT,
            "text": Kind.CONSENT,
            "sent_at": Kind.CONSENT,
            "report": Kind.CONSENT,
        },
        plain="id letter_id contact_point_id is_for_all expires_at due_at sends claim_token lease_until"
        " provider_id parts amount",
    ),
    Held(
        "contact_budget",
        where="t.person_id = :person",
        personal={"channel": Kind.NOTICE, "purpose_group": Kind.NOTICE, "reserved_at": Kind.NOTICE},
        plain="attempt_id person_id contact_point_id released_at",
    ),
    Held(
        "erased_address",
        where="t.contact_point_id = ANY(:contacts)",
        personal={"address_hash": Kind.CONSENT, "refusals": Kind.CONSENT},
        plain="id contact_point_id kind erased_at",
    ),
    Held(
        "erasure",
        where="t.person_id = :person",
        personal={"requested_by": Kind.STAFF},
        plain="id person_id reason state requested_at finished_at counts",
    ),
    Held(
        "seed_contact",
        where="t.contact_point_id = ANY(:contacts)",
        personal={"name": Kind.IDENTITY, "created_by": Kind.STAFF},
        plain="id contact_point_id account_id created_at removed_at",
        erase={"name": "''"},
    ),
)
_LISTS: Final = (
    Held(
        "recipient",
        where="t.person_id = :person",
        personal={
            "full_name": Kind.IDENTITY,
            "customer_group": Kind.NEEDS,
            "address": Kind.SUPPLY,
            "time_zone": Kind.SUPPLY,
            "language": Kind.NEEDS,
            "fields": Kind.SUPPLY,
        },
        plain="id list_id position line account_id person_id email_contact_id phone_contact_id",
        erase={"full_name": "''", "address": "''", "fields": "CAST('{}' AS jsonb)"},
    ),
    Held(
        "bill_content",
        where="""(t.run_id, t.sha256) IN (
            SELECT b.run_id, b.sha256 FROM bill b JOIN recipient r ON r.id = b.recipient_id
            WHERE r.person_id = :person)""",
        personal={"content": Kind.CONTENT},
        plain="run_id sha256 content_type",
        erases_rows=True,
    ),
    Held(
        "bill",
        where="t.recipient_id IN (SELECT r.id FROM recipient r WHERE r.person_id = :person)",
        personal={"field": Kind.SUPPLY, "state": Kind.NOTICE, "fault": Kind.NOTICE},
        plain="id run_id url_hash origin rank recipient_id is_patient tries next_try_at claim_token"
        " leased_until sha256 byte_count created_at fetched_at",
    ),
)
_SENDING: Final = (
    Held(
        "notice",
        where="t.person_id = :person",
        personal={
            "state": Kind.NOTICE,
            "strength": Kind.NOTICE,
            "reason": Kind.NOTICE,
            "created_at": Kind.NOTICE,
            "closed_at": Kind.NOTICE,
            "amended_at": Kind.NOTICE,
        },
        plain="period id run_id recipient_id person_id first_step",
    ),
    Held(
        "attempt",
        where=ATTEMPTS.format(column="id"),
        personal={
            "channel": Kind.NOTICE,
            "state": Kind.NOTICE,
            "reason": Kind.NOTICE,
            "due_at": Kind.NOTICE,
            "hold_reason": Kind.NOTICE,
            "sending_at": Kind.NOTICE,
            "provider_id": Kind.NOTICE,
        },
        plain="period id notice_id run_id person_id contact_point_id step number truth_until claim_token"
        " lease_until review_at created_at",
    ),
    Held(
        "attempt_content",
        where=_OF_ATTEMPTS,
        personal={
            "content": Kind.CONTENT,
            "address": Kind.CONTACT,
            "reply": Kind.ANSWER,
            "salt": Kind.CONTENT,
        },
        plain="period attempt_id",
        erases_rows=True,
    ),
    Held(
        "attempt_event",
        where=_OF_ATTEMPTS,
        personal={
            "at": Kind.NOTICE,
            "trigger": Kind.NOTICE,
            "from_state": Kind.NOTICE,
            "to_state": Kind.NOTICE,
            "reason": Kind.NOTICE,
            "content_hash": Kind.NOTICE,
        },
        plain="period id attempt_id transaction",
    ),
    Held(
        "receipt",
        where=_OF_ATTEMPTS,
        personal={
            "kind": Kind.ANSWER,
            "reason": Kind.ANSWER,
            "raw": Kind.ANSWER,
            "received_at": Kind.ANSWER,
            "effect": Kind.ANSWER,
        },
        plain="period id attempt_id channel provider_message",
        erase={"raw": "CAST('' AS bytea)"},
    ),
    Held(
        "address_refusal",
        where=_OF_ATTEMPTS,
        personal={
            "address": Kind.CONTACT,
            "domain": Kind.CONTACT,
            "reason": Kind.ANSWER,
            "verdict": Kind.ANSWER,
            "sent_at": Kind.NOTICE,
        },
        plain="attempt_id kind period notice_id run_id contact_point_id channel noted_at judged_at pause_id",
        erase={"address": "'erased:' || t.attempt_id", "domain": "''"},
    ),
    Held(
        "manual_task",
        where="""(t.period, t.notice_id) IN (
            SELECT n.period, n.id FROM notice n WHERE n.person_id = :person)""",
        personal={
            "state": Kind.NOTICE,
            "reason": Kind.NOTICE,
            "way": Kind.NOTICE,
            "told_at": Kind.NOTICE,
            "reference": Kind.NOTICE,
            "taken_by": Kind.IDENTITY,
            "told_by": Kind.STAFF,
            "recorded_by": Kind.STAFF,
        },
        plain="id period notice_id run_id created_at closed_at",
        erase={"taken_by": "CASE WHEN t.taken_by IS NOT NULL THEN '' END"},
    ),
    Held(
        "attempt_notice", where=_OF_ATTEMPTS, personal={"notice_id": Kind.NOTICE}, plain="period attempt_id"
    ),
    Held(
        "attempt_price",
        where=_OF_ATTEMPTS,
        personal={"parts": Kind.NOTICE, "amount": Kind.NOTICE, "priced_at": Kind.NOTICE},
        plain="period attempt_id",
    ),
    Held(
        "attempt_call",
        where=_OF_ATTEMPTS,
        personal={
            "status": Kind.NOTICE,
            "cause": Kind.NOTICE,
            "reason": Kind.ANSWER,
            "trunk": Kind.NOTICE,
            "caller_id": Kind.NOTICE,
            "ring_seconds": Kind.NOTICE,
            "talk_seconds": Kind.NOTICE,
            "heard_seconds": Kind.NOTICE,
            "message_seconds": Kind.NOTICE,
            "ended_by_them": Kind.NOTICE,
            "answered_by": Kind.NOTICE,
            "answered_because": Kind.NOTICE,
            "reached": Kind.NOTICE,
            "is_identity_confirmed": Kind.ANSWER,
            "keys": Kind.ANSWER,
            "collected": Kind.ANSWER,
            "is_wrong_person": Kind.ANSWER,
            "wants_no_calls": Kind.ANSWER,
            "was_transferred": Kind.ANSWER,
            "ended_at": Kind.NOTICE,
        },
        plain="period attempt_id run_id call_id prompts answers_due_at",
        erase={"keys": "''", "collected": "NULL"},
    ),
    Held(
        "call_recording",
        where=_OF_ATTEMPTS,
        personal={"sealed": Kind.RECORDING, "recorded_at": Kind.NOTICE},
        plain="period attempt_id",
        erases_rows=True,
    ),
    Held(
        "provider_message",
        where=_OF_ATTEMPTS,
        personal={"kind": Kind.ANSWER},
        plain="period attempt_id part name kept_at",
    ),
    Held(
        "provider_question",
        where=_OF_ATTEMPTS,
        personal={"ask_at": Kind.NOTICE},
        plain="period attempt_id channel wait_seconds",
    ),
    Held(
        "audit_event",
        where="t.subject_id = ANY(:subjects)",
        personal={
            "at": Kind.NOTICE,
            "action": Kind.NOTICE,
            "before": Kind.NOTICE,
            "after": Kind.NOTICE,
            "actor": Kind.STAFF,
        },
        plain="id subject_type subject_id",
    ),
)
_COMPANY: Final = (
    Held("api_key", plain="id name key_hash scopes approver_id created_at expires_at revoked_at"),
    Held(
        "calendar_day",
        personal={"changed_by": Kind.STAFF},
        plain="country region day kind is_working note changed_at",
    ),
    Held(
        "domain_pause",
        personal={"paused_by": Kind.STAFF, "lifted_by": Kind.STAFF},
        plain="id domain reason figures since lifted_at lift_reason verdict released_at",
    ),
    Held("domain_traffic", plain="domain hour shard answered"),
    Held(
        "policy_choice",
        personal={"changed_by": Kind.STAFF},
        plain="purpose customer_group profiles changed_at",
    ),
    Held("policy_profile", personal={"saved_by": Kind.STAFF}, plain="name version rules saved_at"),
    Held(
        "campaign",
        personal={"created_by": Kind.STAFF, "common_fields": Kind.STAFF},
        plain="id name scenario_version_id policy_profile basis priority starts_at ends_at daily_from"
        " daily_to working_days_only created_at",
    ),
    Held("channel_pause", plain="channel reason since paused_until wait_seconds"),
    Held(
        "evidence_seal",
        plain="period number event_ids leaf_hashes previous_root root sealed_at",
    ),
    Held("external_reference", plain="client subject_type external_id subject_id created_at"),
    Held(
        "idempotency_key",
        why_not="answers to other systems hold ids and states, and are forgotten within days",
        personal={"body": Kind.ANSWER},
        plain="client key fingerprint status headers created_at",
    ),
    Held("inbox_cursor", plain="provider after_id ask_at read_at"),
    Held(
        "list_import",
        personal={"created_by": Kind.STAFF},
        plain="id list_name file_name options state recipients problems rejected list_id failure"
        " failure_message created_at started_at finished_at lease_until",
    ),
    Held(
        "list_mapping", personal={"created_by": Kind.STAFF}, plain="id source columns created_at updated_at"
    ),
    Held("occurrence", plain="campaign_id wall due_at result reason run_id list_id decided_at"),
    Held("outbox", plain="id topic payload created_at relayed_at"),
    Held("progress", plain="run_id kind channel state reason shard count"),
    Held("purge", plain="id kind subject until purged began_at finished_at"),
    Held(
        "recipient_list",
        personal={"created_by": Kind.STAFF},
        plain="id name version state file_name fingerprint recipient_count problem_count created_at header"
        " source rejected_count zone_unknown_count same_as_version failure lease_until rejected_purged_at",
    ),
    Held(
        "recipient_list_problem",
        plain="list_id number line column severity value_class reason message",
    ),
    Held(
        "recorded_prompt",
        personal={"uploaded_by": Kind.STAFF},
        plain="sha256 name seconds samples original uploaded_at is_active",
    ),
    Held(
        "recurrence",
        personal={"created_by": Kind.STAFF},
        plain="campaign_id state cron time_zone list_name window_seconds until max_count made_count"
        " allows_unchanged first_count max_per_second needs_approval next_wall next_at created_at",
    ),
    Held(
        "run",
        personal={
            "created_by": Kind.STAFF,
            "changed_by": Kind.STAFF,
            "submitted_by": Kind.STAFF,
            "approved_by": Kind.STAFF,
            "common_fields": Kind.STAFF,
        },
        plain="id campaign_id number period list_id state state_reason generation priority purpose"
        " purpose_group starts_at ends_at hours caps step_plan needs_truth max_per_second recipient_count"
        " planned_position error_base created_at started_at closed_at kind parent_run_id first_count"
        " first_released_at needs_approval approved_at policies",
    ),
    Held("run_cost", plain="run_id channel shard attempts parts amount"),
    Held("scenario", plain="id name title"),
    Held(
        "scenario_rule",
        personal={"changed_by": Kind.STAFF},
        plain="scenario owner lead_days lead_months strictness changed_at",
    ),
    Held(
        "scenario_version",
        personal={"created_by": Kind.STAFF},
        plain="id scenario_id version purpose policy_profile steps created_at",
    ),
    Held("scheduler_lease", plain="name holder fencing held_until"),
    Held("setting", plain="key value updated_at"),
    Held("sign_in_failure", personal={"subject_hash": Kind.STAFF}, plain="id at"),
    Held(
        "staff",
        personal={"login": Kind.STAFF, "full_name": Kind.STAFF, "role": Kind.STAFF},
        plain="id password_hash is_active created_at",
    ),
    Held(
        "staff_session",
        personal={"staff_id": Kind.STAFF},
        plain="token_hash created_at expires_at revoked_at",
    ),
    Held("template", plain="id name language"),
    Held(
        "template_version",
        personal={"created_by": Kind.STAFF},
        plain="id template_id version subject text html content_hash html_source origin attachments"
        " accepted_because created_at",
    ),
    Held("webhook", plain="id url topics secret is_active created_at"),
    Held(
        "webhook_delivery",
        plain="id webhook_id outbox_id topic payload due_at tries last_status delivered_at",
    ),
)

#: In the order in which erasure goes: what points to a row before the row.
REGISTER: Final = (*_PEOPLE, *_LISTS, *_SENDING, *_COMPANY)
BY_TABLE: Final[Mapping[str, Held]] = {held.table: held for held in REGISTER}
ABOUT_PEOPLE: Final = tuple(held for held in REGISTER if held.where)
