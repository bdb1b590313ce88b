"""Periods and dates in other languages → English, as `planet_mcp.periods` reads it (pure)."""
# ruff: noqa: RUF001 - words are in their own alphabets

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

# Each English word, and what German, French, Spanish, Portuguese, Italian, Dutch, Polish and
# Russian say; nothing for words between them. Others can be added.
_WORDS = {
    "a": "ein eine einem einer un une una um uma een один одну одна",
    "two": "zwei deux dois duas due twee dwa dwie два две",
    "three": "drei trois tres três tre drie trzy три",
    "four": "vier quatre cuatro quatro quattro cztery четыре",
    "six": "sechs seis sei zes sześć шесть",
    "hour": "stunde stunden heure heures hora horas ora ore uur uren godzina godzin час часа часов",
    "day": "tag tage tagen jour jours dia dias giorno giorni dag dagen dzień dni день дня дней",
    "week": "woche wochen semaine semaines semana semanas settimana settimane weken tydzień"
    " tygodnie tygodni tygodniu неделя недели неделю неделе недель",
    "month": "monat monate monaten monats mois mes meses mês mese mesi maand maanden miesiąc"
    " miesiące miesięcy miesiącu месяц месяца месяцев месяце",
    "quarter": "quartal quartals trimestre trimestres kwartaal kwartał kwartale kwartału квартал"
    " квартала квартале",
    "year": "jahr jahre jahren jahres an ans année années año años ano anos anno anni jaar jaren"
    " rok roku lata lat год года году лет",
    "today": "heute aujourd'hui hoy hoje oggi vandaag dziś dzisiaj сегодня 今天 今日 오늘 اليوم",
    "yesterday": "gestern hier ayer ontem ieri gisteren wczoraj вчера 昨天 昨日 어제 أمس",
    "monday": "montag lundi lunes segunda lunedì maandag poniedziałek poniedziałku понедельник"
    " понедельника",
    "tuesday": "dienstag mardi martes terça martedì dinsdag wtorek wtorku вторник вторника",
    "wednesday": "mittwoch mercredi miércoles quarta mercoledì woensdag środa środę środy среда"
    " среду среды",
    "thursday": "donnerstag jeudi jueves quinta giovedì donderdag czwartek czwartku четверг"
    " четверга",
    "friday": "freitag vendredi viernes sexta venerdì vrijdag piątek piątku пятница пятницу"
    " пятницы",
    "saturday": "samstag sonnabend samedi sábado sabato zaterdag sobota sobotę soboty суббота"
    " субботу субботы",
    "sunday": "sonntag dimanche domingo domenica zondag niedziela niedzielę niedzieli воскресенье"
    " воскресенья",
    "day before yesterday": "vorgestern anteayer anteontem eergisteren przedwczoraj позавчера",
    "tomorrow": "morgen demain mañana amanhã domani jutro завтра 明天 明日 내일",
    "this": "diese dieser diesen dieses diesem cette ce cet esta este questa questo deze dit nesta"
    " neste desta deste ten tym tego этот эта этой эту этом этого 本",
    "last": "letzte letzten letzter letztes letztem vorige voriger voriges vergangene vergangenen"
    " dernier dernière derniers dernières passée passé pasada pasado passada passado última último"
    " últimas últimos scorsa scorso scorse scorsi ultima ultimo ultime ultimi vorig afgelopen"
    " laatste zeszły zeszłym zeszłego ostatni ostatnie ostatnich прошлый прошлая прошлой прошлую"
    " прошлом прошлого последний последние последних последнюю",
    "": "der die das den dem des im am vor seit ab le la les ces du de depuis il y a el los"
    " las del hace en em desde do da no na dos das há nos nas lo gli questi nel nella"
    " negli nelle di dell dal dalla sinds vanaf van op het w z za od в с со за от",
    "ago": "geleden fa temu назад",
    "january": "januar jänner janvier enero janeiro gennaio januari stycznia styczeń января январь"
    " январе"
    " styczniu",
    "february": "februar février febrero fevereiro febbraio februari lutego luty февраля февраль"
    " феврале"
    " lutym",
    "march": "märz mars marzo março maart marca marzec марта март марте marcu",
    "april": "avril abril aprile kwietnia kwiecień апреля апрель апреле kwietniu",
    "may": "mai mayo maio maggio mei maja maj мая май мае maju",
    "june": "juni juin junio junho giugno czerwca czerwiec июня июнь июне czerwcu",
    "july": "juli juillet julio julho luglio lipca lipiec июля июль июле lipcu",
    "august": "août agosto augustus sierpnia sierpień августа август августе sierpniu",
    "september": "septembre septiembre setembro settembre września wrzesień сентября сентябрь"
    " сентябре"
    " wrześniu",
    "october": "oktober octobre octubre outubro ottobre października październik октября октябрь"
    " октябре"
    " październiku",
    "november": "novembre noviembre novembro listopada listopad ноября ноябрь ноябре listopadzie",
    "december": "dezember décembre diciembre dezembro dicembre grudnia grudzień декабря декабрь"
    " декабре"
    " grudniu",
}
# Chinese, Japanese and Korean write no spaces.
_WHOLE = {
    "day before yesterday": "avant-hier avanthier antier altroieri 前天 一昨日 おととい 그저께",
    "this week": "本周 这周 今週 이번주",
    "last week": "上周 上週 先週 지난주",
    "this month": "本月 这个月 今月 이번달",
    "last month": "上个月 上個月 先月 지난달",
    "this year": "今年 올해 quest'anno",
    "last year": "去年 昨年 작년",
}
# No period is said in more characters.
LONGEST = 100
_WRITTEN = re.compile(r"(\d{4})[年년](?:(\d{1,2})[月월](?:(\d{1,2})[日일])?)?")
_TOKEN = re.compile(r"\d{1,2}\.\s?\d{1,2}\.(?:\s?\d{4})?|\d+|[^\W\d_]+(?:'[^\W\d_]+)?|[^\w\s]")
# In Portuguese, `dos` is "of the".
_TWO = re.compile(r"\bdos (?=semanas|meses|a[nñ]os|d[ií]as|horas)")
_ORDINAL = re.compile(r"(?<=\d)(?:er|re|º|ª)\b")
# Before a vowel: `l'an dernier`, `dell'anno scorso`. In Portuguese, days are `feira` by number.
_JOINED = re.compile(r"\b(?:l|d|dell|nell|dall)'|-feira\b")
# Where the adjective follows: `week last`, and `7 last days`.
_AFTER = re.compile(
    r"\b(week|month|quarter|year|[a-z]+(?:day|uary|ber)|march|april|may|june|july|august)"
    r" (last|this)\b"
)
_BETWEEN = re.compile(r"\b(\d+) last\b")


