"""The first schema"""

import sqlalchemy as sa
from alembic import op

from kapteam.db.migrations.append_only import lock_signed_notes, make_append_only
from kapteam.db.types import Micrograms, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clinician",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("credentials", sa.String(), nullable=False),
        sa.Column("sign_in_name", sa.String(length=80), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("is_administrator", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("suspended_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clinician")),
        sa.UniqueConstraint("sign_in_name", name=op.f("uq_clinician_sign_in_name")),
    )
    op.create_table(
        "failed_attempt",
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failed_attempt")),
    )
    with op.batch_alter_table("failed_attempt", schema=None) as batch_op:
        batch_op.create_index("ix_failed_attempt_subject_at", ["subject", "at"], unique=False)

    op.create_table(
        "practice",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practice")),
    )
    op.create_table(
        "sign_in",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_active_at", UtcDateTime(), nullable=False),
        sa.Column("locked_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("audience", sa.String(40), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_in_token_hash")),
    )
    op.create_table(
        "client",
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("family_name", sa.String(), nullable=False),
        sa.Column("given_name", sa.String(), nullable=False),
        sa.Column("preferred_name", sa.String(), nullable=False),
        sa.Column("pronouns", sa.String(), nullable=False),
        sa.Column("born_on", sa.Date(), nullable=True),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("emergency_name", sa.String(), nullable=False),
        sa.Column("emergency_relation", sa.String(), nullable=False),
        sa.Column("emergency_phone", sa.String(), nullable=False),
        sa.Column("may_be_told", sa.Text(), nullable=False),
        sa.Column("voicemail_ok", sa.Boolean(), nullable=True),
        sa.Column("allergies", sa.Text(), nullable=True),
        sa.Column("allergies_asked_on", sa.Date(), nullable=True),
        sa.Column("medications", sa.Text(), nullable=True),
        sa.Column("medications_asked_on", sa.Date(), nullable=True),
        sa.Column("pinned_line", sa.String(), nullable=False),
        sa.Column("pinned_by_id", sa.String(length=36), nullable=True),
        sa.Column("pinned_at", UtcDateTime(), nullable=True),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("merged_into_id", sa.String(length=36), nullable=True),
        sa.Column("created_by_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["clinician.id"], name=op.f("fk_client_created_by_id_clinician")
        ),
        sa.ForeignKeyConstraint(
            ["merged_into_id"], ["client.id"], name=op.f("fk_client_merged_into_id_client")
        ),
        sa.ForeignKeyConstraint(
            ["pinned_by_id"], ["clinician.id"], name=op.f("fk_client_pinned_by_id_clinician")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client")),
        sa.UniqueConstraint("code", name=op.f("uq_client_code")),
    )
    op.create_table(
        "clinician_function",
        sa.Column("clinician_id", sa.String(length=36), nullable=False),
        sa.Column("function", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinician_id"],
            ["clinician.id"],
            name=op.f("fk_clinician_function_clinician_id_clinician"),
        ),
        sa.PrimaryKeyConstraint("clinician_id", "function", name=op.f("pk_clinician_function")),
    )
    op.create_table(
        "draft",
        sa.Column("clinician_id", sa.String(length=36), nullable=False),
        sa.Column("form", sa.String(length=120), nullable=False),
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinician_id"], ["clinician.id"], name=op.f("fk_draft_clinician_id_clinician")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
    )
    with op.batch_alter_table("draft", schema=None) as batch_op:
        batch_op.create_index(
            "uq_draft_clinician_id_form_field", ["clinician_id", "form", "field"], unique=True
        )

    op.create_table(
        "invitation",
        sa.Column("clinician_id", sa.String(length=36), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by_id", sa.String(length=36), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinician_id"], ["clinician.id"], name=op.f("fk_invitation_clinician_id_clinician")
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["clinician.id"], name=op.f("fk_invitation_created_by_id_clinician")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitation_token_hash")),
    )
    op.create_table(
        "practice_setting",
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("set_by_id", sa.String(length=36), nullable=False),
        sa.Column("in_force_from", UtcDateTime(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["set_by_id"], ["clinician.id"], name=op.f("fk_practice_setting_set_by_id_clinician")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practice_setting")),
    )
    with op.batch_alter_table("practice_setting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_practice_setting_key"), ["key"], unique=False)

    op.create_table(
        "presence",
        sa.Column("sign_in_id", sa.String(length=36), nullable=False),
        sa.Column("clinician_id", sa.String(length=36), nullable=False),
        sa.Column("joined_at", UtcDateTime(), nullable=False),
        sa.Column("left_at", UtcDateTime(), nullable=True),
        sa.Column("acting", sa.Boolean(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinician_id"], ["clinician.id"], name=op.f("fk_presence_clinician_id_clinician")
        ),
        sa.ForeignKeyConstraint(
            ["sign_in_id"], ["sign_in.id"], name=op.f("fk_presence_sign_in_id_sign_in")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presence")),
    )
    with op.batch_alter_table("presence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_presence_sign_in_id"), ["sign_in_id"], unique=False)

    op.create_table(
        "audit_event",
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("clinician_id", sa.String(length=36), nullable=True),
        sa.Column("sign_in_id", sa.String(length=36), nullable=True),
        sa.Column("tag", sa.String(length=60), nullable=False),
        sa.Column("client_id", sa.String(length=36), nullable=True),
        sa.Column("subject_id", sa.String(length=36), nullable=True),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_audit_event_client_id_client")
        ),
        sa.ForeignKeyConstraint(
            ["clinician_id"], ["clinician.id"], name=op.f("fk_audit_event_clinician_id_clinician")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_event_at"), ["at"], unique=False)
        batch_op.create_index("ix_audit_event_client_id_at", ["client_id", "at"], unique=False)

    op.create_table(
        "episode",
        sa.Column("client_id", sa.String(length=36), nullable=False),
        sa.Column("service_line", sa.String(40), nullable=False),
        sa.Column("indications", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcDateTime(), nullable=False),
        sa.Column("expects_intention", sa.Boolean(), nullable=False),
        sa.Column("expects_integration", sa.Boolean(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("opened_by_id", sa.String(length=36), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("close_reason", sa.String(40), nullable=True),
        sa.Column("close_note", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_episode_client_id_client")
        ),
        sa.ForeignKeyConstraint(
            ["opened_by_id"], ["clinician.id"], name=op.f("fk_episode_opened_by_id_clinician")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_episode")),
    )
    with op.batch_alter_table("episode", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_episode_client_id"), ["client_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_episode_state"), ["state"], unique=False)

    op.create_table(
        "inquiry",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("service_wanted", sa.String(40), nullable=True),
        sa.Column("concern", sa.Text(), nullable=False),
        sa.Column("called_at", UtcDateTime(), nullable=False),
        sa.Column("held_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(40), nullable=True),
        sa.Column("outcome_note", sa.Text(), nullable=False),
        sa.Column("client_id", sa.String(length=36), nullable=True),
        sa.Column("created_by_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_inquiry_client_id_client")
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["clinician.id"], name=op.f("fk_inquiry_created_by_id_clinician")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inquiry")),
        sa.UniqueConstraint("client_id", name=op.f("uq_inquiry_client_id")),
    )
    op.create_table(
        "clearance",
        sa.Column("episode_id", sa.String(length=36), nullable=False),
        sa.Column("decision", sa.String(40), nullable=False),
        sa.Column("routes", sa.JSON(), nullable=False),
        sa.Column("ceiling_ug", Micrograms(), nullable=True),
        sa.Column("conditions", sa.Text(), nullable=False),
        sa.Column("in_person_on", sa.Date(), nullable=True),
        sa.Column("valid_until_on", sa.Date(), nullable=True),
        sa.Column("decided_by_id", sa.String(length=36), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["clinician.id"], name=op.f("fk_clearance_decided_by_id_clinician")
        ),
        sa.ForeignKeyConstraint(
            ["episode_id"], ["episode.id"], name=op.f("fk_clearance_episode_id_episode")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clearance")),
    )
    with op.batch_alter_table("clearance", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_clearance_episode_id"), ["episode_id"], unique=False)

    op.create_table(
        "consent",
        sa.Column("episode_id", sa.String(length=36), nullable=False),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("form_version", sa.String(length=40), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("recorded_by_id", sa.String(length=36), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_on", sa.Date(), nullable=True),
        sa.Column("revoked_by_id", sa.String(length=36), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["episode_id"], ["episode.id"], name=op.f("fk_consent_episode_id_episode")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["clinician.id"], name=op.f("fk_consent_recorded_by_id_clinician")
        ),
        sa.ForeignKeyConstraint(
            ["revoked_by_id"], ["clinician.id"], name=op.f("fk_consent_revoked_by_id_clinician")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consent_episode_id"), ["episode_id"], unique=False)

    op.create_table(
        "episode_member",
        sa.Column("episode_id", sa.String(length=36), nullable=False),
        sa.Column("clinician_id", sa.String(length=36), nullable=True),
        sa.Column("elsewhere", sa.String(), nullable=False),
        sa.Column("part", sa.String(40), nullable=False),
        sa.Column("from_at", UtcDateTime(), nullable=False),
        sa.Column("until_at", UtcDateTime(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinician_id"],
            ["clinician.id"],
            name=op.f("fk_episode_member_clinician_id_clinician"),
        ),
        sa.ForeignKeyConstraint(
            ["episode_id"], ["episode.id"], name=op.f("fk_episode_member_episode_id_episode")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_episode_member")),
    )
    with op.batch_alter_table("episode_member", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_episode_member_clinician_id"), ["clinician_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_episode_member_episode_id"), ["episode_id"], unique=False
        )

    op.create_table(
        "hold",
        sa.Column("episode_id", sa.String(length=36), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("since_at", UtcDateTime(), nullable=False),
        sa.Column("look_again_on", sa.Date(), nullable=False),
        sa.Column("set_by_id", sa.String(length=36), nullable=False),
        sa.Column("released_at", UtcDateTime(), nullable=True),
        sa.Column("released_by_id", sa.String(length=36), nullable=True),
        sa.Column("release_note", sa.Text(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["episode_id"], ["episode.id"], name=op.f("fk_hold_episode_id_episode")
        ),
        sa.ForeignKeyConstraint(
            ["released_by_id"], ["clinician.id"], name=op.f("fk_hold_released_by_id_clinician")
        ),
        sa.ForeignKeyConstraint(
            ["set_by_id"], ["clinician.id"], name=op.f("fk_hold_set_by_id_clinician")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    with op.batch_alter_table("hold", schema=None) as batch_op:
        batch_op.create_index(
            "ix_hold_episode_id_released_at", ["episode_id", "released_at"], unique=False
        )

    op.create_table(
        "integration_session",
        sa.Column("episode_id", sa.String(length=36), nullable=False),
        sa.Column("therapist_id", sa.String(length=36), nullable=True),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("how", sa.String(40), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("planned_at", UtcDateTime(), nullable=True),
        sa.Column("planned_minutes", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("agreed_for", sa.Date(), nullable=True),
        sa.Column("agreed_reason", sa.Text(), nullable=False),
        sa.Column("held_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("held_by_id", sa.String(length=36), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("closed_by_id", sa.String(length=36), nullable=True),
        sa.Column("close_reason", sa.String(40), nullable=True),
        sa.Column("close_note", sa.Text(), nullable=False),
        sa.Column("dropped_at", UtcDateTime(), nullable=True),
        sa.Column("drop_reason", sa.Text(), nullable=False),
        sa.Column("created_by_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["closed_by_id"],
            ["clinician.id"],
            name=op.f("fk_integration_session_closed_by_id_clinician"),
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"],
            ["clinician.id"],
            name=op.f("fk_integration_session_created_by_id_clinician"),
        ),
        sa.ForeignKeyConstraint(
            ["episode_id"], ["episode.id"], name=op.f("fk_integration_session_episode_id_episode")
        ),
        sa.ForeignKeyConstraint(
            ["held_by_id"],
            ["clinician.id"],
            name=op.f("fk_integration_session_held_by_id_clinician"),
        ),
        sa.ForeignKeyConstraint(
            ["therapist_id"],
            ["clinician.id"],
            name=op.f("fk_integration_session_therapist_id_clinician"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integration_session")),
    )
    with op.batch_alter_table("integration_session", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_integration_session_episode_id"), ["episode_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_integration_session_planned_at"), ["planned_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_integration_session_therapist_id"), ["therapist_id"], unique=False
        )

    op.create_table(
        "outside_experience",
        sa.Column("episode_id", sa.String(length=36), nullable=False),
        sa.Column("substance", sa.String(), nullable=False),
        sa.Column("happened", sa.String(), nullable=False),
        sa.Column("circumstances", sa.Text(), nullable=False),
        sa.Column("recorded_by_id", sa.String(length=36), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["episode_id"], ["episode.id"], name=op.f("fk_outside_experience_episode_id_episode")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"],
            ["clinician.id"],
            name=op.f("fk_outside_experience_recorded_by_id_clinician"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_experience")),
    )
    with op.batch_alter_table("outside_experience", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_outside_experience_episode_id"), ["episode_id"], unique=False
        )

    op.create_table(
        "series",
        sa.Column("episode_id", sa.String(length=36), nullable=False),
        sa.Column("product_route", sa.String(40), nullable=False),
        sa.Column("ordered_count", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["episode_id"], ["episode.id"], name=op.f("fk_series_episode_id_episode")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
    )
    with op.batch_alter_table("series", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_series_episode_id"), ["episode_id"], unique=False)

    op.create_table(
        "ketamine_session",
        sa.Column("episode_id", sa.String(length=36), nullable=False),
        sa.Column("series_id", sa.String(length=36), nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("planned_at", UtcDateTime(), nullable=False),
        sa.Column("planned_minutes", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("people_present", sa.String(), nullable=False),
        sa.Column("order_state", sa.String(40), nullable=False),
        sa.Column("ordered_ug", Micrograms(), nullable=True),
        sa.Column("may_add_ug", Micrograms(), nullable=True),
        sa.Column("ordered_by_id", sa.String(length=36), nullable=True),
        sa.Column("ordered_at", UtcDateTime(), nullable=True),
        sa.Column("arrived_at", UtcDateTime(), nullable=True),
        sa.Column("stopped_at", UtcDateTime(), nullable=True),
        sa.Column("discharged_at", UtcDateTime(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("closed_by_id", sa.String(length=36), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=False),
        sa.Column("breach_reason", sa.Text(), nullable=False),
        sa.Column("created_by_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["closed_by_id"],
            ["clinician.id"],
            name=op.f("fk_ketamine_session_closed_by_id_clinician"),
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"],
            ["clinician.id"],
            name=op.f("fk_ketamine_session_created_by_id_clinician"),
        ),
        sa.ForeignKeyConstraint(
            ["episode_id"], ["episode.id"], name=op.f("fk_ketamine_session_episode_id_episode")
        ),
        sa.ForeignKeyConstraint(
            ["ordered_by_id"],
            ["clinician.id"],
            name=op.f("fk_ketamine_session_ordered_by_id_clinician"),
        ),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("fk_ketamine_session_series_id_series")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ketamine_session")),
    )
    with op.batch_alter_table("ketamine_session", schema=None) as batch_op:
        batch_op.create_index(
            "ix_ketamine_session_episode_id_planned_at", ["episode_id", "planned_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_ketamine_session_planned_at"), ["planned_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_ketamine_session_series_id"), ["series_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_ketamine_session_status"), ["status"], unique=False)

    op.create_table(
        "administration",
        sa.Column("ketamine_session_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("ug", Micrograms(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("lot", sa.String(length=60), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("given_by_id", sa.String(length=36), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("told_by_id", sa.String(length=36), nullable=True),
        sa.Column("confirmed_by_id", sa.String(length=36), nullable=True),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("voided_at", UtcDateTime(), nullable=True),
        sa.Column("voided_by_id", sa.String(length=36), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["confirmed_by_id"],
            ["clinician.id"],
            name=op.f("fk_administration_confirmed_by_id_clinician"),
        ),
        sa.ForeignKeyConstraint(
            ["given_by_id"], ["clinician.id"], name=op.f("fk_administration_given_by_id_clinician")
        ),
        sa.ForeignKeyConstraint(
            ["ketamine_session_id"],
            ["ketamine_session.id"],
            name=op.f("fk_administration_ketamine_session_id_ketamine_session"),
        ),
        sa.ForeignKeyConstraint(
            ["told_by_id"], ["clinician.id"], name=op.f("fk_administration_told_by_id_clinician")
        ),
        sa.ForeignKeyConstraint(
            ["voided_by_id"],
            ["clinician.id"],
            name=op.f("fk_administration_voided_by_id_clinician"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_administration")),
    )
    with op.batch_alter_table("administration", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_administration_ketamine_session_id"),
            ["ketamine_session_id"],
            unique=False,
        )

    op.create_table(
        "integration_session_for",
        sa.Column("integration_session_id", sa.String(length=36), nullable=False),
        sa.Column("ketamine_session_id", sa.String(length=36), nullable=True),
        sa.Column("outside_experience_id", sa.String(length=36), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.CheckConstraint(
            "(ketamine_session_id IS NULL) <> (outside_experience_id IS NULL)",
            name=op.f("ck_integration_session_for_one_subject"),
        ),
        sa.ForeignKeyConstraint(
            ["integration_session_id"],
            ["integration_session.id"],
            name=op.f("fk_integration_session_for_integration_session_id_integration_session"),
        ),
        sa.ForeignKeyConstraint(
            ["ketamine_session_id"],
            ["ketamine_session.id"],
            name=op.f("fk_integration_session_for_ketamine_session_id_ketamine_session"),
        ),
        sa.ForeignKeyConstraint(
            ["outside_experience_id"],
            ["outside_experience.id"],
            name=op.f("fk_integration_session_for_outside_experience_id_outside_experience"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integration_session_for")),
    )
    with op.batch_alter_table("integration_session_for", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_integration_session_for_integration_session_id"),
            ["integration_session_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_integration_session_for_ketamine_session_id"),
            ["ketamine_session_id"],
            unique=False,
        )

    op.create_table(
        "note",
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("episode_id", sa.String(length=36), nullable=False),
        sa.Column("ketamine_session_id", sa.String(length=36), nullable=True),
        sa.Column("integration_session_id", sa.String(length=36), nullable=True),
        sa.Column("author_id", sa.String(length=36), nullable=False),
        sa.Column("by_prescriber", sa.Boolean(), nullable=False),
        sa.Column("template_version", sa.Integer(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("signed_at", UtcDateTime(), nullable=True),
        sa.Column("signed_text", sa.Text(), nullable=True),
        sa.Column("content_hash", sa.String(length=64), nullable=True),
        sa.Column("voided_at", UtcDateTime(), nullable=True),
        sa.Column("voided_by_id", sa.String(length=36), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["clinician.id"], name=op.f("fk_note_author_id_clinician")
        ),
        sa.ForeignKeyConstraint(
            ["episode_id"], ["episode.id"], name=op.f("fk_note_episode_id_episode")
        ),
        sa.ForeignKeyConstraint(
            ["integration_session_id"],
            ["integration_session.id"],
            name=op.f("fk_note_integration_session_id_integration_session"),
        ),
        sa.ForeignKeyConstraint(
            ["ketamine_session_id"],
            ["ketamine_session.id"],
            name=op.f("fk_note_ketamine_session_id_ketamine_session"),
        ),
        sa.ForeignKeyConstraint(
            ["voided_by_id"], ["clinician.id"], name=op.f("fk_note_voided_by_id_clinician")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
    )
    with op.batch_alter_table("note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_note_author_id"), ["author_id"], unique=False)
        batch_op.create_index(
            "ix_note_episode_id_signed_at", ["episode_id", "signed_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_note_integration_session_id"), ["integration_session_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_note_ketamine_session_id"), ["ketamine_session_id"], unique=False
        )

    op.create_table(
        "note_addendum",
        sa.Column("note_id", sa.String(length=36), nullable=False),
        sa.Column("author_id", sa.String(length=36), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["clinician.id"], name=op.f("fk_note_addendum_author_id_clinician")
        ),
        sa.ForeignKeyConstraint(
            ["note_id"], ["note.id"], name=op.f("fk_note_addendum_note_id_note")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_addendum")),
    )
    with op.batch_alter_table("note_addendum", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_note_addendum_note_id"), ["note_id"], unique=False)

    op.create_table(
        "note_amendment",
        sa.Column("note_id", sa.String(length=36), nullable=False),
        sa.Column("author_id", sa.String(length=36), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["clinician.id"], name=op.f("fk_note_amendment_author_id_clinician")
        ),
        sa.ForeignKeyConstraint(
            ["note_id"], ["note.id"], name=op.f("fk_note_amendment_note_id_note")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_amendment")),
    )
    with op.batch_alter_table("note_amendment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_note_amendment_note_id"), ["note_id"], unique=False)
    for table in ("audit_event", "practice_setting", "note_amendment", "note_addendum"):
        make_append_only(table, op.get_bind())
    lock_signed_notes(op.get_bind())
