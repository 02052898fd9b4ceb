"""Texts of the report in Dutch."""

TEXTS = {
    # building blocks
    "and": "en",
    "to": "tot",
    "months": "januari februari maart april mei juni juli augustus september oktober november"
    " december",
    "verbatims_one": "antwoord",
    "verbatims_many": "antwoorden",
    "complaints_one": "klacht",
    "complaints_many": "klachten",
    "causes_one": "oorzaak",
    "causes_many": "oorzaken",
    "week_one": "week",
    "week_many": "weken",
    "month_one": "maand",
    "month_many": "maanden",
    "per_week": "per week",
    "per_month": "per maand",
    "metric_nps": "NPS",
    "metric_csat": "CSAT",
    "metric_ces": "CES",
    "unit_nps": "NPS‑punten",
    "unit_csat": "procentpunt CSAT",
    "unit_ces": "CES‑punten",
    "language_nl": "Nederlands",
    "language_en": "Engels",
    "language_und": "Taal onbekend",
    "no_department": "Geen eigenaar",
    # page
    "title": "Oorzaken van klachten",
    "skip": "Naar de samenvatting",
    "prepared_on": "Opgesteld op {date}",
    "nav": "Onderdelen van dit rapport",
    "nav_summary": "Samenvatting",
    "nav_pareto": "Grootste oorzaken",
    "nav_fishbone": "Eigenaren",
    "nav_causes": "Oorzaken een voor een",
    "nav_map": "Kaart",
    "nav_cross": "Per segment",
    "nav_table": "Alle klachten",
    "nav_method": "Methode en grenzen",
    "as_table": "Toon als tabel",
    "as_table_name": "tabel",
    "too_few": "te weinig",
    "too_few_help": "Te weinig (†): minder dan {n} antwoorden met een score met, of zonder, deze"
    " oorzaak; stuur er niet op.",
    # summary
    "tile_verbatims": "antwoorden gelezen",
    "tile_complaining": "bevat een klacht",
    "tile_causes": "oorzaken gevonden",
    "tile_emerging": "van de klachten past nog bij geen oorzaak",
    "tile_metric": "{metric} van alle antwoorden met een score",
    "sum_scope": "Van {verbatims} {holds} er {complaining} ({share}) ten minste één klacht, samen"
    " {complaints} met {causes}.",
    "hold_one": "bevat",
    "hold_many": "bevatten",
    "sum_size_one": "Ze delen één oorzaak, {names}, met {share} van alle klachten.",
    "sum_size_many": "De grootste, {names}, zijn samen goed voor {share} van alle klachten.",
    "sum_impact": "Van de oorzaken die meer dan toevallig samenhangen met een lagere {metric}"
    " weegt {name} het zwaarst: {value} {unit} (95%‑interval {interval}, {n}); dat is samenhang en"
    " geen bewijs.",
    "sum_impact_unsure": "Geen enkele oorzaak hangt zonder twijfel samen met een lagere {metric}:"
    " elk interval bevat nul of berust op te weinig antwoorden.",
    "sum_impact_none": "Wat een oorzaak kost was niet te schatten, omdat er geen bruikbare scores"
    " zijn.",
    "sum_trend_none": "Of oorzaken groeien was niet te toetsen, omdat er geen bruikbare datums"
    " zijn.",
    "sum_trend_short": "Of oorzaken groeien is uit {periods} niet af te leiden.",
    "sum_trend_steady": "Over {periods} is van geen enkele oorzaak aangetoond dat ze groeit,"
    " krimpt of nieuw is.",
    "sum_trend": "Over {periods} gezien {parts}.",
    "sum_new_one": "is {names} nieuw",
    "sum_new_many": "zijn {names} nieuw",
    "sum_growing_one": "groeit {names}",
    "sum_growing_many": "groeien {names}",
    "sum_shrinking_one": "krimpt {names}",
    "sum_shrinking_many": "krimpen {names}",
    "sum_others_one": "1 andere",
    "sum_others_many": "{n} andere",
    "sum_owner": "Van alle afdelingen wijzen de meeste klachten naar {department}"
    " ({share}){contested}{sure}.",
    "sum_owner_none": "Geen afdeling springt eruit als eigenaar{sure}.",
    "sum_contested_one": "; bij 1 oorzaak liggen twee afdelingen dicht bij elkaar",
    "sum_contested_many": "; bij {n} oorzaken liggen twee afdelingen dicht bij elkaar",
    "sum_sure_low": ", en de grenzen tussen de oorzaken zijn onzeker (stabiliteit {value} op een"
    " schaal tot 1)",
    "sum_sure_middle": ", en de grenzen tussen de oorzaken zijn redelijk vast (stabiliteit {value}"
    " op een schaal tot 1)",
    "sum_sure_high": ", en de oorzaken zijn stabiel (stabiliteit {value} op een schaal tot 1)",
    "sum_nothing": "In {verbatims} is geen klacht gevonden, dus er is geen oorzaak te melden.",
    "sum_nothing_next": "De opmerkingen aan het eind zeggen wat is gelezen en wat is weggelaten.",
    # pareto
    "pareto_title": "Welke oorzaken het zwaarst wegen",
    "pareto_lead": "Eerst naar hoe vaak klanten erover klagen, dan naar wat er in de score mee"
    " samenhangt. Wat vaak voorkomt, kost niet altijd het meest.",
    "pareto_lead_count": "Naar hoe vaak klanten erover klagen.",
    "pareto_count": "Naar aantal klachten",
    "pareto_count_axis": "klachten; de stippen tellen de oorzaken op, in % van alle klachten",
    "pareto_impact": "Naar invloed op {metric}",
    "pareto_impact_axis": "{unit}, gecorrigeerd voor oorzaken die samen voorkomen; streep:"
    " 95%‑interval.",
    "pareto_impact_few": "Open staaf en †: te weinig antwoorden om op te sturen.",
    "pareto_more": "De {n} grootste van {total} oorzaken zijn getekend; de tabel bevat ze alle.",
    "pareto_eighty": "{n} van {total} oorzaken bevatten 80 % van de klachten die bij een oorzaak"
    " passen.",
    "filter_by": "Alleen antwoorden met",
    "filter_none": "Alle antwoorden",
    "filter_few": "Weinig klachten bij deze keuze: lees voorzichtig.",
    "filter_impact": "Invloed binnen deze keuze, door weglaten ({metric} {value} van n = {n});"
    " streep: 95%‑interval. Open staaf en †: te weinig antwoorden om op te sturen.",
    "filter_unscored": "Er zijn geen bruikbare scores bij deze keuze.",
    "formula": "Hoe het is berekend",
    "formula_text": "Weglaten = {metric} van alle antwoorden met een score − {metric} van die"
    " zonder de oorzaak. Gecorrigeerd = |{metric} van alle − {metric} van die zonder enige"
    " oorzaak| × s·e / Σe, waarin e het relatieve gewicht van de oorzaak is (Johnson 2000) en s"
    " het teken van haar samenhang met de score, zodat een oorzaak die vooral met een andere"
    " meekomt niet het deel van die andere krijgt. Intervallen zijn de middelste 95 % van"
    " bootstrapsteekproeven van antwoorden.",
    "formula_values": "{metric} van {n}: {value}; van die zonder enige oorzaak: {without}. Alle"
    " oorzaken samen verklaren {explained} van de verschillen in score.",
    "association": "Invloed is samenhang, geen bewijs: klanten met deze klacht geven een lagere"
    " score, maar er kan iets anders achter beide zitten.",
    "metric_help_nps": "NPS = aandeel scores 9–10 min aandeel scores 0–6, maal 100.",
    "metric_help_csat": "CSAT = aandeel scores 4–5, maal 100.",
    "metric_help_ces": "CES = gemiddelde score op de schaal van 1 tot 7.",
    "themes_title": "Thema’s",
    "themes_lead": "Oorzaken die bij elkaar liggen, naar aantal klachten.",
    # fishbone
    "fishbone_title": "Wie de oorzaak kan wegnemen",
    "fishbone_lead": "Elke graat is een afdeling, elke zijgraat een oorzaak waarvan de besluiten"
    " daar waarschijnlijk liggen. Een dikkere zijgraat heeft meer klachten; een onderbroken"
    " zijgraat is betwist: een tweede afdeling ligt dichtbij.",
    "fishbone_label": "Visgraatdiagram: oorzaken naar de afdeling die er waarschijnlijk eigenaar"
    " van is",
    "fishbone_effect": "klachten",
    "fishbone_more": "en nog {n}",
    "contested": "betwist",
    # cards
    "cards_title": "De oorzaken een voor een",
    "cards_lead": "De grootste eerst. De citaten zijn woorden van klanten, met persoonsgegevens"
    " gemaskeerd.",
    "cards_more": "Toon de andere {n} oorzaken",
    "card_owner": "Eigenaar",
    "card_owner_none": "Geen eigenaar aangewezen",
    "card_owner_value": "{department} {share}",
    "card_owner_interval": "95%‑interval {interval}",
    "card_contested": "betwist met {department} ({share})",
    "card_contested_alone": "betwist",
    "card_none_share": "{share} van de aanwijzingen wijst naar geen afdeling",
    "card_share": "Aandeel",
    "card_share_value": "{share} van de klachten",
    "card_share_counts": "{complaints} in {verbatims}",
    "card_impact": "Invloed",
    "card_impact_none": "Niet geschat: geen bruikbare scores",
    "card_impact_detail": "95%‑interval {interval}; {n}",
    "card_impact_adjusted": "Gecorrigeerd: verschil van {gap} (alle {all}, zonder enige oorzaak"
    " {clear}) × relatief gewicht {weight} ≈ {value}",
    "card_impact_loo": "Door weglaten: alle {all} min {without} zonder deze oorzaak ≈ {value};"
    " 95%‑interval {interval}",
    "card_trend": "Trend",
    "card_trend_none": "Niet getoetst: geen bruikbare datums",
    "card_stability": "Stabiliteit",
    "card_stability_low": "{value}: grenzen onzeker",
    "card_stability_middle": "{value}: redelijk vast",
    "card_stability_high": "{value}: vast",
    "card_change": "Sinds de vorige analyse",
    "card_quotes": "In woorden van klanten",
    "card_theme": "thema {theme}",
    "card_topics": "Onderwerpen",
    "card_terms": "Kernwoorden",
    "card_languages": "Talen",
    "card_borrowed": "Geen klant noemde dit in het Nederlands; de naam is geleend.",
    "card_departments": "Afdelingen",
    "card_id": "Oorzaak {id}",
    "trend_growing": "groeit",
    "trend_shrinking": "krimpt",
    "trend_new": "nieuw",
    "trend_steady": "geen trend aangetoond",
    "trend_too_few": "te weinig om te toetsen",
    "spark_label": "Aandeel antwoorden met deze oorzaak {per}, van {first} ({start}) tot {last}"
    " ({end}); hoogste {high}",
    "spark_caption": "aandeel antwoorden {per}, {first} tot {last}; hoogste {high}",
    "change_new": "niet in de vorige analyse",
    "change_grown": "gegroeid van {before} naar {now} van de klachten",
    "change_shrunk": "gekrompen van {before} naar {now} van de klachten",
    "change_steady": "ongeveer gelijk: {before}, nu {now} van de klachten",
    "change_merged": "samengevoegd uit {previous}",
    "change_split": "afgesplitst van {previous}",
    "gone": "Oorzaken van de vorige analyse die weg zijn: {ids}.",
    # map
    "map_title": "Kaart van de klachten",
    "map_lead": "Elke stip is een klacht; stippen die bij elkaar liggen zeggen ongeveer hetzelfde."
    " De afstand tussen verre groepen zegt weinig.",
    "map_label": "Spreidingsdiagram van klachten naar betekenis, genummerd naar oorzaak zoals in de"
    " lijst eronder; de klachten zelf staan in de tabel met alle klachten",
    "map_shown": "{n} van {total} klachten zijn getekend.",
    "map_pick": "Wijs een oorzaak aan",
    "map_pick_none": "De grootste oorzaken, genummerd",
    "map_other": "andere oorzaken",
    "emerging": "Opkomend: past nog bij geen oorzaak",
    # cross tables
    "cross_title": "Waar de oorzaken voorkomen",
    "cross_lead": "Aandeel van de antwoorden van elke kolom met de oorzaak, en hun aantal. Een"
    " sterker gekleurd vak is een hoger aandeel.",
    "cross_caption": "Oorzaken naar {column}",
    "cross_answers": "antwoorden",
    "cross_few": "*: minder dan {n} antwoorden, aandelen zeggen weinig.",
    "cross_more_causes": "De {n} grootste van {total} oorzaken zijn getoond.",
    "cross_more_values": "De {n} waarden met de meeste antwoorden van {total} zijn getoond.",
    "cause": "Oorzaak",
    # table
    "table_title": "Alle klachten",
    "table_lead": "Zoek in de woorden van klanten, met persoonsgegevens gemaskeerd.",
    "table_search": "Zoek in de woorden",
    "table_cause": "Oorzaak",
    "table_all": "Alle",
    "table_text": "Klacht",
    "table_membership": "Aansluiting",
    "table_membership_help": "Aansluiting loopt van 0 tot 1: hoe duidelijk de klacht bij haar"
    " oorzaak hoort.",
    "table_id": "Antwoord",
    "table_score": "Score",
    "table_date": "Datum",
    "table_found": "{found} van {total} klachten",
    "table_none": "Geen klacht past bij deze keuze.",
    "table_previous": "Vorige",
    "table_next": "Volgende",
    "table_page": "Bladzijde {page} van {pages}",
    "table_reset": "Wissen",
    "table_cut": "Deze pagina bevat {n} van {total} klachten, gespreid over alle oorzaken; het"
    " bestand met toewijzingen ernaast bevat ze alle.",
    "table_print": "De klachten zijn op het scherm te doorzoeken; het bestand met toewijzingen"
    " bevat ze alle.",
    "table_script": "Zoeken heeft JavaScript nodig. Het bestand met toewijzingen naast deze pagina"
    " bevat elke klacht.",
    # method
    "method_title": "Methode en grenzen",
    "method_lead": "Wat er achter de cijfers zit, en wat ze niet zeggen.",
    "notes_title": "Wat u over deze analyse moet weten",
    "notes_none": "Er is niets weggelaten en elk onderdeel is gelukt.",
    "method_steps": "Hoe het is gedaan",
    "method_select": "Klachten zijn de negatieve zinsdelen van alle antwoorden; lof in een gemengd"
    " antwoord telt niet mee. Gevonden: {complaints} in {complaining}; bijna gelijke bewoordingen"
    " één keer geteld: {unique}.",
    "method_cluster": "Klachten zijn naar betekenis gegroepeerd, Nederlands en Engels samen, in"
    " oorzaken en bredere thema’s. Wat bij geen oorzaak past heet opkomend: {share}.",
    "method_names": "Namen zijn kernwoorden uit de klachten zelf, geen oordeel.",
    "method_owner": "De eigenaar is de afdeling met het grootste aandeel in een oorzaak: de mix van"
    " afdelingen die de gekalibreerde kansen van het model over haar antwoorden het best verklaart,"
    " afgezet tegen de mix van alle klachten. Betwist betekent dat een tweede afdeling"
    " binnen 10 punten ligt, of dat het interval van de voorsprong nul bevat.",
    "method_trend": "Trends vergelijken het aandeel antwoorden {per} en houden rekening met pieken"
    " (quasi-Poisson); van alle oorzaken die groeiend, krimpend of nieuw heten is naar verwachting"
    " 5 % dat ten onrechte (q is de gecorrigeerde p-waarde).",
    "method_stability": "Stabiliteit vergelijkt de oorzaken met die van steekproeven van vier"
    " vijfde van de klachten, van 0 tot 1. Onder 0,6 zijn de grenzen niet te vertrouwen; boven"
    " 0,75 zijn ze vast. Deze analyse: {value}.",
    "method_limits": "Grenzen",
    "limit_who": "Alleen klanten die antwoordden zijn gehoord; aantallen zijn aantallen"
    " antwoorden, geen klanten.",
    "limit_model": "Een model koos de klachten, de eigenaren en de groepen, en maakt fouten. Lees"
    " de citaten voor u handelt.",
    "limit_chance": "Intervallen dekken het toeval in wie antwoordde, niet de fouten van het"
    " model.",
    "limit_cause": "Een oorzaak is hier een groep klachten. Dat een besluit ze teweegbracht, is"
    " aan mensen om vast te stellen.",
    "method_run": "Deze analyse",
    "run_bundle": "Versie van het model",
    "run_seed": "Beginwaarde (seed)",
    "run_none": "onbekend",
    # notes
    "note_failed": "Antwoorden weggelaten omdat ze niet te lezen waren: {n}.",
    "note_empty": "Antwoorden zonder tekst: {n}.",
    "note_abstained": "Antwoorden weggelaten omdat ze geen Nederlandse of Engelse tekst bevatten:"
    " {n}.",
    "note_no_complaints": "Er is geen klacht gevonden, dus er is geen oorzaak.",
    "note_few_complaints": "Te weinig verschillende klachten voor bredere thema’s ({n}); de"
    " oorzaken zijn grof.",
    "note_one_cause": "Klachten waren niet te onderscheiden ({n}) en vormen één oorzaak.",
    "note_no_language_alignment": "Er is geen taalcorrectie gegeven: Nederlandse en Engelse"
    " klachten over hetzelfde staan misschien apart.",
    "note_no_scores": "Er zijn geen scores, dus de invloed was niet te schatten.",
    "note_unknown_metric": "De schaal van de scores is niet duidelijk, dus de invloed is niet"
    " geschat; geef aan of het NPS, CSAT of CES is.",
    "note_unreadable_scores": "Scores weggelaten omdat ze geen getal zijn: {n}.",
    "note_scores_off_scale": "Scores weggelaten omdat ze buiten de schaal liggen: {n}.",
    "note_no_dates": "Er zijn geen datums, dus trends waren niet te toetsen.",
    "note_unreadable_dates": "Datums die niet te lezen waren: {n}. Die antwoorden tellen overal"
    " mee behalve in de trends.",
    "note_month_first": "Datums zoals 3/25/2025 zijn in de hele kolom gelezen met de maand voorop.",
    "note_few_without_causes": "Antwoorden met score en zonder enige oorzaak: {n}. Dat is te weinig"
    " om op de gedeelde invloed, die daarvan uitgaat, te kunnen bouwen.",
    "note_few_periods": "Te weinig perioden om trends te toetsen: {n}.",
    "note_undated": "Antwoorden zonder datum: {n}. Die tellen overal mee behalve in de trends.",
    "note_previous_other_model": "De vorige analyse is met een ander model gemaakt, dus de codes"
    " van oorzaken zijn niet overgenomen.",
    "note_repeated_ids": "Antwoorden hebben hun rijnummer als id, omdat ids in de invoer meer dan"
    " eens voorkomen: {n}.",
    "note_names_polished": "Namen van oorzaken die een taalmodel heeft herschreven: {n}. Daarvoor"
    " zijn alleen kernwoorden en geanonimiseerde voorbeelden naar dat model gestuurd.",
    "note_names_not_polished": "Namen van oorzaken die het taalmodel niet kon herschrijven: {n}; ze"
    " bestaan uit kernwoorden. Voor de poging zijn kernwoorden en geanonimiseerde voorbeelden naar"
    " dat model gestuurd.",
}
