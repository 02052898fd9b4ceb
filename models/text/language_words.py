"""Frequent words that tell Dutch, English and other languages apart, in the register of customers.

Written for this project. A word that two of the groups share stands in neither, or in ``BOTH`` when
it is a loanword that Dutch and English customers use alike.
"""

from __future__ import annotations

_DUTCH = """
aan aanbieding aanbiedingen aandacht aangeboden aangegeven aangenaam aangenomen aangepast aankoop
aanpak aanraden aanrader aanspreekpunt aantal aanvraag aanwezig aardig aardige abonnement absoluut
achter achteraf adres advies afgehandeld afgelopen afgesproken afhandeling afspraak afspraken al
algemeen alleen allemaal alles allez als alsof altijd amai ambiance ambtenaar ander andere anders
antwoord arts artsen automaat avond bagger balie bank bedankt bediening bedrag bedrijf bedroevend
bedroevende beetje begrijpelijk begrijpen begrip behalve behandelaar behandeld behandeling
behulpzaam behulpzame beide bekwaam bekwame belangrijk belde beleefd beleefde bellen belofte
beloftes beloofd beloofde benieuwd bent bereikbaar bereikbaarheid bereiken bericht beroerd
beschadigd beschadigde beschikbaar besparen beste bestel besteld bestelde bestellen bestelling
betaald betalen betaling beter betere betrokken betrokkenheid betrouwbaar betrouwbare bevallen
bevalt bewust bezoek bezorgd bezorgen bezorger bezorging bieden biedt bij bijna bijv bijvoorbeeld
bijzonder bijzondere binnen bleef bleek blij blijf blijft blijkbaar blijkt blijven blijvend boek
boeken boven breed brief broek brood buiten bus buurt centrum chagrijnig chagrijnige chauffeur
chauffeurs computer contactpersoon content contract correcte da daar daardoor daarna daarom dag
dagen dank dankjewel dankuwel dat de deden deed dees den deskundig deskundige deskundigheid deur
deze dezelfde dicht die dienstverlening digitaal digitale dikke ding dingen direct dit doe doen
doet dokter donderdag door doorgestuurd doorlooptijd doorverbonden doorverwezen doos dringend druk
dubbel duidelijk duidelijke duidelijkheid duren dus duur duurde duurder duurt echt echter een
eenmaal eens eenvoudig eerder eerlijk eerlijke eerst eerste efkes eigen eigenlijk eindelijk elk
elke en enige enkel enorm enorme er erg ergens ervaring ervaringen eten etmaal euro even extra
facturen factuur fantastisch fiets fietsen fijn fijne flexibel flexibele fout fouten foutief
foutieve ga gaan gaat gaf garantie gastvrij gastvrije gastvrijheid ge ge'm gebeld gebeurd gebeurt
gebroken gebruik gebruiken gebruiksvriendelijk gedaan gedoe geduld geduldig geduldige geduurd geef
geeft geen geeneens gegaan gegeven gegevens gehad geheel gehele geholpen gehoord gekke gekocht
gekregen geld geleden geleverd geluid gelukkig gemaakt gemak gemakkelijk gemakkelijke gemeente
gemiddeld genoeg geregeld gestuurd getuige geven gevoel gewacht gewoon gezegd gezellig gezellige
gezelligheid gezien geïnformeerd gij ging gisteren goed goede goedkoop goedkope goei goesting graag
grappig groot groots grote haal haalt haar had hadden hallo hand handig handige hard hart hartelijk
hartelijke heb hebben hebt heeft heel heerlijk heerlijke heet helaas helder heldere hele helemaal
helpen hen herhaling het hier hij hoe hoelang hoeveel hoeven hoewel hoge hoger hoog hopelijk
huisarts hulp hun hygiënisch iedereen iemand iets ik inderdaad informatie informatief informatieve
ingewikkeld inhoud inloggen inzet irritant irritante ja jaar jammer jaren je jij jouw juist jullie
kak kamer kamers kan kantoor kantoren kapot kapotte kapper kassa keer keigoed keitof kennis keren
keurig keurige keus keuze keuzes kijk kijken kinderen klaar klacht klachten klant klantenservice
klantgericht klantgerichte klantonvriendelijk klantvriendelijk klantvriendelijkheid kleding klein
kleine kleur kleuren klopt klote koffie komen komt kon konden koop kopen kort korte korting
kortingen kosten koud koude kreeg kregen krijg krijgen krijgt kun kundig kundige kunnen kut
kutservice kwaliteit kwam kwamen kwijt laat laatste lage lampen lang lange langer langs langzaam
langzame laten later lawaai leesbaar lek lekker lekkere lelijk leuk leuke leuker leverancier
leverde leveren levering levertermijn levertijd lezen lief liefdevol liefst lieve liever liggen
ligt lijn locatie logisch loket loopt luier luisteren luisterend luistert maakt maakte maal maand
maandag maanden maar maat maatwerk mag maken makkelijk makkelijke manier matig matige me medewerker
medewerkers medewerkster mee meedenken meedenkend meer meest meeviel meneer mening menselijk mensen
menu meteen mevrouw mij mijn minder minpunt minpunten mis misschien moeilijk moeilijke moeizaam
moest moesten moet moeten mogelijk mogelijkheden mogelijkheid mogen momenteel monteur mooi mooie
mooier morgen mss na naar nadat nadeel nadelen namelijk nauwelijks ne nee neen negatief nen nergens
net netheid netjes nette ni nie niemand niet niets nieuw nieuwe nihil niks nimmer nodig nog nogal
nogmaals nooit nou nu nul nvt och of ofzo om omdat omgeving onbeleefd onbereikbaar onbeschoft
onbeschofte onbetrouwbaar ondanks onder onderhoud ondersteuning onduidelijk onduidelijke onervaren
ongelofelijk onhandig onkundig onmogelijk onprettig ons onterecht ontevreden ontvangen ontvangst
onvriendelijk onvriendelijke onze ook opgelicht opgelost oplichters oplichting oplossen oplossing
oplossingen opmerking opmerkingen opzeggen opzegging opzegtermijn oud oude ouderen overal overbodig
overzichtelijk overzichtelijke pakje pakket pakketje parkeerplaats parkeren pas perfekt personeel
persoon persoonlijk persoonlijke pijnlijk plaats plaatsen plek plezant plezante plezierig
plezierige pluspunt pluspunten poetsen positief prachtig prachtige praten precies prettig prettige
prijs prijskwaliteit prijsverhoging prijzen prijzig prima product producten professioneel
professionele proper propere raar reactie reageert reageren redelijk redelijke reden regel regelen
regels reis reizen reiziger reizigers rekening reparatie respectloos retour retourneren
retourzending rit rommel rommelig rond ruim ruime ruimte ruimtes ruk rustig rustige saai saaie
samen schandalig schandalige schande schoenen schone schoon schoonmaak sfeer simpel sinds slecht
slechte slechter slechtste smaak smaakte smaakvol smakelijk smerig smerige snap snel snelheid
snelle sneller snelst soms soort spijtig staan staat steeds stof stoffen stonden storing storingen
stuk sturen stuur stuurde super tafel tandarts te tegen tegenvallend tegenvaller tegenviel telaat
telefonisch telefonische telefoon teleurgesteld teleurstellend teleurstelling teneerste terecht
terug terugbellen terugbetaald teruggebeld terwijl tevreden tevredenheid tijd tijden tijdens tijdig
toch toe toen tof toffe toilet toiletten topbedrijf toppers topservice tot traag trage trein
treinen trouwens tussen twee uit uiteindelijk uitgelegd uitleg uitstekend uitstekende uitverkocht
uren uur uw uwe vaak vakantie vaker vakkundig vakkundige vakmanschap vallen valt van vanaf vandaag
vanwege vast vechten veel vele ver verbeteren verbetering verbinding verder vergelijking vergeten
verhoging verhoogd verhuizing verkeerd verkeerde verkocht verkoop verkoper verpleegkundige
verpleegkundigen verpleging verplicht verrot vers verschil verschillende verschrikkelijk
verschrikkelijke verse verstuurd vertraging vertrouwen verveeld vervelend vervelende verwacht
verwachting verwachtingen verzekering verzending verzonden verzorgd verzorgde vet via viel vies
vieze vind vinden vindt vlot vlotte vlug voel voelde voldaan voldoen voldoende volgende volgens
voor vooral voordeel voordelen voordelig voordelige voorraad voorwaarden vorige vraag vragen
vreselijk vreselijke vriendelijk vriendelijke vriendelijkheid vriendelijkst vrij vrijdag vroeg
vrouw wa waar waard waarde waardeloos waardeloze waarom wacht wachten wachtrij wachttijd
wachttijden wachtwoord wanneer want waren warm warme wat we website week weekend weer weet weg
weinig wel welke welkom wens wensen werd werden werk werken werkt werkte weten wie wij wil wilde
willen winkel winkels wisselend wisselende wist woensdag woon word worden wordt zaak zag zaken zal
zaterdag ze zeer zeggen zegt zei zeiden zeker zelf zelfde zelfs zet zich zie ziekenhuis zien ziet
zij zijn zin zo zoals zodat zoek zoeken zomaar zondag zonder zorg zorgvuldig zorgzaam zou zouden
zuinig zulk zulke zwaar zwak
"""

