"""How feeds spell dates: zones, months and clocks of many languages, in one spelling (pure)."""
# ruff: noqa: RUF001 - the names of months are in their own alphabets

import re
import unicodedata

# Hours east of Greenwich. RFC 822's one-letter zones were defined with the wrong sign and mean
# nothing (RFC 5322, section 4.3); they and every unknown name count as UTC.
_ZONES_BY_HOURS = (
    (-10, "hst"),
    (-9, "akst hdt"),
    (-8, "pst akdt"),
    (-7, "mst pdt"),
    (-6, "cst mdt"),
    (-5, "est cdt cot"),
    (-4, "ast edt bot clt vet"),
    (-3.5, "nst"),
    (-3, "adt art brt clst uyt"),
    (-2.5, "ndt"),
    (-2, "brst"),
    (0, "gmt ut utc wet z"),
    (1, "bst cet met mez wat west"),
    (2, "cat cest eet mest mesz sast"),
    (3, "eat eest idt msk trt"),
    (3.5, "irst"),
    (4, "azt gst samt"),
    (5, "pkt uzt yekt"),
    (5.5, "ist"),
    (5.75, "npt"),
    (6, "omst"),
    (6.5, "mmt"),
    (7, "ict krat novt wib"),
    (8, "awst hkt irkt myt pht sgt wita"),
    (9, "jst kst wit yakt"),
    (9.5, "acst"),
    (10, "aest vlat"),
    (10.5, "acdt"),
    (11, "aedt magt"),
    (12, "nzst pett"),
    (13, "nzdt"),
)
ZONES = {name: float(hours) for hours, names in _ZONES_BY_HOURS for name in names.split()}
# How the names of the months begin; the longest beginning that fits counts. Where two languages
# disagree (listopad, lip.), the one with more readers is meant.
_BEGINNINGS = (
    "jan gen ene sty tammi янв січ led oca ian sau jaa sij urt ιαν јан сту ינו ינואר ينا มกรา",
    "feb fev lut helmi фев лют úno şub vas vee velj ots φεβ феб פבר فبر شبا กุมภา",
    "mar mär maa mrt mrz maalis бер bře мар kov ožu mac μαρ сак מרץ مار اذا มีนา",
    "apr avr abr kwi huhti апр кві dub nis bal tra ápr api απρ кра אפר ابر نيس เมษา",
    "may mai maj mei mag máj touko мая май тра kvě geg svi μαΐ мај מאי ماي ايا พฤษ",
    "jun jui giu cze kesä июн чер červen haz bir iun lipn eka ιουν юни јун чэр יונ يون حزي มิถุนา",
    "jul juil lug lip heinä июл лип červenec tem lie iul srpnj srpanj uzt ιουλ юли јул יול يول กรก",
    "aug aou ago sie elo авг сер srp ağu rugp avg kol agu ogo ágú abu αυγ жні אוג اغس สิงหา",
    "sep set wrz syys сен вер zář eyl rugs sze ruj ira σεπ сеп ספט سبت ايل กันย",
    "oct okt out ott paź loka окт жов říj eki spa urr οκτ кас אוק اكت ตุลา",
    "nov lis marras ноя лис kas noi lap stu aza νοε ное нов ліс נוב نوف พฤศ",
    "dec dez dic dis gru joulu дек гру pro ara des det abe δεκ дец сне דצמ ديس ธันว",
)
# The names that India gives them, and those of the Gregorian months in Iran.
_SOUTHERN = (
    "ژان जनवरी জানুয়া",
    "فور फ़रवरी ফেব্র",
    "मार्च মার্চ",
    "آور अप्रैल এপ্রিল",
    "मई মে مه",
    "ژوئن जून জুন",
    "ژوئیه जुलाई জুলাই",
    "اوت अगस्त আগস্ট",
    "سپت सितंबर सितम्बर সেপ্টে",
    "اکت अक्तूबर अक्टूबर অক্টো",
    "نوا नवंबर नवम्बर নভেম্ব",
    "دسا दिसंबर दिसम्बर ডিসেম্ব",
)
# Those of Georgia, Armenia, Kazakhstan, Azerbaijan and Uzbekistan, and of Indonesia before 1972.
_EASTERN = (
    "იან հունվ қаң yan",
    "თებ փետ ақп peb",
    "მარ մար нау",
    "აპრ ապր сәу",
    "მაი մայ мам",
    "ივნ հունիս мау iyun",
    "ივლ հուլ шіл iyul",
    "აგვ օգո там avq",
    "სექ սեպ қыр sen",
    "ოქტ հոկ қаз",
    "ნოე նոյ қар noy nop",
    "დეკ դեկ жел dek",
)
_SHORTEST = 3
# The names that the months have from Syria to Iraq, some of them two words, some two letters.
_LEVANTINE = dict(
    zip(
        (
            *("كانون الثاني", "شباط", "اذار", "نيسان", "ايار", "حزيران", "تموز", "اب", "ايلول"),
            *("تشرين الاول", "تشرين الثاني", "كانون الاول"),
        ),
        "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(),
        strict=True,
    )
)
# The names of months in Thailand, cut short, without their last dot.
_THAI = {
    name: number
    for number, name in enumerate("ม.ค ก.พ มี.ค เม.ย พ.ค มิ.ย ก.ค ส.ค ก.ย ต.ค พ.ย ธ.ค".split(), 1)
}

