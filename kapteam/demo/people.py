"""Who is in the demo practice. Everybody here is made up; no phone number leads to anybody."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid5

from kapteam.rules.permissions import Viewer
from kapteam.vocabulary import Audience, Function

PRACTICE_NAME = "Saguaro Demo Practice"
ZONE = "America/Phoenix"
_NAMESPACE = UUID("5a6ab0a0-0000-4000-8000-00000000de30")


def demo_id(name: str) -> str:
    """The id of the thing of that name, the same in every build."""
    return str(uuid5(_NAMESPACE, name))


THERAPIST_ID = demo_id("clinician/therapist")
PRESCRIBER_ID = demo_id("clinician/prescriber")


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of the team."""

    id: str
    name: str
    credentials: str
    functions: frozenset[Function]
    is_administrator: bool = False
    phone: str = ""

    @property
    def sign_in_name(self) -> str:
        """First name and family name, joined."""
        return self.name.lower().replace(" ", ".")

    def viewer(self, clinician_id: str = "") -> Viewer:
        """This person as the one who acts."""
        return Viewer(
            sign_in_id="",
            clinician_id=clinician_id or self.id,
            name=self.name,
            functions=self.functions,
            is_administrator=self.is_administrator,
            audience=Audience.JUST_ME,
            sees_everyone=self.functions == {Function.COORDINATOR},
        )


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in care: what the client's form holds, apart from its dates.

    `allergies`, `medications`, `conditions` and `usual_pressure` None were not asked about.
    """

    family_name: str
    given_name: str
    born_on: date
    preferred_name: str = ""
    pronouns: str = ""
    emergency: tuple[str, str] = ("", "")
    may_be_told: str = ""
    voicemail_ok: bool | None = True
    allergies: str | None = ""
    medications: str | None = ""
    conditions: str | None = None
    usual_pressure: str | None = None
    pinned_line: str = ""

    @property
    def id(self) -> str:
        """The client's id."""
        return demo_id(f"client/{self.family_name}/{self.given_name}")

    @property
    def kg(self) -> int:
        """What they weigh, 58 to 97 kg; the same in every build."""
        return 58 + UUID(self.id).int % 40


_PRESCRIBER, _THERAPIST = Function.PRESCRIBER, Function.THERAPIST
DIRECTOR = Colleague(
    "",  # set-up mints it
    "Amadi Cottonwood",
    "MD",
    frozenset({_PRESCRIBER, _THERAPIST}),
    is_administrator=True,
    phone="602-555-0193",
)
THERAPIST = Colleague(
    THERAPIST_ID, "Noor Ocotillo", "LCSW", frozenset({_THERAPIST}), phone="602-555-0191"
)
PRESCRIBER = Colleague(
    PRESCRIBER_ID,
    "Elias Mesquite",
    "MD",
    frozenset({_PRESCRIBER}),
    is_administrator=True,
    phone="602-555-0192",
)
SECOND_PRESCRIBER = Colleague(
    demo_id("clinician/prescriber/2"),
    "Ingrid Yucca",
    "PMHNP",
    frozenset({_PRESCRIBER}),
    phone="602-555-0194",
)
SECOND_THERAPIST = Colleague(
    demo_id("clinician/therapist/2"),
    "Wren Juniper",
    "LPC",
    frozenset({_THERAPIST}),
    phone="602-555-0195",
)
THIRD_THERAPIST = Colleague(
    demo_id("clinician/therapist/3"), "Tomas Acacia", "LMFT", frozenset({_THERAPIST})
)
NURSE = Colleague(
    demo_id("clinician/nurse"),
    "Lupe Manzanita",
    "RN",
    frozenset({Function.NURSE}),
    phone="602-555-0196",
)
FRONT_DESK = Colleague(
    demo_id("clinician/front-desk"), "Sky Agave", "", frozenset({Function.COORDINATOR})
)
COLLEAGUES = (
    THERAPIST,
    PRESCRIBER,
    SECOND_PRESCRIBER,
    SECOND_THERAPIST,
    THIRD_THERAPIST,
    NURSE,
    FRONT_DESK,
)

