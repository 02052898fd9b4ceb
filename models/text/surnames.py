"""Surnames, and which of them are also everyday words.

Data only, no logic. All entries are lower case without accents; ``personal_names`` folds the
words of a text the same way before it looks them up. The part after a tussenvoegsel stands alone
("berg" for "van den berg"). The list was written for this project from general knowledge.
"""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    """Split a list written as prose."""
    return frozenset(text.split())


SURNAMES: Final[frozenset[str]] = _words(
    # Dutch, Flemish, Surinamese
    """
    aalbers aarts achterberg adriaans adriaansen aelbrecht aerts akkerman alberts albers algra
    alkema andela andriessen appelman arends arendsen baars baert baeten bakels bloem blok brand
    dekker koper bakkers bakx balk barendregt barends bartels bastiaansen bauwens becker beekman
    beerens berends berendsen bergman bergmans bergsma bervoets beumer biemans bijl bijlsma
    blankers bleeker blokland blom boekhoudt boelens boer boeren boerma boersma bogaard bogaards
    bogaerts bogaert bongers boogaard boonen boonstra borremans borst bosch boschman bosma
    bosman bosmans boudewijns bouma bouman bouwman bouwmeester brands brandsma brandts breukers
    brinkman broekhuizen broekman broers brouwers brugman bruggeman bruins bruinsma buijs
    bulthuis buitenhuis buurman buyse buysse callens callebaut cappelle carlier ceulemans
    christiaens claes claessen claessens claeys claesen clement cloet coenen cools coolen cooman
    coppens corstjens cornelissen corten cox craeymeersch cremers cuypers daelemans daems damen
    debruyne declercq decock deckers decoster degroote dehaene dejonghe dekkers delaere demeyer
    demeulenaere depoorter deprez desmedt desmet devos devriendt dewaele dewulf dhondt dierickx
    diels dijkema dijkhuizen dijkman dijksma dijkstra dirks dirkx doornbos douma draaisma
    driessen drost duijn duivenvoorden dupont eggink eijk eikelboom elbers elenbaas engelen
    engels engelsman ernst eskes evers everts eysermans faber feenstra feijen fokkema fransen
    franssen frederiks geerts geerling geertsema gerritsen gerrits geurts geuzens gielen
    gijsbers gijsen gilissen goedhart goossens goris gorter govaerts groen groenen groenewegen
    groenendijk groeneveld groot grootveld groothuis haagsma haan haas habets haenen hage hagen
    hakvoort hamers hanssen hansen harms hartman haverkamp heemskerk heeren heijmans heijnen
    hellemans hellinga helmond hemmes hendrickx hendriks hendrikse hendriksen hendrikx hermans
    hermsen hertogh heuvel heuvelmans heyvaert hilgersom hoeben hoefnagels hoek hoekstra hoeven
    hofman hofstede hofstra hol hollander holtrop hoogendoorn hoogeveen hooijer hoorn horsten
    houben houtman hoving huisman huijbers huijbregts huijgens huizinga hulshof hulst hurkmans
    huybrechts huysmans immers jaarsma jacobs jacobsen jager jans jansen jansens jansma janssen
    janssens joosten joossens jonker jonkman jongen jonkers jonge kaijser kamp kamphuis kappers
    karsten keijzer kemper kempen kerkhof kersten ketelaar keuning kievit klaassen klaver klein
    kleijn klomp klok knol koenders koenen koeman koeleman koene kok kolk kolkman konings koning
    koolen koops kooistra kooij koopman koopmans koot kort kortekaas korver koster kosters
    kraaij kraan kramer kranenburg kroon kroes krol kroese kruger kruijf kuijper kuijpers kuiper
    kuipers kusters kuypers laan lacroix lageweg lambert lambrechts lammers lamers lammertink
    lauwers ledegen leemans leenders leeuw leeuwen leijten lemmens lemaire lenaerts lievens
    linden lindeman linders loon looman loonen lubbers luijten luyten lucassen luiten maas
    maassen maes maertens marien marinus martens mathijssen matthijs mees meer meeuwis
    meeuwissen meijer meijers meijerink meinders melis mertens messemaker meulen meulman
    meulenbelt meyer michels michiels michielsen middelkoop mijnheer moerman moens molenaar mols
    moons mooij moors mostert mulder mulders muller naaktgeboren nauta neefs nelissen neyens
    nieuwenhuis nieuwenhuijsen nijboer nijhof nijhuis nijland nijs nolten noordhoek noordermeer
    nooijen nuyts oers oever olthof oomen oosterbaan oosterhof oosterhuis oosterhout oosterveld
    oosting oostrom otten otter ouwehand overbeek palmans pauwels peeters peeten peters petersen
    piek pieters pietersen pijnenburg ploeg poelman polman poortvliet post postma postmus potter
    prins prinsen pronk put putten quist raaijmakers ras reinders reitsma reniers renders
    reyniers rietveld rijk rijken rijnders rijkers ritsema roelofs roelofsen roels romeijn rooij
    roos roosen roosendaal rosier rothuizen ruijter ruiter rutgers rutten ruyter sanders schaap
    schaik schipper schippers schellekens schepers schilder scholte scholten schoenmaker
    schoenmakers schoonderwoerd schoonderbeek schouten schreuder schrijver schroder schut
    schutte schuurman sikkema simons sinnige slager slob slot smeets smet smedt smid smit smits
    snel snijders snoek spaans spanjers spijker spruit staal stam steen steenbergen steenhuis
    stevens stolk stoop stoops storm straten strijbos struik sweers swinkels swart swarte
    sybesma tabak talsma teunissen theunissen thijssen thys thijs tiemessen timmer timmerman
    timmermans tops tromp troost tuinstra tuin veen veenstra veer velde velden veldhuis
    veldhuizen veldman veltman venema ven verbeek verbeke verbruggen verbrugge verburg vercammen
    verdonk vereecken verhaegen verhaeghe verhagen verheijen verhelst verheyen verhoef verhoeven
    verhulst verkerk verlinden vermaas vermaat vermeer vermeersch vermeij vermeiren vermeire
    vermeulen vermunt verschuren verschueren versluis versteeg verstappen verstraete verstraeten
    vervaet vervoort verweij vink visscher visser vissers vliet vlaeminck vlaminck vledder vogel
    vogels volkers voorn vos vosselman vreeken vreugdenhil vries vriend vroom waal wagemans
    wagenaar walraven wassenaar weber weel weerd wellens wennekes werf werff westerhof westerink
    westerveld westra wever wevers weyers wiersma wijk wijnen wijnands wilde wildeboer willems
    willemsen willemse wils winkel winters wit witte wolters wolf wolfs woltjer wouda wouters
    woude wuyts zande zanten zeeman zegers zijlstra zonneveld zuidema zwaan zwart zweers zwiers
    berg broek broeck brink bergh berge bos beek boom burg dam damme dijk dongen eyck es ende
    gelder goor graaf graeve groof haar haag hout houten heijden heide heyden horst hul jong
    jongh laar lee leur loo maele male mey meij moer moor nes nieuwenhuizen noort oord peer plas
    poel pol polder ree rijn rijt sande sluis sluijs spek steeg steene tol veken vegt vijver
    voort water wal weide weyer wiel woerd zee zijl bruyn bruijn bruin clercq clerck cock coster
    craen cuyper keyser kinder koninck lange langhe maesschalck meester mol munck naeyer neve
    nooijer paepe pauw pelsmaeker praeter ridder roo rooy roover rycke schepper sutter troyer
    vriendt vuyst wachter waele weerdt winter wulf bouwens baldewsingh bhagwandin bholasing
    biharie bisessar chotoe djwalapersad doerga ganga gangaram gobardhan jagesar jagroep
    jainandunsing jharap kalloe kanhai khargi lachman mahabier mangal matai mohan mungra nandoe
    narain oedit oemrawsingh pahalwan parag pherai ramautar ramcharan ramdas ramdhani ramdin
    ramkhelawan ramkisoen ramlal rampersad rampadarath ramsaran sardjoe sewgobind sewpersad
    sheorajpanday soekhai soekhlal soekhoe somai sukul tewarie vishnudatt zeefuik aboikoni
    amoksi kensmil pengel pinas wijdenbosch emanuelson martina maduro croes geerman
    """
    # Turkish, Moroccan, Arabic, Somali
    """
    acar akbas akbulut akgul akin aksoy aktas akyol akyuz altin altun arslan aslan atas avci ay
    aydin aydogan bal balci bayrak bayram bektas bilgin bozkurt bulut can cakir cakmak celik
    cetin cicek ciftci cinar coskun dag demir demirci demircan demirel demirtas dincer dogan
    durmaz duman eker ekinci erdem erdogan erol ersoy ertugrul genc gok goksu gul guler gunduz
    gunes gungor gurbuz isik kaplan kara karabulut karaca karadag karakaya karakus karaman
    karatas kaya kaymaz keskin kilic kiraz koc kocak koca koksal korkmaz kose kurt kurtulus
    kucuk mutlu oz ozcan ozdemir ozdogan ozen ozer ozkan ozkaya ozmen ozturk ozyurt pehlivan
    polat sahin sari sarikaya savas sen simsek soylu sonmez tas tasci taskin tekin temel tuncer
    topal toprak tosun tuna turan turk turkmen ucar ulusoy unal uslu uysal uzun yalcin yaman
    yavuz yazici yigit yildirim yildiz yilmaz yuksel yucel yurt zengin abdallaoui abdi abdullahi
    abou achahbar afkir ahmadi aissati aarab akhiat akkouh alami alaoui amghar amrani aouragh
    asbai attia ayad azzouzi azouagh bakkali bakkari barkani belhaj benali benhaddou benaissa
    bensaid berkani boudih bouali bouazza bouchibti boukhari boulahrouz bouhaddou boumans
    bourass bouzambou chaara chaouch chaoui charki chergui daoudi daoud dahmani darraji elamrani
    elouardi fassi ghazi ghali haddad haddou haddouch hajji hamdaoui hamidi hassani hassouni
    idrissi jaber jabri kaddouri kaddour kadi karimi kasmi khalfi khalifa khatib khattabi khayat
    laaouej lahlou lamrabet mahdi majdoubi mansour mansouri marzouki messaoudi mokhtari morabet
    mourabit moussaoui moussa naciri nasri osman ouaali ouali ouahbi ouarrad ouchan ouardi
    rachidi rahmani rahmouni saidi salhi sabri sadik samadi soltani taghi tahiri talbi tahri
    warsame yahyaoui yusuf zaoui ziani zerouali ziyech
    """
    # Polish and others from the east of Europe
    """
    adamczyk baran borkowski chmielewski czarnecki dabrowski dabrowska duda gorski jablonski
    jankowski jankowska jaworski kaczmarek kalinowski kaminski kaminska kowalczyk kowalska
    kowalski krawczyk kozlowski kozlowska kubiak kucharski kwiatkowski kwiatkowska lewandowski
    lewandowska lis maciejewski majewski malinowski mazur michalski mroz nowak nowakowski
    nowicki olszewski ostrowski pawlak pawlowski piatek pietrzak piotrowski rutkowski sawicki
    sikora sikorski sobczak sokolowski stepien szczepanski szewczyk szymanski szymanska
    tomaszewski urbanski walczak wieczorek wilk wisniewski wisniewska witkowski wojcik
    wojciechowski wozniak wroblewski wrobel wysocki zajac zakrzewski zalewski zawadzki zielinski
    zielinska popescu popa ionescu dumitru stan stoica gheorghe rusu munteanu matei marin
    constantin dinu radu ivanov ivanova dimitrov dimitrova georgiev georgieva petrov petrova
    nikolov nikolova todorov hristov stoyanov angelov shevchenko kovalenko bondarenko tkachenko
    kravchenko oliynyk kovalchuk boyko koval polishchuk lysenko melnyk petrenko ivanenko novak
    svoboda novotny dvorak cerny prochazka horvat horvath kovac kovacevic petrovic jovanovic
    nikolic markovic djordjevic stojanovic ilic pavlovic popovic hadzic hodzic halilovic begic
    mehmedovic omerovic nagy szabo kovacs toth varga
    """
    # English, Irish, Scottish, Welsh, American, Indian, Pakistani, African, Chinese, Latin
    """
    abbott adams adeyemi ahmed akhtar ali allen anderson andrews appiah armstrong arnold
    ashworth asante atkins atkinson bailey baker bakker baldwin banerjee barker barnes barnett
    barrett bates baxter begum bell bennett benson bhatt bhatia bishop blackwell boateng bowen
    bowman boyd bradley bradshaw brennan briggs brooks brown bryant buchanan burke burns burton
    butler byrne callaghan cameron campbell carlson carpenter carr carroll carson carter casey
    chan chapman chatterjee chaudhary chaudhry chavez cheng chopra choudhury clark clarke cohen
    cole coleman collins connelly connolly cook cooper coulibaly craig crawford cruz cunningham
    curtis daly daniels das davidson davies davis dawson deol desai diallo diaz dixon docherty
    doherty dogra donnelly douglas doyle duffy duncan dunn edwards egan ellis evans fairclough
    farrell ferguson fernandes fernandez ferreira fisher fitzgerald fleming fletcher flores
    flynn foley ford foster fowler fox francis franklin fraser freeman french fuller gallagher
    garcia gardner garner george ghosh gibson gilbert gill gomes gomez gonzales gonzalez goodman
    goodwin gordon graham grant gray green greene greenwood gregory griffin griffiths gupta hall
    hamilton hammond hanson harper harris harrison hart harvey hawkins hayes henderson henry
    hernandez hewitt hicks higgins hill hodgson holland holmes hopkins houston howard howell
    hudson huang hughes hunt hunter hussain hussein hutchinson hyde ibrahim islam iyer jackson
    jain james jenkins jennings johansson johnson johnston jones jordan joseph joshi kane kapoor
    kaur kelly kemp kennedy kenny kerr khan khanna king kirk knight kumar lamb lane larsen
    larson lawrence lawson leach leonard lewis li liang lim lindqvist little liu lloyd long
    lopes lopez lowe lucas lynch macdonald mackenzie mahmood malhotra malik malone marsh
    marshall martin martinez mason matthews mccarthy mcdonald mcgrath mcintyre mckay mckenna
    mckenzie mclaughlin mclean mcmillan medina mehta mendes mendoza menon mensah miah miller
    mills mishra mistry mitchell mohammed mohamud moody mooney moore morales moran moreno morgan
    morris morrison moss mukherjee munro murphy murray myers nair naidoo ncube nelson newman
    newton nguyen nicholson nkosi nolan norman norris obi obrien oconnor odonnell ogden okafor
    okeke okonkwo oliver olsen oneill osborne osei owen owens owusu page palmer parker parsons
    patel patterson payne pearce pearson pereira perez perkins perry persson peterson pham
    phillips pillai pinto pope porter powell power prasad pratt price pritchard qureshi quinn
    ramirez ramos rana rao reddy rees regan reid reilly reyes reynolds rhodes ribeiro rice
    richards richardson riley rivera roberts robertson robinson rodrigues rodriguez rogers
    romero ross rossi rowe roy russell russo ryan sanchez santos saunders schmidt schneider
    schwartz scott sesay shah shaikh sharma sharp shaw sheikh shepherd sheridan silva simmons
    simpson sinclair singh skinner slater smith snyder sousa spencer stephens stephenson
    stevenson stewart stokes stone stuart sullivan sutherland suzuki sweeney syed tan tanaka
    taylor tembo temple rose may thapa thomas thompson thomson thornton torres toure townsend
    tran traore tucker turner underwood vargas vasquez vaughan verma wagner walker wallace walsh
    walters walton wang ward warner warren washington watkins watson watts weaver webb webster
    welch wells west wheeler white whitehead wilkins wilkinson williams williamson willis wilson
    wong wood woods woodward wright wu yadav yang yates young zhang zhao zhou zulu bianchi conti
    costa esposito ferrari gallo greco marino ricci romano dubois durand lefevre leroy moreau
    bernard petit roux fournier girard mercier bonnet fischer schafer bauer richter schroeder
    neumann zimmermann hartmann krause lehmann schulz hoffmann
    """
)