def in_english(text: str) -> str | None:
    """Return what a text in another language says of time in English; None if it is in none."""
    if len(text) > LONGEST:
        return None
    text = text.lower().replace("\u2019", "'")
    plain = "".join(text.split())
    written = _WRITTEN.fullmatch(plain)
    if written:
        return "-".join(f"{int(part):02}" for part in written.groups() if part)
    if plain in _whole():
        return _whole()[plain]
    apart = _TWO.sub("2 ", _ORDINAL.sub("", _JOINED.sub("", text)))
    words = [_folded(word) for word in _TOKEN.findall(apart)]
    said = [_known().get(word, word) for word in words if word != "."]
    if said == words:
        return None
    return _BETWEEN.sub(r"last \1", _AFTER.sub(r"\2 \1", " ".join(filter(None, said))))


def may_say_period(words: Iterable[str]) -> bool:
    """Return whether any of some words may say a period in another language: quick, for queries."""
    return not _telling().isdisjoint(word.strip(",?.!\u00bf").lower() for word in words)


@cache
def _telling() -> frozenset[str]:
    said = ("today", "yesterday", "this", "last")
    telling = [word for english in said for word in _WORDS[english].split()]
    return frozenset([*telling, *map(_folded, telling), *_whole()])


@cache
def _known() -> dict[str, str]:
    return {_folded(word): english for english, words in _WORDS.items() for word in words.split()}


@cache
def _whole() -> dict[str, str]:
    return {word: english for english, words in _WHOLE.items() for word in words.split()}


def _folded(word: str) -> str:
    """Return a word without accents, which many leave out."""
    plain = unicodedata.normalize("NFKD", word)
    return "".join(sign for sign in plain if not unicodedata.combining(sign))
