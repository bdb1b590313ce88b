"""Words that say how something is asked, and not what it is about (pure).

Each language is an entry of both tables; a query may mix languages, so all count together.
"""

# What sentences are made of: no topic, whatever stands beside them.
_OF_SENTENCES = {
    "en": "a about am an and are as at be by can could did do does for from had has have having how"
    " i if in is it its me my not of on or our please s should so t than that the their them then"
    " there these they this those to us was we were what when where which who whom whose why will"
    " with would you your yours"
    " i'm i'd i've i'll it's that's there's here's what's who's where's how's when's why's let's"
    " you're you've you'd you'll we're we've we'd we'll they're they've they'd they'll he's she's"
    " isn't aren't wasn't weren't don't doesn't didn't haven't hasn't hadn't can't couldn't won't"
    " wouldn't shouldn't",
}
# What asks for texts or an answer, at the beginning or the end of a sentence; elsewhere, and in a
# few words without a sentence, it may be a topic: the `find` command, a blog engine.
_OF_ASKING = {
    "en": "also any anybody anyone anything article articles been being blog blogs describe"
    " describes discuss discussed entries entry ever every everything exactly explain explained"
    " explains explanation find get give going got happened happening happens info information"
    " interested just kindly know lately latest learn let like look looking maybe mean means meant"
    " mention mentioned mentions more much need needed new newest news now post posted posts read"
    " really recent recently regarding said say says show some somebody someone something stuff"
    " talk talked talking talks tell tells think thoughts today understand want wanted wants"
    " work works write writes written wrote yet",
}

STOP_WORDS = frozenset(word for words in _OF_SENTENCES.values() for word in words.split())
ASKING_WORDS = frozenset(word for words in _OF_ASKING.values() for word in words.split())
