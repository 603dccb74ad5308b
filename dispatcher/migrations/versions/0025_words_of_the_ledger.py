"""What was said under two purposes of before holds for the purposes that took their place (decision 32).

`meter` and `restriction` were renamed; the ledger is append-only, so what still decides is said again under
the new word, with the source, document and times of the old entry. Where the person spoke later, about the
new purpose or about every one, that is newer and nothing is repeated. Idempotent: what was repeated once is
such a later word.
"""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

# One look at the whole ledger; where nobody ever used the old words it writes nothing.
SAY_AGAIN = """
INSERT INTO consent_event (id, contact_point_id, channel, purpose, action, basis, source, source_reference,
                           text_version, recorded_by, valid_from, valid_until, recorded_at)
SELECT gen_random_uuid(), e.contact_point_id, e.channel, w.now, e.action, e.basis, e.source,
       e.source_reference, e.text_version, 'system', e.valid_from, e.valid_until, clock_timestamp()
FROM consent_event e
JOIN (VALUES ('meter', 'meter_reading'), ('restriction', 'restriction_warning')) AS w(was, now)
  ON w.was = e.purpose
WHERE e.action IN ('given', 'confirmed', 'withdrawn', 'refused')
  AND NOT EXISTS (SELECT 1 FROM consent_event later
                  WHERE later.contact_point_id = e.contact_point_id AND later.channel = e.channel
                    AND later.purpose IN (w.now, '*') AND later.sequence > e.sequence
                    AND later.action IN ('given', 'confirmed', 'withdrawn', 'refused'))
ORDER BY e.sequence
"""
# What was refused at an address that has been erased is written down again should it come back.
RENAME_REFUSALS = """
UPDATE erased_address SET refusals = (
    SELECT jsonb_agg(CASE said ->> 'purpose'
                     WHEN 'meter' THEN jsonb_set(said, '{purpose}', '"meter_reading"')
                     WHEN 'restriction' THEN jsonb_set(said, '{purpose}', '"restriction_warning"')
                     ELSE said END)
    FROM jsonb_array_elements(refusals) AS said)
WHERE refusals @> '[{"purpose": "meter"}]' OR refusals @> '[{"purpose": "restriction"}]'
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(SAY_AGAIN)
    op.execute(RENAME_REFUSALS)
