"""Words that stand round people's names, and phrases that look like names but are none.

Data only, no logic. All entries are lower case without accents; ``personal_names`` folds the
words of a text the same way before it looks them up. The lists were written for this project.
"""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    """Split a list written as prose."""
    return frozenset(text.split())


# Forms of address: nearly always followed by a name.
TITLES: Final = _words(
    """
    mevrouw mevr mvr mw mej mejuffrouw juffrouw meneer mijnheer menheer dhr heer mr mrs ms miss
    mister madame mme monsieur familie fam
    """
)
# Professions used as a form of address: followed by a name with a capital, or by one we know.
PROFESSIONAL_TITLES: Final = _words(
    """
    dr dokter doctor drs prof professor ir ing tandarts huisarts juf meester zuster broeder
    pastoor dominee notaris
    """
)
# Titles that are written with a dot.
ABBREVIATED_TITLES: Final = _words("mevr mvr mw mej dhr mr mrs ms dr drs prof ir ing mme ds fam")
# What staff and companions are called: "monteur Sjoerd", "my wife Deborah".
ROLES: Final = _words(
    """
    nurse sister officer captain coach trainer docent chirurg oogarts kinderarts medewerker
    medewerkster medewerkers collega collegas adviseur adviseuse monteur bezorger bezorgster
    chauffeur verkoper verkoopster manager kassiere kassier caissiere arts therapeut therapeute
    fysio fysiotherapeut psycholoog leraar lerares instructeur rijinstructeur begeleider
    begeleidster consulent consulente makelaar kapper kapster ober serveerster receptionist
    receptioniste baliemedewerker baliemedewerkster telefoniste verpleegkundige verpleegster
    verzorgster assistente assistent accountmanager teamleider filiaalhouder bedrijfsleider
    eigenaar eigenaresse gids postbode koerier pakketbezorger stagiair stagiaire vakman
    loodgieter schilder installateur coordinator leidinggevende gastvrouw gastheer steward
    stewardess conducteur buschauffeur taxichauffeur dierenarts mondhygieniste vrouw man zoon
    dochter moeder vader zus broer oma opa vriend vriendin partner buurman buurvrouw kleinzoon
    kleindochter schoonmoeder schoonvader echtgenoot echtgenote tante oom nicht neef agent
    advisor adviser employee colleague driver technician engineer rep representative waiter
    waitress teacher instructor lecturer tutor cashier assistant consultant guide host hostess
    supervisor operator barber hairdresser therapist physio dentist surgeon midwife plumber
    electrician fitter mechanic salesman saleswoman salesperson clerk bartender barista courier
    postman wife husband son daughter mother father mom mum dad brother girlfriend boyfriend
    friend grandson granddaughter neighbour neighbor boss owner guy lady gentleman girl chap lad
    """
)
# Those of them that no company or language follows.
COMPANIONS: Final = _words(
    """
    vrouw man zoon dochter moeder vader zus broer oma opa vriend vriendin buurman buurvrouw
    kleinzoon kleindochter schoonmoeder schoonvader echtgenoot echtgenote oom nicht neef wife
    husband son daughter mother father mom mum dad sister brother girlfriend boyfriend grandson
    granddaughter
    """
)
# Verbs that a person does: "chauffeur Xander was".
PERSON_VERBS: Final = _words(
    """
    was is heeft had kwam komt zei zegt hielp helpt belde gaf geeft nam deed doet legde stond
    staat wist weet heette beloofde vertelde ging gaat kan kon zou wilde bleef loste dacht sprak
    regelde has said told helped came went did explained called took gave fixed refused promised
    knew answered sorted assisted ignored deserves verdient werkt luisterde vond vindt liet
    zocht bracht kreeg legt laat werd
    """
)
# The last word of phrases that a name follows, whatever the name: "iemand genaamd Fenna".
INTRODUCERS: Final[tuple[tuple[str, ...], ...]] = (
    ("naam", "is"),
    ("name", "is"),
    ("ik", "heet"),
    ("heet",),
    ("heette",),
    ("genaamd",),
    ("named",),
    ("guy", "called"),
    ("lady", "called"),
    ("man", "called"),
    ("woman", "called"),
    ("girl", "called"),
    ("someone", "called"),
    ("person", "called"),
    ("een", "zekere"),
    ("a", "certain"),
    ("naam", "van"),
    ("tnv",),
    ("tav",),
    ("t.n.v",),
    ("t.a.v",),
    ("contactpersoon",),
)
# Phrases that a person follows far more often than a company: names with a capital.
PERSON_INTRODUCERS: Final[tuple[tuple[str, ...], ...]] = (
    ("geholpen", "door"),
    ("behandeld", "door"),
    ("bediend", "door"),
    ("gesproken", "met"),
    ("sprak", "met"),
    ("helped", "by"),
    ("served", "by"),
    ("assisted", "by"),
    ("told", "by"),
    ("seen", "by"),
    ("treated", "by"),
    ("spoke", "to"),
    ("spoke", "with"),
    ("talked", "to"),
    ("talked", "with"),
    ("speak", "to"),
    ("speak", "with"),
    ("ask", "for"),
    ("asked", "for"),
    ("vraag", "naar"),
    ("gevraagd", "naar"),
    ("ene",),
)
# Phrases that a company follows as well: only names that we know.
KNOWN_NAME_INTRODUCERS: Final[tuple[tuple[str, ...], ...]] = (
    ("ik", "ben"),
    ("i'm",),
    ("im",),
    ("i", "am"),
    ("this", "is"),
    ("dit", "is"),
    ("u", "spreekt", "met"),
    ("gebeld", "door"),
    ("ontvangen", "door"),
    ("gebeld", "met"),
    ("contact", "met"),
    ("dealt", "with"),
    ("thanks", "to"),
    ("kudos", "to"),
    ("out", "to"),
    ("compliments", "to"),
    ("dankzij",),
    ("complimenten", "voor"),
    ("complimenten", "aan"),
    ("dank", "aan"),
    ("naam",),
    ("name",),
    ("dear",),
    ("beste",),
    ("attn",),
)
# Words before a name that is also a word ("met Mark", "volgens Roos").
AGENT_WORDS: Final = _words(
    "door by met with volgens dankzij bedankt thanks thank dank aan collega"
)
SIGN_OFFS: Final = _words(
    """
    groet groeten groetjes groetje grtz grt grtjs gr mvg mvrgr hoogachtend regards sincerely
    liefs wishes yours faithfully grz
    """
)
# A sign-off only before a name that we know.
WEAK_SIGN_OFFS: Final = _words("best thanks thx cheers bedankt dank dankjewel xx xxx x you love")
# Where staff work: "Kevin van de klantenservice", "Rachel in billing".
DEPARTMENT_WORDS: Final = _words(
    """
    klantenservice klantendienst service servicedesk helpdesk afdeling balie receptie kassa
    technische techniek storingen storing administratie winkel verkoop retouren retour
    callcenter ontbijt bar keuken bediening team facturen facturatie debiteuren incasso
    thuiszorg schade claims onthaal garage showroom planning support billing sales customer
    reception technical hr front desk checkout till accounts returns chat ward dienst loket
    infobalie counter complaints klachten klachtenafdeling bank boekhouding finance telefoon
    phone lijn line office kantoor spoed kliniek hotel restaurant magazijn logistiek bezorging
    housekeeping concierge security refunds bookings reservations tech it
    """
)
PREPOSITIONS: Final = _words("van vd in at from of bij aan op uit behind achter on")
ARTICLES: Final = _words("de den het 't the your jullie uw onze our my customer een technische")
PARTICLES: Final = _words(
    "van de der den het ter ten te 't el al ait ben bin ibn von zu la le du di da dos das"
    " del la op in vd vander vanden"
)
STREET_ENDINGS: Final = tuple(
    sorted(
        _words(
            """
            straat laan weg plein gracht kade singel park plantsoen dreef steeg steenweg markt
            brug ziekenhuis kliniek college school lyceum museum instituut universiteit huis
            zaal tunnel hal toren polder dok haven
            """
        )
    )
)
# A name behind one of these belongs to a place, storm, illness or product.
VENUE_WORDS: Final = _words(
    """
    hotel restaurant cafe pizzeria bakkerij slagerij bistro brasserie frituur firma ziekenhuis
    hospital museum school station kasteel villa storm orkaan hurricane tropical sint st st.
    saint santa san ziekte syndroom syndrome disease pizza model jurk dress matras mattress lamp
    kast tas serie film book boek camping huize stadion theater theatre arena stadium aldi
    college bar pub club salon zaal hal gebouw haarlem port mount lake cape broodje salade salad
    saus soep taart koekjes wijn whisky whiskey vodka keuken pannen bank stoel sneakers schoenen
    shoes
    """
)
VENUES_AFTER: Final = _words(
    """
    ziekenhuis kinderziekenhuis hospital museum huis house stadium arena street road avenue
    station school college university hotel restaurant cafe matras matrassen mattress bed kussen
    pizza airport centrum center centre institute park hall theatre theater foundation shoes
    sneakers schoenen kaas bier beer whisky wijn tower zaal markt plein line lines airlines bank
    gallery gardens castle church kerk cup syndrome disease
    """
)
# Words with a capital that are no name: sentence starters, days, months, languages, peoples.
NO_NAMES: Final = _words(
    """
    a aan af al alle alleen alles als alsof altijd and andere anders any are as at bad be beste
    best bij binnen but by can contact customer customers daar daarna dan dank dat de deze die
    dit do doch don door duidelijk during dus een eerst eindelijk en er erg ervaring even for
    from geen geweldig goed goede good great groep had hallo have he hebben heeft heel hele
    hello helemaal here het hey hi hier hij hoe how hun i ik in is it its je jij jou jouw jullie
    just kan klant klanten kon lekker let m maar man mag me meer men met mij mijn moest mooi my
    na naar never niet niks no nog not nothing now nu of on onder one ons onze ook op or our out
    over per pas prima s service she since so some snel sorry super t te team thanks that the
    their then there they this to toch toen top tot uit uw u van vanaf veel very via volgens
    voor vriendelijk waar waarom wat we weer welke were what when where which who why wie wij
    wil with without worden zal ze zeer zelfs zij zijn zo zodat zonder zou you your iemand
    someone niemand nobody everyone iedereen staff personeel medewerker medewerkers medewerkster
    manager lady dame heren dames maandag dinsdag woensdag donderdag vrijdag zaterdag zondag
    monday tuesday wednesday thursday friday saturday sunday januari februari maart april mei
    juni juli augustus september oktober november december january february march may june july
    august october dutch english german french spanish belgian italian american british irish
    turkish polish nederlands engels duits frans spaans italiaans vlaams nederlander nederlandse
    belg belgische duitse engelse franse turkse poolse marokkaanse indian chinese european
    nederland belgie belgium netherlands holland england engeland duitsland germany france
    frankrijk spanje spain italie italy turkije turkey marokko morocco polen poland uk us usa eu
    europa europe vlaanderen amsterdam rotterdam utrecht eindhoven tilburg almere groningen
    breda nijmegen arnhem haarlem enschede apeldoorn zwolle leiden delft dordrecht maastricht
    hoorn zoetermeer leeuwarden antwerpen gent brugge brussel leuven mechelen aalst kortrijk
    hasselt oostende genk brussels antwerp ghent bruges london londen manchester birmingham
    dublin edinburgh glasgow paris parijs berlin berlijn madrid barcelona lissabon rome wenen
    limburg zeeland brabant friesland drenthe gelderland overijssel flevoland schiphol zaventem
    hoofddorp amersfoort alkmaar ede assen emmen kerst pasen sinterklaas christmas easter god
    jezus jesus covid corona wifi internet app website heb lees read thank thnx every maybe
    wanted first hartelijke vriendelijke hopelijk ga ben geef vind couldn't i've i'm
    klantenservice helpdesk support reception receptie balie billing sales marketing general
    directie naam name adres address tel telefoon phone email mail nummer klantnummer groet
    groeten groetjes regards mvg bestelling order ticket hr ceo cfo boss sir madam mevrouw
    meneer mijnheer heer mr mrs ms dr prof student students patient patienten resident residents
    universiteit university school college ziekenhuis hospital gemeente council
    """
)
# Companies and brands of one word that customers name; a name we know is never one of these.
BRANDS: Final = _words(
    """
    albert ikea philips samsung apple google microsoft amazon bol coolblue mediamarkt hema jumbo
    lidl aldi kruidvat etos action gamma praxis karwei blokker zara mango primark nike adidas
    puma asics decathlon bever ziggo kpn odido telenet proximus vodafone simyo lebara youfone
    simpel tele2 mobile orange base eneco vattenfall essent engie luminus greenchoice oxxio
    vandebron tibber budget ing rabobank abn amro knab bunq triodos revolut monzo kbc belfius
    argenta fortis barclays hsbc lloyds natwest santander nationale unive interpolis centraal
    ohra aegon achmea zilveren menzis vgz cz fbto ditzo allianz ethias ag klm transavia ryanair
    easyjet tui corendon vueling emirates delta united lufthansa ns arriva connexxion qbuzz gvb
    ret htm delijn mivb nmbs sncb postnl dhl dpd ups gls fedex bpost hermes evri royal netflix
    spotify disney videoland hbo prime youtube facebook instagram whatsapp twitter linkedin
    tiktok uber bolt deliveroo thuisbezorgd takeaway gorillas flink picnic crisp hellofresh
    domino dominos mcdonalds burger starbucks subway kfc febo marriott hilton ibis novotel
    airbnb booking expedia sunweb centerparcs landal roompot efteling bobbejaanland plopsaland
    walibi tesla volvo bmw audi volkswagen vw opel ford renault peugeot citroen fiat toyota
    honda nissan mazda kia hyundai seat skoda dacia mercedes porsche ferrari sony lg bosch
    siemens miele aeg dyson nespresso senseo bose jbl garmin tomtom huawei xiaomi oneplus oppo
    nokia motorola lenovo dell hp asus acer canon nikon epson windows android iphone ipad
    macbook airpods playstation xbox nintendo alexa siri bixby cortana copilot chatgpt gemini
    klarna paypal riverty afterpay ideal visa mastercard bancontact itsme digid payconiq
    trustpilot coursera udemy duolingo salesforce zendesk odoo exact afas wehkamp zalando
    aboutyou shein temu keytrade paxos virgin comcast flipkart aliexpress vinted marktplaats
    colruyt delhaize carrefour brico tesco sainsbury asda waitrose morrisons argos currys boots
    costa greggs nando sephora douglas rituals hunkemoller bijenkorf bruna intertoys gazelle
    batavus sparta koga giant woonbron ymere rochdale eigenhaard stadgenoot vestia funda
    basicfit fitness randstad tempo manpower quooker grohe velux intergamma hornbach
    """
)
# Phrases of several words that look like a person and are a brand, place, saying or work.
NO_NAME_PHRASES: Final[tuple[str, ...]] = tuple(
    phrase.strip()
    for phrase in """
    albert heijn|jan linders|leen bakker|hans anders|van gogh|van haren|van der valk|vanden borre
    van den borre|douwe egberts|dirk van den broek|bart smit|piet klerkx|peter langhout|jan modaal
    jan met de pet|jan en alleman|jan rap|jan klaassen|piet snot|pietje precies|hans en grietje
    zwarte piet|van dale|van houten|van nelle|van melle|van lanschot|van mossel|van moof
    van dijk educatie|simon levelt|claudia strater|anna van toor|henri willig|willem ii|willem i
    koning willem|prins bernhard|prinses maxima|prinses beatrix|koningin maxima|prins hendrik
    koningin wilhelmina|koningin juliana|anne frank|johan cruijff|johan cruyff|jeroen bosch
    antoni van leeuwenhoek|frans hals|rembrandt van rijn|emma kinderziekenhuis|emma matras
    maria middelares|anna paulowna|sophia kinderziekenhuis|martin luther king|martin luther
    john lewis|marks spencer|jack daniels|jack daniel's|jack jones|jack wolfskin|johnnie walker
    jim beam|uncle ben's|uncle bens|ben jerry's|ben jerrys|ben jerry|papa john's|papa johns
    sam's club|trader joe's|trader joes|wells fargo|jp morgan|charles schwab|edward jones
    philip morris|thomas cook|ted baker|laura ashley|fred perry|ralph lauren|oliver bonas
    dorothy perkins|calvin klein|tommy hilfiger|tommy jeans|hugo boss|michael kors|marc jacobs
    paul smith|karl lagerfeld|kate spade|tom ford|tom tailor|steve madden|vera wang|stan smith
    chuck taylor|michael jordan|air jordan|jean paul gaultier|yves rocher|yves saint laurent
    bobbi brown|charlotte tilbury|estee lauder|max factor|paco rabanne|giorgio armani
    emporio armani|christian dior|christian louboutin|tiffany co|jimmy choo|victoria's secret
    victorias secret|jamie oliver|gordon ramsay|harry potter|peter pan|tom jerry|bob de bouwer
    bob marley|dr martens|doc martens|dr oetker|dr pepper|dr hauschka|dr beckmann|dr leenarts
    dr phil|dr who|doctor who|dr strange|mr muscle|mr proper|mr clean|mr bean|mr kipling|mr porter
    mr robot|mrs brown|mrs hinch|ms mode|miss etam|miss marple|miss saigon|mister spex|mr right
    mr jet|seat leon|renault zoe|renault clio|opel adam|opel karl|opel corsa|alfa romeo
    dacia sandero|nissan leaf|mini cooper|aston martin|rolls royce|harley davidson|remy martin
    moet chandon|dom perignon|pepsi max|pro max|coke max|air max|ultra max|hbo max|max verstappen
    frank energie|robin mobile|ben mobiel|black friday|good friday|san francisco|san diego
    san jose|san juan|st james|st john|st george|st paul|st mary|saint martin|sint maarten
    sint jan|sint pieter|sint nicolaas|sint niklaas|santa claus|santa maria|santa monica
    santa clara|new jersey|new hampshire|port said|kuala lumpur|el salvador|el al|la paz
    las palmas|den haag|den bosch|den helder|den burg|de lijn|de kuip|de mos|de meern|van ness
    marie curie|rosa parks|albert schweitzer|thomas more|karel de grote|erasmus mc
    charles de gaulle|john f kennedy|prince george|king george|queen elizabeth|queen mary
    queen victoria|prince charles|king charles|prince william|king's day|jack russell|earl grey
    tom yum|caesar salad|big ben|big mac|average joe|joe public|john doe|jane doe|murphy's law
    joe the juice|joe juice|pret a manger|marie claire|mary kay|ann summers|oliver peoples|ray ban
    lee cooper|george foreman|bob's burgers|carl's jr|wendy's|denny's|arby's|lloyd's|macy's|levi's
    kellogg's|sotheby's|domino's|mcdonald's|nando's|sainsbury's|debenhams|wagamama|st patrick
    charles tyrwhitt|van buuren|andre rieu|mona lisa|van morrison|simon cowell|elon musk
    jeff bezos|steve jobs|bill gates|donald trump|joe biden|mark rutte|mark zuckerberg
    michael page|robert half|robert walters|robert bosch|carl zeiss|otto bock|otto simon
    fred meyer|henry schein|adam opel|georg jensen|arne jacobsen|fritz hansen|jan des bouvrie
    piet boon|peter lynn|maarten luther|vincent van gogh|charlotte douglas|jackson hole|john deere
    john lobb|john frieda|john smiths|austin martin|ellen degeneres|alexander mcqueen
    stella artois|stella mccartney|julia roberts|rosa luxemburg|don quichot|don juan|romeo julia
    van lotje getikt|lotje getikt|mies bouwman|frans bauer|andre hazes|marco borsato
    ziekte van lyme|emma sleep|emma bed|emma app|ruby on rails|monte carlo|hail mary|bloody mary
    plain jane|kit kat|jet blue|jet airways|mama mia|sao paulo|st louis|saint louis|mario bros
    billy elliot|mary poppins|khan academy|christmas eve|new year's eve|ted talk|ted talks
    cesar millan|new delhi
    """.replace("\n", "|").split("|")
    if phrase.strip()
)
