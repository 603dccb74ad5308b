"""The profiles in force and which of them serve which purpose: what staff saved, else the presets.

A saved profile is a new version; none is ever changed or removed, so that what a run kept of one can
still be read. Version 1 of a preset is the product's own and needs no row.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from consent.calendar import COUNTRIES
from consent.errors import PolicyError
from consent.group_policy import GroupPolicy, ProfileVersion, combine
from consent.policy import PolicyProfile, profile_from_json, profile_to_json
from consent.presets import BY_PURPOSE, CUSTOMER_GROUPS, PRESETS, default_profiles
from consent.purposes import Purpose
from dispatcher.core.audit import record_action

MAX_PROFILES: Final = 100
MAX_TOGETHER: Final = 4  #: profiles that serve one purpose at once
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{1,39}")

_NEWEST = text(
    "SELECT DISTINCT ON (name) name, version, rules FROM policy_profile ORDER BY name, version DESC"
)
_VERSIONS = text(
    """
    SELECT version, rules, saved_by, saved_at FROM policy_profile WHERE name = :name ORDER BY version DESC
    LIMIT 100
    """
)
_SAVE = text(
    """
    INSERT INTO policy_profile (name, version, rules, saved_by, saved_at)
    VALUES (:name, :version, CAST(:rules AS jsonb), :by, :now)
    ON CONFLICT (name, version) DO NOTHING RETURNING version
    """
)
_CHOICES = text("SELECT purpose, customer_group, profiles FROM policy_choice")
_CHOOSE = text(
    """
    INSERT INTO policy_choice (purpose, customer_group, profiles, changed_by, changed_at)
    VALUES (:purpose, :group, CAST(:profiles AS jsonb), :by, :now)
    ON CONFLICT (purpose, customer_group) DO UPDATE
    SET profiles = excluded.profiles, changed_by = excluded.changed_by, changed_at = excluded.changed_at
    """
)


@dataclass(frozen=True, slots=True)
class SavedVersion:
    """One version of a profile's past; the product's own was saved by nobody."""

    found: ProfileVersion
    saved_by: str | None
    saved_at: datetime | None


Choices = Mapping[Purpose, Mapping[int, tuple[str, ...]]]  #: purpose → customer group → names


def all_profiles(session: Session) -> Mapping[str, ProfileVersion]:
    """Every profile in force by name, the presets first."""
    found = {name: ProfileVersion(profile, 1) for name, profile in PRESETS.items()}
    for row in session.execute(_NEWEST):
        found[row.name] = ProfileVersion(profile_from_json(row.name, row.rules), row.version)
    return found


def profile_named(session: Session, name: str) -> ProfileVersion:
    """The profile in force; raises `PolicyError` naming those that exist."""
    return _named(all_profiles(session), name)


def list_versions(session: Session, name: str) -> Sequence[SavedVersion]:
    """The versions of a profile, the newest first; raises `PolicyError` when there is no such profile."""
    profile_named(session, name)
    found = [
        SavedVersion(
            ProfileVersion(profile_from_json(name, row.rules), row.version), row.saved_by, row.saved_at
        )
        for row in session.execute(_VERSIONS, {"name": name})
    ]
    preset = PRESETS.get(name)
    return found if preset is None else [*found, SavedVersion(ProfileVersion(preset, 1), None, None)]


def save_profile(
    session: Session, profile: PolicyProfile, *, replaces: int, actor: str, now: datetime
) -> ProfileVersion:
    """Save a profile as a new version; runs that exist keep the one they were made with.

    `replaces` is the version that was changed, 0 for a new profile. Raises `PolicyError` when somebody else
    changed it meanwhile, when the name cannot be used, or when the profile could not serve a purpose that
    it serves now.
    """
    profiles = all_profiles(session)
    before = profiles.get(profile.name)
    _check_name(profile.name, is_new=before is None, count=len(profiles))
    if replaces != (0 if before is None else before.version):
        raise PolicyError("профиль тем временем изменили: посмотрите новый", code="policy_changed")
    after = ProfileVersion(profile, replaces + 1)
    _check_choices({**profiles, profile.name: after}, _saved_choices(session))
    values = {"name": profile.name, "version": after.version, "by": actor, "now": now}
    rules = profile_to_json(profile)
    if session.execute(_SAVE, {**values, "rules": json.dumps(rules)}).first() is None:
        raise PolicyError("профиль тем временем изменили: посмотрите новый", code="policy_changed")
    record_action(
        session,
        at=now,
        actor=actor,
        action="policy.profile_saved",
        subject_type="policy_profile",
        subject_id=profile.name,
        before=None if before is None else {"version": before.version, **profile_to_json(before.profile)},
        after={"version": after.version, **rules},
    )
    return after


def purpose_table(session: Session, country: str) -> Choices:
    """Which profiles serve each purpose for each group of customers."""
    saved = _saved_choices(session)
    return {
        purpose: {
            group: saved.get((purpose, group)) or default_profiles(purpose, group, country)
            for group in CUSTOMER_GROUPS
        }
        for purpose in Purpose
    }


def choose_profiles(
    session: Session,
    purpose: Purpose,
    wanted: Mapping[int, Sequence[str]],
    *,
    country: str,
    actor: str,
    now: datetime,
) -> None:
    """Let these profiles serve a purpose for these customer groups, from the next run on.

    Raises `PolicyError` when one does not exist or they contradict one another.
    """
    before, profiles = purpose_table(session, country)[purpose], all_profiles(session)
    for group, names in wanted.items():
        if group not in CUSTOMER_GROUPS:
            raise PolicyError("группа клиентов — 1, 2 или 3", code="customer_group")
        if not 1 <= len(set(names)) <= MAX_TOGETHER:
            raise PolicyError(
                f"цели служат от 1 до {MAX_TOGETHER} профилей", code="profiles_count", most=str(MAX_TOGETHER)
            )
        combine(purpose, [_named(profiles, name) for name in names])
        values = {"purpose": purpose.value, "group": group, "profiles": json.dumps(list(names))}
        session.execute(_CHOOSE, {**values, "by": actor, "now": now})
    record_action(
        session,
        at=now,
        actor=actor,
        action="policy.purpose_changed",
        subject_type="purpose",
        subject_id=purpose.value,
        before={str(group): list(names) for group, names in before.items() if group in wanted},
        after={str(group): list(names) for group, names in wanted.items()},
    )


def policies_for(
    session: Session, purpose: str, *, named: str | None, country: str
) -> Mapping[int, GroupPolicy]:
    """The policy of each customer group for a purpose: that of the profile `named`, else of the table.

    Raises `PolicyError` when there is no such profile.
    """
    profiles, of = all_profiles(session), Purpose(purpose)
    if named is not None and named != BY_PURPOSE:
        one = combine(of, [_named(profiles, named)])
        return dict.fromkeys(CUSTOMER_GROUPS, one)
    chosen = purpose_table(session, country)[of]
    return {group: combine(of, [_named(profiles, name) for name in names]) for group, names in chosen.items()}


def _saved_choices(session: Session) -> dict[tuple[Purpose, int], tuple[str, ...]]:
    return {
        (Purpose(row.purpose), row.customer_group): tuple(row.profiles) for row in session.execute(_CHOICES)
    }


def _check_name(name: str, *, is_new: bool, count: int) -> None:
    if is_new and (not _NAME.fullmatch(name) or name == BY_PURPOSE):
        raise PolicyError(
            "имя профиля — строчные латинские буквы, цифры и «_», от 2 до 40 знаков", code="profile_name"
        )
    if is_new and count >= MAX_PROFILES:
        raise PolicyError(
            f"профилей не больше {MAX_PROFILES}: измените один из них",
            code="profiles_many",
            most=str(MAX_PROFILES),
        )


def _check_choices(
    profiles: Mapping[str, ProfileVersion], saved: Mapping[tuple[Purpose, int], tuple[str, ...]]
) -> None:
    """No change may leave a purpose with profiles that contradict one another."""
    for purpose in Purpose:
        for group in CUSTOMER_GROUPS:
            chosen = saved.get((purpose, group))
            served_by = {chosen} if chosen else {default_profiles(purpose, group, one) for one in COUNTRIES}
            for names in served_by:
                combine(purpose, [_named(profiles, name) for name in names])


def _named(profiles: Mapping[str, ProfileVersion], name: str) -> ProfileVersion:
    try:
        return profiles[name]
    except KeyError:
        raise PolicyError(
            f"нет профиля политики «{name}»; есть: {', '.join(profiles)}", code="unknown_policy"
        ) from None
