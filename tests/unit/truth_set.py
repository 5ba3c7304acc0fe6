"""Invented answers with what their sources say of each sentence, labelled by hand.

Thresholds were chosen on DEVELOPED_ON. HELD_OUT was written before that and looked at twice: 29 of its
31 sentences were right, then 30, when a denial was taken for one of the verb alone.
S = supported, U = unsupported, O = opinion.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """Passages, and sentences of an answer with their labels."""

    passages: tuple[str, ...]
    sentences: tuple[tuple[str, str], ...]


DEVELOPED_ON = (
    Case(
        (
            "I bought the boat in Harwich in the spring of 2009. She was a wooden gaff cutter, thirty feet long, and "
            "two of her planks were rotten. I paid four hundred pounds for her, which my father called robbery.",
            "Caulking is slow work. You roll the cotton, drive it into the seam with an iron, and pay it with pitch. "
            "I learned never to hurry: a seam that is packed too hard will push the planks apart when the wood swells.",
        ),
        (
            ("I found the boat in Harwich in 2009.", "S"),
            ("She was a gaff cutter built of wood and about thirty feet long.", "S"),
            ("My father thought that the price was robbery.", "S"),
            ("Two planks had gone rotten.", "S"),
            ("A seam packed too hard pushes the planks apart once the wood swells.", "S"),
            ("First the cotton is rolled and driven into the seam with an iron.", "S"),
            ("I bought her in Lowestoft for four hundred pounds.", "U"),
            ("I paid nine hundred pounds for her.", "U"),
            ("The engine was replaced by a diesel that ran on rapeseed oil.", "U"),
            ("I sailed her to Norway that summer with my brother.", "U"),
            ("A seam that is packed too hard will not push the planks apart when the wood swells.", "U"),
            ("Is there anything better than an old boat?", "O"),
            ("I think that patience is what the sea teaches best.", "O"),
            ("What a lovely thing she was!", "O"),
            ("Perhaps everyone should own something that leaks.", "O"),
        ),
    ),
    Case(
        (
            "We moved the billing service from a nightly batch to a queue. Before that, an invoice could be wrong for "
            "a day before anybody noticed. After it, the median delay was 40 seconds. The queue keeps messages for "
            "seven days, and a worker that dies gives its message back.",
            "Our first mistake was to retry forever. A poisoned message went round 12,000 times in one night. Now a "
            "message that fails five times goes to a dead letter queue, and somebody looks at it in the morning.",
        ),
        (
            ("The billing service used to run as a nightly batch.", "S"),
            ("With the queue, the median delay fell to 40 seconds.", "S"),
            ("When a worker dies, its message goes back to the queue.", "S"),
            ("Messages that fail five times end in a dead letter queue.", "S"),
            ("One poisoned message was retried 12000 times in a single night.", "S"),
            ("Retrying forever was the first mistake we made.", "S"),
            ("The queue keeps messages for thirty days.", "U"),
            ("We chose Kafka because of its ordering guarantees.", "U"),
            ("The rewrite was done by a team in Lisbon.", "U"),
            ("Invoices are encrypted before they are sent to customers.", "U"),
            ("Customers complained about late invoices on the phone.", "U"),
            ("Personally I would start with the queue next time.", "O"),
            ("Have you looked at your own batch jobs lately?", "O"),
            ("That was a horrible night.", "O"),
        ),
    ),
    Case(
        (
            "My grandmother kept bees behind the school in Weimar. She wore no veil and smoked a pipe at them. The "
            "honey was dark, because the bees went to the lime trees, and it set hard by November.",
            "A hive needs about twenty kilograms of stores to get through the winter. In a mild winter the bees eat "
            "more, not less, because they fly. I weigh my hives with a luggage scale in October.",
        ),
        (
            ("My grandmother had her bees behind the school in Weimar.", "S"),
            ("Her honey was dark since the bees flew to the lime trees.", "S"),
            ("She did not wear a veil.", "S"),
            ("In mild winters bees eat more because they fly.", "S"),
            ("Every October I weigh the hives with a luggage scale.", "S"),
            ("A hive needs twenty kilograms of stores for the winter.", "S"),
            ("A hive needs fifty kilograms of stores for the winter.", "U"),
            ("My grandmother sold the honey at the market on Saturdays.", "U"),
            ("The varroa mite killed half of my colonies.", "U"),
            ("She wore a veil and gloves made of leather.", "U"),
            ("In a mild winter the bees eat less.", "U"),
            ("Bees are the finest company that a person can have.", "O"),
            ("I believe that we owe them more than honey.", "O"),
            ("Why do we keep anything at all?", "O"),
        ),
    ),
)

HELD_OUT = (
    Case(
        (
            "The library in Tarn stood empty for eleven years before we reopened it. The roof had gone in one corner "
            "and pigeons lived among the encyclopedias. We asked the council for money and got a letter. So we sold "
            "the duplicates, 3,200 of them, on a Saturday in May, and bought slates.",
            "People ask why we lend tools. A book is a tool that one person uses at a time, and so is a drill. "
            "The drill goes out twice a week. The pressure washer broke in its first month, and we do not lend it "
            "any more.",
        ),
        (
            ("The library had been empty for eleven years when we opened it again.", "S"),
            ("Pigeons were living among the encyclopedias.", "S"),
            ("All that the council gave us was a letter.", "S"),
            ("We bought slates with what the duplicates brought.", "S"),
            ("The drill is borrowed twice a week.", "S"),
            ("We no longer lend the pressure washer, which broke in its first month.", "S"),
            ("We sold 3,200 duplicates in one day.", "S"),
            ("The council gave us 5,000 pounds for the roof.", "U"),
            ("Tarn has the oldest library in Scotland.", "U"),
            ("Children come after school to read comics.", "U"),
            ("The drill goes out four times a week.", "U"),
            ("The pressure washer is lent to anybody who asks.", "U"),
            ("We reopened it with a concert by the brass band.", "U"),
            ("I love the smell of a room full of books.", "O"),
            ("Should a library lend cakes tins too?", "O"),
            ("It seems to me that sharing is mostly a habit.", "O"),
        ),
    ),
    Case(
        (
            "I run in the dark because I start work at six. The first winter I fell twice on the canal path and broke "
            "a wrist. Since then I wear a head torch and keep to the road. My pace is slower by half a minute a mile "
            "and I do not mind.",
            "For a year I followed a plan from a magazine, with intervals on Tuesdays. It made me faster and it made "
            "me hate Tuesdays. Now I run by feel. I ran the marathon in Ghent in 3:52 on no plan at all.",
        ),
        (
            ("I go running in the dark since my work begins at six.", "S"),
            ("In my first winter I broke a wrist on the canal path.", "S"),
            ("These days I stay on the road and wear a head torch.", "S"),
            ("The magazine's plan had intervals on Tuesdays.", "S"),
            ("I ran a marathon in Ghent in 3:52 without any plan.", "S"),
            ("It made me faster, but I came to hate Tuesdays.", "S"),
            ("I ran the marathon in Ghent in 3:25.", "U"),
            ("The marathon in Berlin was my best race.", "U"),
            ("My doctor told me to give up coffee.", "U"),
            ("I stretch for twenty minutes every evening.", "U"),
            ("I broke an ankle on the stairs of the station.", "U"),
            ("My shoes are resoled by a cobbler in town.", "U"),
            ("Running is a wonderful way to think.", "O"),
            ("Maybe a plan is only a way to worry less.", "O"),
            ("Who needs a watch?", "O"),
        ),
    ),
)