# Dates as RFC 822 and RFC 3339 have them, which need no other spelling.
_PLAIN = re.compile(
    r"(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (?:[+-]\d{4}|GMT|Z)"
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:[+-]\d\d:\d\d|Z)",
    re.ASCII,
)
_COMMENT = re.compile(r"[(\[]([^()\[\]]*)(?:[)\]]|$)")
_ENDS_IN_A_TIME = re.compile(r"(?<![+-]\d\d)(?<![+-]\d):\d\d(?:[.,]\d+)?\s*$")
_NAMES = "|".join(sorted(ZONES, key=len, reverse=True))
# `GMT+0100`, `Etc/GMT-1`, `CET-1`, `EST5EDT`: a zone's name and a number of hours.
_NAMED_OFFSET = re.compile(
    rf"(?<![A-Za-z/])(?P<name>Etc/GMT|{_NAMES})"
    r"(?:\s?(?P<sign>[+-])\s?(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?|\d{1,2}[A-Z]{3,4})(?![\d:])",
    re.IGNORECASE,
)
_ZONE = re.compile(rf"(?:{_NAMES})?(?:[+-]\d\d?:?(?:\d\d)?)?", re.IGNORECASE)
# A day, a month and a year in Thailand, before its vowels, which are marks, are left out.
_THAI_DATE = re.compile(r"(\d{1,2})\s+([ก-๎][ก-๎.]{2,11})\s+(\d{4}|\d\d)(?!\d)")
_FIRST_THAI_YEAR = 38
# A month with two names, in either order: of Egypt and of Syria.
_LEVANTINE_MONTH = re.compile(
    rf"(?:\b[^\W\d_]+\s?/\s?)?\b({'|'.join(_LEVANTINE)})\b(?:\s?/\s?[^\W\d_]+)?"
)
# A day of the Islamic calendar beside that of the Gregorian one.
_HIJRI = re.compile(r"\b\d{1,2} [^\d,/|()-]{3,25}? 1[34]\d\d\s?(?:هـ?\b)?")
# What may stand behind an offset: an area's name, or the monotonic clock that Go prints.
_NO_ZONE = re.compile(r"\s(?!Etc/)[A-Z][A-Za-z]{2,}/[A-Za-z_/+-]+$|\sm=[+-][\d.]+$")
_AREA = re.compile(
    r"(?<=\d\d)(?P<half>\s?[AaPp]\.?[Mm]\.?)?\s?[\s(\[](?:(?P<area>(?:Africa|America|Antarctica|Asia"
    r"|Atlantic|Australia|Canada|Europe|Indian|Pacific|US)(?:/[A-Za-z_]{2,30}){1,2})"
    r"|(?P<american>[CEMP])(?:T|(?:astern|entral|ountain|acific)(?: (?:Standard|Daylight))? Time))"
    r"[)\]]?\s*$"
)
_AMERICAN = {"C": "Chicago", "E": "New_York", "M": "Denver", "P": "Los_Angeles"}
# What stands before a date: "Published on:".
_OFFSET = re.compile(r"(?:[+-]|\d:\d\d:\d\d )\d\d:?\d\d$")
_INTRODUCTION = re.compile(r"^(?:[^\W\d_]+ ?){1,3}: ")
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "民國": 1911, "民国": 1911}
_ERA = re.compile(rf"({'|'.join(_ERAS)})\s?(\d{{1,3}}|元)\s?年")
_EAST_ASIAN = re.compile(r"(\d{4})\s?[年년]\s*(\d{1,2})\s?[月월]\s*(\d{1,2})\s?[日일]\s*")
_CLOCK = re.compile(
    r"(\d{1,2})\s?(?:h|[時时시點点])(?:\s?(\d{2})\s?(?:[分분]|min)?(?:\s?(\d{2})\s?[秒초])?)?(?![^\W\d_])"
)
_VIETNAMESE = re.compile(
    r"(?:ngày )?(\d{1,2}) (?:tháng|thg) (\d{1,2}),?(?: năm)? (\d{4})(?!\d)", re.IGNORECASE
)
_SEPARATOR = re.compile(r"(?<=\w) ?[|·•] ?(?=\w)")
_CENTURY = 100
_DOTTED_CLOCK = re.compile(r"(\d{4}\D{0,12}\s\d{1,2})\.(\d{2})(?:\.(\d{2}))?(?![\d.])")
_HALF_FIRST = re.compile(
    r"(오전|오후|上午|下午|午前|午後|凌晨|清晨|早上|中午|傍晚|晚上)\s?(\d{1,2}(?::\d{2}){0,2})"
)
# Arabic, Persian, Greek, Turkish, Vietnamese.
_HALF_LAST = re.compile(
    r"(?<=\d:\d\d)\s?(?:(صباحا|ص|ق\.?ظ|πμ|π\.μ|OO|SA)|(?:مساء|م|ب\.?ظ|μμ|μ\.μ|OS|CH))(?![^\W_])\.?"
)
_AFTERNOON = frozenset("오후 下午 午後 中午 傍晚 晚上".split())
_HALF = re.compile(r"\b([ap])\.?\s?m\b\.?", re.IGNORECASE)


