"""What the demo's notes say: for each client a thread of chapters, one a ketamine session."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Chapter:
    """One ketamine session in words: what was hoped for before, what was told afterwards.

    `before` and `after` are further fields of the intention and the integration note.
    """

    intention: str
    coping: str
    recap: str = ""
    actions: str = ""
    revisited: str = "Partly met"
    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)


_ASKED = (
    "Asked directly. No thoughts of suicide, none of harming anyone.",
    "Asked. No suicidal thoughts since the last time we met; no thoughts of harming others.",
    "Asked about both. Neither. Knows whom to call and has the number on the fridge.",
    "Asked. “Not in months.” No thoughts of harming others. Safety plan stays as it is.",
)
_ASKED_PASSIVE = (
    "Asked. A passing “I wish I could sleep for a year”, no plan, no intent. Safety plan read "
    "through together; will call the crisis line or me."
)


def asked(place: int, *, passive: bool = False) -> str:
    """What is written about safety; never left out."""
    return _ASKED_PASSIVE if passive else _ASKED[place % len(_ASKED)]


SAID = (
    "“Like floating in a warm lake. Then my father's workshop, and it smelled of oil.”",
    "“It was dark and I was not afraid of it. I kept saying: oh, this.”",
    "“Everything was far away and kind. I did not want to come back at first.”",
    "“A lot of noise, and then a door. I left it closed this time.”",
    "“I cried, and it was not the bad kind.”",
)
"""In a client's own words, right after a session."""

