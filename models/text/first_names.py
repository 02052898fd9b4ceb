"""First names, and which of them are also words, places or brands.

Data only, no logic. All entries are lower case without accents; ``personal_names`` folds the
words of a text the same way before it looks them up. The list was written for this project
from general knowledge of who lives in the Netherlands, Flanders and the English-speaking world.
"""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    """Split a list written as prose."""
    return frozenset(text.split())


FIRST_NAMES: Final[frozenset[str]] = _words(
    # Dutch and Flemish
    """
    aad aafke aaltje aart abel ad adriaan adriana aleida alida aletta alfons alwin amber andre
    andrea andries angelique angela anja anje anke anna annabel anne annefleur anneke annelies
    annelore annemarie annemarijn annemiek annemieke annet annette annick annie anniek anouk
    anoushka ans antje anton antoine antoinette antoon arend ariane arie arjan arjen arjon
    arnaud arno arnold aron astrid august axelle babette barbara barend bart bas bastiaan bea
    beatrijs bente bep berber berend bert bertha bertus betty bianca bieke birgit birgitta bjorn
    bob bobbie boris boudewijn bouke boukje brecht bram bregje brigitte britt brit bruno caitlin
    camiel carel carice carina carine carla carlijn carlo carmen carola carolien carolijn
    caroline casper caspar catharina cathelijne catrien cato cecile celine chantal charlie
    charlotte chiel chris christa christel christiaan christian christien christina christine
    christoph christophe cindy claire clara clasien claudia coen coenraad colette conny
    constance cor cora corine corinne cornelia cornelis corrie corry cynthia daan dagmar daisy
    damian daniek daniel danielle danny daphne david davy debbie debby demi denise dennis
    desiree diana dick diederik diego dieter dieuwertje dimitri dina dineke dirk dirkje djoeke
    dominique donny doortje dorien doris dorine dorothea dorus douwe dries ebbe eddy edith edo
    edwin eefje eelco eelke egbert elfi eline elisa elisabeth elise elke ella ellen elly elma
    els elsa elsbeth elske emiel emile emilie emma emmy eric erica erik erika ernst erwin esmee
    esther eva evelien eveline evelyn evert evi evy fabian fabienne fay febe fedde felix femke
    fenna fenne ferdinand ferry fien fieke filip fleur flip floor floris floortje fokke folkert
    fons franca franciska francis frank frans fransien freek freddy frederik frederike frida
    frits froukje gaby geert geerte geertje geertruida gerard gerarda gerben gerbrand gerda
    gerdien gerlinde gerrie gerrit gert gertjan gertrude gertruud gijs gijsbert gilles gina
    ginette goedele goele govert greet greetje greta grietje guido gunther gus guus guusje guy
    gwen gwendolyn hanna hannah hanne hanneke hannelore hannie hans hansje harm harmen harold
    harrie harry hedwig hein heleen helena helene helga hendrik hendrika hendrikje hendrikus
    henk henkjan hennie henny henri henriette herbert herman hermien hermina hetty hidde hilde
    hilda hilly hubert hugo huib huub ida ieke iest igor ilja ilona ilse imke indra ine ineke
    inez inge ingeborg ingrid irene iris irma isa isabel isabella isabelle ismay iwan ivo jaap
    jacco jacob jacoba jacobien jacoline jacqueline jacques jade jaimy jaimie jan janine janna
    janneke jannes jannie jannigje jannick jarno jasmijn jasper jeanet jeanette jeanine jelle
    jelmer jennifer jenny jens jente jeroen jerome jesse jet jette jetty jeffrey jill jim jimmy
    jip jo joachim jochem jochen joep joeri johan johanna johannes johnny joke jolanda jolande
    jolien jolijn jonas jonathan joop joost joppe jordi jordy joris jorn jorien jorik jorrit jos
    josee josefien joseph josien josine jouke joy joyce jozef juliette julie julien julia julian
    jurgen jurre jurriaan justin kaat karel karen karin karina karlijn kasper katelijne kathleen
    katinka katja katleen katrien katrijn kay keesje kees kelly kevin kiki kim kimberley
    kimberly kirsten kirsty klaas klara klaartje klazien klaske koen koenraad kobe koos korneel
    kris krista kristel kristien kristof laila lana lander lara lars laura laurens laurent
    laurien leen leentje leendert lena lennart lenneke lenny leo leon leonie leontien lex lian
    lianne lidewij lidwien lies liesbet liesbeth lieselot lieke lieve lieven lina linda linde
    lindsey linsey lisa lisanne lisette lise lizzy lode lodewijk loes loek loekie lonneke lore
    lorena lotje lotte lou louis louisa louise luc luca lucas lucia lucie ludo luuk luka luna
    lydia maaike maarten maartje machteld maddy magda maike maikel malou mandy manon manuela
    marc marcel marco marcus margareta margaretha margje margo margot margriet maria marian
    marianne maricke marie marieke mariele marielle marije marijke marijn marijse marilyn marina
    marinka marinus mario marion marise mariska marit marita marius marja marjan marjolein
    marjolijn marjon mark markus marleen marlies marlijn marlon marlou marloes marnix marte
    martha martien martijn martin martina martine marthe mathieu mathijs mathilde matthias
    matthijs maud maurice maurits max maxim maxime maximiliaan mees melanie melissa melle menno
    merel merijn merlijn meta mia michael michel michelle michiel mick mieke miel mien mieneke
    mike mila milan milou mink minke miranda mirjam mirella mirte mitch mitchell moniek monique
    muriel myrna myrthe naomi natalie natascha nathalie nathan neeltje nel nele nelleke nellie
    nelly nick nicky nico nicolaas nicole nicolien niek niels nienke nina ninke noa noah noor
    noortje nora norbert nynke odette olaf olga olivier onno oscar pascal pascale patricia
    patrick patty paul paula paulien pauline peggy pepijn peter petra philip philippe philippine
    pien pier pieter pieterjan pieternel piet pietje pim pinas puck quinten quinty quirijn ralf
    ralph ramon ramona raoul raymond rebecca regina regine reinder reinier reinout reinhilde
    rein rembrandt remco remi remy renate rene renee renske ria rianne richard rick rickert rik
    rika rina rinske rinus rita rob robbe robbert robbie robert robin roderick roel roelie
    roelof roeland rogier roland rolf ron ronald ronny roos roosmarijn rosa rosalie rosalinde
    rosanne rosemarie rosita roxanne rowan ruben rudi rudolf rudy ruth rutger ruud ryan sabine
    sabrina sam samantha samuel sander sandra sanne sanneke sara sarah sarina sascha saskia
    sebastiaan sem senna serge sepp shanna sharon sharona shirley siebe siebren siem siemen
    sientje sietske sigrid sije sijmen sil silke silvia simone simon sipke sjaak sjaan sjanie
    sjef sjoerd sjoukje sjors sofie sophie staf stan stefaan stefan stefanie steffie stella
    sterre steven stien stijn sungho susanne suzan suzanne sven svenja sybren sylke sylvia
    sylvie sytske tamara tania tanja tara tatiana ted tess tessa teun teunis teuntje thea theo
    theodoor theresia thibaut thibault thierry thijmen thijs thirza thom thomas tibo tiemen ties
    tijl tijmen tijn tijs tim timo timon tina tine tineke tinne titia tjalling tjeerd tjitske
    tobias tom tomas ton toon tonnie tonny tony toos trees trijntje trudie trudy truus tuur twan
    ulrike ursula valentijn valerie vanessa veerle vera veronica veronique vic vicky victor
    vincent violet viola virginie vivian vivianne wannes ward wendy werner wessel wesley wichard
    wiebe wiebke wiel wietske wijnand wilbert wilco wilfred wilhelm wilhelmina wilhelmus willeke
    willem willemien willemijn willemijntje willy wilma wim wineke wouter wout xander xandra
    xavier yara yasmijn yannick yentl yfke ykje yolanda yoeri yorick yves yvette yvonne zara
    zita zoe zwaantje
    """
    # Turkish, Kurdish
    """
    abdullah adem ahmet ali alper altan arda asli aslihan atilla ayfer aygul ayhan ayla aylin
    aynur aysegul aysel aysen aysun ayse ayten azra bahar baris batuhan bekir berat berkay beyza
    bilal birgul bulent burak burcu busra can canan cansu cem cemal cemile cengiz cetin ceyda
    damla demet derya deniz devrim dilan dilara dilek dogan ebru ece eda efe elif emel emin
    emine emir emrah emre ender enes engin ercan erdal erdem erdogan eren erhan erkan erol ersin
    esma esra eylem fadime fatih fatma fatos feride ferhat figen fikret filiz furkan gamze gizem
    gokhan gonul gul gulay gulcan gulsah gulsen gulten gurkan hakan halil halime haluk harun
    hasan hatice havva hayat hayriye huseyin hulya ibrahim ilhan ilkay ilker ipek irem irfan
    ismail ismet isil kaan kader kadir kamil kaya kemal kerem kerim koray kubra kursat leyla
    mehmet mehtap melek meliha melike meltem meral merve mert meryem mesut metin mevlut mine
    murat musa mustafa muzaffer nazan nazli necati necla nesrin neslihan nevin nihat nilgun
    nilufer nimet nur nuran nuray nurcan nurhan nuriye oguz okan oktay olcay omer onur orhan
    osman ozan ozcan ozge ozgur ozlem pelin pinar ramazan recep remzi reyhan rukiye sabri sahin
    salih saliha sebnem seda sedat sefa selcuk selda selim selin selma semra senay sencer serap
    serdar serhat serife serkan sevda sevgi sevil sevim seyma sezen sezer sibel sinan sinem
    songul suat sukran suleyman sultan sumeyye tarik tayfun taylan tekin tolga tufan tugba tugce
    tuncay tuncer turan turgut ufuk ugur umit umut veli vildan volkan yagmur yakup yalcin yasar
    yasemin yasin yavuz yeliz yeter yilmaz yunus yusuf zafer zehra zeki zekiye zeliha zerrin
    zeynep zubeyde zuleyha
    """
    # Moroccan, Arabic, Somali, Afghan, Persian
    """
    aadil abdel abdelaziz abdelhak abdelhamid abdelkader abdelkarim abdellah abdelmajid
    abdelouahid abderrahim abderrahman abdirahman abdul abdulaziz abdulkadir abdullahi achraf
    adil adnan ahlam ahmad ahmed aicha aisha aissa aissatou akram alaa alae amal amin amina
    amine amira amjad anas anis anissa anouar anwar aouatif asia asma asmae assia ayman ayoub
    aya aymane aziz aziza badr bader basma bilel bouchra brahim btissam chadia chaima chaimae
    chakib dalila dounia driss fadoua fadwa fahd fahim faisal farah farhad farida farid fatiha
    fatima fatimazahra fatna fatoumata faouzi fawzia fayza fouad fouzia ghizlane habib habiba
    hafid hafida hafsa hajar hakim hakima halima hamid hamida hamza hanae hanan hanane hasna
    hasnae hassan hassana hicham hind houda houria houssam hussein hussain hodan ibtissam idris
    ikram ilham ilias ilyas iman imane imran imad ismael issam jalal jamal jamila jamilla jawad
    kaltoum karim karima kaoutar kawtar khadija khadra khalid khalil kholoud lahcen lamia lamiae
    latifa layla leila loubna lubna mahdi mahmoud majid malak malika manal maryam mariam marouan
    marouane marwa marwan maysa mbarek meryam mimoun mimount mina mohamed mohammad mohammed
    mohamud mostafa mouad mounir mounia mourad moustafa muhammad muhammed mustapha nabil nabila
    nada nadia nadir naima naoual najat najib najim nasser nasir nassim nawal nawel nezha
    nisrine nizar nordin noureddine nouria noura oualid ouafa ouail omar omayma osama ouassim
    oumaima oussama rabia rachid rachida rafik rahma rajae ramzi rania rasha rashid redouan
    redouane reda rida rkia riad saad sabah sadia safae safia said saida salah salem salima
    salim salma salman saloua samia samir samira samiha sana sanae sarra shaima siham sihame
    sofian sofyan soraya soufian soufiane soukaina soumaya souad suad tahar tarek tariq tasnim
    touria wael wafa wafae wahid walid wassim widad yahya yasmin yasmina yasmine yassin yassine
    yassir younes younis youness youssef youssra yousra yousef zahra zainab zakaria zakariya
    zaki zaynab zineb zohra zouhair amir arash babak behnaz farzaneh hamed hossein kaveh mahsa
    mehdi nasrin navid nazanin parisa parvin reza roya sahar samaneh shabnam shirin siavash
    soheil zahir abdi asad aweis fadumo farhiya hibo ifrah sahra sucdi yasir
    """
    # Surinamese, Antillean, Indian, Pakistani, Sri Lankan
    """
    aarav aarti abhishek aditi aditya ajay akash akshay alok aman amit amitabh amrita anand
    ananya anil anita anjali anju ankit ankita ankur anupam anushka anuradha aparna archana
    arjun arun aruna arvind asha ashish ashok ashwin ashwini avinash ayush bhavna bharat bharti
    chetan chitra darshan deepa deepak deepika dev devi dhruv dinesh divya farhan faizan ganesh
    gaurav gautam gayatri geeta girish gopal harish harpreet harsh hemant hitesh indira ishaan
    ishita jagdish jasmeet jaspreet jaya jayant jyoti kamal kamla karan karthik kavita kavya
    kiran kishore krishna kumar kunal lakshmi lalit lata madhu mahesh manish manisha manoj
    manpreet mayank meena meera megha mohan mohit mukesh naveen neelam neeraj neha nikhil nikita
    nilesh niraj nisha nitin nitish padma pankaj parth pooja poonam prabhu pradeep prakash
    pramod pranav prasad prashant prateek preeti prem priti priya priyanka punit rahul raj raja
    rajan rajeev rajesh rajiv rajkumar rakesh ramesh rani ranjit rashmi ravi ravindra reena
    rekha renu rishabh rishi ritika ritu rohan rohit roshni sachin sameer sandeep sandhya
    sangeeta sanjay sanjeev sanjana santosh sarita satish saurabh seema shalini shankar sharad
    shashi sheetal shilpa shivani shobha shreya shruti shubham shweta siddharth simran smita
    sneha sonal sonali sonia srinivas subhash sudha sudhir sujata suman sumit sunil sunita
    suresh surya sushil sushma swati tanvi tarun tushar uday uma umesh usha vaibhav vandana
    varun vasant venkat vidya vijay vikas vikram vimal vinay vineet vinod vipin vishal vivek
    yash yogesh zubair fazal hina junaid kashif nadeem naveed rehman saima shabana shahid
    shahzad sohail tahir usman waqar zeeshan chander chandra chandrika dewi henna radjen radjesh
    rishma roshnie sewdath shanti sharda soedesh sushila swami vishnu winston clyde gaitrie
    glenn jerrel jurmen kenneth melvin orlando purcy quincy ricardo rodney romano romeo sergio
    sheraldo shermaine urmie yvanka jairo giovanni giovany gianni gilmar jeandro jermaine
    rosalva shanice shaniqua shurendy
    """
    # Polish, Romanian, Bulgarian, Ukrainian, Czech, former Yugoslavia
    """
    adrianna agata agnieszka aleksander aleksandra aleksandar alicja andrzej aneta arkadiusz
    artur bartek bartlomiej bartosz beata bogdan bogumila boguslaw bozena czeslaw danuta dariusz
    dawid dominik dorota edyta elzbieta emilia ewa ewelina gabriela grazyna grzegorz halina
    henryk irena iwona izabela jacek jadwiga jakub janusz jaroslaw jerzy joanna jolanta justyna
    kacper kamila karol karolina kasia katarzyna kinga klaudia krystian krystyna krzysztof lech
    lukasz maciej magdalena malgorzata marcin marek mariola mariusz marta martyna maryla mateusz
    michal mieczyslaw milena miroslaw monika natalia oksana oliwia patrycja patryk pawel piotr
    przemek przemyslaw radek radoslaw rafal renata ryszard sebastian slawomir stanislaw sylwia
    szymon tadeusz teresa tomasz urszula wanda weronika wieslaw wieslawa wiktor wiktoria witold
    wojciech zbigniew zdzislaw zofia zuzanna alexandru andrei catalin constantin cosmin cristian
    cristina daniela doina dragos dumitru elena florin gabriel gheorghe ioana ion ionut iulia
    laurentiu liviu madalina mihaela mihai mircea nicolae nicoleta octavian oana ovidiu petru
    radu razvan roxana silviu simona sorin stefania tudor vasile viorel vlad boyko desislava
    dimitar emil georgi hristo iliyana ivan ivanka ivaylo kalina krasimir lyubomir maya mariyana
    nikolay nikola nikolina ognyan plamen petar petya rositsa rumen stanimir stefka stoyan
    svetlana teodora todor tsvetan tsvetelina valentin vasil veselin yana yordan zhivko alena
    anastasia anatoly andriy bohdan dmitri dmitry dmytro galina halyna ihor iryna irina kateryna
    katya kyrylo ksenia larisa lesya liliya ludmila lyudmyla maksym mariia mykhailo mykola
    nadiya nadezhda natalya natasha nataliia oleg oleh oleksandr oleksandra olena olha pavel
    pavlo roman ruslan serhii sergei sergey sofiia svitlana taras tetiana tatyana vadim
    valentina valeriya vasyl viktoriia vitaliy vitalii vladimir volodymyr yaroslav yulia yuliia
    yuri yuriy zlata jana jiri lenka marketa milos ondrej petr radka tereza vaclav zdenek admir
    aida aleksa amela amra branislav danijela darko davor dejan dragan dragana dusan edin elvir
    goran haris jadranka jasmina jelena jovan jovana lejla ljiljana marija marko mersiha milica
    mirko mirsad miroslav nebojsa nenad nermin predrag sanja sanela sasa sead senad slavica
    slobodan snezana srdjan suzana tijana vesna vuk zeljko zoran
    """
    # English, Irish, Scottish, Welsh, American, West African
    """
    aaron abby abigail adam adele adrian agnes aidan aimee alan alana albert alec alexander
    alexandra alexis alfie alfred alice alicia alison allan allison alyssa amanda amelia amy
    andrew andy aneurin angelina angus annabelle anthony antonia antonio archie arlene arthur
    ashleigh ashley audrey ava barry beatrice becky belinda ben benjamin bernadette bernard
    bernice beth bethany bethan beverley billy blake bonnie brad bradley brandon brenda brendan
    brent bret brian briana bridget brittany brooke bruce bryan byron caleb callum calum cameron
    camilla candace candice cara carl carol carole carolyn carrie carter casey cassandra
    catherine cathy cedric chad charlene charles chelsea cheryl chloe christopher christy ciara
    ciaran clare clark clifford clive clint cody colin colleen colm connie connor conor corey
    courtney craig curtis dale damien dana danica darrell darren darryl dave davina dawn dean
    deborah debra declan dee deirdre delia denis derek dermot derrick desmond devon diane dianne
    dillon dolores dominic don donald donna doreen dorothy doug douglas drew duane duncan dustin
    dwayne dylan eamon earl ed eddie edgar edmund edna edward eileen elaine eleanor eli elijah
    elizabeth ellie elliot elliott ellis eloise elsie emily erin ernest ethan ethel eugene
    eunice evan faith faye felicity fern finlay finn finbar fiona florence frances francesca
    fraser fred freda freddie freya gail gareth garrett gary gavin gayle gemma gene geoff
    geoffrey george georgia georgina gerald geraldine gillian gladys glen glenda gloria gordon
    grace graeme graham grant greg gregory griffith gwyneth hailey haley hamish harriet harvey
    hayden hayley hazel heather hector helen henry hilary holly hope howard hugh iain ian imogen
    isaac isla isobel ivy jack jackie jackson jacqui jake james jamie jane janet janice jared
    jason jasmine jay jayden jayne jean jed jeff jen jenna jeremiah jeremy jerry jess jessica
    jessie jillian joan joann joanne jodie jody joe joel joey john johnathan jon jordan jose
    josh joshua josie juan juanita judith judy jules june karl kate katelyn katherine kathryn
    kathy katie kayla keira keith kelsey ken kendra kenny keri kerry khloe kieran kirk kristen
    kristin kristina kristy kurt kyle kylie lacey lance larry latasha latoya lauren laurie
    laverne leah leanne lee leigh leroy leslie lester lewis lewys liam lillian lily lindsay
    lloyd logan lois loretta lori lorna lorraine louella lucy luis luke lynda lynette lynn lynne
    mabel mackenzie maddie madeleine madison maeve maggie maisie malcolm marcia margaret marge
    margery marguerite mariah marjorie marsha marshall martyn marvin mary mason matt matteo
    matthew maureen mavis maxine megan mel melinda melody mercy meredith mervyn micah michaela
    mildred miles millie milly miriam moira molly morag morgan morris myra nadine nancy neal ned
    neil nell nettie neville niall niamh nicholas nicola nigel noel norma norman oliver olive
    olivia oisin orla owen pam pamela patience patrice paige pat patsy pearl penelope penny
    percy perry pete peyton phil phillip philippa phoebe phyllis polly poppy priscilla quentin
    rachael rachel randall randy ray reece regan reginald rhiannon rhonda rhys richie ricky
    riley roberta robyn rod roger ronan ronnie rory rosalind rose rosemary rosie ross roy ruby
    rufus rupert russell rusty sadie sally sandy scott sean seamus selena serena seth shane
    shannon shaun shauna shawn sheila shelby shelley sheryl sid sidney siobhan sinead skye sonya
    sophia spencer stacey stacy stanley stephanie stephen steve stevie stewart stuart sue summer
    susan susie suzie sydney sylvester tabitha tammy tanya tasha taylor terence terrence terri
    terry thelma theodore theresa tiffany tilly timothy tracey tracy travis trevor tricia trisha
    tristan troy tyler tyrone una vaughn vernon vicki victoria wade wallace walter warren wayne
    wendell whitney will willard william willow wilson winnie winifred ada alma april ariel art
    austin bill billie bo chester cliff dan eve ginger kai kit liv mats may mimi mo nelson otto
    savannah sonny sterling angel zac zach zachary alex jacquie saar levi noud zayn boaz otis
    suze vince tygo dex kyan dani jopie riet diny sien leny alie rietje jef gust seppe senne
    warre ferre jarne yarne griet godelieve christiane lutgart lutgarde lien ann lowie anouschka
    aaliyah arabella esme jude reggie louie harper sukhdeep gurpreet sarina mick joleen merijn
    ruth-ann tyra jaylen jayla zoey quin jort jop pepijntje bodhi floris-jan tuur zack abena
    abiola ade adebayo adaeze akua ama amara amaka amadou aminata ayo ayodele babatunde boubacar
    chidi chinedu chioma chinwe cheikh ebere emeka esi femi folake funmi ibrahima ifeoma ikenna
    kofi kojo kwabena kwaku kwame kwesi mamadou moussa ngozi nkechi nnamdi obinna olu oluwaseun
    ousmane seun sizwe thabo tunde uche yaa yaw tendai chipo
    """
    # French, Italian, Spanish, Portuguese, German, Scandinavian, Chinese, Vietnamese, Greek, Hebrew
    """
    alessandro alessandra alejandro alvaro amelie andreas angelo antonella arturo aurelie
    baptiste beatriz benoit bernd bettina camille carlos carlota chiara clement clemence
    corentin davide delphine domenico dorothee duarte eduardo elodie emanuele emmanuel enrico
    enrique enzo ernesto esteban estelle etienne eugenia fabio fabrice fabrizio federica
    federico felipe fernanda fernando filipa filippo fiorella francisco francois francoise franz
    friedrich gabriele gaetan gerardo giacomo gianluca gilberto giorgio giulia giuseppe gonzalo
    guillaume guillermo gunter gustavo hans-peter heike heinrich heinz helmut horst ignacio ines
    ingo isabela jacinto javier jean-luc jean-marie jean-paul jean-pierre joao joaquin jorge
    josefina josep julio jutta karl-heinz katharina katrin klaus laetitia laurence leandro
    leonardo lorenzo luigi luisa manfred manu manuel marcelo margarida mariana maribel massimo
    matheus mathias maurizio maximilian mireille miguel nathanael nicolas noelia nuno oceane
    ophelie paolo pablo paulo pedro pietro rafael raquel rainer raul reinhard renaud roberto
    rocio rodrigo romain rosario salvatore sandrine sergi silvana solange sofia stefano stephane
    steffen sylvain tatjana tiago tommaso ulrich uwe valerio vincenzo virginia vittorio wolfgang
    yolande agneta annika arne birger bjarne eirik elin erling espen freja frode gunnar gunilla
    hakon halvard hedda henrik inga ingvar jesper kari karsten kjell knut lasse leif linnea maja
    magnus mads mette mikael mikkel morten nils odd oddvar ole oskar per pernille petter ragnar
    rasmus runar signe sigurd sindre sissel soren stig stine svein tor torbjorn tove ulf ulla
    vibeke chen feng jing lei ling mei ming ping qiang wei xiao xiaoli xin yan ying yuan yue
    zhang chi hoa huong linh minh nguyet phuong quang quoc thanh thao thi thu thuy trang trinh
    tuan tuyet anh dung duc hieu alexandros athina christos dimitra dimitris eleni giannis
    giorgos katerina konstantinos kostas kyriakos nikos panagiotis spyros stavros vasiliki
    vasilis yannis avi ayelet eitan ilan moshe noam ofer rivka shlomo tamar yael yaakov yitzhak
    """
)