# Surnames that are also everyday words, first names, places or brands: they count after a first
# name, a title, initials or a tussenvoegsel, never alone.
COMMON_WORD_SURNAMES: Final[frozenset[str]] = _words(
    """
    appelman ay baars baker bakker bakkers bal balk barker bauer beek bell bennett berg berge
    bergh bishop bloem blok blom boer boeren boom borst bos bosch bouwman bouwmeester brand
    brands brink broek brown bruin bruins bruyn burg burns buurman cameron campbell can
    carpenter chan clark cole cook cools cooper costa cox crawford cruz dag dam daniels das
    dekker dijk douglas duda dunn ellis ende engelen engels engelsman ernst es evers ferrari
    fischer fisher flores ford foster fox francis freeman french fuller gardner genc george gill
    goedhart goor gordon gorter graaf grant gray green groen groot gul guler haag haan haar haas
    hage hall hart heide helmond heuvel hill hoek hoeven hol holland hollander hoorn horst
    houston hout houten hudson hul hunt hunter jackson jager james jong jonge jongen jordan kamp
    kara kaya kelly kemper kerkhof king kirk klaver klein klok klomp knight kok kolk koning
    konings koopman koopmans koot koper kort koster kraan kramer kroon kuijper kuiper kurt laan
    lamb lambert lane lange lee leeuw leeuwen leur li lim linden lis little long loo loon lowe
    lucas maas marin marino marsh marshall martin mason matthijs may mazur meer mees meester
    meulen mey mijnheer miller mills mitchell mohan mol molenaar moor moss muller nelson nes
    newman nieuwenhuizen noort oliver oord oosterhout otter page palmer parsons pauw peer petit
    piek plas ploeg poel pol polder popa pope porter post potter power pratt price prins prinsen
    put putten ras ree reyes rice ridder rijk rijken rijn rijt riley robinson roos
    roosendaal rose ross roy ruijter ruiter sande sanders sari savas schaap schilder schipper
    schippers schoenmaker schrijver schut scott sen sharp shepherd simons skinner slager slot
    sluijs sluis smid snel snijders snoek spaans spek spencer spijker spruit staal stam stan
    steeg steen stevens stone stoop storm straten struik swart tabak tan tas temel temple thijs
    thomas timmer timmerman tol tops torres troost tuin turan turk underwood uzun veen veer vegt
    velde velden ven vijver vink visser vissers vliet vogel vogels voorn voort vos vriend vries
    vroom waal wachter wagenaar wagner wal walker ward washington water weaver webster weel
    weerd weide wells werf west wever wevers white wiel wijk wilde winkel winter winters wit
    witte wolf wolfs wolters wood woods wright wu yang young zande zee zeeman zijl zwaan zwart
    """
)
