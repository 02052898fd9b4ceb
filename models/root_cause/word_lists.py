"""Words that name no cause: stop words, verdicts, places; data only.

Written for this project, on top of spaCy's stop words (MIT). Names of organisations and products
are not listed: who runs an analysis passes the own ones, and capitals give away most others.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from models.domain import Language


def _words(block: str) -> frozenset[str]:
    """Split a block of words."""
    return frozenset(block.split())


NEGATIONS: Final = {
    Language.NL: _words("niet geen nooit niemand zonder nauwelijks amper te"),
    Language.EN: _words("no not never nobody without hardly cannot too"),
}
"""May open a key phrase: "niet bereikbaar", "no reply"."""

_INNER: Final = {
    Language.NL: _words("in op van met voor aan bij naar uit over de het een"),
    Language.EN: _words("on of in at to for with by a an the my"),
}

PARTICLES: Final = {
    Language.NL: _words("terug weg stuk af uit op kwijt los dicht mee"),
    Language.EN: _words("off out up down away apart"),
}
"""May end a key phrase: "zip came off", "rits gaat stuk"; they open none."""

LATE_NEGATIONS: Final = _words("niet nooit niks")
"""May end a clause and so a key phrase: "factuur klopt niet"."""

FORM_BREAKS: Final = _words("do does did ca could wo would is was are were has have had should")
"""Before "nt" these are a negation written without its apostrophe."""

_EXTRA: Final = {
    Language.NL: _words("""
        echt heel erg weer nog steeds gewoon alleen even alweer wel toch maar ook dus eigenlijk
        natuurlijk helaas jammer graag beter goed slecht slechte slechts prima fijn leuk mooi
        snel gaat ging gegaan krijg kreeg krijgen gekregen komt kwam komen zegt zei zeggen laat
        laten moest moeten kan kon kunnen wil wou willen zou zouden gaan doen doet deed gedaan
        maken maakt maakte vind vond vinden staat stond staan zit zat zitten ligt lag blijkt bleek
        blijft bleef blijven word wordt werd worden geworden hebt hebben heeft had gehad sinds
        terwijl omdat zodat waardoor waarom want vanaf tijdens volgens tegen keer keren dag dagen
        week weken maand maanden jaar jaren uur uren minuten minuut kwartier vandaag gisteren
        morgen maandag dinsdag woensdag donderdag vrijdag zaterdag zondag januari februari maart
        april mei juni juli augustus september oktober november december twee drie vier vijf zes
        zeven acht negen tien eerste tweede derde laatste volgende hele helemaal iets niets alles
        iemand iedereen zelf mezelf jezelf jullie uw uwe onze ons mij mijn jou jouw hun hen ze zij
        je jij gij ge u ik we wij er daar hier dit dat die deze welke wat wie waar hoe zo zoals
        nu dan toen straks bijna vaak soms altijd meer minder meeste veel weinig genoeg paar beetje
        stuk dingen ding mensen anders alsof ondanks binnen buiten zelfs juist terug nee ja hoor
        mevrouw meneer mvr dhr aub svp mvg bv enz etc nvt 's 't 'n zn m'n z'n d'r ofzo best vrij
        half halve kwart euro per cent man vrouw dame heer tijd wist weet dacht denk kwamen liep
        belt kreeg bedrijf firma trek trekt verkeerde gelijk dezelfde hetzelfde zelfde
        steeds opnieuw al alle allemaal elke ieder één niks kom eentje
        erop eraan eraf ervan erin ervoor daarvan
        ochtend middag avond nacht ochtends middags avonds nachts overdag vroeger ooit pas
        zogezegd zogenaamd blijkbaar kennelijk hopelijk trouwens bovendien overigens misschien
        vraag vragen gevraagd vraagt hoop hopen probeer probeerde geprobeerd begint
        begon begonnen gebeurt gebeurde gebeurd snap snapt begrijp begrijpt hoor hoorde gehoord
        zie zag gezien kijk keek gekeken voel voelt voelde lijkt leek loop loopt gelopen neem
        nam genomen haal haalt haalde hangt hing zet zette gezet gebruik gebruikt gebruiken
        gebruikte manier verhaal soort idee punt kant rest reden geval moment plek kleine grote
        groot klein oude nieuwe lange lang kort korte volle leuke mooie vorig vorige enige eigen
        zeker zekere klaar duidelijk normaal normale gewone jongens mensen buren vriend vriendin
        dochter zoon kindje kinderen moeder vader collega hond nergens overal ergens terwijl
        minstens hooguit ongeveer precies direct meteen onmiddellijk eindelijk uiteindelijk
        twaalf dertig twintig vijftien vijftig honderd beide allebei zovele sommige dergelijke
        zijt hebt gewoonweg spijtig zot amai allee plots ineens opeens tof hopen verdorie
        belachelijk schandalig schande onzin waardeloos triest dik rap sinds maakten kocht koopt
        gekocht kopen bestelde koop zo'n gesteld elf vierde vijfde via midden gemaakt meegenomen
        nodig heet heette wete staan graden kilo meter stel stelde kost
    """),
    Language.EN: _words("""
        really very still just again even only also quite though although however actually
        obviously unfortunately sadly please thanks thank good bad poor great nice better worse
        worst terrible awful horrible useless disgusting disappointed disappointing got get gets
        getting go goes going gone went come came coming say says said tell told ask asked make
        made take took taken put give given gave want wanted need needed try tried trying keep
        keeps kept let lets know knew think thought feel felt see saw seen look looked since while
        because after before until during day days week weeks month months year years hour hours
        minute minutes today yesterday tomorrow monday tuesday wednesday thursday friday saturday
        sunday january february march april may june july august september october november
        december one two three four five six seven eight nine ten first second third last next
        whole thing things something nothing everything anything someone everyone anyone people
        way lot lots bit half quarter back never ever always often sometimes already yet now then
        there here this that these those what who where how why which am pm ok okay oh yes yeah
        's 'm 're 've 'll 'd n't nt dont doesnt didnt cant couldnt wont wouldnt isnt wasnt arent
        im ive id ill youre youve theyre thats whats theres its us mr mrs ms dr etc like use used
        time times man woman lady lad guy bloke dad mum son daughter wife husband half euro euros
        pound pounds run ran left paid free wrong main total
        using would could should
        morning evening night afternoon nights mornings instead guess suppose maybe perhaps
        apparently basically literally honestly clearly simply certainly exactly probably
        finally eventually suddenly immediately anyway anymore otherwise either though along
        right fine okay sure true happy sorry kind sort type place part side end point reason
        case fact story idea house home room door street single every each several whole entire
        big small little long short old new nice lovely full half own different certain able
        ask asks asked asking happen happens happened start starts started stop stopped turn
        turns turned turning find found finds hear heard mean means meant show shows showed shown
        walk walked walking sit sat stand stood stands hold held bring brought buy bought buys
        hope hoped love loved liked wish believe understand understood notice noticed realise
        realised seem seems seemed became become becomes stay stayed follow followed
        kid kids boy boys girl girls friend friends family mother father neighbour neighbours
        dog ago later soon early late twice once couple dozen hundred fifty twenty thirty
        fifteen twelve pair loads plenty couple joke ridiculous shocking shame appalling rubbish
        nonsense nowhere somewhere everywhere anywhere somebody anybody everybody somehow
        brought past middle read sent set agree
        metre metres mile miles degrees kilo inch
    """),
}

PLACES: Final = _words("""
    amsterdam rotterdam utrecht eindhoven groningen tilburg almere breda nijmegen apeldoorn
    haarlem enschede arnhem amersfoort zaandam hoofddorp zwolle leiden leeuwarden maastricht
    dordrecht ede alkmaar emmen delft venlo deventer helmond hilversum heerlen purmerend
    roosendaal schiedam spijkenisse vlaardingen gouda hoorn almelo assen zeist zoetermeer lelystad
    zutphen middelburg nederland holland schiphol antwerpen gent brugge brussel leuven mechelen
    aalst hasselt kortrijk oostende genk vlaanderen belgie belgië europa duitsland frankrijk spanje
    london manchester birmingham leeds liverpool sheffield bristol glasgow edinburgh cardiff
    belfast newcastle nottingham leicester coventry bradford brighton plymouth southampton reading
    oxford cambridge york norwich heathrow gatwick luton stansted england scotland wales britain
    ireland dublin uk usa america europe germany france spain york chicago boston dallas houston
    denver phoenix seattle philadelphia charlotte orlando miami atlanta vegas jfk lax
    nederlandse dutch english engelse belgische
""")
"""Cities and countries that feedback mentions most; others are found by their capitals."""


@cache
def stop_words(language: Language) -> frozenset[str]:
    """Words that a key phrase neither begins nor ends with."""
    if language is Language.NL:
        from spacy.lang.nl.stop_words import STOP_WORDS as STOPS  # noqa: PLC0415
    elif language is Language.EN:
        from spacy.lang.en.stop_words import STOP_WORDS as STOPS  # noqa: PLC0415
    else:
        return frozenset()
    return frozenset(STOPS) | _EXTRA[language]


def inner_words(language: Language) -> frozenset[str]:
    """Stop words that may stand inside a key phrase: "in de wacht", "out of stock"."""
    return _INNER.get(language, frozenset())
