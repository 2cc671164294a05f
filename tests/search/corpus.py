# SPDX-License-Identifier: MIT
"""2,000 passages about things that do not exist, and questions to which one passage each is the answer.

    python3 corpus.py FOLDER      writes a file a passage, and questions.txt beside the folder
"""
import pathlib
import random
import sys

THINGS = """
accordion acorn almond amber anchor ant antelope apple apricot arrow asparagus axe badger bagpipe balloon bamboo banana
barley basket bat beaver bee beetle bell bicycle blanket boat book boot bottle bowl bracelet brick broom bucket butter
butterfly button cabbage cactus camel camera candle canoe carpet carrot cat cello chair cheese cherry chess chestnut
chicken chocolate cigar cinnamon clock coal coat coffee coin comb compass copper coral cork cotton crab crane cricket
crocodile crow crown cucumber curtain daisy deer diamond dice dog doll dolphin donkey dragonfly drum duck eagle eel egg
elephant envelope falcon feather fern ferry fiddle fig flute fork fossil fox frog garlic ginger giraffe glass glove goat
gold goose grape guitar hammer harp hat hawk hazelnut hedgehog helmet honey horse ink iron ivory jacket jasmine kettle
key kite knife ladder lamp lantern lavender leather lemon lettuce lion lizard llama lobster lock mango map marble mask
melon microscope milk mirror mushroom mustard needle nutmeg oak octopus olive onion orchid organ ostrich otter owl oyster
paint paper parrot peach peacock pear pearl pencil penguin pepper piano pigeon pillow pine potato pumpkin puppet rabbit
radio raven ribbon rice ring robot rope rose rug saddle salmon salt satellite scarf scissors seal shark sheep shell shoe
silk silver skeleton sledge snail snake soap spider
""".split()
PEOPLE = "Ada Bela Cyra Dora Egon Fritz Greta Hugo Ilse Jonas Karla Ludo Mira Nils Olga Pavel Rosa Sven Tilda Urs".split()
TOWNS = "Aldermoor Brackwater Castlemere Dunhollow Elmsgate Fernhaven Greywick Highfold Ironford Juniper".split()
COLOURS = "red blue green yellow white black brown grey".split()
MONTHS = "January March April May June August September October".split()

# What a passage says and what is asked, of each kind of thing.
KINDS = [
    ("The {thing} museum in {town} has three halls and a garden. {person} opened it in {year}, and in {month} children "
     "are let in without a ticket. It is closed on Mondays, when the {colour} floors are polished.",
     "On which day can one not visit the {thing} museum?"),
    ("Thieves broke into a warehouse in {town} in {month} {year} and took every {thing} they found there. The detective "
     "{person} followed their {colour} van to the harbour and arrested two brothers.",
     "Which detective arrested the thieves who stole every {thing}?"),
    ("As a child {person} of {town} dreamed about a {colour} {thing} that could speak. The dream became a novel for "
     "young readers in {year}, which was translated into nineteen languages.",
     "Who dreamed of a talking {thing} and wrote a novel about it?"),
    ("The {thing} festival in {town} begins on the first Sunday of {month}. {person} founded it in {year} to thank the "
     "firemen; there is dancing, a parade with {colour} flags and a contest for cooks.",
     "Why was the {thing} festival founded?"),
    ("The physicist {person} measured how a {thing} falls through cold air. The experiment, made in a tower in {town} in "
     "{year}, lasted all of {month} and showed that the {colour} cover slows it down by a tenth.",
     "What did the scientific experiment with a falling {thing} show?"),
    ("In {town} a tax on every {thing} was introduced in {year}. Mayor {person} wanted to pay for a {colour} bridge with "
     "it, but the citizens protested in {month} and the council took the law back.",
     "How did citizens react to the {thing} tax?"),
    ("{person} painted a {colour} {thing} on the wall of the railway station in {town} in {year}. The picture was washed "
     "away by rain in {month}, and only a postcard shows what it looked like.",
     "What became of the mural of a {thing}?"),
    ("The school of {town} teaches a course about the {thing} in {month}. {person}, a retired sailor, has given it since "
     "{year}; pupils who pass the examination get a {colour} badge.",
     "What do pupils receive for passing the {thing} course?"),
    ("A doctor in {town}, {person}, wrote in {year} that looking at a {thing} for an hour cures headaches. Colleagues "
     "tried it in {month} with forty patients in a {colour} room, and nobody felt better.",
     "Does the {thing} help against headaches?"),
    ("The song of the lost {thing} was sung by miners near {town}. {person} wrote it down in {year}. It has eleven "
     "verses, of which the {colour} book of {month} songs prints four.",
     "How many verses does the miners' {thing} song have?"),
]


def make(count=2000):
    """[(file, passage, question), ...], the same in every run."""
    chance = random.Random(18)
    made = []
    for kind, (passage, question) in enumerate(KINDS):
        for thing in THINGS[: count // len(KINDS)]:
            facts = {
                "thing": thing,
                "town": chance.choice(TOWNS),
                "person": chance.choice(PEOPLE),
                "year": chance.randrange(1600, 1990),
                "colour": chance.choice(COLOURS),
                "month": chance.choice(MONTHS),
            }
            made.append((f"{kind}/{thing}.txt", passage.format(**facts), question.format(**facts)))
    return made


def write(folder, made):
    for name, passage, _ in made:
        path = pathlib.Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(passage + "\n", encoding="utf-8")


if __name__ == "__main__":
    corpus = make()
    write(sys.argv[1], corpus)
    pathlib.Path(sys.argv[1] + ".questions.txt").write_text("".join(q + "\n" for _, _, q in corpus), encoding="utf-8")
