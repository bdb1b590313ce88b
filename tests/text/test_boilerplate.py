"""What a publisher's program adds to each entry goes, and what an author wrote like it stays."""

import pytest

from planet_mcp.text.from_html import convert

POST = "<p>Fog came in over the harbour at noon.</p>"
TEXT = "Fog came in over the harbour at noon."
ORIGIN = "<p>The post <a href='/p'>Fog</a> appeared first on <a href='/'>Harbour</a>.</p>"


@pytest.mark.parametrize(
    "added",
    [
        ORIGIN,
        f"{ORIGIN}<p> </p><div></div>",
        "<p>Der Beitrag <a href='/p'>Nebel</a> erschien zuerst auf <a href='/'>Hafen</a>.</p>",
        (
            "<hr><p><a href='/p'>Fog</a> was originally published in <a href='/'>Harbour</a> on "
            "Medium, where people are continuing the conversation by highlighting and responding "
            "to this story.</p>"
        ),
        "<div class='kg-card kg-signup-card'><h2>Sign up</h2><form><input type=email></form></div>",
        "<div class=subscription-widget><p>Thanks for reading! Subscribe for new posts.</p></div>",
        "<p class=button-wrapper><a class='button primary' href='/s'>Subscribe now</a></p>",
        "<div class='jp-relatedposts'><h3>Related</h3><a href='/1'>Ice</a></div>",
        "<ul class=related-posts><li><a href='/1'>Ice on the pier</a></li></ul>",
        "<div class='sharedaddy sd-sharing'>Share this: <a href='/t'>T</a></div>",
    ],
)
def test_what_is_added_to_every_entry_goes(added: str) -> None:
    assert convert(POST + added).markdown.removesuffix("\n\n---") == TEXT


@pytest.mark.parametrize(
    "written",
    [
        f"{ORIGIN}{POST}",
        "<p>The post Fog appeared first on Harbour.</p>",
        "<p>We write: The post <a href='/p'>Fog</a> appeared first on <a href='/'>Harbour</a>.</p>",
        "<div class=related><p>Nebel and <a href='/1'>Ice</a> are what led me here.</p></div>",
        "<div class=related-posts><p>All that I read before, and what I think of it now.</p></div>",
        "<div class=subscribe-form><h2>Subscribe</h2><p>How such a form is made:</p></div>",
        "<div class=newsletter-box><pre>subscribe()</pre></div>",
        "<p class=button-wrapper><a class=button href='/buy'>Buy the book</a></p>",
        "<p>Subscribe now</p>",
    ],
)
def test_what_an_author_wrote_stays(written: str) -> None:
    before, _, after = convert(f"{POST}{written}").markdown.partition(TEXT)
    assert before + after