_ENGLISH = """
a able about above absolute absolutely account across action actually add advertised advertising
advice advised after afternoon again ago agree all allowed almost already alright also although
always amazing an and annoying another answer answered answers any anyone anything anyway app
appalling appointment appointments are area arrive arrived arrives arriving arrogant as ask asked
asking at atrocious attention attentive attitude available average avoid away awesome awful awkward
back bad badly bank basically bathroom be beautiful because bed bedroom been before behind being
believe best better between beware big bill billing bills bit bland booked booking boring both
bought box boxes breakfast brilliant bring broke broken brought business busy but buy buying by
call called caller calling calls came can can't cancel canceled cancellation cancelled cancelling
cannot car card care caring carrier change changed changes charge charged charges charging chatbot
cheap cheaper cheapest check checked checking cheers child children choice choices clause clean
cleaner cleaning clear clearly clothes clueless cold collect come comes comfortable comfy coming
comment comments communication company compassionate complain complained complaint complaints
complete completely condescending conditions confused confusing considerate contract convenient
cook cooked correct correctly cost costs cosy could couldn't couldnt courteous cover cozy crap
crashes crashing customer customers cut daily damage damaged data date day daylight days dealing
dealt dear deceived decent deceptive decided definitely delay delayed delays delicious deliver
delivered deliveries delivering delivery deposit describe described did didn't didnt different
difficult dirty disabled disappointed disappointing disappointment discount disgrace disgraceful
disgusting dismissive do doctor doctors does doesn't doesnt doing don't done dont door double down
downgrade dreadful driver drivers drop during each early easier easily easy eat efficient
efficiently either else email emails empathy end enjoy enjoyable enjoyed enough entire especially
even ever every everybody everyone everything everythings everywhere exactly excellent except
expect expected expensive experience experienced experiences expired explain explained explaining
explanation extremely fabulous face failed fair false family fantastic far fast faster fault faulty
fee feel feeling feels fees felt few filled finally find fine first fix fixed flat flight flights
follow following food for forever forgot form forward found free fresh friendly friends from front
full fun furniture gave general get gets getting girl give given gives giving go goes going gone
good goods got grateful greasy great greatest greatly ground grubby guy guys had half handled
happen happened happening happy hard hardly has hasn't hate have haven't having he hear heard
heating hello help helped helpful helpfulness helping helpline hence her here hidden high higher
highly him his hit hold holiday home honest honestly hope hopeless horrendous horrible horrid
hospital hospitality hour hours house how however hung i i'd i'll i'm i've ice idea if ignored im
important impossible impressed improve improved improvement improvements in incompetent
inconvenient incorrect information informative informed inside instead insulting insurance interest
into intuitive invoice is isn't issue issues it it's item items its ive job jobs joke just keep
keeps kept kids kind kindly kindness kitchen knew know knowledge knowledgeable known lack lacking
lady large last late later lazy learn least leave leaving left lender less let letter letters liars
lie lied lies life light like liked limited line link listen listened listening little lived loan
local log login lol long longer look looked looking looks lost lot lots loud love loved lovely low
lower luckily made mail main make makes making man manage managed management manager many match
matter may maybe me meal meals mean means meant meat meet meh member members membership mention
message messages messy met might mind mine minor minute minutes mis-sold misleading misled missed
missing mistake mistakes money month monthly months more morning mortgage most move moved moving
much must my myself name near nearly necessary need needed needing needs never new next nice nicely
nicer night no nobody noise noisy none nope not nothing now nowhere number nurse nurses obvious of
off offer offered offers office often oh old on once one ones only opened opening option options or
order ordered ordering orders other others our out outside outstanding over overall overcharged
overcooked overdraft overpriced own owner pack package packages packaging paid pain paper parcel
parcels park parked parts pass passed past patience patient patiently patronising pay paying
payment payments people per perfect perfectly person personal phone phoned phones pick picked place
places plan plane plastic play pleasant pleasantly please pleased pleasure plenty point pointless
points policy polite politely poor poorly portion portions positive possible possibly post pretty
previous price priced prices pricey pricing privacy problem problems process professional
professionalism professionally promise promised promises prompt promptly provide provided provider
provides pushy put quality queue queues quick quicker quickly quiet quite ran range rate rather
rating read ready real realise really reason reasonable reasonably receive received recommend
recommended recommending refund refunded refunds refuse refused regarding regular reliable remember
remove renewal renewed rep repair repaired replace replaced replacement replied reply resolve
resolved respond responded response responsible responsive rest restaurant return returned
returning returns review reviews ridiculous right rip ripoff road robbery room rooms round rubbish
rude rudeness rules run running rushed sad sadly safe said sale sales salesman same sat
satisfactory satisfied save saved savings say saying says scam scammers school screen seat seats
second secure see seem seemed seems seen self sell selling send sending sent serious seriously
serve served serving several shambles shame she shocked shocking shoes shop shopping shops short
should shouldn't show showed shower showing shown shows sick side sign signed similar simple simply
since single site sitting size slightly slow slower slowly small smell smells smelly smile smiling
smooth smoothly so soggy sold solution solve solved some somebody someone something sometimes
somewhere soon sorry sort sorted sound speak speaking special speed spend spent spoke spoken spot
spotless staff stale stand standard standards star stars start started starts station stay stayed
staying still stingy stock stocked stop stopped store stores straight street stressful stuck stuff
stupid subscription such suggest suitable superb support supportive sure surprised surprisingly
switch switchboard system table take taken takes taking talk talked talking taste tasted tasteless
tasty teacher teachers tell telling tells terms terrible than thank thanks that that's thats the
their them then there there's these they they're theyre thieves thing things think thinking this
thorough those though thought three threw through ticket tickets tidy tight time times tiny tired
to today together toilet toilets told tomorrow too took tool total totally touch towards town track
tracking train trains travel travelling treat treated treatment tried trip trouble true truly trust
try trying turn turned twice two typical unable unacceptable unclear uncomfortable under
undercooked understand understanding understood unfair unfortunately unfriendly unhappy unhelpful
unless unprofessional unreliable unsubscribe until unusable up upgrade upset us use used useful
useless user uses using usual usually vague value vegetables vegetarian version very via view visit
visited visiting voicemail wait waited waiter waiting waitress walk walked want wanted wants warm
warranty was wasn't wasnt waste wasted watch water way we we're we've weather web week weekend
weekly weeks welcome welcoming well went were weren't what whatever when where whether which while
who whole whose why wide will wish with within without woman won't wonderful wont word words work
worked worker workers working works world worried worse worst worth would wouldn't wow write wrong
year years yep yes yesterday yet you you'd you'll you're your yours yourself
"""