def spelled_plainly(text: str) -> str:
    """Spell a date in ASCII signs: no comments, `+0100` for `GMT+0100`, `10:00` for `10h00`."""
    if _PLAIN.fullmatch(text):
        return text
    text = _VIETNAMESE.sub(r"\3-\2-\1", _THAI_DATE.sub(_thai_date, text))
    text = _without_comments(" ".join(_without_marks(text).split()))
    if not text.isascii():
        text = _HIJRI.sub(" ", _LEVANTINE_MONTH.sub(lambda name: _LEVANTINE[name[1]], text))
    text = _INTRODUCTION.sub("", _NO_ZONE.sub("", text))
    text = _NAMED_OFFSET.sub(_plain_offset, _ERA.sub(_counted_year, text))
    text = _DOTTED_CLOCK.sub(_colons, _CLOCK.sub(_colons, _EAST_ASIAN.sub(r"\1-\2-\3 ", text)))
    text = _HALF_FIRST.sub(
        lambda half: f"{half[2]} {'pm' if half[1] in _AFTERNOON else 'am'}", text
    )
    text = _HALF_LAST.sub(lambda half: " am" if half[1] else " pm", text)
    return " ".join(_SEPARATOR.sub(" ", _HALF.sub(r"\1m", text)).split())


def _thai_date(found: re.Match[str]) -> str:
    """Return the date; of two digits, those that a year of our time may have are Buddhist."""
    month = _THAI.get(found[2].rstrip(".")) or month_of(_without_marks(found[2]))
    if month is None:
        return found[0]
    year = int(found[3])
    if year < _CENTURY:
        year += 2500 if year >= _FIRST_THAI_YEAR else 2000
    return f"{year}-{month:02}-{int(found[1]):02}"


