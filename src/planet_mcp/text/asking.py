"""Words that say how something is asked, and not what it is about (pure).

Each language is an entry of both tables. By their words a query's language is found, since what
only asks in one may be a topic in another: German `die` and `war` are topics in English.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from planet_mcp.text.indexing import compared

# A query counts as one in another language if at least LEAST of its words are of that language, and
# more of them than are English.
_ENGLISH, _LEAST = "en", 2

# Words that sentences are made of: no topic, whatever stands beside them.
_OF_SENTENCES = {
    "en": "a about am an and are as at be by can could did do does for from had has have having how"
    " i if in is it its me my not of on or our please s should so t than that the their them then"
    " there these they this those to us was we were what when where which who whom whose why will"
    " with would you your yours"
    " i'm i'd i've i'll it's that's there's here's what's who's where's how's when's why's let's"
    " you're you've you'd you'll we're we've we'd we'll they're they've they'd they'll he's she's"
    " isn't aren't wasn't weren't don't doesn't didn't haven't hasn't hadn't can't couldn't won't"
    " wouldn't shouldn't",
    "de": "aber als am an auch auf aus bei beim bin bis da damit dann das dass dem den der"
    " deren des dessen die dies diese diesem diesen dieser dieses doch du durch ein eine"
    " einem einen einer eines er es euch euer für gegen gibt hab habe haben hast hat"
    " hatte ich ihm ihn ihnen ihr ihre im in ins ist kann kannst kein keine können"
    " könnte man mehr mein meine mich mir mit muss nach nicht noch nun nur ob oder ohne"
    " schon sein seine sich sie sind so soll sollte um und uns unser unter vom von vor"
    " wann war waren warum was weil welche welchem welchen welcher welches wem wen wenn"
    " wer werden weshalb wie wieder wieso wieviel will wir wird wo wobei wofür woher"
    " wohin womit worum wovon wozu wurde wurden wäre zu zum zur zwei zwischen über immer"
    " bereits brauche braucht bräuchte dabei dadurch dafür daran darauf daraus darf"
    " darum darüber davon dazu denn dort dürfte eben etwa gern gerne hier hatten hätte"
    " hätten jemals jetzt konnte könnten mag möchte möchten seit sollten sowie während"
    " worden würde würden"
    " könntest könntet möchtest müsste würdest würdet",
    "es": "al alguien algún alguna algo como cómo con contra cual cuál cuáles cuando cuándo"
    " cuánto cuánta de del desde donde dónde dos e el él ella ellos en era es esa ese"
    " eso esta está están estas este esto estos fue ha había hacia han hasta hay la las"
    " le les lo los más me mi mis muy no nos o os otra otro para pero por porque puede"
    " puedo pueden qué que quién quien quiénes se sea según ser si sí sin sobre son soy"
    " su sus también te tiene tienen tengo todo tras tu tú un una uno unos usa usar y ya"
    " yo algunas algunos aquí así aún cada cuantos cuántos cuántas esos esas fueron he"
    " nuestra nuestro podría podrías podrían puedes pudiera sino sería somos sean tal"
    " tanto tienes todos todas tuvo unas usted ustedes vosotros",
    "fr": "à ai alors après as au aussi aux avant avec avez avons bien ce ceci cela celle"
    " celui ces cet cette ceux chez ci comme comment contre dans de depuis des deux dois"
    " doit donc dont du elle elles en encore entre es est et être eu eux fait faire faut"
    " ils il je la le les leur leurs lui ma mais me même mes moi moins mon ne ni nos"
    " notre nous on ont ou où par pas peu peut peut-on peux plus pour pourquoi quand que"
    " quel quelle quelles quels qui quoi sa sans se selon ses si son sont sous suis sur"
    " ta te tes toi ton tous tout toute très tu un une vers vos votre vous y a c'est"
    " est-ce qu'est-ce qu'il qu'elle qu'un qu'une d'un d'une j'ai l'on n'est s'en"
    " y-a-t-il aucun aucune auriez avait avez-vous avons-nous chaque es-tu étaient était"
    " étais existe-t-il peux-tu peut-être pouvez pouvez-vous pourrais pourrais-tu"
    " pourrait pourraient pourriez pourriez-vous puis puis-je sauriez sera serait soit"
    " soient as-tu a-t-on a-t-il là jamais lors parmi pendant quelques sommes suis-je"
    " toujours toutes veuillez voici voilà vont",
    "it": "a abbia ad ai al alla alle anche ancora avere c'è che chi ci come con contro cos'è"
    " cosa così cui da dal dalla dalle degli dei del della delle dello deve di do dopo"
    " dove dov'è due e è ed era fa fare fra gli ha hai hanno ho i il in io la le lo loro"
    " ma mi mio ne negli nel nella nelle non nostro o ogni per perché perchè più poi"
    " posso prima può quale quali quando quanto quella quello questa queste questi"
    " questo se sei senza si sia sono su sua sue sul sulla suo tra tu tutti tutto un"
    " un'altra una uno viene vorrei abbiamo alcune alcuni allo avete aveva avrebbe"
    " esso farebbe nello potete potrebbe potresti potrei puoi qualche sarebbe"
    " siamo siete stata stato sugli sui tale tanto tutte tutta vi voi vostro"
    " potreste sapete",
    "nl": "aan al alle als ben bij dan dat de deze die dit doe doet door dus een en er ga"
    " geen had heb hebben heeft hem het hij hoe hoeveel iets ik in is je jij jouw kan"
    " kun kunnen maar mag me meer met mij mijn moet na naar niet nog nu of om omdat"
    " onder ons onze ook op over te tegen toen tot u uit uw van veel voor waar waarmee"
    " waarom waarvan waarvoor wanneer was wat we wel welk welke werd wie wij worden"
    " wordt zich zij zijn zo zonder zou alles andere bent daar daarover daarvan deden"
    " eens elke geweest hadden hebt hier hoeft jullie kunt laten mocht mogen moeten"
    " moest nooit soms sommige toch waren wil willen wilde zal zult zouden",
    "pt": "a ao aos após às até com como contra da das de dela dele depois do dos é e ela"
    " elas ele eles em entre era essa esse esta está estão este eu foi há isso isto já"
    " lhe mais mas me meu minha muito na não nas nem no nos nós nossa nosso o onde os ou"
    " para pela pelo per por porque porquê pode podem posso qual quais quando quanto que"
    " quê quem se sem ser será seu seus sobre sua suas são também te tem tenho têm todo"
    " tudo um uma umas uns você vocês à algum alguma algumas alguns alguém ainda aqui"
    " cada dessa desse desta deste esses essas estes fosse houve nessa nesse nesta neste"
    " nossos podemos poderia poderiam poderias podes pelos pelas quantas quantos sejam"
    " tinha tu",
    "pl": "a aby ale albo bez bo by być był była było były co czego czemu czy czym dla"
    " dlaczego do gdy gdzie i ich ile im in jak jaka jaki jakie jako jego jej jest"
    " jestem jeśli już kiedy kim kto która które którego której który którym ma mam mi"
    " mnie mogę może można moje mój na nad nie niż o od on ona one oni oraz po przed"
    " przez przy są się skąd służy ta tak także tam te tego tej ten to tu tych tym u w"
    " we więc wszystko z za że ze będą będzie chyba dość gdyby ani iż jakieś jakiś jakąś"
    " każdy których macie mieć mogą mógłby mógłbyś możesz mną nam nami nas nasz państwo"
    " pan pani którymi wam wasz żadne",
    "ru": "а без бы был была были было быть в вам вас во вот все всё вы где да для до его ее"
    " её ей если есть еще ещё же за зачем и из или им их к как какая какие каким какого"
    " какой какую когда кого кому который которая которые кто ли между меня мне может"
    " можно мой моя мы на над нам нас не него нет них но ну о об он она они оно от"
    " откуда по под почему при про с сам со так такое такой также там тебя то того тоже"
    " только том тот ты у уже чего чем через что чтобы эта эти это этого этой этот я"
    " бывает будет будут вами ваш ваша весь всего всех вся давай давно даже другие каков"
    " кем которого которой которых либо мог могла могу могут можете можешь моего наш"
    " нами никто ничего один ним ними оба однако около пока почти потом сейчас себя себе"
    " сюда теперь туда хоть хотя чей чём эту этому этих этими",
}
# Words that ask for texts or an answer, at the beginning or the end of a sentence. Elsewhere, and
# where a few words make no sentence, they may be a topic: the `find` command, a blog engine.
_OF_ASKING = {
    "en": "also any anybody anyone anything article articles been being blog blogs describe"
    " describes discuss discussed entries entry ever every everything exactly explain"
    " explained explains explanation find get give going got happened happening happens"
    " info information interested just kindly know lately latest learn let like look"
    " looking maybe mean means meant mention mentioned mentions more much need needed"
    " new newest news now post posted posts read really recent recently regarding said"
    " say says show some somebody someone something stuff talk talked talking talks tell"
    " tells think thoughts today understand want wanted wants work works write writes"
    " written wrote yet blogpost blogposts come concerning covered"
    " covers dealing deals exist exists mentioning recommend"
    " recommended speak speaks suggest tl;dr tldr wonder"
    " wondering write-up write-ups writeup writings"
    " help possible point whether",
    "de": "bedeutet beitrag beiträge beschreiben beschreibt blog bitte erklär erkläre"
    " erklären erklärt erzähl etwas finde finden funktioniert gut irgendwas jemand"
    " letzte letzten macht machen neu neue neues neueste neuesten neuigkeiten"
    " nachrichten steht suche suchen sag sagt schreibt geschrieben sagen verstehen"
    " verwendet weiß wissen zeig zeige artikel über infos information informationen"
    " dabei genau eigentlich mal heute aktuell aktuelle aktuellen aktuelles behandelt"
    " berichten berichtet blogpost blogposts eintrag einträge empfehlen erfahren"
    " existiert existieren geht gelesen gibts handelt helfen hilf kennst kennt kurz lese"
    " lesen letzter letztes nenne nennen neuester neuestes neuster post posts schreib"
    " schreiben schrieb thema themen veröffentlicht zeigen verraten",
    "es": "artículo artículos busca buscar busco cuenta cuéntame decir dice entrada entradas"
    " explica explicar explícame favor encontrar encuentra funciona habla hablar hacer"
    " hace información leer muestra muéstrame necesito noticias novedades nuevo nueva"
    " nuevos nuevas quiero quisiera saber sabe significa sirve trata últimas último"
    " últimos hoy recientes acerca ayuda ayudar ayúdame blog buscando conoces dame dime"
    " encuentro entender escribe escriben escribieron escribió escrito existe existen"
    " explique gustaría hablan hablado leo léeme mencionan menciona mostrar muestre nota"
    " notas podrías post posts publicado publicaron publicó recomienda recomiendas"
    " reciente sabes texto textos trate tratan última",
    "fr": "article articles cherche chercher dis dire dit expliquer explique expliquez"
    " fonctionne informations lire marche merci montre montrer nouveau nouveautés"
    " nouvelle nouvelles parle parler plaît plait quelqu'un quelque récent récents"
    " savoir sert signifie s'il sait trouver trouve veut veux voudrais dernière"
    " dernières dernier derniers donne-moi dis-moi parle-moi explique-moi montre-moi ça"
    " actualités aujourd'hui abordent aborde aide aider aidez billet billets blog"
    " comprendre concernant conseiller conseillez connais connaissez consacré consacrés"
    " disent écrire écrit écrits écrivent existe existent lisez mentionne"
    " mentionnent parlé parlent parlez post posts propos publié publiés"
    " publie quelques récente récentes recherche recommander recommandez sujet texte"
    " textes traite traitent trouvez ",
    "it": "articoli articolo cerca cercare cerco dice dimmi dire favore funziona informazioni"
    " leggere mostra mostrami notizie novità nuovo nuova nuovi parla parlami sapere"
    " serve significa spiega spiegami spiegare trova trovare ultime ultimi voglio oggi"
    " aiutami aiutare aiuto argomento blog conosci consigliare consigli dicono esiste"
    " esistono indicarmi letto mi mostrare nota notizia parlano pubblicato pubblicati"
    " post qualcosa qualcuno recente recenti riguardo riguarda scritta scritti scritto"
    " scrive scrivono spieghi testo testi trovo trovami tratta trattano vorrei ultima"
    " ultimo"
    " indicami indicarci",
    "nl": "artikel artikelen berichten betekent geef graag iemand informatie laat laatste leg"
    " lees lezen nieuw nieuwe nieuws over schrijft staat toon uitleg uitleggen vertel"
    " vind vinden weet weten werkt wil zeg zegt zoek zoeken zien alsjeblieft vandaag"
    " bericht bestaan bestaat bericht blog blogs helpen kent ken noemt post posts"
    " recente schreef schrijven geschreven gaat gepubliceerd stuk stukken tekst"
    " teksten vertellen uitgelegd zoekt",
    "pt": "artigo artigos busca buscar dizer diz encontrar explica explicar explique fala"
    " falar favor funciona fazer faz informações ler mostra mostre notícias novidades"
    " novo nova novos procuro preciso quero queria saber serve significa sobre trata"
    " últimas últimos hoje postagens acerca achar ache ajuda ajudar ajude blog conhece"
    " dar diga dizem entender entrada entradas escreve escrevem escreveu escrito"
    " escritos existe existem explicação falam gostaria leio lido menciona mencionam"
    " mostrar post posts publicado publicados publicou quais recente recentes recomenda"
    " recomendar texto textos tratam última último",
    "pl": "artykuł artykuły działa chcę chciałbym informacje jest mów mówi napisał najnowsze"
    " nowe nowego nowości opisz opowiedz pokaż polega powiedz proszę szukam wiadomości"
    " wie wiedzieć wyjaśnij wytłumacz znaczy znajdź dzisiaj blog blogu chce coś ktoś"
    " istnieje istnieją napisano napisać omawia opisuje piszą pisze pisał podaj poleć"
    " polecić pomocy pomóc pomoże poczytać post posty przeczytać przeczytam publikacje"
    " pokazać sprawie temat temacie teksty tekst wpis wpisy wpisu wspomina znaleźć",
    "ru": "новости нового новое последние последнее расскажи расскажите объясни объясните"
    " покажи покажите найди найти написано написал писал пишут говорится значит означает"
    " работает работают сделать делать нужен нужно нужна статьи статья статью статей"
    " хочу узнать знать пожалуйста читать какие-нибудь сегодня блог блога блоге"
    " интересует интересно ищу заметка заметки запись записи известно информация"
    " кто-нибудь кто-то найдите напишите написали недавно нужны обсуждают опубликовано"
    " пишет помоги помогите порекомендуйте посоветуйте последних последняя"
    " последний подскажи подскажите пост поста постах постов посты почитать прочитать"
    " публикации рассказать смотреть статьях текст тексты что-нибудь что-то узнаю"
    " упоминается упоминают хотел хотела",
}

# What stands between words of asking and the topic: a text about, on, over it.
_ABOUT = frozenset(
    "about on regarding concerning über zu zum zur sur concernant sobre acerca su riguardo over"
    " про о об o na".split()
)
# How letters begin and end, in all languages: what follows a word of thanks belongs to it.
_GREETINGS = (
    "hi hello hey hiya greetings dear hallo moin servus hola buenas buenos bonjour bonsoir salut"
    " ciao buongiorno salve olá oi hoi goedendag dzień cześć witam привет здравствуйте добрый"
    " добрая hej good morning afternoon evening day there all team everyone everybody folks friends"
    " guten tag morgen abend zusammen días tardes noches todos bom boa dia tarde noite dobry день"
    " вечер утро"
)
_THANKS = (
    "thanks thank thx thankyou cheers danke dank dankeschön gracias merci grazie obrigado obrigada"
    " bedankt dankjewel dziękuję dzięki спасибо благодарю tack takk teşekkürler"
)
_BEFORE_THANKS = (
    "many best with kind warm vielen besten herzlichen schönen lieben muchas mil muchísimas un"
    " grand mille tante muito muita hartelijk alvast z góry большое заранее"
)

# The words that sentences in English are made of.
STOP_WORDS = frozenset(_OF_SENTENCES["en"].split())


@dataclass(frozen=True, slots=True)
class Wording:
    """The words that are no topic of one query, folded: those of sentences, and those of asking.

    They are those of English alone if it `is_english`.
    """

    sentences: frozenset[str]
    asking: frozenset[str]
    is_english: bool = True


def wording_of(words: Iterable[str]) -> Wording:
    """Return the words that are no topic of a query of these words.

    They are those of English and of the likeliest other language, if there is one; of several that
    are equally likely, those of all.
    """
    typed = [folded(word) for word in words]
    counted = {language: sum(map(each.__contains__, typed)) for language, each in _known().items()}
    english = counted.pop(_ENGLISH)
    most = max(counted.values())
    likely = [language for language, count in counted.items() if count == most]
    return _wording((_ENGLISH, *(likely if most > max(english, _LEAST - 1) else ())))


def only_asks(words: Iterable[str]) -> bool:
    """Return whether words have no topic: all of them are of sentences or of asking."""
    typed = [*words]
    wording = wording_of(typed)
    return all(folded(word) in wording.sentences | wording.asking for word in typed)


def leads_to_topic(word: str) -> bool:
    """Return whether a word stands between words of asking and the topic."""
    return word.lower() in _ABOUT


def is_greeting(word: str) -> bool:
    """Return whether a word may be one of those that a letter begins with."""
    return word.lower() in _courtesy()[0]


def is_thanks(word: str) -> bool:
    """Return whether a word thanks."""
    return word.lower() in _courtesy()[1]


def precedes_thanks(word: str) -> bool:
    """Return whether a word says how much one thanks, before a word that thanks."""
    return word.lower() in _courtesy()[2]


def folded(word: str) -> str:
    """Return a word without case and accents, which many leave out."""
    return compared(word)[0]


@cache
def _courtesy() -> tuple[frozenset[str], ...]:
    said = [each.split() for each in (_GREETINGS, _THANKS, _BEFORE_THANKS)]
    return tuple(frozenset([*words, *map(folded, words)]) for words in said)


@cache
def _wording(languages: tuple[str, ...]) -> Wording:
    sentences, asking = (_words(table, languages) for table in (_OF_SENTENCES, _OF_ASKING))
    return Wording(sentences, asking, is_english=len(languages) == 1)


@cache
def _known() -> dict[str, frozenset[str]]:
    return {
        each: _words(_OF_SENTENCES, (each,)) | _words(_OF_ASKING, (each,)) for each in _OF_ASKING
    }


def _words(table: Mapping[str, str], languages: Iterable[str]) -> frozenset[str]:
    return frozenset(folded(word) for each in languages for word in table[each].split())
