"""Words that say how something is asked, and not what it is about (pure).

Each language is an entry of both tables; a query may mix languages, so all count together.
"""

# What sentences are made of: no topic, whatever stands beside them.
_OF_SENTENCES = {
    "en": "a about actually also am an and any anybody anyone anything anywhere are as at be been"
    " being but by can could did do does doing ever every everyone everything exactly for from get"
    " got had has have having how i if in into is it its just kindly know lately let like maybe me"
    " most much my myself not of on onto or our ours over please really s should so some somebody"
    " someone something somewhere tell tells than that the their them then there these they this"
    " those to us wanna want wanted wants was we were what when where which while who whom whose"
    " why will with would yet you your yours"
    " i'm i'd i've i'll it's that's there's here's what's who's where's how's when's why's let's"
    " you're you've you'd you'll we're we've we'd we'll they're they've they'd they'll he's she's"
    " isn't aren't wasn't weren't don't doesn't didn't haven't hasn't hadn't can't couldn't won't"
    " wouldn't shouldn't",
}
# What asks for texts or an answer, and may be a topic too: the `find` command, a blog engine.
_OF_ASKING = {
    "en": "announcement announcements article articles blog blogs describe describes description"
    " discuss discussed entries entry explain explained explains explanation find happen happened"
    " happening happens help info information interested latest learn look looking mean means"
    " meant mention mentioned mentions need needed new newest news people post posted posts read"
    " recent recently regarding said say says search see show stuff talk talked talking talks thing"
    " things think thoughts today understand work works write writes written wrote",
}

STOP_WORDS = frozenset(word for words in _OF_SENTENCES.values() for word in words.split())
ASKING_WORDS = frozenset(word for words in _OF_ASKING.values() for word in words.split())