def without_area(text: str) -> tuple[str, str | None]:
    """Return a date without the area whose clocks it goes by, and that area as IANA names it.

    A date with an offset is left as it is: the offset is certain, and an area's may change.
    """
    found = _AREA.search(text)
    if found is None or _OFFSET.search(text[: found.start()]):
        return text, None
    american = found["american"]
    area = f"America/{_AMERICAN[american]}" if american else found["area"]
    return text[: found.start()] + (found["half"] or ""), area


def _counted_year(era: re.Match[str]) -> str:
    return f"{_ERAS[era[1]] + (1 if era[2] == '元' else int(era[2]))}年"


def month_of(word: str) -> int | None:
    """Return the number of the month that a word names, in full or cut short."""
    lowered = word.lower()
    sizes = range(len(lowered), min(len(lowered), _SHORTEST) - 1, -1)
    beginnings = (lowered[:size] for size in sizes)
    found = next((_MONTHS[each] for each in beginnings if each in _MONTHS), None)
    # A first bet is cut off: Hebrew writes "in November" as one word.
    return month_of(word[1:]) if found is None and word.startswith("ב") else found


def _without_marks(text: str) -> str:
    if text.isascii():
        return text
    apart = unicodedata.normalize(
        "NFKD", text.replace("−", "-").replace("–", "-").replace("’", "'")
    )
    bare = (sign for sign in apart if not unicodedata.category(sign).startswith("M"))
    digits = (str(unicodedata.decimal(sign, sign)) for sign in bare)
    return unicodedata.normalize("NFC", "".join(digits))


_MONTHS = {
    _without_marks(beginning): number
    for names in (_BEGINNINGS, _SOUTHERN, _EASTERN)
    for number, beginnings in enumerate(names, 1)
    for beginning in beginnings.split()
}


def _without_comments(text: str) -> str:
    """Drop what stands in brackets (RFC 822, section 3.4.3), unless it alone names the zone."""
    comments = _COMMENT.findall(text)
    # Twice, since comments may hold comments.
    bare = _COMMENT.sub(" ", _COMMENT.sub(" ", text)).replace(")", " ").rstrip()
    if comments and _ZONE.fullmatch(comments[-1]) and _ENDS_IN_A_TIME.search(bare):
        return f"{bare} {comments[-1]}"
    return bare


def _plain_offset(found: re.Match[str]) -> str:
    """Return the offset that a zone's name and a number mean.

    Behind GMT and UTC it is the offset. Behind another name, and in `Etc/GMT`, POSIX writes it with
    the opposite sign: a number is read so if it is just the opposite of the zone's own offset.
    """
    name = found["name"].lower()
    if not found["sign"]:
        return name
    minutes = int(found["hours"]) * 60 + int(found["minutes"] or 0)
    east = -minutes if found["sign"] == "-" else minutes
    if name == "etc/gmt" or (east and ZONES[name] * 60 == -east):
        east = -east
    return f" {'-' if east < 0 else '+'}{abs(east) // 60:02}{abs(east) % 60:02}"


def _colons(clock: re.Match[str]) -> str:
    hour, minute, second = clock.groups()
    return f"{hour}:{minute or '00'}" + (f":{second}" if second else "")
