"""The shared vocabulary: labels that any classifier may give, of which subjects, and what they say.

Policy rules may use these labels, those that classifiers from outside bring (`registered.vocabulary`), and of
no others. A label measures; whether it matters is decided by policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from core.signals import Subject

_TEXT = frozenset({Subject.PROMPT})
_NEGATIVE = frozenset({Subject.NEGATIVE_PROMPT})
_VIDEO = frozenset({Subject.VIDEO})
_FOOTAGE = frozenset({Subject.VIDEO, Subject.REFERENCE})
_TAKE = frozenset({Subject.TAKE})


@dataclass(frozen=True, slots=True)
class LabelDefinition:
    """Of which subjects a label is measured, and what a score near 1 says."""

    subjects: frozenset[Subject]
    description: str


LABELS: Mapping[str, LabelDefinition] = MappingProxyType(
    {
        # of a prompt
        "sexual": LabelDefinition(_TEXT, "Sexual content or nudity is asked for."),
        "sexual_minors": LabelDefinition(
            _TEXT, "Sexual content or nudity is asked for together with a child or teenager."
        ),
        "minors": LabelDefinition(_TEXT, "A child or teenager is mentioned. Harmless by itself."),
        "intimate_image": LabelDefinition(_TEXT, "A real person is to be undressed or put into sexual content."),
        "violence": LabelDefinition(_TEXT, "Violence against people or animals is asked for."),
        "gore": LabelDefinition(_TEXT | _FOOTAGE, "Blood, mutilation or a mangled body is asked for, or seen."),
        "self_harm": LabelDefinition(_TEXT, "Suicide, self-injury or an eating disorder is asked for or encouraged."),
        "hate": LabelDefinition(_TEXT, "People are attacked or demeaned for what they are."),
        "extremism": LabelDefinition(
            _TEXT, "Terrorist or extremist violence is praised, or people are recruited for it."
        ),
        "harassment": LabelDefinition(_TEXT, "A person is insulted, threatened or humiliated."),
        "illicit": LabelDefinition(_TEXT, "Drugs, crime or instructions for doing harm are asked for."),
        "weapons": LabelDefinition(_TEXT, "A weapon or explosive is asked for."),
        "disinfo": LabelDefinition(_TEXT, "Footage that deceives is asked for: false news, elections, emergencies."),
        "political": LabelDefinition(_TEXT, "Persuasion for or against a party, a candidate or a cause is asked for."),
        "fraud": LabelDefinition(
            _TEXT, "Footage that deceives for money, or poses as a person or a firm, is asked for."
        ),
        "public_figure": LabelDefinition(_TEXT, "A well-known living person is named or circumscribed."),
        "copyright_ip": LabelDefinition(_TEXT, "A character, brand or work that belongs to somebody is named."),
        "registered_work": LabelDefinition(
            _TEXT, "A character, work or brand that its holder registered is named or described."
        ),
        "artist_style": LabelDefinition(_TEXT, "The style of a living artist or musician is asked for."),
        "politics": LabelDefinition(
            _TEXT, "Politics is asked for. Harmless by itself; some people leased no such use."
        ),
        "alcohol": LabelDefinition(_TEXT, "Alcohol or drunkenness is asked for. Harmless by itself, as politics."),
        "romance": LabelDefinition(_TEXT, "Romance between people is asked for. Harmless by itself, as politics."),
        "revealing": LabelDefinition(_TEXT, "Revealing clothes are asked for. Harmless by themselves, as politics."),
        "jailbreak": LabelDefinition(_TEXT, "The prompt addresses the filter or the model: ignore your rules."),
        "disguise": LabelDefinition(
            _TEXT, "Words are written so as to pass a filter: look-alike letters, leetspeak, spacing."
        ),
        "monitor": LabelDefinition(
            _TEXT, "A reasoning model says that the policy forbids it. Measured only where one is set up."
        ),
        "unsafe": LabelDefinition(_TEXT, "The prompt as a whole resembles prompts that people judged unsafe."),
        # of a negative prompt, in which naming something is no request for it
        "negative_hate": LabelDefinition(_NEGATIVE, "A slur is named as what to avoid."),
        "negative_jailbreak": LabelDefinition(_NEGATIVE, "A negative prompt addresses the filter or the model."),
        "negative_disguise": LabelDefinition(_NEGATIVE, "Words are written so as to pass a filter."),
        "negative_personal_data": LabelDefinition(_NEGATIVE, "Contact details of somebody are written down."),
        "negative_inverted": LabelDefinition(
            _NEGATIVE, "What keeps a picture decent, adult or agreed to is to be avoided: clothes, adults, consent."
        ),
        # of a video or a reference
        "face_present": LabelDefinition(_FOOTAGE, "A face is seen."),
        "unreadable_face": LabelDefinition(
            _FOOTAGE, "The share of faces that nobody could recognise: small, turned, blurred."
        ),
        "protected_person": LabelDefinition(
            _FOOTAGE, "A face is that of an enrolled or protected person without a lease here."
        ),
        "cameo_absent": LabelDefinition(_FOOTAGE, "A leased cameo, whose face is enrolled, is not seen."),
        "cameo_beside_protected": LabelDefinition(
            _FOOTAGE, "A leased cameo is seen together with a protected person without a lease."
        ),
        "voice_present": LabelDefinition(_FOOTAGE, "Somebody speaks."),
        "unreadable_voice": LabelDefinition(
            _FOOTAGE, "The share of speech by which nobody could be recognised: too little of a voice."
        ),
        "protected_voice": LabelDefinition(
            _FOOTAGE, "A voice is that of an enrolled or protected person without a lease here."
        ),
        "nudity": LabelDefinition(_FOOTAGE, "Nudity or sexual content is seen."),
        "known_bad": LabelDefinition(
            _FOOTAGE, "A frame is a copy of one in a bank of illegal or abusive pictures and videos."
        ),
        "known_claimed": LabelDefinition(
            _FOOTAGE, "A frame is a copy of one in a video that was taken down after a claim."
        ),
        "known_work": LabelDefinition(_FOOTAGE, "A frame is a copy of a work that a rights holder registered."),
        "work_likeness": LabelDefinition(
            _FOOTAGE, "It looks or sounds like the examples of a registered work whose holder wants to be asked."
        ),
        "work_not_allowed": LabelDefinition(
            _FOOTAGE, "It looks or sounds like the examples of a registered work whose holder does not allow that."
        ),
        "known_listed": LabelDefinition(
            _FOOTAGE, "A frame is in a bank of footage at which a person has to look first."
        ),
        "known_sound": LabelDefinition(_FOOTAGE, "A sound or music is in a bank of known recordings."),
        "known_noted": LabelDefinition(_FOOTAGE, "A frame is in a bank whose matches are only noted."),
        "violence_visual": LabelDefinition(_FOOTAGE, "Violence is seen. Needs an OpenCLIP checkpoint."),
        "weapon_visual": LabelDefinition(_FOOTAGE, "A weapon is seen. Needs an OpenCLIP checkpoint."),
        "fire_visual": LabelDefinition(_FOOTAGE, "A fire or an explosion is seen. Needs an OpenCLIP checkpoint."),
        "blood_visual": LabelDefinition(_FOOTAGE, "Blood or an injury is seen. Needs an OpenCLIP checkpoint."),
        "drugs_visual": LabelDefinition(_FOOTAGE, "Drugs are seen. Needs an OpenCLIP checkpoint."),
        "alcohol_visual": LabelDefinition(_FOOTAGE, "Alcohol is seen. Needs an OpenCLIP checkpoint."),
        "smoking_visual": LabelDefinition(_FOOTAGE, "Somebody smokes. Needs an OpenCLIP checkpoint."),
        "political_sign_visual": LabelDefinition(_FOOTAGE, "A political sign is seen. Needs an OpenCLIP checkpoint."),
        "crowd_visual": LabelDefinition(_FOOTAGE, "A crowd is seen. Needs an OpenCLIP checkpoint."),
        "child_visual": LabelDefinition(_FOOTAGE, "A child or a teenager is seen. Needs an OpenCLIP checkpoint."),
        "uniform_visual": LabelDefinition(_FOOTAGE, "A uniform is seen. Needs an OpenCLIP checkpoint."),
        "news_studio_visual": LabelDefinition(_FOOTAGE, "It looks like a newscast. Needs an OpenCLIP checkpoint."),
        "fire_shown": LabelDefinition(_FOOTAGE, "A fire or flames are a good part of the picture."),
        "hate_symbol": LabelDefinition(_FOOTAGE, "A symbol of hate is drawn: a hooked cross, or a black sun."),
        "hate_symbol_mirrored": LabelDefinition(
            _FOOTAGE, "A hooked cross whose arms turn left, as in Buddhist and Hindu use. Harmless by itself."
        ),
        "flash": LabelDefinition(_VIDEO, "The picture flashes: 0.5 is three times in a second, 1 six times."),
        "red_flash": LabelDefinition(_VIDEO, "It flashes to or from a saturated red, counted in the same way."),
        "black_picture": LabelDefinition(_VIDEO, "The share of the time in which the picture is black."),
        "frozen_picture": LabelDefinition(_VIDEO, "The share of the time in which nothing in the picture changes."),
        "silence": LabelDefinition(_VIDEO, "The share of the time in which nothing is heard."),
        "loudness": LabelDefinition(_VIDEO, "How loud it is in all (EBU R 128): 0.5 is -23 LUFS, 1 is -5."),
        "loud_peak": LabelDefinition(_VIDEO, "How high its true peak is: 0.5 is -1 dBTP, 1 is +5."),
        "loudness_jump": LabelDefinition(
            _VIDEO, "How much louder 0.4 s are than the three seconds before: 0.5 is 20 LU, 1 is 40."
        ),
        "loudness_range": LabelDefinition(_VIDEO, "Its loudness range (EBU 3342): 0.5 is 20 LU, 1 is 40."),
        "not_looked_at": LabelDefinition(
            _VIDEO, "The share of the video's time that nobody looked at or listened to: it is too long."
        ),
        "heard_threat": LabelDefinition(_FOOTAGE, "Somebody is threatened or insulted in speech."),
        "heard_instructions": LabelDefinition(_FOOTAGE, "Speech tells how to do harm, or encourages to self-harm."),
        "heard_hate": LabelDefinition(_FOOTAGE, "Speech demeans people for what they are, or praises terror."),
        "heard_sexual": LabelDefinition(_FOOTAGE, "Speech is sexual."),
        "heard_fraud": LabelDefinition(_FOOTAGE, "Speech deceives for money, or poses as a firm or an office."),
        "seen_threat": LabelDefinition(_FOOTAGE, "Somebody is threatened or insulted in writing."),
        "seen_instructions": LabelDefinition(_FOOTAGE, "Writing tells how to do harm, or encourages to self-harm."),
        "seen_hate": LabelDefinition(_FOOTAGE, "Writing demeans people for what they are, or praises terror."),
        "seen_sexual": LabelDefinition(_FOOTAGE, "Writing is sexual."),
        "seen_fraud": LabelDefinition(_FOOTAGE, "Writing deceives for money, or poses as a firm or an office."),
        "seen_personal_data": LabelDefinition(
            _FOOTAGE, "A card or account number (0.95), a telephone number or an address of mail (0.6) is readable."
        ),
        "seen_code": LabelDefinition(_FOOTAGE, "A QR code can be read."),
        "seen_bad_link": LabelDefinition(_FOOTAGE, "A code or writing leads to a host of the operator's list."),
        "words_politics": LabelDefinition(_FOOTAGE, "What is said or written is politics. Harmless by itself."),
        "words_alcohol": LabelDefinition(_FOOTAGE, "What is said or written is about alcohol. Harmless by itself."),
        "words_romance": LabelDefinition(_FOOTAGE, "What is said or written is romance. Harmless by itself."),
        "words_revealing": LabelDefinition(
            _FOOTAGE, "What is said or written is about revealing clothes. Harmless by itself."
        ),
        # of a take, with which somebody enrols
        "digits_wrong": LabelDefinition(_TAKE, "The share of the digits asked for that was not said."),
        "turns_wrong": LabelDefinition(_TAKE, "The head was not turned as asked, or not in that order."),
        "no_blink": LabelDefinition(_TAKE, "No blink was seen."),
        "other_face": LabelDefinition(_TAKE, "More than one face is in the picture."),
        "face_changed": LabelDefinition(_TAKE, "The faces of the take are not one person's."),
        "voice_changed": LabelDefinition(_TAKE, "The voices of the take are not one person's."),
        "mouth_still": LabelDefinition(_TAKE, "The mouth does not move when there is speech."),
        "flat_picture": LabelDefinition(_TAKE, "The face moves as a flat picture does."),
        "take_replayed": LabelDefinition(_TAKE, "The pictures were seen in an earlier take."),
        "take_looped": LabelDefinition(_TAKE, "Pictures of the take come again within it."),
        "ai_made": LabelDefinition(_TAKE, "Assay's own verifier finds that AI made the take, or parts of it."),
        "spoof": LabelDefinition(_TAKE, "A certified provider of presentation attack detection finds an attack."),
        "synthetic_voice": LabelDefinition(_TAKE, "A detector that was plugged in takes the voice for a machine's."),
        "enrolled_elsewhere": LabelDefinition(
            _TAKE, "The face is one that another account enrolled, or that is protected."
        ),
    }
)