_BOTH = """
account accounts ai all-in app apps bar beer best blank bot brunch budget buffet bug bugs burger
bus bye call callcenter camera cash center chat chatbot check cocktail code computer console
contact controller cookie cookies cool crew data deal deals design dessert direct email event
events faq fast feature features feedback festival film fitness format friendly game gamer games
gym had happy hardware hello helpdesk hi hotel idea in info interface internet is jeans laptop
layout link links login lol lounge lunch mail mails management manager marketing me menu metro
modem no nope normal notch ok okay oke okee omg online outlet parking pasta per perfect person pin
pizza plan playlist podcast printer privacy project ps quality ranking rating real relaxed rest
restaurant review reviews router sale sales scanner score service services shirt shop shops site
smart snack snacks sneakers software sorry spam staff standard status steak streaming super support
sushi sweater tablet taxi team test tests ticket tickets tip tips tool tools top tram tv update
updates upgrade via video voucher vouchers warm was water we web website wifi wtf
"""

_FOREIGN = """
aber accueil al ale alles ama anche atención atendimento attente attesa auch auf aussi aux avec
baik bardzo beaucoup bei bem bene bestens bien bir bitte boa bom bon bonne bra bu buena bueno bun
buona buono bylo było c'est cara caro cena ces cette che cher chère client com como con dan danke
dans dar das degli del della dello demais der des det değil do dobra dobry dobrze drogo du durch
dziękuję déçu ei ein eine einem einen einer el elle empfehlen entrega enttäuscht er erittäin es
espera est este está et excelente fait fiyat foarte foi freundlich freundliche fue für ganz gentil
gli godt gracias grazie gut gute guter gutes güzel ha habe haben han hat he hemos her hizmet hiç
hyvä hızlı i ich ihr ikke il ils immer inte ist iyi için j'ai ja jag jak jamais je jeg jest jour
kann kasih kein keine kiitos kundenservice kötü la las le leider les leur lieferung livraison lo
los ma mais mal mala malo mas mau mauvais mauvaise me meget mehr mein meine merci mi mit molto mon
muito muy mycket más müşteri n'est na nach nada nao ne nel nella nicht nie niente noch non nos
notre nous nu nul nunca nur não o obrigada obrigado obsługa och og os ottima ottimo pahalı para pas
per pero personal personale personnel pessimo più plus polecam por pour precio preis prezzo preço
prix producto produit péssimo que questa questo qui rapide recommande rien rápido sangat sans
satisfait schlecht schlechte schlechter schnell schon sehr service-client servicio servizio serviço
sie siempre sin sind się son sono sont stata stato su super-toll sur sus sympa szybko são tack tak
también terima teuer teşekkür teşekkürler tidak tiempo todo todos toll tolle toujours tous tout
toute tres trop troppo très tudo tutti tutto tylko um uma un una und une unfreundlich unser unsere
ve viel vielen von votre vous w war waren warten werden wieder wir wszystko wurde wurden yang yavaş
z za zu zufrieden zum zur zły är ça çok è était être ótimo über ürün şey źle și
"""


def _as_set(words: str) -> frozenset[str]:
    """Split a block of words."""
    return frozenset(words.split())


BOTH = _as_set(_BOTH)
"""Loanwords and twins: Dutch or English, never another language's evidence."""

DUTCH = _as_set(_DUTCH) - _as_set(_ENGLISH) - BOTH
ENGLISH = _as_set(_ENGLISH) - _as_set(_DUTCH) - BOTH
SHARED = BOTH | (_as_set(_DUTCH) & _as_set(_ENGLISH))
FOREIGN = _as_set(_FOREIGN) - _as_set(_DUTCH) - _as_set(_ENGLISH) - BOTH