# Also words of Dutch or English: alone they count only with a capital in mid-sentence.
WORD_FIRST_NAMES: Final[frozenset[str]] = _words(
    """
    abdi abel ada ade adem ali alma ama amal aman amber amin angel anh ans arne art asha asia
    asma aya bahar barry bas bea bep bert bill bo bob brent brit brooke can cara carol chad chi
    cliff conny griet riet cor daisy dale dan dawn dean dee deniz dev devi devrim dick don drew
    dries dung earl ebbe ece ed elke els eren erin ernst esi evan eve faith fay felicity fern
    fleur flip floor frank frans gail gene ginger glen grace grant greet gul gus guy harm hasna
    hayat hazel heather hein hilly hoa holly hope ian ida ilias inga ion iris isa ivy jack jade
    jan jasmine jay jean jen jet jing jip jo joke jos joy jules kaat kader kai kari kay ken
    kiran kit koen koos lance lee leen lei lena lex lian lies lieve lily lina linde ling liv
    lore lou luke luna mandy marge mark mats matt maxim maya mees mel melody mercy merel merlijn
    mia mick miles mimi mina mine ming mink mo musa nada nel nick nimet nora norma odd ole olive
    pat patience patty pearl penny per ping polly poppy prem puck ray rein rick rob robin
    rod roman roos rosa rosario rose rosemary rosie ruby rusty said salem sally sana sandy scott
    sem sonny staf stan sterre stig stine sue sultan suman summer taylor tess thi thu ties tine
    ton toon tor tove trees umut una usha veli viola violet ward wei will willow xin yan yeter
    ying yuan zita
    """
)