OKAFOR = Person(
    "Okafor",
    "Amara",
    date(1987, 3, 9),
    pronouns="she/her",
    emergency=("Chinedu Okafor", "brother"),
    may_be_told="Chinedu may know about appointments and rides, nothing else.",
    allergies="Penicillin (hives)",
    medications="Sertraline 100 mg daily; lisinopril 10 mg daily",
    conditions="High blood pressure, treated",
    usual_pressure="134/84",
    pinned_line="Brother drives; call him when she is ready",
)
ELLIS = Person(
    "Ellis",
    "Jordan",
    date(1991, 7, 30),
    pronouns="he/him",
    emergency=("Dana Ellis", "spouse"),
    may_be_told="Dana may know everything.",
    medications="Bupropion XL 300 mg daily",
    conditions="",
    usual_pressure="122/78",
)
ELLISON = Person(
    "Ellison",
    "Jordana",
    date(1994, 1, 18),
    pronouns="she/her",
    emergency=("Ruth Ellison", "mother"),
    voicemail_ok=False,
    medications="Escitalopram 10 mg daily",
    pinned_line="Two clients named J.E.: check the birth date",
)
NAKAMURA = Person(
    "Nakamura-Bengtsson",
    "Aleksandra",
    date(1979, 11, 2),
    pronouns="she/her",
    emergency=("Mikael Bengtsson", "husband"),
    may_be_told="Mikael may know that treatment goes on, not what is said.",
    allergies="Latex",
    medications="Venlafaxine XR 150 mg daily",
)
PETROV = Person(
    "Petrov",
    "Dimitar",
    date(1968, 5, 21),
    pronouns="he/him",
    emergency=("Elena Petrova", "daughter"),
    medications="Losartan 50 mg daily; atorvastatin 20 mg daily",
    pinned_line="Hard of hearing on the left; text first, then call",
)
ABARA = Person(
    "Abara",
    "Chidi",
    date(1983, 9, 14),
    pronouns="he/him",
    emergency=("Ngozi Abara", "sister"),
    medications="None of his own; melatonin now and then",
)
MARCHETTI = Person(
    "Marchetti",
    "Luca",
    date(1975, 12, 5),
    pronouns="he/him",
    emergency=("Paola Marchetti", "wife"),
    may_be_told="Paola may know about rides.",
    medications="Gabapentin 300 mg three times a day; ibuprofen as needed",
)
RAHMAN = Person(
    "Rahman",
    "Farid",
    date(1989, 4, 3),
    pronouns="he/him",
    emergency=("Leila Rahman", "sister"),
    allergies="Sulfa drugs",
)
SVENSSON = Person(
    "Svensson",
    "Maja",
    date(1996, 8, 27),
    pronouns="she/they",
    emergency=("Ebba Svensson", "mother"),
    medications="Lamotrigine 100 mg daily",
    pinned_line="Away for a family wedding this week",
)
WILLIAMS = Person(
    "Williams",
    "Tess",
    date(1982, 2, 11),
    pronouns="she/her",
    emergency=("Marcus Williams", "husband"),
)
OVERBY = Person(
    "Øverby",
    "Łukasz",
    date(1990, 10, 16),
    pronouns="he/him",
    emergency=("Kasia Øverby", "wife"),
    medications="Trazodone 50 mg at night",
)
HADDAD = Person(
    "Haddad",
    "Salma",
    date(1985, 6, 8),
    pronouns="she/her",
    emergency=("Omar Haddad", "brother"),
    medications="Levothyroxine 75 mcg daily",
)
QUISPE = Person(
    "Quispe",
    "Illari",
    date(1972, 1, 29),
    pronouns="she/her",
    emergency=("Inti Quispe", "son"),
    allergies="Codeine (nausea)",
    medications="Duloxetine 60 mg daily",
)
FARROW = Person(
    "Farrow",
    "Beatrix",
    date(1999, 3, 22),
    pronouns="she/her",
    emergency=("Gwen Farrow", "aunt"),
    may_be_told="Her parents are not to know that she comes here.",
    voicemail_ok=False,
)
BIRDSONG = Person(
    "Birdsong",
    "Wyatt",
    date(1977, 7, 4),
    pronouns="he/him",
    emergency=("Carol Birdsong", "wife"),
    medications="Prazosin 2 mg at night; sertraline 150 mg daily",
    pinned_line="Veteran; sits facing the door",
)
OSEI = Person(
    "Osei",
    "Kwabena",
    date(1993, 12, 19),
    pronouns="he/him",
    emergency=("Efua Osei", "partner"),
    medications="Fluoxetine 20 mg daily",
)
KAPOOR = Person(
    "Kapoor-Stone",
    "Devika",
    date(1986, 5, 15),
    pronouns="she/her",
    emergency=("Adam Stone", "husband"),
    medications="Buspirone 10 mg twice a day",
)
LINDQVIST = Person(
    "Lindqvist",
    "Elsa",
    date(1961, 9, 30),
    pronouns="she/her",
    emergency=("Per Lindqvist", "husband"),
    may_be_told="Per may know everything.",
    allergies="Shellfish",
    medications="Amlodipine 5 mg daily; mirtazapine 15 mg at night",
    pinned_line="Room 2, no stairs",
)
TANAKA = Person(
    "Tanaka",
    "Haru",
    date(1980, 4, 12),
    pronouns="he/him",
    emergency=("Emi Tanaka", "sister"),
    medications="Bupropion XL 150 mg daily",
)
ROMERO = Person(
    "Romero",
    "Xochitl",
    date(1988, 2, 29),
    pronouns="she/her",
    emergency=("Luz Romero", "mother"),
    medications="Escitalopram 20 mg daily",
    pinned_line="Waits for the off-label consent",
)
VANCE = Person(
    "Vance",
    "Theodora",
    date(2001, 6, 25),
    preferred_name="Teddy",
    pronouns="they/them",
    emergency=("Iris Vance", "grandmother"),
    allergies=None,
    medications=None,
    voicemail_ok=None,
)
DELACROIX = Person(
    "Delacroix",
    "Jules",
    date(1984, 11, 11),
    pronouns="he/they",
    emergency=("Simone Delacroix", "friend"),
    voicemail_ok=False,
)
MBEKI = Person(
    "Mbeki-Lund",
    "Thandi",
    date(1978, 8, 6),
    pronouns="she/her",
    emergency=("Sofie Lund", "wife"),
    may_be_told="Sofie may know everything.",
    medications="Sertraline 50 mg daily",
)
ACHTERBERG = Person(
    "Achterberg",
    "Pim",
    date(1966, 10, 1),
    pronouns="he/him",
    emergency=("Joost Achterberg", "brother"),
    medications="Desvenlafaxine 100 mg daily; metformin 500 mg twice a day",
    pinned_line="Therapy elsewhere; Spravato only here",
)
SANDOVAL = Person(
    "Sandoval",
    "Inés",
    date(1992, 1, 7),
    pronouns="she/her",
    emergency=("Rafael Sandoval", "father"),
)
MOREAU = Person(
    "Moreau",
    "Fabien",
    date(1970, 3, 17),
    pronouns="he/him",
    emergency=("Claire Moreau", "wife"),
    allergies="Aspirin",
    medications="Metoprolol 50 mg twice a day; duloxetine 30 mg daily",
)
ZIELINSKA = Person(
    "Zielinska",
    "Aleksandra",
    date(1995, 9, 3),
    preferred_name="Ola",
    pronouns="she/her",
    allergies=None,
    medications=None,
    voicemail_ok=None,
)
ISHIKAWA = Person(
    "Ishikawa",
    "Ren",
    date(1981, 7, 19),
    pronouns="he/him",
    emergency=("Yui Ishikawa", "wife"),
    medications="",
)
PARK = Person(
    "Park-Whitfield",
    "Minji",
    date(1990, 12, 24),
    pronouns="she/her",
    emergency=("Noah Whitfield", "husband"),
)
OBRIEN = Person(
    "O’Brien-Castillo",
    "Maeve",
    date(1973, 5, 2),
    pronouns="she/her",
    emergency=("Hector Castillo", "husband"),
    medications="Vortioxetine 10 mg daily",
)
NGUYEN = Person(
    "Nguyen-Bright",
    "Linh",
    date(1987, 10, 10),
    pronouns="she/her",
    emergency=("Theo Bright", "partner"),
)
KEALOHA = Person(
    "Kealoha",
    "Noa",
    date(1998, 4, 20),
    pronouns="he/him",
    emergency=("Malia Kealoha", "mother"),
)
STERLING = Person(
    "Sterling",
    "Opal",
    date(1959, 2, 14),
    pronouns="she/her",
    emergency=("Grace Sterling", "daughter"),
    medications="Citalopram 20 mg daily",
)
COSTELLO = Person(
    "Costello",
    "Bridget",
    date(1968, 8, 30),
    pronouns="she/her",
    emergency=("Rory Costello", "brother"),
    medications="",
)
ABEBE = Person(
    "Abebe",
    "Dawit",
    date(1985, 1, 7),
    pronouns="he/him",
    emergency=("Selam Abebe", "sister"),
)
