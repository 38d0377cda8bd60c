"""Plain names for what the record counts, by code; their translations are in the catalogs."""

from __future__ import annotations

CATEGORY_TEXTS = {
    "STATEMENT_CATEGORY_ANIMAL_WELFARE": "Animal welfare",
    "STATEMENT_CATEGORY_CONSUMER_INFORMATION": "Information for consumers",
    "STATEMENT_CATEGORY_CYBER_VIOLENCE": "Violence against a person online, also by use of their likeness",
    "STATEMENT_CATEGORY_CYBER_VIOLENCE_AGAINST_WOMEN": "Violence against women online",
    "STATEMENT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS": "Data protection and private life",
    "STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH": "Hate and other harmful speech",
    "STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS": "Copyright, trademarks and other rights",
    "STATEMENT_CATEGORY_NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS": "Deception in politics and elections",
    "STATEMENT_CATEGORY_NOT_SPECIFIED_NOTICE": "Illegal content of another kind",
    "STATEMENT_CATEGORY_OTHER_VIOLATION_TC": "Other rules of this service",
    "STATEMENT_CATEGORY_PROTECTION_OF_MINORS": "Protection of minors",
    "STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY": "Public security",
    "STATEMENT_CATEGORY_SCAMS_AND_FRAUD": "Fraud",
    "STATEMENT_CATEGORY_SELF_HARM": "Self-harm",
    "STATEMENT_CATEGORY_UNSAFE_AND_PROHIBITED_PRODUCTS": "Weapons and other prohibited goods",
    "STATEMENT_CATEGORY_VIOLENCE": "Violence and cruelty",
}
MEASURE_TEXTS = {
    "DECISION_VISIBILITY_OTHER": "Not made",
    "DECISION_VISIBILITY_CONTENT_DISABLED": "Made and not published",
    "DECISION_VISIBILITY_CONTENT_REMOVED": "Taken down after it was published",
}
MEANS_TEXTS = {"automatic": "By automatic means alone", "person": "By a person"}
APPEAL_TEXTS = {
    "upheld": "The decision stood",
    "reversed": "The decision was changed",
    "omitted": "Ended before it was answered",
    "open": "Not answered yet",
}