# Also places, months, brands or products: they need a title, a role word, a surname or the like.
WEAK_FIRST_NAMES: Final[frozenset[str]] = _words(
    """
    ad adele april ariel asia august austin ben bill billie can charlotte chelsea chester
    christian dev devon diego elke faith florence frans georgia hope joke jordan june leon lies
    lloyd lorraine madison max may mei meta milan miles mine nelson odd orlando otto
    patience per regina romano romeo rosa said savannah senna stella sterling sultan summer
    sydney tiffany toon trees victoria virginia ward will zara zoe
    """
)

# Of the former, those that are words in lower case only: at the start of a sentence they count
# before a verb that persons do ("Jan belde").
LOWER_CASE_WORD_FIRST_NAMES: Final[frozenset[str]] = _words(
    """
    abel ada aya abdi ali amin ans art asma barry bas bea bep bert bob bo brent brit conny
    cor deniz dev devi dick ebbe els ernst evan eve frans greet gus hein ian ida isa jan jay
    jean jen jip jo jos jules kader kay ken koen koos lena lex lian lieve lily lina liv mandy
    mats mees mel mia mick mina mo musa nel nick nora norma patty ray rein rick rob rod roman
    rosa rosie sally said scott sem stan taylor tess ton toon tor una veli wei zita
    """
)