GRIEF = (
    Chapter(
        "“I want to be able to look at the photo of my mother without leaving the room.”",
        "Hand on the breastbone, slow out-breath; the phrase “I can stay a moment.”",
        "Saw her mother’s kitchen from above, every pot in its place. Cried for most of the hour "
        "and did not want it to end. “She was busy. She was not sad.”",
        "Put the photo on the hallway shelf by Sunday.\nTen minutes of writing on three evenings.",
        after={
            "themes": "Grief, Family",
            "other_themes": "The photo",
            "insights": "Grief has kept her company; she is not ready to send it away yet.",
        },
    ),
    Chapter(
        "“To ask her what I never asked.”",
        "Breath first, then the blanket; brother’s voice message if it gets lonely.",
        "No conversation came, only the sound of her humming while she ironed. It was enough. "
        "Surprised by anger at the hospital, and by how quickly it passed.",
        "Write the letter to the hospital, not send it.\nCall the aunt on Saturday.",
        "Shifted",
        before={"carried": "The photo stands on the shelf. She looks at it in passing."},
    ),
    Chapter(
        "“To let the anger be as large as it is, and see what is behind it.”",
        "Pushing both palms together; the word “later” when it is too much.",
        "The anger was “a big dog that only wanted to be let in”. Behind it a great tiredness. "
        "Slept nine hours that night, the first time since spring.",
        "Keep the bedtime of ten for a week.\nAsk the brother to share the estate papers.",
        "Met",
        after={"body": "Sleeps better, appetite back; tired on the day after."},
    ),
    Chapter(
        "“To find out who I am on an ordinary day, when nobody needs me.”",
        "Feet on the floor, naming five blue things; brother waits next door.",
        before={
            "carried": "Handed the papers to her brother; felt “light and a little useless”.",
            "to_prescriber": "Asks whether the second dose could come ten minutes later.",
        },
    ),
)
BURNOUT = (
    Chapter(
        "“To stop running for one hour and notice that nothing falls down.”",
        "Counting the out-breath to six; the stone from the river in the left hand.",
        "A long corridor of office doors, each of which he could leave closed. Laughed out loud. "
        "Afterwards flat, “like a Sunday evening”, until dinner.",
        "Phone out of the bedroom from tonight.\nOne lunch outside this week.",
        "Met",
    ),
    Chapter(
        "“To hear what my body has been trying to tell me.”",
        "Hand on the belly; humming; the stone.",
        "Heavy arms, then warm ones. Thought of his father asleep in the chair with his boots on. "
        "“I have been copying him for twenty years.”",
        "Ask for the shorter week in writing by Friday.\nWalk with Dana on Wednesday.",
        before={"carried": "Phone slept in the kitchen on five of seven nights."},
        after={"themes": "Body, Self", "insights": "Rest is not something to be earned first."},
    ),
    Chapter(
        "“To say no in my own voice, kindly.”",
        "Hand on the belly; the stone; Dana picks up the phone.",
        before={
            "carried": "The request for the shorter week is in. No answer yet; he can bear it.",
            "support_person": "Dana drives and stays the evening.",
        },
    ),
)
WORRY = (
    Chapter(
        "“To meet the worry and ask what it wants to protect.”",
        "Box breathing; looking at one thing in the room until it has a color.",
        "The worry was a small girl counting the locks. Sat down beside her. It was quiet then, "
        "for “maybe a minute, but a whole one”.",
        "Check the door once, say it aloud, leave.\nWrite down each evening how it went.",
        "Met",
        after={"difficult": "Shaky for an hour after coming back; tea and the blanket helped."},
    ),
    Chapter(
        "“To sit with not knowing, for longer than a minute.”",
        "Box breathing; the phrase “not now, little one”.",
        before={"carried": "Checked the door once on four of six evenings."},
    ),
)
MOVING = (
    Chapter(
        "“To feel at home somewhere, even if it is only in my own ribs.”",
        "Naming rooms of the old house, one by one; both feet against the footboard.",
        "Water, and the smell of the harbor. Spoke Polish without noticing. “I thought I had lost "
        "that girl.” No fear.",
        "Cook one dish from home on Sunday and invite the neighbor.",
        "Met",
    ),
    Chapter(
        "“To grieve for the language in which I was quick and funny.”",
        "Footboard; a song under the breath.",
        "Long passage without pictures, only sound. Came back with the sentence “both are mine”.",
        "Half an hour a day with the old books.\nCall the cousin in Gdynia.",
        before={"carried": "Cooked twice; the neighbor asked for the recipe."},
    ),
    Chapter(
        "“To forgive the one who left, meaning me.”",
        "Footboard; the song; squeezing the edge of the blanket.",
        "Stood on the pier and waved at the ship instead of standing on the ship. Wept, glad. "
        "Mikael says that she sang in the shower.",
        "Write to the old teacher.\nLook at flights, without buying.",
        "Met",
        after={"next_dose": "Proceed", "body": "Sleeps through since Thursday."},
    ),
    Chapter(
        "“To see what I want the next ten years to be for.”",
        "The song; feet; Mikael’s scarf.",
        "Little came, and it was boring at times. Disappointed at first. On the way home it struck "
        "her that she had not been afraid of the boredom.",
        "Ask about the teaching certificate.\nA morning without plans on Saturday.",
        "Not touched",
        before={"carried": "Wrote to the teacher; the answer came within a day."},
    ),
    Chapter(
        "“To be bored again, on purpose, and stay.”",
        "The song; feet; the scarf.",
        before={"carried": "Has asked about the certificate; the course begins in spring."},
    ),
)
RETIRED = (
    Chapter(
        "“I want to know whether there is anything in me besides work.”",
        "Gripping the armrest and letting go, ten times; talking aloud.",
        "Saw the press hall and all the machines off. Quiet frightened him at first. Then his "
        "daughter at four, with ink on her nose.",
        "Have lunch with Elena on Thursday.\nTake the camera out of its box.",
    ),
    Chapter(
        "“To be with Elena without giving advice.”",
        "The armrest; the word “listen”.",
        "Felt his own father’s hand on his neck, proud and heavy. “I never told him either.” "
        "Restless legs for the last ten minutes.",
        "Tell Elena one thing he is proud of.\nWalk to the canal on three mornings.",
        "Shifted",
        before={"carried": "Lunch went well: “I only gave advice once.”"},
        after={"to_prescriber": "Restless legs near the end; gone within half an hour."},
    ),
    Chapter(
        "“To say thank you to the old man.”",
        "The armrest; the camera strap in the hand.",
        before={"carried": "Told her. She cried, he did not know what to do, he stayed."},
    ),
)
NIGHTS = (
    Chapter(
        "“To sleep without listening.”",
        "Ice cube in the hand; the list of sounds that belong to this house.",
        "The house he grew up in, all the lamps on. Walked through and turned them off himself. "
        "Slow to come back, in good spirits.",
        "Lamps off at eleven, hallway light stays.\nMelatonin as agreed, no second one.",
        "Met",
    ),
    Chapter(
        "“To go back into that hallway as the grown man.”",
        "Ice; list of sounds; sister on the phone at eight.",
        "Went in and found nobody there. “It was so small.” Sad for the boy. One bad hour after "
        "midnight, wrote instead of pacing.",
        "Keep the notebook by the bed.\nTell Ngozi about the hallway, if he wants to.",
        before={"carried": "Lamps off at eleven on six of seven nights."},
    ),
    Chapter(
        "“To give the boy his own room.”",
        "Ice; the notebook; the palm of one hand on the back of the other.",
        "Painted it green, in detail, with a window. Laughed about the detail. Woke once that "
        "night, and went back to sleep.",
        "Buy the lamp.\nCall the sister on Sunday, talk about anything else.",
        "Met",
    ),
    Chapter(
        "“To rest there.”",
        "Notebook; palm on the back of the hand.",
        before={"carried": "Has the lamp. Slept five nights out of seven."},
    ),
)
PAIN = (
    Chapter(
        "“To have one hour in which the back is not the boss.”",
        "Warm stone; breathing into the side that does not hurt.",
        "The pain stood beside the couch “like a rude waiter” and then had nothing to bring. "
        "Two hours almost free of it afterwards. Moved to tears by that.",
        "Ten minutes in the pool on Tuesday and Friday.\nNote the pain at noon, no other time.",
        "Met",
        after={"to_prescriber": "Pain 7 before, 3 after; back at 6 by the next morning."},
    ),
    Chapter(
        "“To look at what I have stopped doing because of it.”",
        "Warm stone; Paola’s hand afterwards.",
        before={"carried": "In the pool twice. Noted the pain at noon; forgot it otherwise."},
    ),
    Chapter(
        "“To carry it without carrying everyone else.”",
        "Pillow under the knees; the sentence “that one is not mine”.",
        "Set down bag after bag by the side of a road and walked on with one. Illari’s word: "
        "“lighter”. Slight nausea when sitting up, passed.",
        "Ask the son to take the dog in the mornings.\nSay no to the Friday shift.",
        before={"why": "“The bags were never all mine.”"},
    ),
    Chapter(
        "“To ask what the one bag is.”",
        "Pillow; the sentence.",
        "It was her brother’s. Spoke to him aloud, in Quechua. Afterwards hungry and clear.",
        "Light the candle on his day.\nKeep Friday free again.",
        "Met",
    ),
    Chapter(
        "“To put it where it belongs.”",
        "Pillow; the candle, unlit, where she can see it.",
        "A hill, wind, the bag open and empty. “I had it zipped all this time.” Calm; pain 3.",
        "Walk with Inti on Saturday, twenty minutes, no further.",
        "Met",
    ),
)
FATHERHOOD = (
    Chapter(
        "“To be less afraid of turning into him.”",
        "Looking at his own hands; saying the baby’s name.",
        "Two rooms with one door. Went back and forth until it was only a door. “My hands are "
        "mine.”",
        "Bath time is his on Monday and Thursday.\nRead the letter again, with Leila.",
        "Met",
    ),
    Chapter(
        "“To be gentle with the boy I was.”",
        "Hands; name; window open.",
        before={"carried": "Did bath time three times. The boy in him was jealous, he says."},
    ),
)
BELONGING = (
    Chapter(
        "“To stop rehearsing every sentence.”",
        "Tapping the collarbone; green scarf over the eyes.",
        "A choir in which nobody minded where they came in. Came in late, on purpose. Felt "
        "“ridiculously welcome”.",
        "Say one unrehearsed thing at work each day and put a dot in the calendar.",
        "Met",
    ),
    Chapter(
        "“To let somebody see me tired.”",
        "Tapping; scarf.",
        "Lay in the snow and the snow was warm. Thought of Ebba and of not calling. Some "
        "shame came and went.",
        "Call Ebba, ten minutes, without fixing anything.",
        before={"carried": "Nine dots in fourteen days."},
    ),
    Chapter(
        "“To ask for help with one thing.”",
        "Tapping; scarf; the list of three people.",
        "Handed stones to people along a wall, one to each. Nobody dropped one. Woke with the "
        "name of the person to ask.",
        "Ask Linn about the move by Wednesday.",
        "Met",
        after={"next_dose": "Proceed"},
    ),
    Chapter(
        "“To say goodbye well.”",
        "Scarf; three names.",
        before={"carried": "Asked Linn; she has a van."},
    ),
)
FIRST_STEPS = (
    Chapter(
        "“To get to know it, and to come back.”",
        "Three slow breaths, then open the eyes whenever she likes.",
        "Colors, then the sea. Came back twice to check that she could. Relieved: “It is only me "
        "in there.”",
        "Write down what the sea sounded like.\nNo decisions until Monday.",
        "Met",
        after={"arrival": "Rested, a little shy about how much she liked it."},
    ),
    Chapter(
        "“To stay a little longer this time, and not check.”",
        "Three slow breaths; hand signal is two fingers.",
    ),
)
NORTH = (
    Chapter(
        "“I want to feel something at all, good or bad.”",
        "Cold cloth on the neck; naming where the feeling would sit if there were one.",
        "First nothing, then a lump in the throat, then the funeral he had missed. Cried on the "
        "couch and in the car. “It works, then.”",
        "Write to his uncle.\nRun on two mornings, slowly.",
        "Met",
    ),
    Chapter(
        "“To let it thaw without hurrying.”",
        "Cold cloth; Kasia’s hand afterwards.",
        "Ice on a lake, breaking with a sound he knew from childhood. Was not afraid of it. "
        "Silent on the way home, at peace.",
        "Skate with the children on Saturday.\nSend the letter.",
        before={"carried": "The letter is written, not sent."},
    ),
    Chapter(
        "“To stand on the shore and look.”",
        "Cold cloth; the sound of the lake.",
        before={"carried": "Sent it."},
    ),
)
VIGIL = (
    Chapter(
        "“To be allowed to rest although others cannot.”",
        "Rosary in the pocket; breathing with the fan.",
        "Somebody else kept watch, she never saw who. Slept for a moment. Woke thirsty and "
        "ashamed, then only thirsty.",
        "One evening a week is Omar’s.\nWrite down what she does with it.",
    ),
    Chapter(
        "“To trust the one who keeps watch.”",
        "Rosary; the fan.",
        before={"carried": "Took her first evening off; went to bed at eight."},
    ),
)
VETERAN = (
    Chapter(
        "“To set the pack down.”",
        "Chair against the wall, door in view; boots on; the word “stateside”.",
        "The road, the dust, and then the dust settled. Named the two he thinks of. Hands "
        "shook, voice did not.",
        "Call Ray.\nPrazosin at nine, every night.",
        after={"to_prescriber": "Asks whether 3 mg of prazosin would be too much."},
    ),
    Chapter(
        "“To tell them what became of me.”",
        "Door in view; boots; the coin.",
        "Told them about the garden. One laughed. Carol says that he slept with his back to the "
        "door, the first time in eleven years.",
        "Plant the second row.\nGroup on Thursday.",
        "Met",
        before={"carried": "Ray answered on the second ring."},
    ),
    Chapter(
        "“To be a man with a garden, for an hour.”",
        "Boots off this time; the coin.",
        before={"carried": "Second row is in."},
    ),
)
EXAMS = (
    Chapter(
        "“To find out whether I want this degree or only want to be done.”",
        "Pressing thumb and finger; aunt Gwen’s dog asleep beside the couch, if allowed.",
        "Corridors again, but with windows. Sat on a sill and ate an orange, for hours it seemed. "
        "“I do want it. Slowly.”",
        "Ask for the extension by Thursday.\nOne free evening, guarded.",
        "Met",
    ),
    Chapter(
        "“To be slow without apologizing.”",
        "Thumb and finger; the orange.",
        before={"carried": "Got the extension. Told Gwen, not her parents."},
    ),
)
APOLOGY = (
    Chapter(
        "“To hear myself without the prosecutor.”",
        "Palm on the cheek; the list of three kind facts.",
        "A courtroom with nobody at the front. Waited, then left. Ate ice cream with her "
        "grandmother on the steps.",
        "Read the three facts aloud each morning until we meet.",
    ),
    Chapter(
        "“To leave the room sooner.”",
        "Palm; the three facts.",
    ),
)
LATE_LIFE = (
    Chapter(
        "“I would like to be curious again.”",
        "Per’s ring on a ribbon; eyes open whenever I say so.",
        "A staircase in the old school. Every landing smelled different: chalk, coats, soup. "
        "“I wanted to know what came next. I had forgotten that.”",
        "One new street each day with Per.",
        "Met",
    ),
    Chapter(
        "“To think of my sister as she was before.”",
        "Ring; saying stop with the flat hand.",
        "They were skating, arms crossed. Then the hospital, briefly, and skating again. Cried "
        "without effort.",
        "Copy the photo for her niece.\nSoup on Sunday.",
        "Met",
        before={"carried": "Eleven new streets. Found a bakery."},
    ),
    Chapter(
        "“To be less careful.”",
        "Ring; flat hand.",
        "Climbed a tree in her good dress. Per could hear her giggle from the waiting room.",
        "Buy the red coat, or at least try it on.",
        "Met",
    ),
    Chapter(
        "“To let this be enough.”",
        "Ring.",
        "Sat in the garden of the tree. Not much to tell. “It was like being forgiven by the "
        "weather.”",
        "Write down for herself when she would want to come back.\nNext one in a month.",
        "Met",
        after={"next_dose": "Space out", "measures": "PHQ-9 from 19 to 7."},
    ),
    Chapter(
        "“To keep the door open.”",
        "Ring; red coat over the chair.",
        "Gentle and short. Met her sister again, older this time.",
        "Lunch with the niece.\nKeep the streets.",
        "Met",
        before={"carried": "Bought the coat."},
    ),
    Chapter(
        "“To see whether I still need this.”",
        "Ring; the coat.",
        "“Not need. Like.” Spoke about the winter with some respect and no dread.",
        "Call if two bad weeks come in a row.\nOtherwise in a month.",
        "Met",
    ),
)
ORCHARD = (
    Chapter(
        "“To find one thing to get up for.”",
        "Naming the trees of the orchard in order; warm socks.",
        "Gray for a long time. Then a fox. Followed it, lost it, did not mind. Got up at eight on "
        "the next day.",
        "Up at eight on weekdays; coffee outside.",
    ),
    Chapter(
        "“To follow the fox.”",
        "The trees in order; socks.",
        "It led to the shed, to the smell of apples and to his grandfather’s radio. “I know what I "
        "would get up for.”",
        "Call the cooperative about the Saturday stall.",
        "Met",
        before={"carried": "Up at eight on four of five days."},
    ),
    Chapter(
        "“To bear that it may not work.”",
        "Trees; the radio’s crackle.",
        "Frost on the blossoms, again and again, and each time a branch that had been spared. "
        "Tired, not hopeless.",
        "Stall on Saturday, two hours, then home.",
        before={"to_prescriber": "Asks whether the infusion could start at 9."},
    ),
    Chapter(
        "“To ask Emi for what I need from her.”",
        "Trees; writing it down first.",
        "Rehearsed it with her in a boat. She rowed. It was easier than in life, he says.",
        "Tell Emi: call on Tuesdays, no advice.",
        "Met",
    ),
    Chapter(
        "“To stop measuring each day.”",
        "Trees; socks; phone off until noon.",
        "Boxes of apples without labels. Wanted to label them, then ate one.",
        "No mood diary for a week.",
        "Met",
    ),
    Chapter(
        "“To see the orchard from above, once.”",
        "Trees.",
        "Saw it, and the road beyond it. “I had thought it ended at the fence.” Calm, proud.",
        "Bring three wishes for the next half year to the review.",
        "Met",
        after={"next_dose": "Space out", "measures": "PHQ-9 from 21 to 11; his best was 9."},
    ),
)
HARVEST = (
    Chapter(
        "“To speak to the anger I keep at the office.”",
        "Stamping, twice, as agreed; Sofie’s bracelet.",
        "A lion behind glass. Knew that the glass was her own. Roared, apologized, roared again.",
        "Tell Sofie one angry thing a day, small ones.",
        "Met",
    ),
    Chapter(
        "“To take the glass away.”",
        "Stamping; bracelet.",
        "Sand, and the lion asleep. Lay down a few steps away. Breathing together.",
        "Ask for the review with her manager.\nDance class on Friday.",
        before={"carried": "Six small angry things; Sofie keeps a list of her favorites."},
    ),
    Chapter(
        "“To see what it protects.”",
        "Stamping; bracelet; humming.",
        "A box with her first medal. Had been ashamed of it for years.",
        "Hang the medal where guests can see it.",
        "Met",
        after={"next_dose": "Space out"},
    ),
    Chapter(
        "“To check on the lion.”",
        "Bracelet.",
        "Old and friendly. Mostly slept.",
        "Keep Friday for dancing.",
        "Met",
    ),
)
ROOTS = (
    Chapter(
        "“To be calm enough to hear a compliment.”",
        "Rolling the shoulders; one hand on the wall.",
        "Applause from a long way off, like rain. Let it rain. Smiled about it afterwards.",
        "Answer one compliment a day with “thank you” and nothing else.",
        "Met",
    ),
    Chapter(
        "“To stop comparing.”",
        "Shoulders; wall.",
        "Houses of all sizes, all with the same lamp in the window. Felt the envy go slack.",
        "Leave the phone at home on Sunday’s walk.",
    ),
    Chapter(
        "“To choose one thing.”",
        "Shoulders; wall; one word on a card.",
        "Only warmth. The card said “clay”, and that was right.",
        "Sign up for the pottery class.",
        "Met",
    ),
)
PRESSURE = (
    Chapter(
        "“To slow the motor down.”",
        "Counting the fan’s turns; Claire’s humming.",
        "The workshop, all engines idling. Turned keys, one by one. Fell asleep for some minutes.",
        "Two evenings without the shop this week.\nBlood pressure in the morning, written down.",
    ),
    Chapter(
        "“To like the silence.”",
        "The fan; humming.",
        "Liked it for a while, then missed the noise. “I am the noise, probably.”",
        "One engine at a time.\nShow Claire the list.",
        after={"to_prescriber": "Home readings 148/92 to 156/96 this week."},
    ),
    Chapter(
        "“To be quiet without sleeping.”",
        "The fan.",
        before={"carried": "One evening without the shop."},
    ),
)
ARRIVALS = (
    Chapter(
        "“To let the good thing in.”",
        "Palms up on the knees; window.",
        "Birds, at first too many. Then one, and then the one sang.",
        "Tell the father about the prize.",
        "Met",
    ),
    Chapter(
        "“To travel light.”",
        "Palms up.",
        "A platform, no luggage. Waited for a train and noticed that she liked to wait.",
        "Pack one bag for the trip and close it.",
        "Met",
        before={"carried": "Told him. He wept on the phone."},
    ),
    Chapter(
        "“To come back to myself between trips.”",
        "Palms up; the key on its string.",
        "Her own door, from the inside. Turned the key for fun.",
        "Three evenings at home before leaving.",
        "Met",
    ),
)
CLEARING = (
    Chapter(
        "“To get out from under the blanket.”",
        "Pinching the earlobe; radio low.",
        "Moss, a great deal of moss. Comfortable, he says, and damp. Got up laughing.",
        "Shower before ten.",
    ),
    Chapter(
        "“To talk to Yui about the bad year.”",
        "Earlobe; radio.",
        "Sat at their table from above and saw how long she had been waiting. Wept.",
        "Tell her on Sunday, on the walk.",
        "Met",
    ),
    Chapter(
        "“To be forgiven, or to forgive.”",
        "Earlobe.",
        "Both, in a kitchen, with onions. “It is allowed to smell.”",
        "Cook together on Wednesdays.",
        "Met",
    ),
    Chapter(
        "“To finish.”",
        "Earlobe; Yui next door.",
        "Swept a floor, slowly and well. Put the broom away.",
        "Keep Wednesdays.\nCall if mornings slip for two weeks.",
        "Met",
        after={"next_dose": "Pause", "measures": "PHQ-9 from 20 to 4."},
    ),
)
TIDES = (
    Chapter(
        "“To let the tide go out without packing the beach.”",
        "Both hands flat on the blanket; Hector’s watch ticking.",
        "Low water, far out, and shells with writing in them that she did not need to read. Slept "
        "on the way home.",
        "One afternoon a week without lists.",
        "Met",
    ),
)
WORKSHOP = (
    Chapter(
        "“To hear what my hands want.”",
        "Holds a plane iron, cloth around it; no music.",
        "A bench in the dark and the smell of cedar. “Nobody hurried me.” Calm, a little sad.",
        "An hour in the shop before the mail.",
        "Partly met",
    ),
    Chapter(
        "“To sit beside my father without working.”",
        "The cloth; the window ajar.",
        "They sat. He was smaller than she remembered. She would like to go on talking about him, "
        "and needs no medicine for that, she says.",
        "Write down one thing a week that he taught her.",
        "Met",
    ),
)
RETREAT = Chapter(
    "",
    "",
    "Told the whole night in order for the first time: the song, the fear near dawn, the woman "
    "who held the bucket and sang to him. Still wakes at four. Proud, shy, a little lost in "
    "everyday life.",
    "Walk at dawn instead of lying awake.\nDraw the song’s line and bring it.",
    "None was set",
    after={"meaning": "“Somebody stayed.” That it was a stranger is part of it."},
)
CEREMONY = Chapter(
    "",
    "",
    "Spoke about the ceremony in spring, which had come up again during the series: the drum, her "
    "grandmother’s laugh. Wants to keep it apart from the ketamine sessions, and may.",
    "Ask the aunt for the grandmother’s songs.\nFind the drum’s tempo when walking.",
    "Shifted",
)
# Notes about a course and no session of it, each by field.
BAD_NIGHT = {
    "seen": "His message in the night: “Some nights I think they would be better off.” Called him "
    "at eight. A thought that comes at three in the morning and goes; no plan, no intent. "
    "Gun safe: Carol has the key, she says so herself on the phone.",
    "risk": "Some",
    "why": "The thought is back after two quiet months, with poor sleep around the anniversary. "
    "Against it: no plan, Carol, Ray, the garden, and that he wrote.",
    "plan": "Safety plan read through on the phone. Ray sleeps over for three nights. He calls the "
    "crisis line or me when it comes, not afterwards. I call every second day until we meet.",
    "told": "Elias, by phone at 8:40 am; Carol, with his consent, at 8:50 am.",
}
QUIET_AFTERWARDS = {
    "seen": "His sister Emi called: he is “so quiet” since the infusion. Called him back within "
    "the hour. Tired, in the orchard by himself, glad of it. Asked directly: no thoughts of "
    "suicide, none of harming anyone.",
    "risk": "None",
    "why": "Sleeps, eats, works; laughs about the call. Quiet is how he likes pruning.",
    "plan": "Nothing before the appointment that is booked. He calls if it turns.",
    "told": "Noor, by message.",
}
NO_DOSE_ABOVE = {
    "decided": "No ketamine until home readings stay below 140/90 for a week and his own doctor "
    "has answered about metoprolol. The series goes on from where it stands.",
    "why": "168/102, and 164/101 after twenty minutes of rest; home readings 148/92 to 156/96.",
    "part": "Elias and Noor, on the phone; he agrees, Claire was with him.",
}
ONCE_A_MONTH = {
    "decided": "Maintenance: one ketamine session about every month, for three of them, then we "
    "look again.",
    "why": "Curious again, walks daily. The weeks before the fourth dose held without one.",
    "part": "Noor and Elias; Elsa asked for it, and Per was told.",
}
READS_AT_HOME = {
    "text": "Took the touch agreement and the off-label form home; wants to read them with her "
    "mother and bring them signed. Asked twice whether she may still say no on the day. She may.",
}
BROTHER_CALLED = {
    "text": "Chinedu called about the ride: his car is in the shop for two weeks, so he comes "
    "by cab and rides home with her. Nothing else was asked or told.",
}
ASKS_ABOUT_SCHOOL = {
    "text": "Asks for a letter to the college about two afternoons off.",
}
# What the two ask each other.
PRESSURE_AT_FORTY = "162/98 at 40 min in the last one. Hold the next if it is there again?"
EARLIER_VISIT = "Sounded flat on the phone. Could you see them before the dose?"
TREMOR = "Fine tremor in both hands since the last dose. Anything to look out for?"
TREMOR_ANSWERED = "The propranolol was stopped last week; most likely that. I will look on the day."
# Raised by hand, in a few words.
LOST_LOZENGES = (
    "Asked for two more lozenges: “lost on the bus”. The second time since summer. Sofie does "
    "not know of any that were lost. Sleeps badly; says one before bed helps."
)
CALLED_FROM_THE_CAR = (
    "Called from his car: the thought is there by day as well now. Has not slept for "
    "two nights. No plan that he would say; the gun safe is locked and Carol has the key."
)
CAROL_DRIVES = (
    "Carol drives him home and stays. No alcohol tonight, and Ray sleeps over. I call {call_at}."
)
VETERANS_PLAN = (
    "Signs: awake at three, does not answer Ray.\n"
    "Helps: the garden, the dog, the radio on.\n"
    "Calls: Ray first, then Carol, then 988 and 1 for veterans.\n"
    "Put away: the gun safe is locked, Carol keeps the key."
)
AUTHORIZATION_ASKED = (
    "Sent the first request with both scores. They fax it to the reviewer; ask for line 3."
)
RECORDS_ASKED = "The last blood count and the list of medicines, by fax."
SPRAVATO_ASKED = "Sent with the three medicines that did not help, with doses and weeks."
GOES_ON = "Looked back together: sleeps better, cries less. Goes on, the same dose, a week apart."
