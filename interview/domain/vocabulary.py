"""The words content may use: portrait parts, backdrops, triggers, weaknesses, kinds of facts."""

#: Part of a portrait -> what it may be; the keys of the part sheet, the first one is the default.
PORTRAIT_PARTS: dict[str, tuple[str, ...]] = {
    "head": ("oval", "square", "long", "round"),
    "hair": ("swept", "cropped", "bob", "bun", "bald", "curls", "long", "cap"),
    "glasses": ("none", "round", "square", "half"),
    "clothes": ("collar", "suit", "hoodie", "scrubs", "turtleneck", "mandarin", "scarf"),
    "extra": ("none", "beard", "moustache", "earring", "headset", "stethoscope", "pen"),
    "accent": ("slate", "ochre", "moss", "plum", "rust", "teal", "umber"),
}

BACKDROPS = ("courtroom", "boardroom", "ward", "warroom")

#: What an answer can set off; a follow-up or a branch waits for one of them.
TRIGGERS = (
    "too_short",
    "rambling",
    "no_number",
    "number_no_baseline",
    "perfect_number",
    "we_no_i",
    "buzzword_only",
    "no_tradeoff",
    "no_failure_mode",
    "contradiction",
    "evasive",
    "resume_echo",
    "self_repeat",
    "off_topic",
    "honest_unknown",
    "strong",
    "injection",
    "abuse",
)

#: A follow-up may also wait for a key point of its own question: ``key_point_missing:cost``.
KEY_POINT_MISSING = "key_point_missing:"

#: A branch may also wait for answers in a row at or above par: ``streak.3``.
STREAK = "streak."

WEAKNESSES = (
    "no_baseline",
    "no_owner",
    "scale_unknown",
    "buzzword",
    "perfect_number",
    "duration_vs_claim",
)

_METRICS = (
    "latency throughput availability error_rate cost revenue growth conversion retention users"
    " satisfaction accuracy coverage time_saved size incidents patients budget other"
)
_TECH = (
    "llm_gateway llm rag agent kubernetes docker redis postgres mysql kafka microservices python"
    " java go rust node react vue typescript css webpack mobile spark flink airflow sql warehouse"
    " ml deep_learning recommender search ab_test bi cache ci_cd monitoring cloud payments"
    " security queue testing performance"
)
_SKILLS = (
    "icu triage medication infection_control ehr patient_education wound_care user_research"
    " roadmap prd growth pricing stakeholder project_management teaching sales writing design"
    " finance hiring"
)
_ROLES = "led owned designed built improved participated managed mentored"

#: What a résumé is read for; a question's ``when.any_fact`` names one, or a family: ``metric.*``.
FACT_KEYS = (
    *(f"metric.{name}" for name in _METRICS.split()),
    *(f"tech.{name}" for name in _TECH.split()),
    *(f"skill.{name}" for name in _SKILLS.split()),
    *(f"role.{name}" for name in _ROLES.split()),
    "team.size",
    "date.range",
    "edu",
    "cert",
)
