"""Words that open, continue or end a clause, per language; data for ``models.text.clauses``.

Written for this project.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from models.domain import Language

Words: TypeAlias = frozenset[str]


def _words(block: str) -> Words:
    """Split a block of words."""
    return frozenset(block.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseWords:
    """What the clause rules need to know of a language."""

    contrast: Words
    """Oppose a new clause to the one before ("maar", "but")."""
    strong: Words
    """Those of them that do so even after a single word."""
    movable: Words
    """Those that may also stand inside their clause ("echter", "however")."""
    soft_contrast: Words
    """Do so after a comma, or after a fragment without a verb ("wel", "yet")."""
    comma_only: Words
    """Those of them that do so after a comma only."""
    never_before: Mapping[str, Words]
    """Per contrast word, the words that make it mean something else ("nog maar", "nothing but")."""
    never_after: Mapping[str, Words]
    """The same for the next word ("maar liefst")."""
    only: Words
    correlatives: Words
    """After one of ``only``: "niet alleen ... maar ook", "not only ... but also"."""
    concessions: Words
    """Open a clause that may come first and ends at the comma ("hoewel", "although")."""
    conditions: Words
    """Open a clause whose main clause follows and makes one point with it ("als", "if")."""
    additions: Words
    """Join clauses, but also mere words ("en", "and")."""
    verbs: Words
    """Frequent verb forms that are always finite."""
    bare_verbs: Words
    """Forms that are finite only right after one of ``bare_subjects``."""
    bare_subjects: Words
    contractions: Words
    """Verbs tied to a pronoun by an apostrophe ("it's")."""
    plural_ending: re.Pattern[str]
    """Nouns after which bare verbs are finite too ("the trainers know")."""
    verb_ending: re.Pattern[str]
    """Finite verbs that are in no list."""
    subjects: Words
    """Pronouns that stand as a subject."""
    persons: Words
    """Of those, the ones that can be nothing but a subject."""
    relatives: Words
    """Of those, the ones that may open a relative clause: the verb must come next."""
    determiners: Words
    adverbs: Words
    """Open a main clause ("toen", "then")."""
    sequels: Words
    """Those of them that may do so without a comma, if the verb comes next."""
    prepositions: Words
    """Open an adverbial before a main clause."""
    openers: Words
    """Begin a new point after a comma ("verder", "also")."""
    links: Words
    """Begin a subordinate clause."""
    evaluations: Words
    """Words of judgement."""
    quantities: Words
    """Open a telegram-style point ("geen", "te weinig")."""
    degrees: Words
    """Grade a judgement ("erg", "a bit")."""
    holders: Words
    """A new clause cannot begin right after these."""

    def may_open(self, word: str) -> bool:
        """Whether a word can open a clause without a mark before it."""
        return (
            word in self.contrast
            or word in self.soft_contrast
            or word in self.additions
            or word in self.persons
            or word in self.sequels
        )

    def is_finite(self, word: str, before: str) -> bool:
        """Whether a word, given the one before it, looks like a finite verb."""
        if word in self.verbs:
            return True
        if word.startswith("'"):
            return before in self.subjects and word in self.contractions
        if word in self.bare_verbs:
            return before in self.bare_subjects or self.plural_ending.search(before) is not None
        return (
            before not in self.determiners
            and before not in self.verbs
            and before not in self.evaluations
            and self.verb_ending.search(word) is not None
        )


_DUTCH = ClauseWords(
    contrast=_words(
        "maar echter behalve terwijl hoewel alhoewel ofschoon daarentegen desondanks niettemin but"
    ),
    strong=_words("maar"),
    movable=_words("echter daarentegen desondanks niettemin"),
    soft_contrast=_words(
        "toch alleen helaas wel jammer jammergenoeg spijtig nochtans anderzijds ondanks enkel "
        "enige enigste minpunt minpuntje nadeel pluspunt"
    ),
    comma_only=_words("toch enkel anderzijds"),
    never_before={
        "maar": _words(
            "nog alleen zeg doe laat laten ga kom had hadden altijd steeds bleef blijft blijf "
            "blijven pas hoop klein vaak zie zelf dan gewoon zo"
        ),
        "behalve": _words("niets niks niemand"),
    },
    never_after={
        "maar": _words("liefst weer door half weinig eens"),
        "wel": _words("eens degelijk of"),
        "alleen": _words("op in bij voor via met om aan van tussen"),
        "toch": _words("maar"),
    },
    only=_words("alleen enkel"),
    correlatives=_words("ook"),
    concessions=_words("hoewel alhoewel ofschoon ondanks terwijl behalve"),
    conditions=_words("als wanneer toen omdat zodra indien zolang voordat nadat sinds doordat"),
    additions=_words("en plus"),
    verbs=_words(
        """
        is was zijn waren ben bent heb hebt heeft had hadden hebben wordt werd werden kan kon konden
        kunnen kunt moet moest moesten moeten mag mocht mochten wil wilde wilden wou willen zal zou
        zouden zullen gaat ging gingen gaan komt kwam kwamen komen doet deed deden krijgt kreeg
        kregen krijgen duurt duurde duurden blijft bleef bleven werkt werkte werkten staat stond
        stonden ligt lag lagen zit zat zaten zitten loopt liep liepen vindt vond vonden zegt zei
        zeiden geeft gaf gaven neemt nam namen laat liet lieten maakt maakte maakten wacht wachtte
        belt belde belden betaalt betaalde reageert reageerde reageerden weet wist wisten voelt
        voelde valt viel vielen lijkt leek leken klopt klopte klopten kost kostte smaakt smaakte
        smaakten ziet zag zagen hoort hoorde hoorden vraagt vroeg vroegen stuurt stuurde stuurden
        bracht brachten helpt hielp hielpen hoeft hoefde bleek bleken blijkt stopt stopte rijdt reed
        reden past paste ruikt rook verwachtte snapt snapte begrijpt begreep denkt dacht dachten
        legt legde legden luistert luisterde luisterden beloofde beloofden verloopt verliep bevalt
        beviel antwoordt antwoordde antwoordden hangt hing hingen gold geldt haalt haalde haalden
        riep roept riepen verbindt verbond brengt lukt lukte start startte crasht crashte hapert
        haperde ontbreekt ontbrak ontbraken ontvangt ontving ontvingen verdwijnt verdween kijkt keek
        keken spreekt sprak spraken praat praatte leest las schrijft schreef betekent scheelt
        scheelde kent kende kennen kom doe koopt kocht kochten verkoopt verkocht levert leverde
        leverden bestelt bestelde zoekt zocht breekt brak lekt lekte stinkt stonk draait draaide
        bestaat eindigt begint begon vergeet vergat gebeurt gebeurde scheurt scheurde rammelt piept
        oogt oogde voldoet voldeed voldeden mist miste ontgaat stijgt steeg daalt daalde verandert
        veranderde opent opende sluit sloot zet zette trekt trok gooit gooide weigert weigerde
        verwijst verwees zucht zuchtte haakt adviseert adviseerde regelt regelde lost loste
        """
    ),
    bare_verbs=_words(
        """
        ga kom doe krijg werk sta loop vind zeg geef neem maak bel betaal reageer voel zie hoor
        vraag stuur hoop denk verwacht snap begrijp typ moest woon rijd lees koop zoek mis wacht heb
        ben weet zit lig blijf leg hang probeer mail wens raad denken vinden zeggen weten werken
        duren wachten bellen blijven liggen verwijzen sturen vragen geven nemen maken laten zien
        horen lopen lijken houden kijken praten spreken luisteren helpen leveren betalen verwachten
        begrijpen snappen reageren beloven hopen brengen rijden zoeken kopen moogt kunt zijt hebt
        gaat doet weet krijgt
        """
    ),
    bare_subjects=_words("ik we wij ze zij jullie die ge"),
    contractions=frozenset(),
    plural_ending=re.compile(r"^[a-z]{4,}(?:en|s)$"),
    verb_ending=re.compile(r"^(?!ge|verk).*eer(?:t|de|den)$"),
    subjects=_words(
        "ik we wij ze zij hij je jij u jullie het dat dit die er niemand iedereen alles niks niets "
        "men ge gij 't"
    ),
    persons=_words("ik we wij ze zij hij je jij ge gij men niemand iedereen er"),
    relatives=_words("die dat"),
    determiners=_words(
        "de het een 'n mijn m'n onze ons jullie uw hun die dat deze dit geen elke alle sommige"
    ),
    adverbs=_words(
        """
        toen daarna nu dan vervolgens uiteindelijk vandaag gisteren morgen daardoor daarom hierdoor
        ondertussen inmiddels ook verder bovendien helaas gelukkig zelfs daar hier later thuis nog
        vroeger soms vaak meestal steeds telkens maandag dinsdag woensdag donderdag vrijdag zaterdag
        zondag
        """
    ),
    sequels=_words("toen daarna nu vervolgens uiteindelijk"),
    prepositions=_words(
        "na op in bij om volgens met voor tijdens sinds vanaf tot door aan uit binnen van"
    ),
    openers=_words("verder bovendien daarnaast tevens gelukkig kortom"),
    links=_words(
        """
        dat of als omdat want doordat zodat wanneer die wat hoe waar waarom waardoor waarbij waarna
        waarop waarvan welke welk dus of zoals zodra voordat nadat terwijl dan toen
        """
    ),
    evaluations=_words(
        """
        goed goede goeie snel snelle vriendelijk vriendelijke prima fijn fijne slecht slechte duur
        dure lekker lekkere mooi mooie leuk leuke aardig aardige behulpzaam behulpzame duidelijk
        duidelijke lang lange traag trage netjes nette schoon schone vies vieze goedkoop goedkope
        correct correcte kundig kundige deskundig deskundige professioneel professionele
        onvriendelijk onvriendelijke onduidelijk onduidelijke ruim ruime klein kleine groot grote
        slordig slordige uitstekend uitstekende perfect perfecte top super vlot vlotte makkelijk
        makkelijke gemakkelijk gemakkelijke handig handige rustig rustige betrouwbaar betrouwbare
        beleefd beleefde prettig prettige gezellig gezellige koud koude warm warme vers verse kapot
        kapotte matig matige onbeschoft onbeschofte eerlijk eerlijke hoge hoog lage laag moeilijk
        moeilijke ingewikkeld ingewikkelde klantvriendelijk klantvriendelijke oud oude heerlijk
        heerlijke nieuw nieuwe ok oke oké geweldig geweldige harde hard zacht zachte vol omhoog
        omlaag ok beter slechter waardeloos waardeloze belachelijk belachelijke fantastisch
        fantastische peperduur proper propere tof toffe zout flauw droog lauw lauwe bereikbaar
        tevreden deskundigheid kapot
        """
    ),
    quantities=_words("te geen weinig veel ruime meer minder onvoldoende voldoende genoeg"),
    degrees=_words("erg heel wat een te jammer beetje vrij nogal behoorlijk aan prijzig duur"),
    holders=_words(
        """
        dat of als omdat want doordat zodat wanneer en maar die wat hoe waar waarom welke voor met
        van naar bij op in aan om over uit door tot tegen tussen sinds zonder volgens tijdens toen
        dus zoals dan zodra voordat nadat terwijl hoewel de het een mijn onze geen deze dit ook
        alleen nu daar hier niet wie ondanks behalve te zo echt helemaal best juist zeker
        """
    ),
)

_ENGLISH = ClauseWords(
    contrast=_words(
        "but however although though whereas except while unfortunately sadly nevertheless maar"
    ),
    strong=_words("but"),
    movable=_words("however though while unfortunately sadly nevertheless"),
    soft_contrast=_words("yet despite only shame pity downside still albeit"),
    comma_only=_words("still only"),
    never_before={
        "but": _words("nothing anything all none anyone"),
        "yet": _words("not and never as"),
        "only": _words("the an my not is was are were it's"),
        "shame": _words("a the what real such"),
        "pity": _words("a the what real such"),
        "downside": _words("only the one main a"),
        "still": _words("is are was am were and i we they he she it you"),
    },
    never_after={"but": _words("for"), "while": _words("ago")},
    only=_words("only"),
    correlatives=_words("also"),
    concessions=_words("although though while despite whereas except"),
    conditions=_words("if when because once unless since after before as until"),
    additions=_words("and plus &"),
    verbs=_words(
        """
        is was are were am has have had does did can could will would should must may might isn't
        wasn't aren't weren't hasn't haven't hadn't don't doesn't didn't can't couldn't won't
        wouldn't shouldn't cannot dont doesnt didnt wont cant gets got goes went comes came takes
        took makes made says said tells told asks asked gives gave feels felt seems seemed looks
        looked works worked arrived arrives turned keeps kept called calls waited paid charged needs
        needed wants wanted thinks thought knows knew found explained helped loved liked ordered
        sent answered refused ignored tried stopped left tasted smelled smelt booked broke sat stood
        spent spoke treated never expected replied showed heard bought ca wo do fell began became
        ran drove threw lost hung rang picked put let cost costs dropped drops fails failed crashes
        crashed shrugged knew shouted sorted promised delivered cancelled received
        """
    ),
    bare_verbs=_words(
        """
        get go come take make say tell ask give feel seem look work arrive keep call wait pay charge
        need want think know find help love like order send answer refuse try stop use leave taste
        smell book hope expect reply show hear live drop fail
        """
    ),
    bare_subjects=_words("i we they you people staff who"),
    plural_ending=re.compile(r"^[a-z]{3,}[^su]s$"),
    contractions=_words("'s 're 've 'm 'll 'd"),
    verb_ending=re.compile(r"^[a-z]{3,}ed$"),
    subjects=_words(
        "i we they he she it you nobody everyone everything nothing there this that noone someone"
    ),
    persons=_words("i we they he she it there nobody everyone"),
    relatives=_words("that this"),
    determiners=_words(
        "the a an my our your their his her this that these those no some all every"
    ),
    adverbs=_words(
        "then now also even still finally eventually today yesterday later overall again"
    ),
    sequels=frozenset(),
    prepositions=_words("after at in on for with during since from by within"),
    openers=_words(
        "also additionally furthermore besides luckily fortunately thankfully otherwise"
    ),
    links=_words("that which who whom whose where when if because so as than until unless"),
    evaluations=_words(
        """
        good great nice bad poor friendly helpful polite rude quick fast slow cheap expensive clean
        dirty excellent lovely terrible awful horrible clear unclear easy difficult hard long short
        decent fair efficient professional knowledgeable reasonable comfortable uncomfortable comfy
        fresh cold warm hot tasty perfect fantastic amazing reliable unreliable overpriced confusing
        delicious high low small large big huge limited competitive prompt meh superb brilliant ok
        okay fine average tiny old new dear kind loud quiet broken down up full late early useless
        dated basic
        """
    ),
    quantities=_words("no too very really plenty few little less more zero lots"),
    degrees=_words("a very too bit slightly rather quite so"),
    holders=_words(
        """
        that which if when because who as than so what how where why said told think thought know
        whether while until before after since and or but for with of to in on at by from about into
        over under without the a an my our your their this these those no not all every what
        whatever like though although unless once except despite hope wish believe say says thing
        out things way time times place everything anything something nothing sure glad happy sorry
        number
        """
    ),
)

CLAUSE_WORDS: Mapping[Language, ClauseWords] = {Language.NL: _DUTCH, Language.EN: _ENGLISH}

ABBREVIATIONS: Words = _words(
    """
    o.a oa d.w.z dwz bijv bv b.v m.b.t mbt i.p.v ipv i.v.m ivm a.u.b aub e.d e.a e.a.a n.a.v t.a.v
    t.n.v evt etc enz ca max min mr mrs ms dr drs prof ir ing mw mevr dhr hr nr nrs no art blz tel
    incl excl resp vlgs gem jl ll st str bldg afd vb n.v.t nvt i.h.k.v o.i.d m.i z.s.m zsm t.o.v
    t.z.t p.p p.m p.j p.w c.q s.v.p svp e.g eg i.e ie ave approx vs dept inc ltd co a.m m.a.w o.l.v
    v.w.b i.o e.e.a mnd mins hrs
    """
)
"""Written with a full stop that ends no sentence; without that last stop."""

MAY_END: Words = _words(
    "etc enz e.d e.a n.v.t nvt a.u.b aub a.m p.m p.p p.j p.w s.v.p svp o.i.d z.s.m zsm max min "
    "mins hrs no"
)
"""Abbreviations that often end a sentence too: a capital after them begins a new one."""
